"""Apache Airflow, 2.11 or 3: web part, scheduler and, in 3, the DAG processor, on a PostgreSQL of its own; login admin/admin."""
import base64
import json
import secrets
import sys
from pathlib import Path

from . import probe, python_packages
from .service import NotYet, Option, Package, Process, Service

ROOT = Path(__file__).resolve().parents[2]
_LOGIN = {"username": "admin", "password": "admin"}


class Airflow(Service):
    name = "airflow"
    summary = "Apache Airflow with LocalExecutor and PostgreSQL"
    options = {"dags": Option(str(ROOT / "dags"), "folder of the DAGs"),
               "program": Option("", "streamops, for the DAG; else from the PATH or from build/release"),
               "file": Option("", "pipeline file of the DAG; else the reference pipeline"),
               "profile": Option("real", "profile of the DAG's runs"),
               "auth": Option("simple", "who knows the users in Airflow 3: simple or fab")}

    @classmethod
    def packages(cls, version):
        pins = ROOT / "deploy" / "airflow" / f"requirements-{version.label}.txt"
        recipe = f"python {sys.version_info.major}.{sys.version_info.minor}\n{pins.read_text(encoding='utf-8')}"
        return [Package("venv", f"airflow-{version.number}", recipe, lambda folder: python_packages.install(folder, "-r", str(pins)))]

    @classmethod
    def needs(cls, version, options):
        return ["postgres"]

    @property
    def is_3(self):
        return self.version.number.startswith("3.")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.ports['main']}"

    def configure(self):
        (self.folder / "home").mkdir(exist_ok=True)
        if not (self.folder / "secret").exists():
            self.write("secret", secrets.token_hex(32), 0o600)

    @property
    def secret(self):
        """What the parts sign their messages to each other with."""
        return (self.folder / "secret").read_text(encoding="ascii")

    def environment(self):
        """Variables of every part; `airflow` on the command line needs the same."""
        common = {"CORE__DAGS_FOLDER": self.options["dags"], "CORE__LOAD_EXAMPLES": "False", "CORE__EXECUTOR": "LocalExecutor",
                  "CORE__PARALLELISM": "2", "DATABASE__SQL_ALCHEMY_CONN": self.needed["postgres"]["url"],
                  "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2", "SCHEDULER__JOB_HEARTBEAT_SEC": "2",
                  "USAGE_DATA_COLLECTION__ENABLED": "False"}
        own = self._environment_of_3() if self.is_3 else self._environment_of_2()
        variables = {f"AIRFLOW__{name}": value for name, value in {**common, **own}.items()}
        dag = {"STREAMOPS_BIN": self.options["program"], "STREAMOPS_FILE": self.options["file"],
               "STREAMOPS_PROFILE": self.options["profile"]}
        return {"AIRFLOW_HOME": str(self.folder / "home"), "PATH": f"{self.installed['venv']}/bin:/usr/local/bin:/usr/bin:/bin",
                "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1", **variables,
                **{name: value for name, value in dag.items() if value}}

    def _environment_of_3(self):
        fab = {"CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"}
        return {"API__HOST": "127.0.0.1", "API__PORT": str(self.ports["main"]), "API__WORKERS": "1", "API__BASE_URL": self.url,
                "API__SECRET_KEY": self.secret, "API_AUTH__JWT_SECRET": self.secret,
                "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/", "WORKERS__EXECUTION_API_TIMEOUT": "60",
                "SCHEDULER__ENABLE_HEALTH_CHECK": "False", "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
                "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5", "DAG_PROCESSOR__PARSING_PROCESSES": "1",
                **(fab if self.options["auth"] == "fab" else {})}

    def _environment_of_2(self):
        return {"WEBSERVER__WEB_SERVER_HOST": "127.0.0.1", "WEBSERVER__WEB_SERVER_PORT": str(self.ports["main"]),
                "WEBSERVER__WORKERS": "1", "WEBSERVER__SECRET_KEY": self.secret, "WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "600",
                "WEBSERVER__WEB_SERVER_WORKER_TIMEOUT": "600", "SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
                "SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "5", "SCHEDULER__PARSING_PROCESSES": "1"}

    def processes(self):
        def part(name, ready, *arguments, listens=()):
            return Process(name, [str(ROOT / "script" / "entrypoint.sh"), name, *arguments], ready, listens=listens,
                           environment=self.environment(), timeout=400, stop_timeout=20)

        web = part("api-server" if self.is_3 else "webserver", lambda: self._healthy("metadatabase"), listens=("main",))
        # Its server of logs would listen on every interface; with LocalExecutor the logs are in files of this machine.
        scheduler = part("scheduler", lambda: self._healthy("scheduler"), "--skip-serve-logs")
        reader = [part("dag-processor", lambda: self._healthy("dag_processor"))] if self.is_3 else []
        return [web, scheduler, *reader]

    def _healthy(self, what):
        path = "/api/v2/monitor/health" if self.is_3 else "/api/v1/health"
        status = json.loads(probe.http(self.url + path)).get(what, {}).get("status")
        if status != "healthy":
            raise NotYet(f"Airflow says that its {what} is {status}")

    def prepared(self):
        """Airflow has read the folder of the DAGs: it lists some, or says why it cannot."""
        base = self.url + ("/api/v2" if self.is_3 else "/api/v1")
        for what in ("dags", "importErrors"):
            if json.loads(probe.http(f"{base}/{what}", headers=self._login()))["total_entries"] > 0:
                return
        raise NotYet(f"Airflow has not yet read {self.options['dags']}")

    def _login(self):
        if not self.is_3:
            return {"Authorization": "Basic " + base64.b64encode(":".join(_LOGIN.values()).encode()).decode()}
        answer = probe.http(self.url + "/auth/token", "POST", json.dumps(_LOGIN), {"Content-Type": "application/json"}, (200, 201))
        return {"Authorization": "Bearer " + json.loads(answer)["access_token"]}

    def endpoints(self):
        return {"url": self.url, "api": self.url + ("/api/v2" if self.is_3 else "/api/v1"), **_LOGIN}
