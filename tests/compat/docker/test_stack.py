"""`docker-compose up --build` of the whole stack, and the user's acceptance test on it: trigger the DAG, see messages, see rows.

./dev docker runs this: it takes minutes and some gigabytes of memory. What would be pulled is stood in for by images with the same
programs, made here; users come from the look-alike inside StreamOps, as this may run without internet. The tests build on each other.
"""
import json
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone

import pytest
from compose import STACK

pytestmark = pytest.mark.docker
DAG = "http://localhost:8080/api/v2/dags/user_automation"
CQLSH = str(pathlib.Path(sys.executable).parent / "cqlsh")


@pytest.fixture(scope="module")
def stack(project):
    running = project(STACK, USERS_API="builtin:randomuser")
    began = time.monotonic()
    running.compose("build", timeout=7200)
    built = time.monotonic()
    running.compose("up", "--build", "--detach", "--wait", timeout=1800)
    print(f"\nimages built in {built - began:.0f} s, all healthy {time.monotonic() - built:.0f} s after `docker-compose up --build`")
    print(running.daemon.docker("stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}").stdout)
    print(running.daemon.docker("images", "--format", "{{.Repository}}:{{.Tag}}\t{{.Size}}").stdout)
    return running


def airflow(method, url, body=None, token=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, data=json.dumps(body).encode() if body is not None else None, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def until(condition, seconds, every=2):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if answer := condition():
                return answer
        except (OSError, urllib.error.URLError, subprocess.SubprocessError):
            pass
        time.sleep(every)
    return None


def token():
    return airflow("POST", "http://localhost:8080/auth/token", {"username": "admin", "password": "admin"})["access_token"]


def ids_in_topic(broker="localhost:9092"):
    done = subprocess.run(["kcat", "-b", broker, "-t", "users_created", "-C", "-e", "-q"], capture_output=True, text=True, timeout=60, check=True)
    return {json.loads(line)["id"] for line in done.stdout.splitlines()}


def ids_in_table():
    done = subprocess.run([CQLSH, "localhost", "-e", "USE spark_streams; SELECT * FROM created_users"], capture_output=True, text=True, timeout=60,
                          check=True)
    return set(re.findall(r"^ ([0-9a-f-]{36}) ", done.stdout, re.M))


def run_dag():
    """Triggers the DAG as a user does, and waits for its end."""
    login = until(token, 60)
    until(lambda: airflow("GET", DAG, token=login)["dag_id"], 120)
    airflow("PATCH", DAG, {"is_paused": False}, login)
    run = airflow("POST", f"{DAG}/dagRuns", {"logical_date": datetime.now(timezone.utc).isoformat()}, login)["dag_run_id"]
    ended = until(lambda: (state := airflow("GET", f"{DAG}/dagRuns/{run}", token=login)["state"]) in ("success", "failed") and state, 400)
    return ended


def test_every_service_is_healthy(stack):
    states = stack.compose("ps", "--all", "--format", "json").stdout
    for line in states.splitlines():
        state = json.loads(line)
        assert state.get("Health") == "healthy" or (state["Service"] == "secrets" and state["ExitCode"] == 0), state


def test_the_users_acceptance_test(stack):
    assert run_dag() == "success"
    in_topic = ids_in_topic()
    assert len(in_topic) > 20
    assert in_topic <= ids_in_topic("localhost:29092")
    assert until(lambda: ids_in_topic() == ids_in_table(), 90), (len(ids_in_topic()), len(ids_in_table()))


def test_the_network_knows_the_broker_by_its_name(stack):
    """From another container, by either port: who is told localhost there would find nobody."""
    image = stack.daemon.inspect("broker", "{{.Config.Image}}")
    tool = ["java", "-Xmx128m", "-cp", "/opt/kafka/libs/*", "kafka.admin.ConfigCommand", "--entity-type", "topics", "--describe"]
    for port in (9092, 29092):
        words = ["run", "--rm", "--network", "confluent", image, *tool, "--bootstrap-server", f"broker:{port}"]
        assert "users_created" in stack.daemon.docker(*words, timeout=300).stdout


def test_the_console_shows_the_cluster(stack):
    words = ["exec", "control-center", "streamops", "topics", "--json"]
    assert "users_created" in stack.daemon.docker(*words).stdout


def test_the_other_pages_answer():
    for url, text in (("http://localhost:8081/apis/ccompat/v7/subjects", "["), ("http://localhost:9090/json/", "ALIVE"),
                      ("http://localhost:9021/", "<html"), ("http://localhost:8080/", "<html")):
        with urllib.request.urlopen(url, timeout=30) as answer:
            assert text in answer.read().decode(), url


@pytest.mark.parametrize("container", ["zookeeper", "broker", "schema-registry", "cassandra", "spark-master"])
def test_a_service_that_stops_answering_is_unhealthy(stack, container):
    """Its process is there, its port is open, and nothing comes back."""
    stack.daemon.docker("kill", "--signal", "STOP", container)
    try:
        assert until(lambda: stack.daemon.health(container) == "unhealthy", 120), stack.daemon.health(container)
    finally:
        stack.daemon.docker("kill", "--signal", "CONT", container)
    assert until(lambda: stack.daemon.health(container) == "healthy", 120), stack.daemon.health(container)


def test_a_restart_keeps_everything(stack):
    # Nothing may be under way: unpausing starts a run of its own, midnight another one.
    airflow("PATCH", DAG, {"is_paused": True}, token())
    assert until(lambda: airflow("GET", f"{DAG}/dagRuns?state=running&state=queued", token=token())["total_entries"] == 0, 200)
    before = ids_in_topic()
    assert until(lambda: ids_in_table() == before, 90)
    runs = airflow("GET", f"{DAG}/dagRuns", token=token())["total_entries"]
    stack.compose("down")
    stack.compose("up", "--detach", "--wait", timeout=1800)
    assert ids_in_topic() == before
    assert until(lambda: ids_in_table() == before, 60)
    assert airflow("GET", f"{DAG}/dagRuns", token=token())["total_entries"] == runs
    assert run_dag() == "success"
    assert until(lambda: len(ids_in_topic()) > len(before) and ids_in_topic() == ids_in_table(), 90)


def test_down_with_volumes_leaves_nothing(stack):
    stack.compose("down", "--volumes")
    ours = ["--filter", "label=com.docker.compose.project=streamops", "--quiet"]
    assert stack.daemon.docker("ps", "--all", *ours).stdout == ""
    assert stack.daemon.docker("volume", "ls", *ours).stdout == ""
    assert "confluent" not in stack.daemon.docker("network", "ls", "--format", "{{.Name}}").stdout
