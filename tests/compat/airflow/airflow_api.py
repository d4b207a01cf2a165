"""Airflow's REST as the tests speak it: the same calls on 2.11 (/api/v1, basic login) and on 3 (/api/v2, token)."""
import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request

DAG, TASK = "user_automation", "stream_data_from_api"
_QUIET = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # what is on this machine needs no proxy


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class AirflowApi:
    def __init__(self, endpoints):
        self.url, self._base = endpoints["url"], endpoints["api"]
        self.is_3 = self._base.endswith("v2")
        self._login = endpoints["username"], endpoints["password"]
        self._token = None

    def call(self, method, path, body=None, accept="application/json"):
        data = json.dumps(body).encode() if body is not None else None
        kind = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self._base + path, method=method, data=data,
                                         headers={"Accept": accept, **kind, **self._authorization()})
        try:
            with _QUIET.open(request, timeout=60) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode()) from None
        return json.loads(text) if accept == "application/json" else text

    def _authorization(self):
        if not self.is_3:
            return {"Authorization": "Basic " + base64.b64encode(":".join(self._login).encode()).decode()}
        if self._token is None:
            body = json.dumps(dict(zip(("username", "password"), self._login))).encode()
            request = urllib.request.Request(self.url + "/auth/token", data=body, headers={"Content-Type": "application/json"})
            with _QUIET.open(request, timeout=60) as answer:
                self._token = json.load(answer)["access_token"]
        return {"Authorization": "Bearer " + self._token}

    # -- DAGs and runs

    def dag(self):
        return self.call("GET", f"/dags/{DAG}")

    def pause(self, paused):
        self.call("PATCH", f"/dags/{DAG}", {"is_paused": paused})

    def runs(self):
        return self.call("GET", f"/dags/{DAG}/dagRuns?order_by=-start_date&limit=100")["dag_runs"]

    def trigger(self):
        """The id of a new run."""
        return self.call("POST", f"/dags/{DAG}/dagRuns", {"logical_date": None} if self.is_3 else {})["dag_run_id"]

    def state(self, run):
        return self.call("GET", f"/dags/{DAG}/dagRuns/{_quoted(run)}")["state"]

    def wait(self, run, states=("success", "failed"), timeout=120):
        """The state of a run that has come to one of `states`."""
        return _until(lambda: self.state(run), lambda state: state in states, timeout, f"run {run}")

    # -- tasks

    def task(self, run):
        return self.call("GET", f"/dags/{DAG}/dagRuns/{_quoted(run)}/taskInstances/{TASK}")

    def wait_task(self, run, check, timeout=120):
        return _until(lambda: self.task(run), check, timeout, f"task of {run}")

    def log(self, run, attempt=1):
        """The log of one try, as lines."""
        path = f"/dags/{DAG}/dagRuns/{_quoted(run)}/taskInstances/{TASK}/logs/{attempt}?full_content=true"
        if not self.is_3:
            return self.call("GET", path, accept="text/plain").splitlines()
        lines = []
        for entry in self.call("GET", path)["content"]:
            lines += str(entry.get("event") if isinstance(entry, dict) else entry).splitlines()
            for detail in (entry.get("error_detail") or []) if isinstance(entry, dict) else []:
                lines += str(detail.get("exc_value", "")).splitlines()
        return lines

    def mark_failed(self, run):
        body = {"new_state": "failed"} if self.is_3 else {"new_state": "failed", "dry_run": False}
        self.call("PATCH", f"/dags/{DAG}/dagRuns/{_quoted(run)}/taskInstances/{TASK}", body)

    def clear(self, run):
        self.call("POST", f"/dags/{DAG}/clearTaskInstances", {"dry_run": False, "dag_run_id": run, "task_ids": [TASK],
                                                                  "only_failed": False, "reset_dag_runs": True})


def _quoted(text):
    return urllib.parse.quote(text, safe="")


def _until(ask, check, timeout, what):
    deadline = time.monotonic() + timeout
    while True:
        answer = ask()
        if check(answer):
            return answer
        assert time.monotonic() < deadline, f"{what}: after {timeout} s it is {answer}"
        time.sleep(0.5)
