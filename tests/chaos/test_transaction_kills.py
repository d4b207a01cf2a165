"""kill -9 while a stream copies from topic to topic: a reader of committed records sees the rows of each input exactly
once, in the order of the inputs."""
import json
import os
import pathlib
import random
import time

import pytest
from committed import committed, wait_for, widen
from confluent_kafka import Producer
from server import Server

KILLS = int(os.environ.get("CHAOS_KILLS", "10"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(1 << 30))))
PARTITIONS = 3

PIPELINE = """
name: copying
streams:
  copy:
    source: { kafka: { topic: entries, format: json }, schema: "id BIGINT, word STRING" }
    select: SELECT id, upper(word) AS word FROM source WHERE id % 10 <> 7
    sink: { kafka: { topic: copied, key: id, format: json, partitions: 3 } }
"""


def fill(bootstrap, first, count, dice):
    """Sends `count` entries from number `first` on; every 50th is no JSON."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 1})
    for number in range(first, first + count):
        value = "poison" if number % 50 == 49 else json.dumps({"id": number, "word": f"word {number}"})
        producer.produce("entries", value, partition=dice.randrange(PARTITIONS))
        producer.poll(0)
    assert producer.flush(30) == 0


def settled(server, expected):
    return wait_for(lambda: committed(server.kafka, "copied"), lambda rows: len(rows) >= expected)


@pytest.fixture(name="pipeline")
def fixture_pipeline(tmp_path: pathlib.Path):
    path = tmp_path / "copying.yaml"
    path.write_text(PIPELINE, encoding="utf-8")
    return path


def test_every_row_is_committed_once(pipeline):
    print(f"CHAOS_SEED={SEED} CHAOS_KILLS={KILLS}")
    dice = random.Random(SEED)
    sent = 0
    with Server(str(pipeline)) as server:
        widen(server, "entries", PARTITIONS)
        for _ in range(KILLS):
            count = dice.randrange(50, 2000)
            fill(server.kafka, sent, count, dice)
            sent += count
            time.sleep(dice.uniform(0, 0.4))
            server.kill()
            server.start()
        expected = [n for n in range(sent) if n % 50 != 49 and n % 10 != 7]
        rows = settled(server, len(expected))
        letters = committed(server.kafka, "entries.dlq")
    ids = [json.loads(row)["id"] for row in rows]
    assert sorted(ids) == expected
    assert all(json.loads(row)["word"] == f"WORD {json.loads(row)['id']}" for row in rows)
    assert len(letters) == sum(1 for n in range(sent) if n % 50 == 49)
    print(f"{sent} entries, {len(rows)} rows and {len(letters)} dead letters over {KILLS} kills")


def test_a_second_owner_shuts_out_the_first(pipeline):
    with Server(str(pipeline)) as server:
        fill(server.kafka, 0, 40, random.Random(1))
        settled(server, 35)
        # The same stream from another data directory, against the same cluster.
        other = pipeline.parent / "other.yaml"
        other.write_text(PIPELINE + f"profiles:\n  there: {{ kafka: {{ bootstrap: '{server.kafka}' }} }}\n",
                         encoding="utf-8")
        with Server(str(other), "--profile", "there"):
            deadline = time.monotonic() + 30
            while "SO-K215" not in server.log() and time.monotonic() < deadline:
                fill(server.kafka, 1000, 10, random.Random(2))
                time.sleep(0.3)
            assert "another process writes as copying.copy now" in server.log()
