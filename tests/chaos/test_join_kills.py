"""kill -9 while streams join: each order meets its payment, or nobody, once; and the customers as their topic has them."""
import json
import os
import random
import time

from cassandra.cluster import Cluster
from committed import wait_for, widen
from confluent_kafka import Producer
from server import Server

KILLS = int(os.environ.get("CHAOS_KILLS", "10"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(1 << 30))))
PARTITIONS = 2
CUSTOMERS = 40
DAY = "2024-01-01T"

PIPELINE = """
name: joining
streams:
  paid:
    source: { kafka: { topic: orders, format: json }, schema: "id BIGINT, at TIMESTAMP, customer STRING" }
    watermark: { column: at, delay: 2h }
    joins:
      payments:
        kafka: { topic: payments, format: json }
        schema: "order_id BIGINT, at TIMESTAMP, amount BIGINT"
        watermark: { column: at, delay: 2h }
    select: |
      SELECT o.id AS id, p.amount AS amount
      FROM source o LEFT JOIN payments p ON o.id = p.order_id AND p.at BETWEEN o.at AND o.at + INTERVAL 10 MINUTES
    sink:
      cassandra:
        table: chaos.paid
        create: |
          CREATE KEYSPACE IF NOT EXISTS chaos WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS chaos.paid (id bigint PRIMARY KEY, amount bigint);
  named:
    source: { kafka: { topic: orders, format: json }, schema: "id BIGINT, at TIMESTAMP, customer STRING" }
    tables:
      customers: { kafka: { topic: customers, format: json }, schema: "id STRING, name STRING" }
    select: SELECT o.id AS id, name FROM source o LEFT JOIN customers c ON o.customer = c.id
    sink:
      cassandra:
        table: chaos.named
        create: |
          CREATE KEYSPACE IF NOT EXISTS chaos WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS chaos.named (id bigint PRIMARY KEY, name text);
"""


def sending(bootstrap):
    return Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 1})


def fill_customers(bootstrap):
    producer = sending(bootstrap)
    for generation in range(2):
        for number in range(CUSTOMERS):
            value = {"id": f"c{number}", "name": f"name {number}.{generation}"}
            producer.produce("customers", json.dumps(value), key=f"c{number}")
    producer.produce("customers", None, key="c0")
    assert producer.flush(30) == 0


def at(minute, second):
    return f"{DAY}00:{minute:02}:{second:02}Z"


def fill(bootstrap, first, count, dice):
    """Sends orders and payments of one hour, in any order; returns {order: (amount or None, customer)}."""
    producer = sending(bootstrap)
    orders, records = {}, []
    for number in range(first, first + count):
        minute, customer = dice.randrange(40), f"c{dice.randrange(CUSTOMERS + 5)}"
        records.append(("orders", {"id": number, "at": at(minute, 0), "customer": customer}))
        after = dice.choice([0, 3, 10, 11, None])
        if after is not None:
            records.append(("payments", {"order_id": number, "at": at(minute + after, 0), "amount": number * 7}))
        orders[number] = (number * 7 if after is not None and after <= 10 else None, customer)
    dice.shuffle(records)
    for topic, value in records:
        producer.produce(topic, json.dumps(value), partition=dice.randrange(PARTITIONS))
        producer.poll(0)
    assert producer.flush(30) == 0
    return orders


def end_waiting(bootstrap):
    producer = sending(bootstrap)
    producer.produce("orders", json.dumps({"id": -1, "at": f"{DAY}09:00:00Z", "customer": "c1"}), partition=0)
    producer.produce("payments", json.dumps({"order_id": -2, "at": f"{DAY}09:00:00Z", "amount": 0}), partition=0)
    assert producer.flush(30) == 0


def table(server, select):
    host, port = server.cql
    cluster = Cluster([host], port=port)
    try:
        return dict(tuple(row) for row in cluster.connect().execute(select))
    finally:
        cluster.shutdown()


def name_of(customer):
    number = int(customer[1:])
    return None if number == 0 or number >= CUSTOMERS else f"name {number}.1"


def test_joins_equal_what_every_record_makes_them(tmp_path):
    print(f"CHAOS_SEED={SEED} CHAOS_KILLS={KILLS}")
    dice = random.Random(SEED)
    path = tmp_path / "joining.yaml"
    path.write_text(PIPELINE, encoding="utf-8")
    orders = {}
    with Server(str(path)) as server:
        fill_customers(server.kafka)
        time.sleep(1)
        for topic in ("orders", "payments"):
            widen(server, topic, PARTITIONS)
        for _ in range(KILLS):
            orders |= fill(server.kafka, len(orders), dice.randrange(100, 1000), dice)
            time.sleep(dice.uniform(0, 0.5))
            server.kill()
            server.start()
        end_waiting(server.kafka)
        paid = wait_for(lambda: table(server, "SELECT id, amount FROM chaos.paid"), lambda rows: len(rows) >= len(orders))
        named = wait_for(lambda: table(server, "SELECT id, name FROM chaos.named"), lambda rows: len(rows) > len(orders))
    named.pop(-1)
    assert paid == {number: amount for number, (amount, _) in orders.items()}
    assert named == {number: name_of(customer) for number, (_, customer) in orders.items()}
    alone = sum(amount is None for amount in paid.values())
    print(f"{len(orders)} orders, {alone} without a payment, over {KILLS} kills")
