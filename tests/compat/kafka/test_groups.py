"""Consumer groups with foreign clients: rebalances, committed offsets, restarts, administration."""
import signal
import subprocess
import sys
import threading
import time

import pytest
from confluent_kafka import (Consumer, ConsumerGroupState, ConsumerGroupTopicPartitions, KafkaError, KafkaException,
                             Producer, TopicPartition)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec
from kafka import KafkaAdminClient, KafkaConsumer

PARTITIONS = 4


def create(bootstrap, topic, partitions=PARTITIONS):
    admin = AdminClient({"bootstrap.servers": bootstrap})  # must outlive its futures
    (future,) = admin.create_topics([NewTopic(topic, partitions, 1)]).values()
    future.result(20)


def produce(bootstrap, topic, count, partitions=PARTITIONS):
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(count):
        producer.produce(topic, str(number), partition=number % partitions)
    assert producer.flush(30) == 0


def consumer(bootstrap, group, topic, revoked=None, **config):
    out = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "session.timeout.ms": 6000,
                    "heartbeat.interval.ms": 300, "enable.auto.commit": False, "enable.partition.eof": False, **config})
    seen = revoked if revoked is not None else []
    out.subscribe([topic], on_revoke=lambda _, partitions: seen.append(partitions))
    return out


def poll_until(consumers, condition, seconds=30):
    """Polls all consumers until the condition holds; returns the values read."""
    values, deadline = [], time.monotonic() + seconds
    while not condition(values):
        assert time.monotonic() < deadline, f"after {seconds} s: {[each.assignment() for each in consumers]}, {len(values)} messages"
        for each in consumers:
            message = each.poll(0.05)
            if message is not None and not message.error():
                values.append(int(message.value()))
    return values


def owned(each):
    return {partition.partition for partition in each.assignment()}


def is_shared(*consumers):
    """A condition: all partitions are assigned, each to one consumer, and every consumer has some."""
    def condition(_):
        parts = [owned(each) for each in consumers]
        return all(parts) and sum(map(len, parts)) == PARTITIONS and set().union(*parts) == set(range(PARTITIONS))
    return condition


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "cooperative-sticky"])
def test_two_consumers_share_and_hand_over(server, topic, strategy):
    create(server.kafka, topic)
    group = f"g.{topic}"
    first = consumer(server.kafka, group, topic, **{"partition.assignment.strategy": strategy})
    poll_until([first], is_shared(first))
    second = consumer(server.kafka, group, topic, **{"partition.assignment.strategy": strategy})
    poll_until([first, second], is_shared(first, second))
    produce(server.kafka, topic, 40)
    values = poll_until([first, second], lambda read: len(read) >= 40)
    assert sorted(values) == list(range(40))
    first.close()
    poll_until([second], is_shared(second))
    second.close()


def test_commits_survive_a_kill(own_server, topic):
    server = own_server()
    create(server.kafka, topic)
    produce(server.kafka, topic, 40)
    reader = consumer(server.kafka, "survivors", topic)
    poll_until([reader], lambda read: len(read) >= 40)
    reader.commit(offsets=[TopicPartition(topic, partition, 5 + partition, metadata=f"m{partition}") for partition in range(PARTITIONS)],
                  asynchronous=False)
    server.kill()
    server.start()
    reader.close()
    again = consumer(server.kafka, "survivors", topic)
    committed = again.committed([TopicPartition(topic, partition) for partition in range(PARTITIONS)], timeout=20)
    assert [(each.offset, each.metadata) for each in committed] == [(5 + partition, f"m{partition}") for partition in range(PARTITIONS)]
    left = sum(10 - (5 + partition) for partition in range(PARTITIONS))
    values = poll_until([again], lambda read: len(read) >= left)
    assert len(values) == left
    again.close()


def test_a_member_goes_on_after_a_restart_of_the_server(own_server, topic):
    server = own_server()
    create(server.kafka, topic)
    reader = consumer(server.kafka, "stayers", topic)
    poll_until([reader], is_shared(reader))
    server.kill()
    server.start()
    produce(server.kafka, topic, 8)
    assert sorted(poll_until([reader], lambda read: len(read) >= 8)) == list(range(8))
    reader.commit(asynchronous=False)
    assert sum(each.offset for each in reader.committed([TopicPartition(topic, p) for p in range(PARTITIONS)], timeout=20)) == 8
    reader.close()


def test_a_killed_member_is_replaced_after_its_session(server, topic):
    create(server.kafka, topic)
    code = ("from confluent_kafka import Consumer; import sys\n"
            "c = Consumer({'bootstrap.servers': sys.argv[1], 'group.id': sys.argv[2], 'session.timeout.ms': 6000})\n"
            "c.subscribe([sys.argv[3]])\n"
            "while True:\n c.poll(0.1)\n if c.assignment(): print('ready', flush=True)")
    child = subprocess.Popen([sys.executable, "-c", code, server.kafka, f"g.{topic}", topic], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        heir = consumer(server.kafka, f"g.{topic}", topic)
        poll_until([heir], lambda _: len(owned(heir)) == PARTITIONS // 2)
        child.send_signal(signal.SIGKILL)
        begin = time.monotonic()
        poll_until([heir], is_shared(heir))
        assert time.monotonic() - begin > 3
        heir.close()
    finally:
        child.kill()
        child.wait()


def test_a_static_member_keeps_its_partitions_over_a_restart(server, topic):
    create(server.kafka, topic)
    group = f"g.{topic}"
    revoked = []
    first = consumer(server.kafka, group, topic, revoked=revoked, **{"group.instance.id": "one"})
    second = consumer(server.kafka, group, topic, **{"group.instance.id": "two"})
    poll_until([first, second], is_shared(first, second))
    kept = owned(second)
    revoked.clear()
    second.close()  # a static member does not leave
    again = consumer(server.kafka, group, topic, **{"group.instance.id": "two"})
    poll_until([first, again], is_shared(first, again))
    assert owned(again) == kept
    assert revoked == []
    first.close()
    again.close()


def test_lag_and_listings(server, topic):
    create(server.kafka, topic)
    produce(server.kafka, topic, 40)
    group = f"g.{topic}"
    admin = AdminClient({"bootstrap.servers": server.kafka, "client.id": "lister"})
    reader = consumer(server.kafka, group, topic, **{"client.id": "reader"})
    poll_until([reader], lambda read: len(read) >= 40)
    reader.commit(offsets=[TopicPartition(topic, partition, 4) for partition in range(PARTITIONS)], asynchronous=False)

    described = admin.describe_consumer_groups([group])[group].result(20)
    assert described.state == ConsumerGroupState.STABLE
    assert described.partition_assignor == "range"
    (member,) = described.members
    assert member.client_id == "reader"
    assert {part.partition for part in member.assignment.topic_partitions} == set(range(PARTITIONS))

    (future,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    committed = {part.partition: part.offset for part in future.result(20).topic_partitions}
    ends = admin.list_offsets({TopicPartition(topic, partition): OffsetSpec.latest() for partition in range(PARTITIONS)})
    lag = {part.partition: future.result(20).offset - committed[part.partition] for part, future in ends.items()}
    assert lag == {partition: 6 for partition in range(PARTITIONS)}

    listed = {each.group_id: each for each in admin.list_consumer_groups().result(20).valid}
    assert listed[group].state == ConsumerGroupState.STABLE
    with pytest.raises(KafkaException):
        admin.delete_consumer_groups([group])[group].result(20)
    reader.close()

    (future,) = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 1, 9)])]).values()
    assert future.result(20).topic_partitions[0].error is None
    (future,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 1)])]).values()
    assert future.result(20).topic_partitions[0].offset == 9
    empty = {each.group_id for each in admin.list_consumer_groups(states={ConsumerGroupState.EMPTY}).result(20).valid}
    assert group in empty
    admin.delete_consumer_groups([group])[group].result(20)
    assert group not in {each.group_id for each in admin.list_consumer_groups().result(20).valid}


def test_a_fenced_static_member_is_told(server, topic):
    create(server.kafka, topic)
    group = f"g.{topic}"
    first = consumer(server.kafka, group, topic, **{"group.instance.id": "one"})
    poll_until([first], is_shared(first))
    second = consumer(server.kafka, group, topic, **{"group.instance.id": "one"})
    poll_until([second], is_shared(second))
    deadline, fenced = time.monotonic() + 20, False
    while not fenced and time.monotonic() < deadline:
        message = first.poll(0.1)
        fenced = message is not None and message.error() is not None and message.error().code() == KafkaError._FATAL
    assert fenced
    first.close()
    second.close()


class PythonMember(threading.Thread):
    """A kafka-python consumer polled by a thread of its own, as its documentation wants it."""

    def __init__(self, bootstrap, group, topic):
        super().__init__()
        self.consumer = KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest",
                                      enable_auto_commit=False, session_timeout_ms=6000, heartbeat_interval_ms=300)
        self.owned, self.values, self.leaving = set(), [], threading.Event()
        self.start()

    def run(self):
        while not self.leaving.is_set():
            for records in self.consumer.poll(timeout_ms=1000, max_records=100).values():
                self.values += [int(record.value) for record in records]
            self.owned = {partition.partition for partition in self.consumer.assignment()}
        self.consumer.commit()
        self.consumer.close()

    def leave(self):
        self.leaving.set()
        self.join(20)
        assert not self.is_alive()


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_kafka_python_shares_commits_and_lists(server, topic):
    create(server.kafka, topic)
    group = f"p.{topic}"
    members = [PythonMember(server.kafka, group, topic) for _ in range(2)]
    try:
        wait_until(lambda: sorted(members[0].owned | members[1].owned) == list(range(PARTITIONS))
                   and len(members[0].owned) == len(members[1].owned) == PARTITIONS // 2)
        produce(server.kafka, topic, 40)
        wait_until(lambda: len(members[0].values) + len(members[1].values) >= 40)
        assert sorted(members[0].values + members[1].values) == list(range(40))
    finally:
        for member in members:
            member.leave()
    admin = KafkaAdminClient(bootstrap_servers=server.kafka)
    offsets = admin.list_group_offsets(group) if hasattr(admin, "list_group_offsets") else admin.list_consumer_group_offsets(group)
    assert group in str(admin.list_groups() if hasattr(admin, "list_groups") else admin.list_consumer_groups())
    admin.close()
    assert str(offsets).count("offset=10") == PARTITIONS


def test_kcat_reads_as_a_group(server, topic):
    create(server.kafka, topic)
    produce(server.kafka, topic, 40)
    command = ["kcat", "-b", server.kafka, "-G", f"k.{topic}", "-X", "auto.offset.reset=earliest", "-e", "-q", topic]
    first = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert sorted(map(int, first.stdout.split())) == list(range(40))
    again = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert again.stdout == ""
