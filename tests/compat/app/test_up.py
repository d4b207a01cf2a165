"""`streamops up` as its user meets it: wrong calls, occupied places, stopping, going on where it was."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
from cassandra.cluster import Cluster
from server import REFERENCE, Server, binary


def call(*arguments, timeout=20, **options):
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=timeout, **options)


def users(server):
    host, port = server.cql
    cluster = Cluster([host], port=port)
    try:
        return {row.id for row in cluster.connect().execute("SELECT id FROM spark_streams.created_users")}
    finally:
        cluster.shutdown()


def wait_until(condition, timeout=15):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_port_in_use_is_told_with_its_holder(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        result = call("up", "--servers-only", "--ports", "auto", "--data-dir", str(tmp_path / "d"), "--set", f"server.kafka_port={port}")
    assert result.returncode == 4
    assert "SO-R001" in result.stderr and f"pid {os.getpid()}" in result.stderr
    assert "--ports auto" in result.stderr


def test_a_directory_with_other_files_stays_as_it_is(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    result = call("up", "--servers-only", "--ports", "auto", "--data-dir", str(tmp_path))
    assert result.returncode == 2 and "SO-A102" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_directory_of_a_newer_version_is_left_alone(tmp_path):
    (tmp_path / "format").write_text("streamops data 99\n")
    result = call("up", "--servers-only", "--ports", "auto", "--data-dir", str(tmp_path))
    assert result.returncode == 2 and "SO-A103" in result.stderr


def test_a_second_process_is_told_who_works_there(server):
    result = call("up", "--servers-only", "--ports", "auto", "--data-dir", server.data)
    assert result.returncode == 2
    assert "SO-D003" in result.stderr and str(server.process.pid) in result.stderr


@pytest.mark.parametrize("words, hint", [(["upp"], "did you mean `up`?"), (["up", "--data-dri", "x"], "did you mean `--data-dir`?"),
                                         ([], "streamops --help"), (["up", "--set", "kafka.fsnyc=always"], "did you mean `kafka.fsync`?")])
def test_a_wrong_call_names_the_right_one(words, hint):
    result = call(*words)
    assert result.returncode == 2
    assert hint in result.stderr
    assert "SO-A101" in result.stderr or "SO-B004" in result.stderr


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_within_two_seconds_and_loses_nothing(stop):
    with Server(str(REFERENCE)) as server:
        assert wait_until(lambda: len(users(server)) >= 1)
        before = users(server)
        begin = time.monotonic()
        server.process.send_signal(stop)
        assert server.process.wait(5) == 0
        assert time.monotonic() - begin < 2
        assert not os.path.exists(os.path.join(server.data, "endpoints.json"))
        server.start()
        assert wait_until(lambda: before <= users(server))


def test_an_interrupted_run_goes_on_after_a_restart():
    with Server(str(REFERENCE)) as server:
        assert wait_until(lambda: len(users(server)) >= 2)
        server.stop()
        server.start()
        seen = len(users(server))
        assert wait_until(lambda: len(users(server)) > seen), "the run of the first life does not go on"


def test_reset_reads_the_topic_from_the_start_and_wins():
    with Server(str(REFERENCE)) as server:
        assert wait_until(lambda: len(users(server)) >= 1)
        busy = call("reset", "created_users", "--data-dir", server.data)
        assert busy.returncode == 2 and "SO-D003" in busy.stderr
        server.stop()
        wrong = call("reset", "created_user", "--data-dir", server.data)
        assert wrong.returncode == 2 and "did you mean" in wrong.stderr
        assert call("reset", "created_users", "--data-dir", server.data).returncode == 0
        server.arguments += ["--trigger", "never"]
        server.start()
        status = lambda: json.loads(call("status", "--json", "--data-dir", server.data).stdout)  # noqa: E731
        def records():
            nodes = {node["id"]: node for node in status()["flow"]["nodes"]}
            return nodes["stream:created_users"]["records"]
        assert wait_until(lambda: records() >= len(users(server)) >= 1)


def test_verbs_need_a_running_process(tmp_path):
    result = call("status", "--data-dir", str(tmp_path))
    assert result.returncode == 2 and "SO-A104" in result.stderr


def test_explain_tells_more_and_refuses_what_it_does_not_know():
    assert "port" in call("explain", "r001").stdout
    assert len(json.loads("[" + ",".join(call("explain", "--json").stdout.strip().split("\n")) + "]")) > 50
    unknown = call("explain", "SO-X999")
    assert unknown.returncode == 2 and "SO-A106" in unknown.stderr


def test_the_api_refuses_with_its_own_words(server):
    result = call("trigger", "nothing", "--data-dir", server.data)
    assert result.returncode == 3 and "SO-A105" in result.stderr


def test_version_is_one_line():
    result = call("--version")
    assert result.returncode == 0 and result.stdout.startswith("streamops ") and result.stdout.count("\n") == 1


def test_every_listing_has_json():
    with Server(str(REFERENCE)) as server:
        assert wait_until(lambda: len(users(server)) >= 1)
        for words in (["status"], ["topics"], ["groups"], ["tables"], ["runs"], ["dlq"]):
            result = call(*words, "--json", "--data-dir", server.data)
            assert result.returncode == 0, (words, result.stderr)
            json.loads(result.stdout)
            plain = call(*words, "--data-dir", server.data)
            assert plain.returncode == 0, (words, plain.stderr)
        assert "users_created" in call("topics", "--data-dir", server.data).stdout
        assert "created_users" in call("tables", "--data-dir", server.data).stdout
        assert "user_automation" in call("runs", "--data-dir", server.data).stdout


def test_an_unreachable_api_is_shown_and_invents_nothing(tmp_path):
    text = REFERENCE.read_text()
    file = tmp_path / "pipeline.yaml"
    file.write_text(text)
    environment = dict(os.environ, USERS_API="http://127.0.0.1:1/")
    result = call("run", str(file), "--profile", "live", "--once", "--data-dir", str(tmp_path / "d"), "--ports", "auto",
                  env=environment, timeout=60)
    assert result.returncode == 3
    assert "SO-H" in result.stderr and "127.0.0.1:1" in result.stderr


@pytest.mark.parametrize("name, code", [("name: [", "SO-P0"), ("nam: x\n", "did you mean `name`?")])
def test_a_broken_file_is_refused_with_its_place(tmp_path, name, code):
    file = tmp_path / "pipeline.yaml"
    file.write_text(name)
    for verb in ("check", "up"):
        words = [verb, str(file)] + (["--data-dir", str(tmp_path / "d"), "--ports", "auto"] if verb == "up" else [])
        result = call(*words)
        assert result.returncode == 2
        assert code in result.stderr + result.stdout and "pipeline.yaml:1:" in result.stderr + result.stdout


def test_a_full_disk_refuses_and_recovers():
    """A small file system of our own: what was acknowledged stays, and writes go on when there is room."""
    from confluent_kafka import Producer

    with Server("--servers-only") as server:
        server.stop()
        os.makedirs(server.data, exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", server.data])
        assert mounted.returncode == 0, "mounting a small file system needs root"
        try:
            server.start()
            outcome = {"ok": 0, "failed": 0}

            def report(error, _):
                outcome["failed" if error else "ok"] += 1

            producer = Producer({"bootstrap.servers": server.kafka, "message.timeout.ms": 4000, "log_level": 0})
            for _ in range(400):
                producer.produce("full", os.urandom(100_000), partition=0, on_delivery=report)
                producer.poll(0)
                producer.flush(0.01)
            producer.flush(10)
            assert outcome["failed"] > 0 and outcome["ok"] > 0
            assert server.process.poll() is None, server.log()
            subprocess.run(["mount", "-o", "remount,size=200m", server.data], check=True)
            fine = []
            assert wait_until(lambda: produces(server.kafka, fine), 20), server.log()
        finally:
            if server.process.poll() is None:
                server.stop()
            subprocess.run(["umount", server.data], check=True)


def produces(bootstrap, fine):
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "message.timeout.ms": 1500, "log_level": 0})
    producer.produce("after", b"x", on_delivery=lambda error, _: fine.append(1) if error is None else None)
    producer.flush(2)
    return bool(fine)
