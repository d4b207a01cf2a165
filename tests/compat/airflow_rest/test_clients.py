"""Airflow's own Python clients, of both lines, against our console: one DAG seen, paused, run, read and run again."""
import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from server import REFERENCE, Server

DAG, TASK = "user_automation", "stream_data_from_api"
CLIENTS = {"v1": "apache-airflow-client==2.10.0", "v2": "apache-airflow-client==3.3.2"}  # of one name: each in a folder of its own
HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    file = tmp_path_factory.mktemp("pipeline") / "pipeline.yaml"
    text = REFERENCE.read_text(encoding="utf-8")
    assert "every: 1s, for: 1m" in text
    file.write_text(text.replace("every: 1s, for: 1m", "every: 100ms, for: 300ms"), encoding="utf-8")
    with Server(str(file), "--trigger", "never") as running:
        yield running.console


def installed(line):
    """The folder of the line's client, made when it is missing."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "streamops" / "clients"
    folder = cache / f"{CLIENTS[line]}-{sys.version_info.major}.{sys.version_info.minor}"
    if not (folder / ".whole").exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--upgrade", "--target", str(folder),
                        CLIENTS[line]], check=True, timeout=300)
        (folder / ".whole").touch()
    return folder


def use(line, url):
    environment = {**os.environ, "PYTHONPATH": str(installed(line))}
    done = subprocess.run([sys.executable, str(HERE / f"use_{line}.py"), url, DAG, TASK], capture_output=True, text=True, timeout=200,
                          env=environment, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("line", CLIENTS)
def test_a_client_sees_and_drives_the_dag(console, line):
    seen = use(line, console)
    assert seen["health"] == "healthy" and seen["dags"] == [DAG] and seen["tasks"] == [TASK] and seen["paused"] == [True, False]
    assert seen["run"] == {"type": "manual", "conf": {"by": "client"}, "state": "success"}
    assert seen["newest"] and seen["of_all_dags"]
    assert seen["instance"] == {"task": TASK, "state": "success", "try": 1, "ran": True, "same": True}
    assert any("the run begins" in each for each in seen["log"]) and any("rows into users_created" in each for each in seen["log"])
    assert seen["after_clear"] == 2
    refusals = seen["refusals"]
    assert {name: refusal[0] for name, refusal in refusals.items()} == {
        "no_dag": 404, "no_run": 404, "no_task": 404, "taken": 409, "token" if line == "v2" else "login": 401}
    if line == "v1":
        assert seen["version"].startswith("2.") and refusals["taken"][1:] == ["Conflict", 409]
    else:
        assert seen["version"].startswith("3.") and seen["schedule"] == "@daily" and seen["tries"] == [1]
        assert "SO-W008" in refusals["no_dag"][1] and "nothing" in refusals["no_dag"][1]


def ask(url, method="GET", body=None, **headers):
    request = urllib.request.Request(url, method=method, data=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read()), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read()), error.headers


BASIC = {"Authorization": "Basic YWRtaW46YWRtaW4="}


def test_what_is_not_supported_is_refused_not_ignored(console):
    v1 = f"{console}/api/v1"
    assert ask(f"{v1}/dags?tags=x", **BASIC)[:2] == (400, {"detail": "the parameter tags is not supported here", "type": "about:blank",
                                                           "title": "Bad Request", "status": 400})
    assert ask(f"{v1}/dags/{DAG}/dagRuns?order_by=mood", **BASIC)[0] == 400
    assert ask(f"{v1}/pools", **BASIC)[0] == 404
    assert ask(f"{v1}/dags", "DELETE", **BASIC)[0] == 405
    status, answer, _ = ask(f"{v1}/dags/{DAG}/dagRuns", "POST", b'{"note": "remember me"}', **BASIC)
    assert status == 400 and "note" in answer["detail"]
    status, answer, _ = ask(f"{v1}/dags/{DAG}/clearTaskInstances", "POST", b'{"dag_run_id": "x", "include_past": true}', **BASIC)
    assert status == 400 and "include_past" in answer["detail"]


def test_strangers_are_told_how_to_log_in(console):
    status, answer, headers = ask(f"{console}/api/v1/dags")
    assert status == 401 and answer["title"] == "Unauthorized" and headers["WWW-Authenticate"] == "Basic"
    for wrong in ("Basic !!!", "Basic YWRtaW4=", "Bearer x", "Basic YWRtaW46eA=="):
        assert ask(f"{console}/api/v1/dags", Authorization=wrong)[0] == 401
    status, answer, headers = ask(f"{console}/api/v2/dags")
    assert status == 401 and set(answer) == {"detail"} and headers["WWW-Authenticate"] == "Bearer"
    assert ask(f"{console}/auth/token", "POST", b'{"username": "admin", "password": "x"}')[0] == 401
    assert ask(f"{console}/auth/token", "POST", b"[]")[0] == 422
    assert ask(f"{console}/api/v2/version")[0] == 200


def test_a_page_from_elsewhere_changes_nothing_with_a_remembered_login(console):
    url = f"{console}/api/v1/dags/{DAG}"
    status, _, _ = ask(url, "PATCH", b'{"is_paused": true}', Origin="http://evil.example", **BASIC)
    assert status == 403
    assert ask(url, **BASIC)[1]["is_paused"] is False
