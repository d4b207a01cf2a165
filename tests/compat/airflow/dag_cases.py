"""Runs in Airflow's own Python: loads the DAG file as Airflow does, once for each case, and prints as JSON what came of it.

    dag_cases.py '[{"do": "describe"}, {"do": "run", "state": FOLDER, "environment": {"STREAMOPS_BIN": PROGRAM}}]'

`run` is the execute() of its task; a SIGTERM meanwhile is passed on as Airflow 3 does.
"""
import importlib.util
import json
import logging
import os
import pathlib
import signal
import sys
import types

FILE = pathlib.Path(__file__).resolve().parents[3] / "dags" / "kafka-stream.py"


def load():
    spec = importlib.util.spec_from_file_location("dag_under_test", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def describe(_):
    dag = load().dag
    schedule = getattr(dag.timetable, "expression", None) or dag.timetable.summary
    return {"id": dag.dag_id, "schedule": schedule, "zone": str(dag.timezone), "catchup": dag.catchup,
            "max_active_runs": dag.max_active_runs, "timetable": type(dag.timetable).__name__,
            "tasks": {task.task_id: {"retries": task.retries, "delay": task.retry_delay.total_seconds()} for task in dag.tasks}}


class Lines:
    """Stands for the task's logger."""

    def __init__(self):
        self.lines = []

    def log(self, level, text, *values):
        self.lines.append([logging.getLevelName(level), text % values])

    def info(self, text, *values):
        self.log(logging.INFO, text, *values)

    def warning(self, text, *values):
        self.log(logging.WARNING, text, *values)


def run(case):
    module = load()
    task = module.dag.tasks[0]
    task.state, task.profile = case["state"], module.PROFILE
    type(task).log = said = Lines()
    signal.signal(signal.SIGTERM, lambda *_: task.on_kill())
    try:
        task.execute({"dag_run": types.SimpleNamespace(run_id="manual__1")})
        outcome = ["success", ""]
    except Exception as error:  # what Airflow would see
        outcome = [type(error).__name__, str(error)]
    return {"outcome": outcome, "lines": said.lines}


def answer(case):
    os.environ.update(case.get("environment", {}))
    try:
        return {"describe": describe, "run": run}[case["do"]](case)
    except Exception as error:
        return {"error": str(error)}


print(json.dumps([answer(case) for case in json.loads(sys.argv[1])]))
