"""Traps of the machine, of APIs, of Airflow, of the file and of the project around it."""
import datetime
import os
import resource
import socket
import subprocess
import time

import pytest
from endpoints import Endpoint, Web, silent
from server import Server, binary, free_port

USERS = '{"results": ["1"]}'


def test_a_port_in_use_and_by_whom(examine):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = examine(words=["--set", f"server.cql_port={taken.getsockname()[1]}"])
    assert f"pid {os.getpid()}" in found.one("SO-R001")["message"] and found.one("SO-R001")["where"] == "server.cql_port"


def test_a_data_directory_in_use(examine):
    with Server("--servers-only") as server:
        found = examine(words=["--data-dir", server.data])
    assert found.one("SO-D003")["where"] == server.data


def test_a_data_directory_that_is_not_ours_or_newer(examine, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("hello")
    examine(words=["--data-dir", str(tmp_path / "other")]).one("SO-A102")
    assert sorted(os.listdir(tmp_path / "other")) == ["letter.txt"]
    (tmp_path / "newer").mkdir()
    (tmp_path / "newer" / "format").write_text("streamops data 99\n")
    examine(words=["--data-dir", str(tmp_path / "newer")]).one("SO-A103")


def test_a_data_directory_that_cannot_be_written(examine):
    examine(words=["--data-dir", "/proc/streamops"]).one("SO-D523")


def test_a_data_directory_in_memory_and_small(examine, tmp_path):
    folder = tmp_path / "memory"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("no right to mount here; doctor/probes_test.cc has the recorded facts")
    try:
        found = examine(words=["--data-dir", str(folder / "data")])
    finally:
        subprocess.run(["umount", str(folder)], check=False)
    found.one("SO-D522")
    found.one("SO-D524")


def test_few_open_files(examine):
    found = examine(limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (512, 512)))
    assert "512" in found.one("SO-D525")["message"]


def test_a_time_zone_that_does_not_exist(examine):
    assert "Europe/Berln" in examine(environment={"TZ": "Europe/Berln"}).one("SO-D529")["message"]


def test_a_clock_that_differs_from_a_server(examine):
    yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
    with Web({"*": (200, USERS)}, date=yesterday) as web:
        assert "ahead of" in examine(url=web.url).one("SO-D526")["message"]


def test_a_proxy_that_catches_local_requests(examine):
    with Endpoint(silent) as proxy:
        found = examine(url="http://127.0.0.1:9/", environment={"http_proxy": f"http://{proxy.address}", "no_proxy": ""})
    found.one("SO-D528")


@pytest.mark.parametrize("status, code", [(401, "SO-D511"), (403, "SO-D511"), (404, "SO-D512"), (429, "SO-D513"), (503, "SO-D514")])
def test_an_api_that_does_not_give(examine, status, code):
    with Web({"*": (status, "{}")}) as web:
        assert str(status) in examine(url=web.url).one(code)["message"]


def test_an_api_that_answers_a_web_page(examine):
    with Web({"*": (200, "<!DOCTYPE html><title>Sign in</title>", {"Content-Type": "text/html"})}) as web:
        assert "web page" in examine(url=web.url).one("SO-D515")["message"]


def test_an_api_of_another_shape(examine):
    with Web({"*": (200, '{"items": []}')}) as web:
        assert "items" in examine(url=web.url).one("SO-D516")["message"]


def test_an_api_slower_than_its_polls(examine):
    text = """
name: users
tasks:
  poll:
    source: { http: { url: "%s", every: 100ms }, schema: "results ARRAY<STRING>" }
    select: SELECT results[0] AS id FROM source
    sink: { kafka: { topic: users, key: id, format: json } }
profiles: { tried: {} }
"""
    with Web({"*": (200, USERS)}, delay=0.3) as web:
        examine(text=text % web.url).one("SO-D517")


@pytest.mark.parametrize("code, how", [("SO-D408", {"expired": True}), ("SO-D410", {"alternative": "DNS:api.example"})])
def test_an_api_with_a_bad_certificate(examine, authority, code, how):
    environment = {"SSL_CERT_FILE": authority.certificate, "CURL_CA_BUNDLE": authority.certificate}
    with Web({"*": (200, USERS)}, context=authority.server_context(f"api-{code}", **how)) as web:
        examine(url=web.url, environment=environment).one(code)


def test_an_api_behind_an_unknown_authority(examine, authority):
    with Web({"*": (200, USERS)}, context=authority.server_context("intercepted")) as web:
        assert "Doctor test authority" in examine(url=web.url).one("SO-D409")["message"]


def airflow(web, login="admin:admin@"):
    return ["--airflow", f"http://{login}127.0.0.1:{web.port}"]


HEALTHY = '{"metadatabase": {"status": "healthy"}, "scheduler": {"status": "healthy"}, "triggerer": {"status": null}}'
UNHEALTHY = HEALTHY.replace('"scheduler": {"status": "healthy"}', '"scheduler": {"status": "unhealthy"}')
NONE = '{"import_errors": [], "total_entries": 0}'
BROKEN = '{"import_errors": [{"filename": "dags/x.py", "stack_trace": "Traceback\\nModuleNotFoundError: No module named kafka\\n"}]}'


def three(paused="true", health=HEALTHY, errors=NONE, token=(201, '{"access_token": "t"}'), dag=200):
    return {"/api/v2/monitor/health": (200, health), "POST /auth/token": token, "/api/v2/importErrors": (200, errors),
            "/api/v2/dags/users": (dag, f'{{"dag_id": "users", "is_paused": {paused}}}')}


def two(login="Basic YWRtaW46YWRtaW4="):
    dag = lambda headers: (200, '{"is_paused": true}') if headers.get("Authorization") == login else (401, "{}")  # noqa: E731
    return {"/health": (200, HEALTHY), "/api/v1/importErrors": (200, NONE), "/api/v1/dags/users": dag}


def test_an_airflow_that_is_well(examine):
    with Web(three()) as web:
        found = examine(words=airflow(web))
    assert not [code for code in found.codes if code.startswith("SO-D50")], found
    assert found.probe("airflow.api")["note"] == "Airflow 3"


def test_something_else_on_airflows_port(examine):
    with Web({"*": (200, "<html>Spark Master at spark://master:7077</html>")}) as web:
        examine(words=airflow(web)).one("SO-D501")


def test_an_airflow_without_its_scheduler(examine):
    with Web(three(health=UNHEALTHY)) as web:
        assert "scheduler" in examine(words=airflow(web)).one("SO-D502")["message"]


def test_airflow_refuses_the_login(examine):
    with Web(three(token=(401, '{"detail": "Invalid credentials"}'))) as web:
        examine(words=airflow(web)).one("SO-D503")
    with Web(two()) as web:
        examine(words=airflow(web, "admin:guess@")).one("SO-D503")
        found = examine(words=airflow(web))
    assert found.probe("airflow.credentials")["state"] == "fine" and found.probe("airflow.api")["note"] == "Airflow 2"


def test_a_dag_that_is_missing_or_cannot_be_imported(examine):
    with Web(three(dag=404, errors=BROKEN)) as web:
        found = examine(words=airflow(web))
    found.one("SO-D504")
    assert "No module named kafka" in found.one("SO-D505")["message"]


def test_a_dag_that_is_paused(examine):
    text = "name: users\ntasks: { t: { source: { http: { url: 'builtin:randomuser' }, schema: 'a STRING' }, select: 'SELECT a FROM source', " \
           "sink: { kafka: { topic: u, format: json } } } }\nprofiles: { tried: { scheduler: false } }\n"
    with Web(three()) as web:
        assert examine(text=text, words=airflow(web)).one("SO-D506")["severity"] == "warning"


def test_two_schedulers(examine):
    with Web(three(paused="false")) as web:
        examine(words=airflow(web)).one("SO-D507")


def test_a_secret_without_a_value(examine):
    found = examine("kafka: { bootstrap: \"127.0.0.1:9\", sasl: PLAIN, username: etl, password: \"${env:NO_SUCH_SECRET}\" }")
    assert "NO_SUCH_SECRET" in found.one("SO-P017")["message"] and found.status == 2
    assert found.probe("kafka.address")["state"] == "fine", "what can be read of a file with mistakes is examined all the same"


def test_what_lies_beside_the_file(examine, tmp_path):
    (tmp_path / "script").mkdir()
    script = tmp_path / "script" / "entrypoint.sh"
    script.write_bytes(b"#!/bin/bash\r\nexec airflow webserver\r\n")
    script.chmod(0o644)
    (tmp_path / "docker-compose.yml").write_text("services:\n  spark:\n    image: bitnami/spark:latest\n  cassandra:\n"
                                                 "    image: cassandra\n  web:\n    image: apache/airflow:3.0.2\n")
    found = examine()
    assert found.one("SO-D541")["severity"] == "warning"
    found.one("SO-D542")
    assert found.one("SO-D543")["line"] == 3
    assert found.codes.count("SO-D544") == 2


def test_exit_statuses_and_texts(examine, tmp_path):
    assert examine().status == 0
    broker = f"kafka: {{ bootstrap: \"127.0.0.1:{free_port()}\" }}"
    assert examine(broker).status == 1
    for words in (["nowhere.yaml"], ["--profile", "none"], ["--airflow", "nonsense"], ["--colour"]):
        assert subprocess.run([binary(), "doctor", *words], capture_output=True, check=False).returncode == 2, words
    done = subprocess.run([binary(), "doctor", str(tmp_path / "pipeline.yaml"), "--profile", "tried", "--ports", "auto", "--data-dir",
                           str(tmp_path / "data")], capture_output=True, text=True, check=False)
    assert "pipeline.yaml:" in done.stdout and "fix: " in done.stdout and "1 problem, 0 warnings" in done.stdout
    assert not os.path.exists(tmp_path / "data"), "the doctor leaves nothing behind"


def test_the_reference_page_and_the_list_name_every_probe():
    page = open(os.path.join(os.path.dirname(__file__), "../../../docs/reference/doctor.md"), encoding="utf-8").read()
    listed = subprocess.run([binary(), "doctor", "--list"], capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    assert len(listed) >= 40
    for line in listed:
        assert f"| `{line.split()[0]}` |" in page


def test_nothing_is_asked_for_a_long_time(examine):
    begin = time.monotonic()
    examine()
    assert time.monotonic() - begin < 4
