"""dags/kafka-stream.py by itself, in the Python of a real Airflow: what it is, and what it makes of how the program ends."""
import ast
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from real_line import until
from server import binary

DAG_FILE = pathlib.Path(__file__).resolve().parents[3] / "dags" / "kafka-stream.py"
OUTCOMES = {0: "success", 1: "AirflowException", 2: "AirflowFailException", 3: "AirflowException", 4: "AirflowException",
            70: "AirflowException", 99: "AirflowSkipException", 130: "AirflowException"}


@pytest.fixture(scope="module")
def start_cases(airflow_service):
    """Starts dag_cases.py in Airflow's environment."""
    python = airflow_service.service.installed["venv"] / "bin" / "python"
    environment = {**os.environ, **airflow_service.service.environment()}

    def start(*cases):
        words = [str(python), str(pathlib.Path(__file__).parent / "dag_cases.py"), json.dumps(cases)]
        return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)

    return start


def answers(process):
    text = process.communicate(timeout=120)[0]
    assert process.returncode == 0, text
    return json.loads(text.strip().splitlines()[-1])


@pytest.fixture
def program(tmp_path):
    """A program that checks as streamops does and otherwise does what `script` says."""
    def make(name, script):
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\nif [ "$1" = check ]; then exec "{os.path.abspath(binary())}" "$@"; fi\n{script}\n', encoding="utf-8")
        path.chmod(0o755)
        return str(path)
    return make


def test_it_is_what_the_file_says(start_cases):
    of_file, of_program = answers(start_cases({"do": "describe"}, {"do": "describe", "environment": {"STREAMOPS_FILE": "", "STREAMOPS_PROFILE": "embedded"}}))
    assert of_file == {"id": "user_automation", "schedule": "0 0 * * *", "zone": "UTC", "catchup": False, "max_active_runs": 1,
                       "timetable": "CronTriggerTimetable", "tasks": {"stream_data_from_api": {"retries": 1, "delay": 2.0}}}
    assert of_program == {**of_file, "tasks": {"stream_data_from_api": {"retries": 0, "delay": 300.0}}}


def test_it_imports_nothing_but_airflow_and_what_airflow_brings():
    """requirements.txt says so. Airflow reads the file twice a minute, and before each try."""
    names = set()
    for node in ast.walk(ast.parse(DAG_FILE.read_text(encoding="utf-8"))):
        names |= {each.name for each in node.names} if isinstance(node, ast.Import) else set()
        names |= {node.module} if isinstance(node, ast.ImportFrom) else set()
    assert {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) == {"airflow", "pendulum"}


def test_mistakes_are_told_with_place_and_remedy(start_cases, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: x\ntassk: {}\n", encoding="utf-8")
    environments = [{"STREAMOPS_FILE": str(broken)}, {"STREAMOPS_FILE": str(tmp_path / "nowhere.yaml")}, {"STREAMOPS_BIN": "/nowhere/streamops"}]
    told = [each["error"] for each in answers(start_cases(*({"do": "describe", "environment": each} for each in environments)))]
    assert "SO-P0" in told[0] and "tassk" in told[0] and "broken.yaml:2:1" in told[0]
    assert "SO-A107" in told[1] and "nowhere.yaml" in told[1]
    assert "/nowhere/streamops" in told[2] and "STREAMOPS_BIN" in told[2]


def test_how_the_program_ends_decides(start_cases, program, tmp_path):
    script = ('echo "info poll 0: 7 bytes" >&2; echo "warning slow" >&2; echo "error SO-H002: status 503" >&2; '
              'echo "  = help: later" >&2; exit ')
    programs = [program(f"ends-with-{status}", script + str(status)) for status in OUTCOMES] + [program("dies", "kill -9 $$")]
    found = answers(start_cases(*({"do": "run", "state": str(tmp_path / "state" / "x"), "environment": {"STREAMOPS_BIN": each}} for each in programs)))
    assert [each["outcome"][0] for each in found] == [*OUTCOMES.values(), "AirflowException"]
    for status, each in zip(OUTCOMES, found):
        assert each["lines"][-4:] == [["INFO", "poll 0: 7 bytes"], ["WARNING", "warning slow"], ["ERROR", "error SO-H002: status 503"],
                                      ["INFO", "  = help: later"]]
        assert status == 0 or each["outcome"][1].splitlines()[1:] == ["error SO-H002: status 503", "  = help: later"]
    assert found[-1]["outcome"][1] == "streamops ended with -9 (SIGKILL)"


def is_over(pid):
    """The process is gone, or dead and only waits for whoever inherited it to say so."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("obeys", [True, False])
def test_a_kill_reaches_the_whole_process_group(start_cases, program, tmp_path, obeys):
    """Its last words are in the log; what does not obey SIGTERM is killed."""
    trap = "trap 'echo \"info ending\" >&2; exit 130' TERM" if obeys else "trap '' TERM"
    path = program("stays", f"{trap}; echo $$ > {tmp_path}/pid; sleep 300 & echo $! > {tmp_path}/child; while :; do wait; done")
    task = start_cases({"do": "run", "state": str(tmp_path / "x"), "environment": {"STREAMOPS_BIN": path}})
    deadline = time.monotonic() + 90
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert time.monotonic() < deadline and task.poll() is None
        time.sleep(0.05)
    time.sleep(0.2)
    task.send_signal(signal.SIGTERM)
    found = answers(task)[0]
    assert found["outcome"][0] == "AirflowException"
    assert (["INFO", "ending"] in found["lines"]) == obeys
    for name in ("pid", "child"):
        until(lambda name=name: is_over((tmp_path / name).read_text().strip()), timeout=10)
