"""The DAG in a real Airflow, driven by REST: rows arrive, failures are told and tried again, a kill ends the program."""
import os
import time

import pytest
from airflow_api import TASK
from cassandra.cluster import Cluster


@pytest.fixture(autouse=True)
def unpaused(airflow):
    """An unpaused DAG has its run of today at once; it is over before a test begins."""
    airflow.pause(False)
    deadline = time.monotonic() + 150
    while True:
        runs = airflow.runs()
        if any(run["run_type"] == "scheduled" for run in runs) and not any(run["state"] in ("queued", "running") for run in runs):
            return
        assert time.monotonic() < deadline, runs
        time.sleep(0.5)


def rows(line):
    host, port = line.cql
    cluster = Cluster([host], port=port)
    try:
        return {str(row.id) for row in cluster.connect().execute("SELECT id FROM spark_streams.created_users")}
    finally:
        cluster.shutdown()


def wait_for_rows(line, ids):
    deadline = time.monotonic() + 20
    while not ids <= rows(line):
        assert time.monotonic() < deadline, f"missing: {ids - rows(line)}"
        time.sleep(0.2)


def program_of(run):
    """Ids of the processes of streamops that work for this run."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            words = open(f"/proc/{entry}/cmdline", "rb").read().split(b"\0") if entry.isdigit() else []
        except OSError:
            continue
        if b"run" in words[1:2] and run.encode() in words:
            found.append(int(entry))
    return found


def test_a_run_brings_rows_and_its_log(airflow, line, api):
    before = len(api.served)
    run = airflow.trigger()
    assert airflow.wait(run) == "success"
    fetched = set(api.served[before:])
    assert len(fetched) == 3
    wait_for_rows(line, fetched)
    log = "\n".join(airflow.log(run))
    for words in (f"--task {TASK}", f"--run-id {run}", "the run begins", "poll 0: ", "answer 3: 1 rows", "3 answers, 3 rows into users_created"):
        assert words in log, log
    task = airflow.task(run)
    assert task["state"] == "success" and task["try_number"] == 1


def test_lines_are_in_the_log_while_the_task_runs(airflow, api):
    api.hold()
    run = airflow.trigger()
    airflow.wait_task(run, lambda task: task["state"] == "running")
    deadline = time.monotonic() + 60
    while "the run begins" not in "\n".join(airflow.log(run)):
        assert time.monotonic() < deadline, airflow.log(run)
        time.sleep(0.5)
    assert airflow.task(run)["state"] == "running"
    api.release()
    assert airflow.wait(run) == "success"


def test_a_failing_api_fails_the_try_with_our_words_and_is_tried_again(airflow, line, api):
    api.status = 503
    before = len(api.served)
    run = airflow.trigger()
    airflow.wait_task(run, lambda task: task["state"] == "up_for_retry" or task["try_number"] == 2)
    api.status = 200
    assert airflow.wait(run) == "success"
    assert airflow.task(run)["try_number"] == 2
    first = "\n".join(airflow.log(run, 1))
    assert "SO-H" in first and "503" in first and "streamops ended with 3" in first, first
    assert "3 answers, 3 rows" in "\n".join(airflow.log(run, 2))
    wait_for_rows(line, set(api.served[before:]))


def test_a_mistake_is_not_tried_again(airflow):
    """The Airflow variable names a profile that the file does not have."""
    airflow.call("POST", "/variables", {"key": "streamops_profile", "value": "nowhere"})
    try:
        run = airflow.trigger()
        assert airflow.wait(run) == "failed"
        assert airflow.task(run)["try_number"] == 1
        log = "\n".join(airflow.log(run))
        assert "SO-P020" in log and "nowhere" in log and "streamops ended with 2" in log, log
    finally:
        airflow.call("DELETE", "/variables/streamops_profile", accept="text/plain")


def test_a_kill_ends_the_program_and_a_clear_goes_on(airflow, line, api):
    before = len(api.served)
    run = airflow.trigger()
    deadline = time.monotonic() + 60
    while len(api.served) == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    api.hold()
    deadline = time.monotonic() + 30
    while not program_of(run):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    airflow.mark_failed(run)
    deadline = time.monotonic() + 60  # Airflow's heartbeat has to notice
    while program_of(run):
        assert time.monotonic() < deadline, "the program outlives its task"
        time.sleep(0.1)
    assert airflow.task(run)["state"] == "failed"
    api.release()
    airflow.clear(run)
    assert airflow.wait(run) == "success"
    wait_for_rows(line, set(api.served[before:]))


def test_our_own_scheduler_leaves_the_dag_to_airflow(line):
    """Nothing ran in the process beside it, whose profile says so, though it never ran there before."""
    assert "the run begins" not in line.log()
    assert not os.path.exists(os.path.join(line.data, "spool", "user_automation.stream_data_from_api"))
