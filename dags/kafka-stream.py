"""The tasks of a StreamOps pipeline as a DAG of Airflow: 2.11 and 3, from this one file.

    pipeline file -> `streamops check --json` -> DAG, its tasks, schedule and retries      (whenever Airflow reads this file)
    one try       -> `streamops run --task T --run-id RUN`, its lines in the task's log    (in the worker)

The streams of the file run elsewhere, by `streamops up FILE --profile real`, whose own scheduler is off.

    STREAMOPS_BIN      the program; else `streamops` on the PATH, else what ./dev built beside this folder
    STREAMOPS_FILE     the pipeline file; else the reference pipeline that is in the program: `user_automation`
    STREAMOPS_PROFILE  where the pipeline runs; else `real`. The Airflow variable `streamops_profile` comes before it.
    STREAMOPS_STATE    folder of what tries leave for the next one; else AIRFLOW_HOME/streamops. Several workers share one.
"""
from __future__ import annotations

import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
from datetime import timedelta

import pendulum

try:  # Airflow 3
    from airflow.sdk import DAG, BaseOperator

    CronTriggerTimetable = None  # a cron expression means the same there
except ImportError:  # Airflow 2.11
    from airflow import DAG
    from airflow.models.baseoperator import BaseOperator
    from airflow.timetables.trigger import CronTriggerTimetable
try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

PROFILE = os.environ.get("STREAMOPS_PROFILE", "real")
FILE = os.environ.get("STREAMOPS_FILE", "")
STATE = os.environ.get("STREAMOPS_STATE") or os.path.join(os.environ.get("AIRFLOW_HOME", os.path.expanduser("~/airflow")), "streamops")

STOP_SECONDS = 4  # StreamOps ends within two seconds; Airflow 3 kills after five
STATUS_USER, STATUS_SKIP = 2, 99
MEANINGS = {1: "its work failed", STATUS_USER: "a mistake in the file or the call", 3: "another system is unreachable or refuses",
            4: "this machine: port, disk, memory, rights", 70: "a bug of StreamOps", STATUS_SKIP: "there was nothing to do",
            130: "it was stopped"}


def program():
    """Path of the binary. Raises AirflowException where there is none."""
    given = os.environ.get("STREAMOPS_BIN")
    built = pathlib.Path(__file__).resolve().parents[1] / "build" / "release" / "streamops"
    found = shutil.which(given or "streamops") or (None if given else shutil.which(str(built)))
    if found is None:
        raise AirflowException(f"no program {given or 'streamops'}: put it on the PATH, or its path into STREAMOPS_BIN")
    return found


def read_dag():
    """What the pipeline file says about its DAG. Raises AirflowException with every mistake in it."""
    words = [program(), "check", *([FILE] if FILE else []), "--profile", PROFILE, "--json"]
    ended = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)
    try:
        answer = json.loads(ended.stdout)
    except ValueError:  # the file cannot be read at all
        raise AirflowException(ended.stderr.strip() or f"{shlex.join(words)} ended with {ended.returncode}") from None
    if not answer["ok"]:
        places = (f"{error['code']}: {error['message']} ({error.get('file', FILE)}:{error.get('line', 0)}:{error.get('column', 0)})"
                  for error in answer["errors"])
        raise AirflowException("\n".join(places))
    return answer["dag"]


class StreamOpsTask(BaseOperator):
    """Runs one task of the pipeline file in a process group of its own, and passes on what it says and how it ends.

    The run's id goes with it: another try of the same run first delivers what the one before had fetched.
    """

    template_fields = ("profile", "state")
    ui_color = "#e6f0ff"

    def __init__(self, *, step: str, profile: str, state: str, **rest):
        super().__init__(**rest)
        self.step = step
        self.profile = profile
        self.state = state
        self._process = None
        self._stopping = False
        self._error = []  # the lines of the newest error, as the program reports it

    def execute(self, context):
        words = [program(), "run", *([FILE] if FILE else []), "--task", self.step, "--profile", self.profile,
                 "--run-id", context["dag_run"].run_id, "--data-dir", self.state, "--parent", str(os.getpid())]
        self.log.info("%s", shlex.join(words))
        os.makedirs(os.path.dirname(self.state), exist_ok=True)
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         text=True, errors="replace", bufsize=1, start_new_session=True)
        try:
            if self._stopping:  # the signal came while it was being started
                self._stop()
            self._pass_on_lines()
        except BaseException:  # Airflow 2 leaves by an exception when the task is killed
            self._stop()
            self._pass_on_lines()
            raise
        finally:
            self._process.stdout.close()
        self._judge(self._process.wait())

    def on_kill(self):
        """Marked failed, cleared, timed out, or the worker ends."""
        self._stopping = True
        if self._process is not None:
            self._stop()

    def _stop(self):
        if self._process.poll() is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
                self._process.wait(STOP_SECONDS)
                return
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                self.log.warning("streamops did not end within %s s of %s", STOP_SECONDS, number.name)

    def _pass_on_lines(self):
        for line in self._process.stdout:
            self._tell(line.rstrip())

    def _tell(self, line):
        level, _, text = line.partition(" ")
        if level == "error":  # the report of an error: its lines belong together
            self._error = []
        if level in ("error", "warning"):
            self.log.log(40 if level == "error" else 30, "%s", line)
        else:
            self.log.info("%s", text if level == "info" else line)
        if level == "error" or (self._error and line.startswith(" ")):
            self._error.append(line)

    def _judge(self, status):
        if status == 0:
            return
        meaning = MEANINGS.get(status) or (signal.Signals(-status).name if status < 0 else "unknown")
        said = "\n".join([f"streamops ended with {status} ({meaning})", *self._error])
        if status == STATUS_SKIP:
            raise AirflowSkipException(said)
        if status == STATUS_USER:  # another try would meet the same mistake
            raise AirflowFailException(said)
        raise AirflowException(said)


def schedule_of(described):
    """What Airflow 3 takes a cron expression for: due times, not intervals."""
    schedule = described["schedule"]
    if not schedule or schedule == "@once" or CronTriggerTimetable is None:
        return schedule or None
    return CronTriggerTimetable(schedule, timezone=described["time_zone"])


def build():
    described = read_dag()
    with DAG(
        dag_id=described["id"],
        description=described["description"],
        schedule=schedule_of(described),
        start_date=pendulum.datetime(2024, 1, 1, tz=described["time_zone"]),
        catchup=False,
        max_active_runs=1,
        tags=["streamops"],
    ) as made:
        tasks = {}
        for task in described["tasks"]:
            tasks[task["id"]] = StreamOpsTask(
                task_id=task["id"],
                step=task["id"],
                profile="{{ var.value.get('streamops_profile', '" + PROFILE + "') }}",
                state=os.path.join(STATE, f"{described['id']}.{task['id']}"),
                retries=task["retries"],
                retry_delay=timedelta(milliseconds=task["retry_delay_ms"]),
                max_active_tis_per_dag=1,  # a task has one folder of state
            )
        for task in described["tasks"]:
            tasks[task["id"]].set_upstream([tasks[before] for before in task["after"]])
    return made


dag = build()
