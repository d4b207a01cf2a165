"""Kafka and Cassandra die, or stand still, in the middle of a run: nothing is lost, nothing is doubled, and our process goes on by
itself when they are back."""
import json
import subprocess
import threading
import time

import pytest
from real_line import Tables, environment, reference, topic_records, unique, until
from server import binary
from users_api import UsersApi, body, user

COUNT = 400  # bodies; every tenth changes somebody who was there before


def person(number):
    return user(number - 7, email=f"changed{number}@example.com") if number % 10 == 9 else user(number)


@pytest.fixture
def api():
    with UsersApi([body(person(number)) for number in range(COUNT)]) as running:
        yield running


class Line:
    """`run --once` of a line with a topic and a keyspace of its own, polling twenty times a second."""

    def __init__(self, folder, name, api, kafka, cassandra):
        self.name, self.api = name, api
        self.kafka, self.cassandra = kafka.endpoints["bootstrap"], cassandra.endpoints["contact_point"]
        self.file = reference(folder, replace={"every: 1s, for: 1m": "every: 50ms, for: 12s", "users_created": name, "spark_streams": name})
        self.log = folder / "log"
        self.words = [binary(), "run", str(self.file), "--once", "--profile", "real", "--ports", "auto", "--data-dir", str(folder / "data")]
        self.peak = 0

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.words, stdout=log, stderr=log, env=environment(self.kafka, self.cassandra, self.api.url()))
        threading.Thread(target=self._watch_memory, daemon=True).start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def _watch_memory(self):
        while self.process.poll() is None:
            try:
                with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                    self.peak = max(self.peak, *(int(line.split()[1]) for line in status if line.startswith("VmRSS")))
            except (OSError, TypeError, ValueError):
                pass
            time.sleep(0.05)

    def wait_for_polls(self, count):
        until(lambda: self.api.requests() >= count or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()[-3000:]

    def ends_whole(self):
        """The process ends well, and topic and table hold just what the API said."""
        assert self.process.wait(150) == 0, self.log.read_text()[-4000:]
        people = [person(number) for number in range(min(COUNT, self.api.requests()))]
        assert len(people) > 30
        records = topic_records(self.kafka, self.name)
        assert [record[1].decode() for record in records] == [each["login"]["uuid"] for each in people]
        with Tables(self.cassandra) as tables:
            rows = {row["id"]: row["email"] for row in map(json.loads, tables.rows(f"{self.name}.created_users"))}
        assert rows == {each["login"]["uuid"]: each["email"] for each in people}
        assert self.peak < 200 * 1024, f"{self.peak} KiB"


@pytest.fixture
def line(tmp_path, request, api, kafka, cassandra):
    name = unique("crash_" + request.node.originalname.removeprefix("test_"))
    with Line(tmp_path, name, api, kafka, cassandra) as running:
        running.wait_for_polls(40)
        yield running


def test_kafka_is_killed(line, services, kafka):
    services.kill(kafka)
    time.sleep(2)
    services.restart(kafka)
    line.ends_whole()


def test_cassandra_is_killed(line, services, cassandra):
    services.kill(cassandra)
    time.sleep(2)
    services.restart(cassandra)
    line.ends_whole()


def test_both_are_killed_at_once(line, services, kafka, cassandra):
    services.kill(kafka)
    services.kill(cassandra)
    services.restart(kafka)
    services.restart(cassandra)
    line.ends_whole()


def test_kafka_stands_still(line, services, kafka):
    services.pause(kafka)
    time.sleep(8)
    services.resume(kafka)
    line.ends_whole()


def test_cassandra_stands_still(line, services, cassandra):
    services.pause(cassandra)
    time.sleep(8)
    services.resume(cassandra)
    line.ends_whole()
