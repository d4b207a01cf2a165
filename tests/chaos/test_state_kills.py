"""kill -9 while streams count: closed windows are in their topic once, and a table's groups are what every record makes
them."""
import collections
import json
import os
import random
import time

from cassandra.cluster import Cluster
from committed import committed, positions, wait_for, widen
from confluent_kafka import Producer
from server import Server

KILLS = int(os.environ.get("CHAOS_KILLS", "10"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(1 << 30))))
PARTITIONS = 2
DAY = "2024-01-01T"

PIPELINE = """
name: counting
streams:
  windows:
    source: { kafka: { topic: orders, format: json }, schema: "shop STRING, at TIMESTAMP, amount BIGINT" }
    watermark: { column: at, delay: 1h }
    late: { kafka: { topic: late_orders, format: json } }
    select: |
      SELECT window.start AS start, shop, count(*) AS n, sum(amount) AS amount
      FROM source GROUP BY window(at, '1 minute'), shop
    sink: { kafka: { topic: counts, key: shop, format: json } }
  totals:
    source: { kafka: { topic: orders, format: json }, schema: "shop STRING, at TIMESTAMP, amount BIGINT" }
    mode: update
    select: SELECT shop, count(*) AS n, sum(amount) AS amount FROM source GROUP BY shop
    sink:
      cassandra:
        table: chaos.totals
        create: |
          CREATE KEYSPACE IF NOT EXISTS chaos WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS chaos.totals (shop text PRIMARY KEY, n bigint, amount bigint);
"""


def fill(bootstrap, first, count, dice):
    """Sends `count` orders of one hour, in any order of time; returns (minute, shop, amount) of each."""
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 1})
    orders = []
    for number in range(first, first + count):
        minute, shop = dice.randrange(60), f"shop {dice.randrange(50)}"
        value = {"shop": shop, "at": f"{DAY}00:{minute:02}:{dice.randrange(60):02}Z", "amount": number}
        producer.produce("orders", json.dumps(value), partition=dice.randrange(PARTITIONS))
        producer.poll(0)
        orders.append((minute, shop, number))
    assert producer.flush(30) == 0
    return orders


def close_windows(bootstrap):
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce("orders", json.dumps({"shop": "last", "at": f"{DAY}09:00:00Z", "amount": 0}), partition=0)
    assert producer.flush(30) == 0


def table(server):
    host, port = server.cql
    cluster = Cluster([host], port=port)
    try:
        rows = cluster.connect().execute("SELECT shop, n, amount FROM chaos.totals")
        return {row.shop: (row.n, row.amount) for row in rows}
    finally:
        cluster.shutdown()


def sums(pairs):
    """{key: (count, sum)}."""
    out = collections.defaultdict(lambda: (0, 0))
    for key, amount in pairs:
        count, total = out[key]
        out[key] = (count + 1, total + amount)
    return dict(out)


def test_counts_equal_what_every_record_makes_them(tmp_path):
    print(f"CHAOS_SEED={SEED} CHAOS_KILLS={KILLS}")
    dice = random.Random(SEED)
    path = tmp_path / "counting.yaml"
    path.write_text(PIPELINE, encoding="utf-8")
    orders = []
    with Server(str(path)) as server:
        widen(server, "orders", PARTITIONS)
        for _ in range(KILLS):
            orders += fill(server.kafka, len(orders), dice.randrange(100, 2000), dice)
            time.sleep(dice.uniform(0, 0.5))
            server.kill()
            server.start()
        per_shop = sums((shop, amount) for _, shop, amount in orders)
        count = sum(n for n, _ in per_shop.values())
        totals = wait_for(lambda: table(server), lambda rows: sum(n for n, _ in rows.values()) >= count)
        read = wait_for(lambda: positions(server.kafka, "counting.windows", "orders", PARTITIONS), lambda n: n >= count)
        assert read == count
        close_windows(server.kafka)
        windows = sums(((f"{DAY}00:{minute:02}:00.000Z", shop), amount) for minute, shop, amount in orders)
        rows = wait_for(lambda: committed(server.kafka, "counts"), lambda found: len(found) >= len(windows))
        late = committed(server.kafka, "late_orders")
    assert totals == per_shop
    found = [json.loads(row) for row in rows]
    assert len(found) == len(windows)
    assert {(row["start"], row["shop"]): (row["n"], row["amount"]) for row in found} == windows
    assert late == []
    print(f"{len(orders)} orders, {len(windows)} windows, {len(per_shop)} shops over {KILLS} kills")
