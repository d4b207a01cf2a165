"""kill -9 at random points: what a producer was told is delivered is in the topic exactly once."""
import os
import random
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from server import Server

KILLS = int(os.environ.get("CHAOS_KILLS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(1 << 30))))


def read_all(bootstrap, topic):
    """Every value of partition 0, in order."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
    values, position = [], 0
    while position < end:
        for message in consumer.consume(1000, timeout=10):
            assert message.error() is None, message.error()
            values.append(int(message.value()))
            position = message.offset() + 1
    consumer.close()
    return values


def test_delivered_records_survive_kills_exactly_once():
    print(f"CHAOS_SEED={SEED} CHAOS_KILLS={KILLS}")
    dice = random.Random(SEED)
    delivered, sent = set(), 0

    def on_delivery(error, message):
        if error is None:
            delivered.add(int(message.value()))

    with Server("--servers-only") as server:
        producer = Producer({"bootstrap.servers": server.kafka, "enable.idempotence": True, "linger.ms": 1,
                             "message.timeout.ms": 120000, "reconnect.backoff.max.ms": 200,
                             "retry.backoff.max.ms": 200, "log_level": 0})
        for _ in range(KILLS):
            until = time.monotonic() + dice.uniform(0.05, 0.6)
            before = len(delivered)
            # A life ends when its time is over and it has acknowledged something: a kill of an idle broker proves little.
            while time.monotonic() < until or (len(delivered) == before and time.monotonic() < until + 10):
                for _ in range(dice.randrange(1, 200) if len(producer) < 10_000 else 0):
                    producer.produce("chaos", str(sent).encode(), partition=0, on_delivery=on_delivery)
                    sent += 1
                producer.poll(0.005)
            assert len(delivered) > before, f"nothing was acknowledged in ten seconds:\n{server.log()}"
            server.kill()
            server.start()
        assert producer.flush(60) == 0, "records without a report"
        values = read_all(server.kafka, "chaos")

    assert len(delivered) > KILLS
    assert len(values) == len(set(values)), f"doubled: {len(values) - len(set(values))} of {len(values)}"
    missing = delivered - set(values)
    assert not missing, f"{len(missing)} delivered records are gone, such as {sorted(missing)[:5]}"
    assert values == sorted(values), "out of order"
    print(f"{len(delivered)} records delivered over {KILLS} kills")
