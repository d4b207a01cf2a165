"""`docker-compose -f compose.single.yaml up --build`: the binary alone in a container. ./dev docker runs this."""
import json
import pathlib
import re
import subprocess
import sys
import time

import pytest
from compose import SINGLE

pytestmark = pytest.mark.docker
CQLSH = str(pathlib.Path(sys.executable).parent / "cqlsh")


@pytest.fixture(scope="module")
def single(project):
    running = project(SINGLE)
    running.compose("build", timeout=7200)
    began = time.monotonic()
    running.compose("up", "--build", "--detach", "--wait")
    print(f"\nhealthy {time.monotonic() - began:.1f} s after `docker-compose up`")
    print(running.daemon.docker("stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}").stdout)
    print(running.daemon.docker("images", "--format", "{{.Repository}}:{{.Tag}}\t{{.Size}}", "streamops").stdout)
    return running


def topic(broker):
    done = subprocess.run(["kcat", "-b", broker, "-t", "users_created", "-C", "-e", "-q"], capture_output=True, text=True, timeout=60, check=True)
    return {json.loads(line)["id"] for line in done.stdout.splitlines()}


def table():
    done = subprocess.run([CQLSH, "localhost", "-e", "SELECT * FROM spark_streams.created_users"], capture_output=True, text=True, timeout=60,
                          check=True)
    return set(re.findall(r"^ ([0-9a-f-]{36}) ", done.stdout, re.M))


def test_the_users_acceptance_test(single):
    time.sleep(5)
    before = topic("localhost:9092")
    assert before
    assert before <= topic("localhost:29092")
    assert before <= table()


def test_each_listener_advertises_a_name_that_its_clients_know(single):
    for broker in ("localhost:9092", "localhost:29092"):
        metadata = subprocess.run(["kcat", "-b", broker, "-L", "-J"], capture_output=True, text=True, timeout=30, check=True).stdout
        assert [each["name"] for each in json.loads(metadata)["brokers"]] == [broker]


def test_it_runs_without_rights(single):
    assert single.daemon.inspect("streamops", "{{.Config.User}}") == "streamops"
    assert single.daemon.inspect("streamops", "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}") == "true [ALL]"


def test_the_network_is_not_trusted_unasked(single):
    refused = single.daemon.docker("run", "--rm", "--network", "none", "streamops:0.1.0", "up", "--servers-only", "--set", "server.bind=0.0.0.0",
                                   check=False)
    assert refused.returncode == 2 and "SO-A120" in refused.stderr


def test_a_process_that_hangs_is_unhealthy(single):
    single.daemon.docker("kill", "--signal", "STOP", "streamops")
    deadline = time.monotonic() + 90
    while single.daemon.health("streamops") != "unhealthy":
        assert time.monotonic() < deadline
        time.sleep(1)
    single.daemon.docker("kill", "--signal", "CONT", "streamops")


def test_a_restart_keeps_the_data_and_a_stop_is_quick(single):
    before = table()
    began = time.monotonic()
    single.compose("down")
    assert time.monotonic() - began < 10
    single.compose("up", "--detach", "--wait")
    assert before <= table()
    single.compose("down", "--volumes")
    assert single.daemon.docker("volume", "ls", "--quiet").stdout == ""
