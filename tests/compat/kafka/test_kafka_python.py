"""kafka-python: a client that shares no code with librdkafka."""
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError


def consume(bootstrap, topic, count, **config):
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=10000,
                             **config)
    if "group_id" in config:
        consumer.subscribe([topic])
    else:
        consumer.assign([TopicPartition(topic, 0)])
    messages = []
    for message in consumer:
        messages.append(message)
        if len(messages) == count:
            break
    if "group_id" in config:
        consumer.commit()
    consumer.close()
    return messages


@pytest.mark.parametrize("codec", [None, "gzip", "lz4"])
def test_records_come_back_as_they_were(server, topic, codec):
    topic = f"{topic}.{codec}"
    producer = KafkaProducer(bootstrap_servers=server.kafka, compression_type=codec, acks="all", linger_ms=10)
    sent = [(b"%d" % i, b"value" * (i % 50)) for i in range(1000)]
    reports = [producer.send(topic, value, key, headers=[("n", b"1")], partition=0) for key, value in sent]
    producer.flush(20)
    assert [report.get(10).offset for report in reports] == list(range(1000))
    producer.close()
    messages = consume(server.kafka, topic, 1000)
    assert [(m.key, m.value) for m in messages] == sent
    assert messages[0].headers == [("n", b"1")]


def test_a_group_goes_on_behind_its_commit(server, topic):
    producer = KafkaProducer(bootstrap_servers=server.kafka)
    for i in range(10):
        producer.send(topic, b"%d" % i)
    producer.flush(20)
    group = {"group_id": f"group.{topic}", "enable_auto_commit": False, "max_poll_records": 5}
    assert [m.value for m in consume(server.kafka, topic, 5, **group)] == [b"%d" % i for i in range(5)]
    assert [m.value for m in consume(server.kafka, topic, 5, **group)] == [b"%d" % i for i in range(5, 10)]
    producer.close()


def test_administration(server, topic):
    admin = KafkaAdminClient(bootstrap_servers=server.kafka)
    admin.create_topics([NewTopic(topic, 3, 1)])
    with pytest.raises(TopicAlreadyExistsError):
        admin.create_topics([NewTopic(topic, 3, 1)])
    assert topic in admin.list_topics()
    (described,) = admin.describe_topics([topic])
    assert len(described["partitions"]) == 3
    admin.delete_topics([topic])
    assert topic not in admin.list_topics()
    admin.close()


def test_offsets_by_time(server, topic):
    producer = KafkaProducer(bootstrap_servers=server.kafka)
    for i in range(10):
        producer.send(topic, b"v", timestamp_ms=1000 + i, partition=0)
    producer.flush(20)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=server.kafka)
    partition = TopicPartition(topic, 0)
    assert consumer.offsets_for_times({partition: 1004})[partition].offset == 4
    assert consumer.beginning_offsets([partition])[partition] == 0
    assert consumer.end_offsets([partition])[partition] == 10
    consumer.close()
