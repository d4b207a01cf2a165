"""kill -9 while the whole line runs: every user in the topic has exactly one row, equal to what an undisturbed run writes."""
import json
import os
import random
import time

from cassandra.cluster import Cluster
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from server import REFERENCE, Server

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(1 << 30))))
TOPIC = "users_created"


def read_topic(bootstrap):
    """(key, value) of every record."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    partitions = consumer.list_topics(TOPIC, timeout=10).topics[TOPIC].partitions
    records = []
    for partition in partitions:
        consumer.assign([TopicPartition(TOPIC, partition, OFFSET_BEGINNING)])
        position, end = consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=10)
        while position < end:
            for message in consumer.consume(1000, timeout=10):
                assert message.error() is None, message.error()
                records.append((message.key(), message.value()))
                position = message.offset() + 1
    consumer.close()
    return records


def read_table(server):
    """{id: row} of the table."""
    host, port = server.cql
    cluster = Cluster([host], port=port)
    try:
        rows = cluster.connect().execute("SELECT * FROM spark_streams.created_users")
        return {str(row.id): tuple(row) for row in rows}
    finally:
        cluster.shutdown()


def wait_for_rows(server, count, timeout=60):
    deadline = time.monotonic() + timeout
    while True:
        rows = read_table(server)
        if len(rows) >= count or time.monotonic() > deadline:
            return rows
        time.sleep(0.2)


def undisturbed(records):
    """The table of a run that nobody kills, over the same records."""
    with Server(str(REFERENCE), "--trigger", "never") as server:
        producer = Producer({"bootstrap.servers": server.kafka, "enable.idempotence": True})
        for key, value in records:
            producer.produce(TOPIC, value, key=key)
        assert producer.flush(30) == 0
        return wait_for_rows(server, len({key for key, _ in records}))


def test_rows_equal_an_undisturbed_run():
    print(f"CHAOS_SEED={SEED} CHAOS_KILLS={KILLS}")
    dice = random.Random(SEED)
    with Server(str(REFERENCE), "--trigger", "always") as server:
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.05, 1.5))
            server.kill()
            server.start()
        time.sleep(2)
        server.stop()
        server.arguments[-1] = "never"
        server.start()
        records = read_topic(server.kafka)
        ids = {json.loads(value)["id"] for _, value in records}
        rows = wait_for_rows(server, len(ids))

    assert len(ids) >= KILLS / 4, f"only {len(ids)} users in {KILLS} lives: the line did not run"
    assert set(rows) == ids
    assert rows == undisturbed(records)
    print(f"{len(ids)} users over {KILLS} kills, {len(records) - len(ids)} polls sent again")
