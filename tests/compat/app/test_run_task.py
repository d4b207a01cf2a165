"""`streamops run --task`: one task as an outer scheduler calls it. How it ends, what it leaves, what another try makes of that."""
import contextlib
import http.server
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from confluent_kafka import Consumer, TopicPartition
from server import Server, binary

TASK = ["--task", "fetch"]
FILE = """
name: sometimes
tasks:
  fetch:
    source:
      http: { url: "%s", every: 100ms, for: %s, retries: 0, timeout: 20s }
      schema: id STRING
    select: SELECT id FROM source
    sink:
      kafka: { topic: numbers, key: id, format: json }
streams:
  keep:
    source: { kafka: { topic: numbers, format: json }, schema: id STRING }
    select: SELECT id FROM source
    sink:
      cassandra:
        table: shop.numbers
        create: |
          CREATE KEYSPACE IF NOT EXISTS shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS shop.numbers (id text PRIMARY KEY);
profiles:
  real:
    kafka: { bootstrap: "%s" }
    cassandra: { contact_points: ["127.0.0.1:1"] }
"""


@contextlib.contextmanager
def numbers(status=200):
    """An API of which each answer is another number."""
    served = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            body = json.dumps({"id": str(len(served))}).encode()
            if status == 200:
                served.append(str(len(served)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}/", served
    finally:
        running.shutdown()


@pytest.fixture
def broker():
    """Kafka alone; the profile's Cassandra does not exist, for a task does not need it."""
    with Server("--servers-only") as running:
        yield running


def write(folder, url, kafka, duration="1s"):
    path = pathlib.Path(folder) / "pipeline.yaml"
    path.write_text(FILE % (url, duration, kafka), encoding="utf-8")
    return str(path)


def words(file, data, *more):
    return [binary(), "run", file, *TASK, "--profile", "real", "--data-dir", str(data), *more]


def run(file, data, *more, timeout=90):
    return subprocess.run(words(file, data, *more), capture_output=True, text=True, timeout=timeout, check=False)


def ids(kafka):
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "reader", "enable.auto.commit": False})
    partition = TopicPartition("numbers", 0, 0)
    _, end = consumer.get_watermark_offsets(partition, timeout=10)
    consumer.assign([partition])
    found = []
    while len(found) < end:
        found.append(json.loads(consumer.poll(10).value())["id"])
    consumer.close()
    return found


def wait_for(condition, what, timeout=20):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def bodies_in(data):
    return list(pathlib.Path(data).glob("spool/*/*/poll-*"))


def test_it_ends_with_0_and_leaves_nothing_behind(broker, tmp_path):
    with numbers() as (url, served):
        done = run(write(tmp_path, url, broker.kafka), tmp_path / "data", "--run-id", "manual__1")
    assert done.returncode == 0, done.stderr
    assert ids(broker.kafka) == served and served
    assert "info the run begins" in done.stderr and "info poll 0:" in done.stderr
    assert not list((tmp_path / "data" / "spool").glob("*/*")), "a run that succeeded forgets its spool"


def test_mistakes_end_with_2(broker, tmp_path):
    file = write(tmp_path, "http://127.0.0.1:1/", broker.kafka)
    wrong_task = subprocess.run([binary(), "run", file, "--task", "fetsh", "--profile", "real", "--data-dir", str(tmp_path / "d")],
                                capture_output=True, text=True, timeout=60, check=False)
    assert wrong_task.returncode == 2 and "did you mean `fetch`" in wrong_task.stderr
    wrong_parent = run(file, tmp_path / "d", "--parent", "me")
    assert wrong_parent.returncode == 2 and "SO-A101" in wrong_parent.stderr


def test_an_api_that_fails_ends_with_3(broker, tmp_path):
    with numbers(status=503) as (url, _):
        done = run(write(tmp_path, url, broker.kafka), tmp_path / "data")
    assert done.returncode == 3 and "SO-H" in done.stderr and "503" in done.stderr


def test_a_kafka_that_was_never_there_ends_with_3(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        done = run(write(tmp_path, "http://127.0.0.1:1/", address), tmp_path / "data")
    assert done.returncode == 3 and address in done.stderr, done.stderr


def test_a_stop_loses_nothing_even_while_kafka_is_stuck(broker, tmp_path):
    """The next try of the run delivers what the first one had fetched, first and once."""
    data = tmp_path / "data"
    with numbers() as (url, served):
        task = subprocess.Popen(words(write(tmp_path, url, broker.kafka, "1m"), data, "--run-id", "manual__1"), stderr=subprocess.PIPE, text=True)
        wait_for(lambda: len(served) > 2, "polls")
        broker.process.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: len(bodies_in(data)) > 3, "bodies in the spool")
            begin = time.monotonic()
            task.send_signal(signal.SIGTERM)
            status = task.wait(10)
            assert time.monotonic() - begin < 2
        finally:
            broker.process.send_signal(signal.SIGCONT)
        assert status == 130, task.stderr.read()
        assert bodies_in(data)
        fetched = list(served)
        again = run(write(tmp_path, url, broker.kafka, "300ms"), data, "--run-id", "manual__1")
        assert again.returncode == 0, again.stderr
        found = ids(broker.kafka)
        assert set(found) == set(served) and len(served) > len(fetched)
        assert "polls of before are handed out again" in again.stderr


def test_it_ends_with_the_process_that_started_it(broker, tmp_path):
    with numbers() as (url, served):
        line = words(write(tmp_path, url, broker.kafka, "1m"), tmp_path / "data")
        starter = f"import os, subprocess, time; p = subprocess.Popen({line!r} + ['--parent', str(os.getpid())]); print(p.pid, flush=True); time.sleep(99)"
        parent = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        child = int(parent.stdout.readline())
        wait_for(lambda: len(served) > 1, "polls")
        parent.kill()
        parent.wait()
        wait_for(lambda: not os.path.exists(f"/proc/{child}") or b"Z" in open(f"/proc/{child}/stat", "rb").read().split(b")")[1][:3], "its end", 3)
        count = len(served)
        time.sleep(0.5)
        assert len(served) == count


def test_check_tells_the_dag_as_json(tmp_path):
    file = write(tmp_path, "http://127.0.0.1:1/", "localhost:9092")
    answer = json.loads(subprocess.run([binary(), "check", file, "--json"], capture_output=True, text=True, check=True).stdout)
    assert answer["dag"] == {"id": "sometimes", "description": "", "schedule": "", "time_zone": "UTC",
                             "tasks": [{"id": "fetch", "after": [], "retries": 0, "retry_delay_ms": 300000}]}
