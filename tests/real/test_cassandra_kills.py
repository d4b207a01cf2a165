"""Cassandra dies in the middle of a load, again and again: the table equals that of an undisturbed run."""
import json
import os
import random
import time
import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from real_line import Tables, delete_topics, environment, listing, until
from server import Server
from services_session import chosen

KILLS = int(os.environ.get("CHAOS_CASSANDRA_KILLS", "3"))
ROWS = int(os.environ.get("CHAOS_CASSANDRA_ROWS", "60000"))
TOPIC = "cassandra_kills"

PIPELINE = """
name: cassandra_kills
streams:
  users:
    source:
      kafka: {{ topic: {topic}, format: json }}
      schema: "id STRING, name STRING, city STRING, n INT"
    select: SELECT id, name, city, n FROM source
    sink:
      cassandra:
        table: cassandra_kills.{table}
        create: |
          CREATE KEYSPACE IF NOT EXISTS cassandra_kills WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}};
          CREATE TABLE IF NOT EXISTS cassandra_kills.{table} (id uuid PRIMARY KEY, name text, city text, n int);
profiles:
  real:
    kafka: {{ bootstrap: "${{env:KAFKA_BOOTSTRAP}}" }}
    cassandra: {{ contact_points: ["${{env:CASSANDRA_CONTACT_POINT}}"], consistency: ONE }}
"""


class Run(Server):
    """`streamops up` of the stream into one table, until it is told to end."""

    def __init__(self, folder, table, kafka, cassandra):
        path = folder / f"{table}.yaml"
        path.write_text(PIPELINE.format(topic=TOPIC, table=table), encoding="utf-8")
        super().__init__(str(path), "--profile", "real", environment=environment(kafka, cassandra, "http://127.0.0.1:1/"))

    def stream(self):
        """{"rows": …, "dead letters": …, "trouble": SO-code or None}."""
        assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.log()}"
        node = next(each for each in listing("status", data=self.data)["flow"]["nodes"] if each["kind"] == "stream")
        assert node["state"] in ("starting", "running"), node
        counters = {each["name"]: each["value"] for each in node["counters"]}
        return {**counters, "trouble": node["error"] and node["error"]["code"]}


@pytest.fixture(scope="module")
def topic(kafka):
    """Rows of which one in ten is of a key that came before: the later record must win. Gives the brokers and the table due."""
    bootstrap = kafka.endpoints["bootstrap"]
    delete_topics(bootstrap, TOPIC)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(TOPIC, num_partitions=2, replication_factor=1)])[TOPIC].result(30)
    dice = random.Random(7)
    keys = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(ROWS * 9 // 10)]
    due = {}
    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": ROWS + 1})
    for n in range(ROWS):
        key = keys[n] if n < len(keys) else dice.choice(keys)
        row = {"id": key, "name": f"name {n}", "city": f"city {dice.randrange(1000)}", "n": n}
        due[key] = row["name"], row["city"], n
        producer.produce(TOPIC, json.dumps(row), key=key)
    assert producer.flush(60) == 0
    yield bootstrap, due
    delete_topics(bootstrap, TOPIC)


def table_of(contact_point, table):
    """{id: (name, city, n)}"""
    with Tables(contact_point) as tables:
        rows = tables.execute(f"SELECT id, name, city, n FROM cassandra_kills.{table}")
    return {str(row["id"]): (row["name"], row["city"], row["n"]) for row in rows}


def test_nothing_is_lost_or_doubled_over_kills(services, topic, tmp_path):
    kafka, due = topic
    # commitlog=batch: what is acknowledged is on disk, or a kill would take it with it on any client.
    cassandra = services(chosen("cassandra"), name="cassandra-kills", commitlog="batch")
    at = cassandra.endpoints["contact_point"]
    troubles = set()
    with Run(tmp_path, "disturbed", kafka, at) as run:
        for kill in range(KILLS):
            wanted = (kill + 1) * ROWS // (KILLS + 2)
            until(lambda wanted=wanted: run.stream()["rows"] >= wanted, timeout=180)
            before = run.stream()["rows"]
            assert before < ROWS, "the run was over before the kill: more rows are needed"
            services.kill(cassandra)
            until(lambda: run.stream()["trouble"], timeout=60)
            troubles.add(run.stream()["trouble"])
            time.sleep(1)
            services.restart(cassandra)
        until(lambda: run.stream()["rows"] >= ROWS, timeout=300)
        last = run.stream()
    assert last["rows"] == ROWS, "counted twice"
    assert last["dead letters"] == 0 and last["trouble"] is None, last
    assert troubles - {None} <= {"SO-C201", "SO-C203", "SO-C204", "SO-C205"}, troubles

    with Run(tmp_path, "undisturbed", kafka, at) as run:
        until(lambda: run.stream()["rows"] >= ROWS, timeout=300)
    assert table_of(at, "undisturbed") == due
    assert table_of(at, "disturbed") == due
