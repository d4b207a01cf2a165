"""Streams read and write by our own code and by librdkafka: whatever is in a topic, and whatever happens to the broker, both leave the
same rows."""
import contextlib
import json
import os
import signal
import subprocess
import time

import pytest
from committed import committed, wait_for
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from server import Server, binary

PATHS = ("direct", "librdkafka")
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
PARTITIONS = 3

PIPELINE = """
name: {name}
streams:
  copy:
    source: {{ kafka: {{ topic: {topic}, format: json }}, schema: "id BIGINT, word STRING" }}
    select: SELECT id, upper(word) AS word FROM source
    sink: {{ kafka: {{ topic: {name}, key: id, format: json, partitions: 3 }} }}
profiles:
  there: {{ kafka: {{ bootstrap: "{kafka}" }}, scheduler: false }}
"""


def command(folder, kafka, topic, path, *words):
    """The process of a stream that copies the topic into one that is named after the path."""
    name = f"{topic}_{path}"
    file = folder / f"{name}.yaml"
    file.write_text(PIPELINE.format(name=name, topic=topic, kafka=kafka), encoding="utf-8")
    return [binary(), "run", str(file), "--profile", "there", "--ports", "auto", "--data-dir", str(folder / name),
            "--set", f"kafka_client.data_path={path}", *words]


def create(kafka, topic, partitions=PARTITIONS, **config):
    admin = AdminClient({"bootstrap.servers": kafka})  # kept: its futures end with it
    admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(10)


def entry(number):
    return json.dumps({"id": number, "word": f"word {number} " + "x" * (number % 700)})


def fill(kafka, topic, numbers, codec="none", **settings):
    producer = Producer({"bootstrap.servers": kafka, "compression.type": codec, "linger.ms": 20, **settings})
    for number in numbers:
        producer.produce(topic, entry(number), key=str(number), headers={"number": str(number)}, partition=number % PARTITIONS)
        producer.poll(0)
    assert producer.flush(30) == 0


def transaction(kafka, topic, numbers, commits):
    producer = Producer({"bootstrap.servers": kafka, "transactional.id": f"{topic}-writer", "linger.ms": 5})
    producer.init_transactions(20)
    producer.begin_transaction()
    for number in numbers:
        producer.produce(topic, entry(number), partition=number % PARTITIONS)
    producer.flush(20)
    if commits:
        producer.commit_transaction(20)
    else:
        producer.abort_transaction(20)


def rows(kafka, topic):
    return sorted(json.loads(row)["id"] for row in committed(kafka, topic))


@pytest.fixture(name="broker")
def fixture_broker():
    with Server("--servers-only") as server:
        yield server


def test_both_read_what_is_committed_whatever_its_codec(broker, tmp_path):
    """Plain and compressed batches, transactions kept and dropped one behind the other, records without value, and a batch at the end
    that was dropped, so that the end is no record."""
    topic = "mixed"
    create(broker.kafka, topic)
    expected = []
    for turn, codec in enumerate(CODECS):
        first = turn * 1000
        fill(broker.kafka, topic, range(first, first + 400), codec)
        transaction(broker.kafka, topic, range(first + 400, first + 450), commits=False)
        transaction(broker.kafka, topic, range(first + 450, first + 500), commits=True)
        expected += [*range(first, first + 400), *range(first + 450, first + 500)]
    transaction(broker.kafka, topic, range(90_000, 90_050), commits=False)
    written = {}
    for path in PATHS:
        subprocess.run(command(tmp_path, broker.kafka, topic, path, "--once", "--no-tasks"), check=True, timeout=60)
        assert rows(broker.kafka, f"{topic}_{path}") == expected
        written[path] = sorted(committed(broker.kafka, f"{topic}_{path}"))
    assert written["direct"] == written["librdkafka"]


def test_both_put_a_key_into_the_same_partition(broker, tmp_path):
    topic = "keyed"
    create(broker.kafka, topic)
    fill(broker.kafka, topic, range(500))
    where = []
    for path in PATHS:
        subprocess.run(command(tmp_path, broker.kafka, topic, path, "--once", "--no-tasks"), check=True, timeout=60)
        where.append(partitions_of(broker.kafka, f"{topic}_{path}"))
    assert where[0] == where[1]
    assert len(set(where[0].values())) == PARTITIONS


def partitions_of(kafka, topic):
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "where", "enable.partition.eof": True, "enable.auto.commit": False})
    reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
    found, ended, until = {}, 0, time.monotonic() + 30
    while ended < PARTITIONS and time.monotonic() < until:
        message = reader.poll(1)
        if message is not None and message.error():
            ended += 1
        elif message is not None:
            found[message.key()] = message.partition()
    reader.close()
    assert ended == PARTITIONS
    return found


@contextlib.contextmanager
def running(words, log):
    with open(log, "wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.mark.parametrize("path", PATHS)
def test_a_broker_that_dies_and_comes_back_costs_nothing(broker, tmp_path, path):
    topic = "restarted"
    create(broker.kafka, topic)
    sent = 0
    log = tmp_path / "stream.log"
    with running(command(tmp_path, broker.kafka, topic, path), log):
        for _ in range(int(os.environ.get("CHAOS_KILLS", "3"))):
            fill(broker.kafka, topic, range(sent, sent + 3000), acks="all")
            sent += 3000
            time.sleep(0.05)
            broker.kill()
            time.sleep(0.3)
            broker.start()
        fill(broker.kafka, topic, range(sent, sent + 500))
        sent += 500
        found = wait_for(lambda: rows(broker.kafka, f"{topic}_{path}"), lambda ids: len(ids) >= sent)
    assert found == list(range(sent)), log.read_text(encoding="utf-8")[-3000:]


@pytest.mark.parametrize("path", PATHS)
def test_records_that_are_gone_stop_the_stream(broker, tmp_path, path):
    topic = "cut"
    create(broker.kafka, topic, 1)
    for first in (0, 300):
        producer = Producer({"bootstrap.servers": broker.kafka})
        for number in range(first, first + 300):
            producer.produce(topic, entry(number))
        assert producer.flush(20) == 0
        if first == 0:
            subprocess.run(command(tmp_path, broker.kafka, topic, path, "--once", "--no-tasks"), check=True, timeout=60)
    admin = AdminClient({"bootstrap.servers": broker.kafka})  # kept: its futures end with it
    admin.delete_records([TopicPartition(topic, 0, 450)])[TopicPartition(topic, 0)].result(10)
    done = subprocess.run(command(tmp_path, broker.kafka, topic, path, "--once", "--no-tasks"), timeout=60, capture_output=True, text=True)
    assert done.returncode != 0
    assert "SO-K205" in done.stderr
