"""kcat as people use it: list, produce, consume, look up offsets."""
import subprocess

import pytest


def kcat(bootstrap, *arguments, stdin=None):
    done = subprocess.run(["kcat", "-b", bootstrap, *arguments], input=stdin, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_produce_list_and_consume(server, topic):
    kcat(server.kafka, "-P", "-t", topic, "-K", ":", stdin="a:1\nb:2\n")
    assert f'topic "{topic}" with 1 partitions' in kcat(server.kafka, "-L", "-t", topic)
    assert kcat(server.kafka, "-C", "-t", topic, "-e", "-q", "-f", "%o %k %s\n") == "0 a 1\n1 b 2\n"


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_compression_passes_through(server, topic, codec):
    value = "x" * 3000
    kcat(server.kafka, "-P", "-t", f"{topic}.{codec}", "-z", codec, stdin=value + "\n" + value + "\n")
    assert kcat(server.kafka, "-C", "-t", f"{topic}.{codec}", "-e", "-q") == (value + "\n") * 2


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_all_acks(server, topic, acks):
    kcat(server.kafka, "-P", "-t", f"{topic}.{acks}", "-X", f"acks={acks}", stdin="one\n")
    assert kcat(server.kafka, "-C", "-t", f"{topic}.{acks}", "-c", "1", "-q") == "one\n"


def test_headers_and_empty_values(server, topic):
    kcat(server.kafka, "-P", "-t", topic, "-H", "trace=7", "-H", "empty", "-Z", "-K", ":", stdin="key:\n")
    shown = kcat(server.kafka, "-C", "-t", topic, "-e", "-q", "-f", "%k|%S|%h\n")
    assert shown == "key|-1|trace=7,empty=NULL\n"


def test_each_listener_advertises_itself(server):
    second = server.endpoints.get("kafka_second", server.kafka)
    ports = {server.kafka.rsplit(":", 1)[1], second.rsplit(":", 1)[1]}
    for port in ports:
        assert f"broker 1 at 127.0.0.1:{port}" in kcat(f"127.0.0.1:{port}", "-L")
        assert f"broker 1 at ::1:{port}" in kcat(f"[::1]:{port}", "-L")
        kcat(f"localhost:{port}", "-L")


def test_offsets_by_time(server, topic):
    for value in ["a", "b", "c"]:
        kcat(server.kafka, "-P", "-t", topic, "-z", "lz4", stdin=f"{value}1\n{value}2\n")
    times = kcat(server.kafka, "-C", "-t", topic, "-e", "-q", "-f", "%T\n").split()
    assert kcat(server.kafka, "-Q", "-t", f"{topic}:0:-1").strip() == f"{topic} [0] offset 6"
    assert kcat(server.kafka, "-Q", "-t", f"{topic}:0:-2").strip() == f"{topic} [0] offset 0"
    for when in set(times):
        assert kcat(server.kafka, "-Q", "-t", f"{topic}:0:{when}").strip() == f"{topic} [0] offset {times.index(when)}"


def test_idempotent_producer(server, topic):
    kcat(server.kafka, "-P", "-t", topic, "-X", "enable.idempotence=true", stdin="1\n2\n3\n")
    assert kcat(server.kafka, "-C", "-t", topic, "-e", "-q") == "1\n2\n3\n"


def test_a_group_reads_on_where_it_stopped(server, topic):
    kcat(server.kafka, "-P", "-t", topic, stdin="1\n2\n")
    read = ["-X", "auto.offset.reset=earliest", "-e", "-q", "-G", f"group.{topic}", topic]
    assert kcat(server.kafka, *read) == "1\n2\n"
    kcat(server.kafka, "-P", "-t", topic, stdin="3\n")
    assert kcat(server.kafka, *read) == "3\n"
