"""The reference pipeline, byte for byte the same file, on embedded servers and on real ones: equal results."""
import json
import subprocess

import pytest
from real_line import (PROFILES, TABLE, TASK_LETTERS, TOPIC, clean, environment, listing, reference, rows_of, streamops,
                       topic_records, until)
from server import REFERENCE, Server, binary
from users_api import UsersApi, varied_bodies

BODIES = varied_bodies(50)  # the file polls each second for a minute; the last polls find nobody new


def letters(records):
    """Dead letters without what differs between any two runs: the run's name, in key and origin, and the time."""
    return [(partition, value, [(name, text) for name, text in headers if name not in ("so.origin", "so.write_timestamp")])
            for partition, _, value, headers in records]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = reference(tmp_path_factory.mktemp("reference"))
    assert path.read_bytes() == REFERENCE.read_bytes() + PROFILES.encode()
    return path


@pytest.fixture(scope="module")
def api():
    with UsersApi(BODIES) as running:
        yield running


class Embedded:
    """A run of the file on embedded servers, which goes on while another one runs on real ones."""

    def __init__(self, file, data, api):
        self._data, self._api, self._log = data, api, data.parent / "log"
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen([binary(), "run", file, "--once", "--ports", "auto", "--data-dir", data], stdout=log, stderr=log,
                                             env=environment("", "", api.url("embedded")))

    def results(self):
        """What the file leaves in topics and tables."""
        assert self._process.wait(180) == 0, self._log.read_text()[-3000:]
        assert self._api.requests("embedded") >= len(BODIES)
        server = Server("--servers-only")
        server.data = str(self._data)
        with server:
            return results(server.kafka, "{}:{}".format(*server.cql))

    def end(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def embedded(file, api, tmp_path_factory):
    running = Embedded(file, tmp_path_factory.mktemp("embedded") / "data", api)
    yield running
    running.end()


def results(kafka, cassandra):
    return {"records": topic_records(kafka, TOPIC), "rows": rows_of(cassandra),
            "task_letters": letters(topic_records(kafka, TASK_LETTERS)), "stream_letters": letters(topic_records(kafka, f"{TOPIC}.dlq"))}


def test_its_own_tests_pass_unchanged(file):
    assert "4 passed, 0 failed" in streamops("test", file).stdout
    assert streamops("test", REFERENCE).stdout == streamops("test", file).stdout


def test_equal_records_rows_and_letters(file, api, embedded, kafka, cassandra, tmp_path):
    at = kafka.endpoints["bootstrap"], cassandra.endpoints["contact_point"]
    clean(*at)
    streamops("run", file, "--once", "--profile", "real", "--ports", "auto", "--data-dir", tmp_path / "data",
              env=environment(*at, api.url("real")), timeout=180)
    real = results(*at)
    assert len(real["records"]) > 40 and len(real["rows"]) > 40 and len(real["task_letters"]) == 5
    for name, value in embedded.results().items():
        assert real[name] == value, name


def test_the_verbs_show_the_real_clusters(file, api, kafka, cassandra):
    """`up` on what the test above left: topics, groups with lag, tables and letters are those of the real systems."""
    at = kafka.endpoints["bootstrap"], cassandra.endpoints["contact_point"]
    records, rows = topic_records(at[0], TOPIC), rows_of(at[1])
    with Server(str(file), "--profile", "real", environment=environment(*at, api.url("nobody"))) as server:
        data = server.data

        def topic(name):
            return {each["name"]: each for each in listing("topics", data=data)}.get(name)

        assert until(lambda: topic(TOPIC))["partitions"][0]["next_offset"] == len(records)
        messages = listing("topics", TOPIC, "--limit", len(records), data=data)
        assert sorted(each["key"]["text"] for each in messages) == sorted(key.decode() for _, key, _, _ in records)
        until(lambda: [each for each in listing("groups", data=data) if "created_users" in each["name"]])
        shown = listing("tables", TABLE, "--limit", "1000", data=data)
        assert {row[0] for row in shown["rows"]} == {json.loads(row)["id"] for row in rows}
        assert listing("dlq", data=data)
