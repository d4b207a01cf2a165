"""Transactions through confluent-kafka and kafka-python: commits, aborts, fencing, positions, crashes."""
import time

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kafka import KafkaConsumer, KafkaProducer
from kafka import TopicPartition as PythonPartition


@pytest.fixture
def two(server, topic):
    """A topic of two partitions."""
    admin = AdminClient({"bootstrap.servers": server.kafka})  # kept: its futures end with it
    for made in admin.create_topics([NewTopic(topic, 2, 1)]).values():
        made.result(10)
    return topic


def producer(kafka, name, **settings):
    made = Producer({"bootstrap.servers": kafka, "transactional.id": name, **settings})
    made.init_transactions(20)
    return made


def write(made, topic, values):
    for value in values:
        made.produce(topic, value, key=value)
    made.flush(10)


def values(kafka, topic, isolation="read_committed"):
    """Everything that a consumer of this isolation reads up to the end, sorted."""
    reader = Consumer({"bootstrap.servers": kafka, "group.id": f"r{time.monotonic_ns()}", "isolation.level": isolation,
                       "enable.partition.eof": True, "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    partitions = [TopicPartition(topic, p, 0) for p in reader.list_topics(topic, 10).topics[topic].partitions]
    reader.assign(partitions)
    out, ended, until = [], set(), time.monotonic() + 20
    while len(ended) < len(partitions) and time.monotonic() < until:
        message = reader.poll(0.2)
        if message is None:
            continue
        if message.error():
            ended.add(message.partition())
        else:
            out.append(message.value().decode())
    reader.close()
    assert len(ended) == len(partitions), "the end was not reached"
    return sorted(out)


def test_committed_records_are_read_and_aborted_ones_are_not(server, two):
    made = producer(server.kafka, two)
    made.begin_transaction()
    write(made, two, ["a", "b", "c"])
    assert values(server.kafka, two) == []
    assert values(server.kafka, two, "read_uncommitted") == ["a", "b", "c"]
    made.commit_transaction(20)
    made.begin_transaction()
    write(made, two, ["lost 1", "lost 2"])
    made.abort_transaction(20)
    made.begin_transaction()
    write(made, two, ["d"])
    made.commit_transaction(20)
    assert values(server.kafka, two) == ["a", "b", "c", "d"]


def test_many_transactions_one_after_the_other(server, two):
    made = producer(server.kafka, two)
    for i in range(60):
        made.begin_transaction()
        write(made, two, [f"{i:03}"])
        if i % 3 == 2:
            made.abort_transaction(20)
        else:
            made.commit_transaction(20)
    assert values(server.kafka, two) == [f"{i:03}" for i in range(60) if i % 3 != 2]


def test_a_second_producer_of_the_same_id_fences_the_first(server, two):
    first = producer(server.kafka, two)
    first.begin_transaction()
    write(first, two, ["zombie"])
    second = producer(server.kafka, two)
    second.begin_transaction()
    write(second, two, ["alive"])
    second.commit_transaction(20)
    with pytest.raises(KafkaException) as refused:
        first.commit_transaction(20)
    assert refused.value.args[0].fatal()
    assert values(server.kafka, two) == ["alive"]


def test_positions_travel_with_the_transaction(server, two):
    """Consume, transform, produce: the group's position moves with the commit and not with the abort."""
    source = producer(server.kafka, two + ".source")
    source.begin_transaction()
    write(source, two, [f"in {i}" for i in range(20)])
    source.commit_transaction(20)
    group = f"g.{two}"
    reader = Consumer({"bootstrap.servers": server.kafka, "group.id": group, "isolation.level": "read_committed",
                       "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    reader.subscribe([two])
    batch = []
    until = time.monotonic() + 20
    while len(batch) < 20 and time.monotonic() < until:
        batch += [m for m in reader.consume(20, 0.5) if not m.error()]
    assert len(batch) == 20
    target = f"{two}.out"
    made = producer(server.kafka, target)
    for commit in (False, True):
        made.begin_transaction()
        write(made, target, [m.value().decode().replace("in", "out") for m in batch])
        made.send_offsets_to_transaction(reader.position(reader.assignment()), reader.consumer_group_metadata(), 20)
        made.commit_transaction(20) if commit else made.abort_transaction(20)
        positions = [each.offset for each in reader.committed(reader.assignment(), 10)]
        assert all(each > 0 for each in positions) == commit
    reader.close()
    assert values(server.kafka, target) == sorted(f"out {i}" for i in range(20))


def test_a_transaction_is_as_it_was_after_the_server_was_killed(own_server, topic):
    server = own_server()
    made = producer(server.kafka, topic, **{"message.timeout.ms": 30000})
    made.begin_transaction()
    write(made, topic, ["before"])
    made.commit_transaction(20)
    made.begin_transaction()
    write(made, topic, ["around 1"])
    server.kill()
    server.start()
    write(made, topic, ["around 2"])
    assert values(server.kafka, topic) == ["before"]
    made.commit_transaction(30)
    server.kill()
    server.start()
    assert values(server.kafka, topic) == ["around 1", "around 2", "before"]


def test_a_transaction_that_its_producer_left_is_aborted_in_time(server, topic):
    made = producer(server.kafka, topic, **{"transaction.timeout.ms": 2000})
    made.begin_transaction()
    write(made, topic, ["left behind"])
    del made
    until = time.monotonic() + 15
    other = producer(server.kafka, topic + ".other")
    other.begin_transaction()
    write(other, topic, ["seen"])
    other.commit_transaction(20)
    while values(server.kafka, topic) != ["seen"] and time.monotonic() < until:
        time.sleep(0.3)
    assert values(server.kafka, topic) == ["seen"]


def test_kafka_python_commits_aborts_and_reads_what_is_committed(server, topic):
    made = KafkaProducer(bootstrap_servers=server.kafka, transactional_id=topic)
    made.init_transactions()
    for value, commit in ((b"one", True), (b"two", False), (b"three", True)):
        made.begin_transaction()
        made.send(topic, value).get(10)
        made.commit_transaction() if commit else made.abort_transaction()
    made.close()
    reader = KafkaConsumer(bootstrap_servers=server.kafka, isolation_level="read_committed",
                           auto_offset_reset="earliest", enable_auto_commit=False, consumer_timeout_ms=3000)
    reader.assign([PythonPartition(topic, 0)])
    assert [message.value for message in reader] == [b"one", b"three"]
    reader.close()
