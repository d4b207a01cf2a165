"""confluent-kafka (librdkafka): producing, consuming, administration, restarts and kills."""
import time

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, NewPartitions, NewTopic,
                                   OffsetSpec)


def produce(bootstrap, topic, records, **config):
    """Sends (key, value) pairs to partition 0, waits for every report and returns the offsets."""
    offsets = []

    def report(error, message):
        assert error is None, error
        offsets.append(message.offset())

    producer = Producer({"bootstrap.servers": bootstrap, **config})
    for key, value in records:
        producer.produce(topic, value, key, partition=0, on_delivery=report)
    assert producer.flush(30) == 0
    return offsets


def read(bootstrap, topic, count, partition=0, offset=OFFSET_BEGINNING, **config):
    """The first `count` messages from `offset` on, and whether there are no more."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
                         "enable.partition.eof": True, **config})
    consumer.assign([TopicPartition(topic, partition, offset)])
    messages, ended, deadline = [], False, time.monotonic() + 30
    while not ended and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ended = len(messages) >= count
        else:
            messages.append(message)
    consumer.close()
    assert len(messages) == count
    return messages


def result(futures):
    """The result of the only future of an admin call."""
    (future,) = futures.values()
    return future.result(20)


@pytest.fixture
def admin(server):
    return AdminClient({"bootstrap.servers": server.kafka})


def error_of(futures):
    with pytest.raises(KafkaException) as raised:
        result(futures)
    return raised.value.args[0].code()


def test_null_and_empty_keys_and_values_and_headers(server, topic):
    producer = Producer({"bootstrap.servers": server.kafka})
    headers = [("a", b"1"), ("a", None), ("", b"")]
    for key, value in [(None, None), (b"", b""), (b"k", None), (None, b"v")]:
        producer.produce(topic, value, key, headers=headers, partition=0)
    assert producer.flush(20) == 0
    messages = read(server.kafka, topic, 4)
    assert [(m.key(), m.value()) for m in messages] == [(None, None), (b"", b""), (b"k", None), (None, b"v")]
    assert messages[0].headers() == headers


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_batches_of_every_compression(server, topic, codec):
    records = [(b"%d" % i, b"value %d " % i * 20) for i in range(5000)]
    topic = f"{topic}.{codec}"
    assert produce(server.kafka, topic, records, **{"compression.type": codec, "linger.ms": 20}) == list(range(5000))
    assert [(m.key(), m.value()) for m in read(server.kafka, topic, 5000)] == records


def test_timestamps_of_the_producer_are_kept(server, topic):
    producer = Producer({"bootstrap.servers": server.kafka})
    producer.produce(topic, b"v", timestamp=1234567890123)
    assert producer.flush(20) == 0
    assert read(server.kafka, topic, 1)[0].timestamp() == (1, 1234567890123)


def test_log_append_time(server, topic, admin):
    result(admin.create_topics([NewTopic(topic, 1, config={"message.timestamp.type": "LogAppendTime"})]))
    producer = Producer({"bootstrap.servers": server.kafka})
    producer.produce(topic, b"v", timestamp=1234567890123)
    assert producer.flush(20) == 0
    kind, when = read(server.kafka, topic, 1, **{"check.crcs": True})[0].timestamp()
    assert kind == 2 and abs(when / 1000 - time.time()) < 60


def test_big_messages_need_a_topic_that_allows_them(server, topic, admin):
    big = bytes(3_000_000)
    client = {"message.max.bytes": 10_000_000}
    with pytest.raises(AssertionError, match="MSG_SIZE_TOO_LARGE"):
        produce(server.kafka, topic, [(None, big)], **client)
    change = ConfigEntry("max.message.bytes", "5000000", incremental_operation=AlterConfigOpType.SET)
    result(admin.incremental_alter_configs([ConfigResource("topic", topic, incremental_configs=[change])]))
    produce(server.kafka, topic, [(None, big)], **client)
    # Far above the limits of a fetch: the first batch comes whole nevertheless.
    small = {"fetch.max.bytes": 100_000, "max.partition.fetch.bytes": 50_000, "message.max.bytes": 100_000,
             "receive.message.max.bytes": 10_000_000}
    assert read(server.kafka, topic, 1, **small)[0].value() == big


def test_offsets_by_time(server, topic, admin):
    producer = Producer({"bootstrap.servers": server.kafka, "compression.type": "zstd", "linger.ms": 50})
    for i in range(100):
        producer.produce(topic, b"v", timestamp=1_000_000 + i * 10, partition=0)
    assert producer.flush(20) == 0
    for spec, expected in [(OffsetSpec.earliest(), 0), (OffsetSpec.latest(), 100), (OffsetSpec.max_timestamp(), 99),
                           (OffsetSpec.for_timestamp(1_000_000), 0), (OffsetSpec.for_timestamp(1_000_501), 51),
                           (OffsetSpec.for_timestamp(2_000_000), -1)]:
        assert result(admin.list_offsets({TopicPartition(topic, 0): spec})).offset == expected


def test_topics_are_created_described_grown_and_deleted(topic, admin):
    result(admin.create_topics([NewTopic(topic, 3, config={"retention.ms": "60000"})]))
    assert error_of(admin.create_topics([NewTopic(topic, 3)])) == KafkaError.TOPIC_ALREADY_EXISTS
    assert len(admin.list_topics(topic, timeout=10).topics[topic].partitions) == 3
    result(admin.create_partitions([NewPartitions(topic, 5)]))
    assert len(admin.list_topics(topic, timeout=10).topics[topic].partitions) == 5
    assert error_of(admin.create_partitions([NewPartitions(topic, 2)])) == KafkaError.INVALID_PARTITIONS
    result(admin.delete_topics([topic]))
    assert topic not in admin.list_topics(timeout=10).topics
    assert error_of(admin.delete_topics([topic])) == KafkaError.UNKNOWN_TOPIC_OR_PART


@pytest.mark.parametrize("name, config, replication, code", [
    ("bad name", {}, 1, KafkaError.TOPIC_EXCEPTION),
    ("fine", {"retention.ms": "soon"}, 1, KafkaError.INVALID_CONFIG),
    ("fine", {"retention.msec": "1"}, 1, KafkaError.INVALID_CONFIG),
    ("fine", {}, 3, KafkaError.INVALID_REPLICATION_FACTOR),
])
def test_wrong_creations_are_refused(admin, name, config, replication, code):
    assert error_of(admin.create_topics([NewTopic(name, 1, replication, config=config)])) == code


def test_configs_are_listed_with_their_sources_and_changed(topic, admin):
    result(admin.create_topics([NewTopic(topic, 1, config={"retention.ms": "60000"})]))
    resource = ConfigResource("topic", topic)
    configs = result(admin.describe_configs([resource]))
    assert configs["retention.ms"].value == "60000" and not configs["retention.ms"].is_default
    assert configs["cleanup.policy"].value == "delete" and configs["cleanup.policy"].is_default
    assert "log.retention.ms" in configs["retention.ms"].synonyms
    change = ConfigEntry("cleanup.policy", "compact", incremental_operation=AlterConfigOpType.APPEND)
    result(admin.incremental_alter_configs([ConfigResource("topic", topic, incremental_configs=[change])]))
    assert result(admin.describe_configs([resource]))["cleanup.policy"].value == "delete,compact"
    assert result(admin.describe_configs([ConfigResource("broker", "1")]))["num.partitions"].value == "1"


def test_a_compacted_topic_wants_keys(server, topic, admin):
    result(admin.create_topics([NewTopic(topic, 1, config={"cleanup.policy": "compact"})]))
    produce(server.kafka, topic, [(b"k", b"v")])
    with pytest.raises(AssertionError, match="INVALID_RECORD"):
        produce(server.kafka, topic, [(None, b"v")])


def test_deleted_records_are_gone(server, topic, admin):
    produce(server.kafka, topic, [(None, b"%d" % i) for i in range(10)], **{"batch.num.messages": 1})
    deleted = result(admin.delete_records([TopicPartition(topic, 0, 6)]))
    assert deleted.low_watermark == 6
    assert [m.offset() for m in read(server.kafka, topic, 4)] == [6, 7, 8, 9]


def test_a_consumer_waits_for_the_next_record(server, topic):
    produce(server.kafka, topic, [(None, b"first")])
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": "unused", "fetch.wait.max.ms": 5000})
    consumer.assign([TopicPartition(topic, 0, 1)])
    assert consumer.poll(0.5) is None
    begin = time.monotonic()
    produce(server.kafka, topic, [(None, b"second")])
    assert consumer.poll(5).value() == b"second"
    assert time.monotonic() - begin < 2
    consumer.close()


def test_a_cluster_of_one_describes_itself(server, admin):
    cluster = admin.describe_cluster().result(10)
    assert cluster.controller.id == 1 and len(cluster.nodes) == 1
    assert f"{cluster.nodes[0].host}:{cluster.nodes[0].port}" == server.kafka
    assert cluster.cluster_id


def test_a_thousand_partitions(own_server, topic):
    server = own_server()
    admin = AdminClient({"bootstrap.servers": server.kafka})
    result(admin.create_topics([NewTopic(topic, 1000)], operation_timeout=30))
    producer = Producer({"bootstrap.servers": server.kafka})
    for partition in range(1000):
        producer.produce(topic, b"%d" % partition, partition=partition)
    assert producer.flush(60) == 0
    server.stop()
    server.start()
    assert read(server.kafka, topic, 1, partition=999)[0].value() == b"999"


def test_a_restart_keeps_everything(own_server, topic):
    server = own_server()
    admin = AdminClient({"bootstrap.servers": server.kafka})
    result(admin.create_topics([NewTopic(topic, 2, config={"segment.bytes": "1000000"})]))
    records = [(b"%d" % i, b"x" * 1000) for i in range(5000)]
    produce(server.kafka, topic, records)
    cluster = admin.list_topics(timeout=10).cluster_id
    server.stop()
    server.start()
    admin = AdminClient({"bootstrap.servers": server.kafka})
    assert admin.list_topics(timeout=10).cluster_id == cluster
    assert result(admin.describe_configs([ConfigResource("topic", topic)]))["segment.bytes"].value == "1000000"
    assert [(m.key(), m.value()) for m in read(server.kafka, topic, 5000)] == records
    assert produce(server.kafka, topic, [(None, b"next")]) == [5000]


def test_an_idempotent_producer_goes_on_over_kills_without_loss_or_doubles(own_server, topic):
    server = own_server()
    delivered = []
    producer = Producer({"bootstrap.servers": server.kafka, "enable.idempotence": True, "linger.ms": 2,
                         "message.timeout.ms": 60000, "reconnect.backoff.max.ms": 200, "log_level": 0})

    def report(error, message):
        assert error is None, error
        delivered.append(int(message.value()))

    sent = 0
    for _ in range(4):
        until = time.monotonic() + 0.4
        while time.monotonic() < until:
            producer.produce(topic, b"%d" % sent, partition=0, on_delivery=report)
            producer.poll(0)
            sent += 1
            time.sleep(0.0002)
        server.kill()
        server.start()
    assert producer.flush(60) == 0
    assert delivered == list(range(sent))
    assert [int(m.value()) for m in read(server.kafka, topic, sent)] == list(range(sent))


def test_producer_ids_are_never_given_out_twice(own_server, topic):
    server = own_server()
    for _ in range(3):
        produce(server.kafka, topic, [(None, b"v")], **{"enable.idempotence": True})
        server.kill()
        server.start()
    produce(server.kafka, topic, [(None, b"v")], **{"enable.idempotence": True})
    assert len(read(server.kafka, topic, 4)) == 4

