"""`streamops dlq`: letters are shown, mended, and enter again, once, also when the process is killed meanwhile."""
import json
import random
import subprocess
import threading
import time

import pytest
from cassandra.cluster import Cluster
from confluent_kafka import Consumer, Producer, TopicPartition
from server import Server, binary

FILE = """
name: shop
streams:
  rows:
    source: { kafka: { topic: orders, format: json }, schema: "id STRING, n STRING" }
    select: SELECT id, CAST(n AS INT) AS n FROM source
    sink:
      cassandra:
        table: shop.orders
        create: |
          CREATE KEYSPACE IF NOT EXISTS shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS shop.orders (id text PRIMARY KEY, n int);
  copy:
    source: { kafka: { topic: orders, format: json }, schema: "id STRING, n STRING" }
    select: SELECT id, CAST(n AS INT) * 2 AS n FROM source
    sink: { kafka: { topic: copies, key: id, format: json } }
"""
POISON = 400


def call(server, *arguments):
    return subprocess.run([binary(), "dlq", *arguments, "--data-dir", server.data], capture_output=True, text=True, timeout=60)


def send(server, values):
    producer = Producer({"bootstrap.servers": server.kafka})
    for value in values:
        producer.produce("orders", value)
    assert producer.flush(20) == 0


def committed(server, topic):
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": "t", "isolation.level": "read_committed",
                         "enable.partition.eof": True, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found = []
    while True:
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            break
        found.append(json.loads(message.value()))
    consumer.close()
    return found


def rows(server):
    host, port = server.cql
    cluster = Cluster([host], port=port)
    try:
        return {row.id: row.n for row in cluster.connect().execute("SELECT id, n FROM shop.orders")}
    finally:
        cluster.shutdown()


def letters(server):
    found = json.loads(call(server, "--json").stdout or "[]")
    return sum(one["letters"] for one in found)


def wait_for(condition, timeout=20):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def shop(tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(FILE)
    with Server(str(file)) as server:
        yield server


def test_letters_are_shown_mended_and_enter_again_once(shop):
    send(shop, ['{"id":"a","n":"1"}', '{"id":"b","n":"N/A"}', "{broken", '{"id":"d","n":"many"}'])
    wait_for(lambda: letters(shop) >= 6)
    shown = call(shop, "show", "orders").stdout
    assert "N/A" in shown and "at stage decode" in shown and "at stage select" in shown
    assert call(shop, "orders").stdout == shown

    fix = "CASE WHEN value LIKE '%N/A%' THEN replace(value, 'N/A', '0') WHEN value = '{broken' THEN '{\"id\":\"c\",\"n\":\"3\"}' END"
    dry = call(shop, "redrive", "rows", "--fix", fix, "--dry-run", "--json")
    answer = json.loads(dry.stdout)
    assert (dry.returncode, answer["dry_run"], answer["passed"], answer["not_mended"], answer["rows"]) == (1, True, 2, 1, 2)
    assert rows(shop) == {"a": 1}

    done = call(shop, "redrive", "rows", "--fix", fix)
    assert done.returncode == 1 and "2 of 3 passed (2 rows), 1 not mended" in done.stdout, done
    assert rows(shop) == {"a": 1, "b": 0, "c": 3}
    again = call(shop, "redrive", "rows")
    assert again.returncode == 1 and "0 of 1 passed (0 rows), 1 failed again" in again.stdout, again
    assert "redriven 1 time(s)" in call(shop, "show", "orders").stdout
    assert call(shop, "redrive", "rows", "--fix", "replace(value, 'many', '4')").returncode == 0
    assert rows(shop) == {"a": 1, "b": 0, "c": 3, "d": 4}
    assert "no dead letter waits" in call(shop, "redrive", "rows").stdout

    assert call(shop, "redrive", "copy", "--fix", "regexp_replace(value, 'N/A|many', '5')", "--json").returncode == 1
    assert sorted(row["n"] for row in committed(shop, "copies")) == [2, 10, 10]
    shop.stop()  # what was redriven stays so in the next life
    shop.start()
    assert json.loads(call(shop, "redrive", "copy", "--json").stdout)["passed"] == 0


@pytest.mark.parametrize("words, told", [
    (["redrive"], "say whose letters"),
    (["redrive", "orders"], "rows or copy"),
    (["redrive", "row"], "row is no stream or task of shop"),
    (["redrive", "rows", "--fix", "replace(valu, 'a', 'b')"], "SO-S"),
    (["redrive", "rows", "--fix", "1"], "SO-P070"),
    (["redrive", "rows", "--max-redrives", "0"], "--max-redrives"),
    (["show", "orders", "--dry-run"], "go with"),
    (["list", "orders"], "none of ls, show TOPIC, redrive NAME"),
])
def test_a_wrong_call_is_told(shop, words, told):
    result = call(shop, *words)
    assert result.returncode in (2, 3) and told in result.stderr, result


def test_kills_in_the_middle_neither_lose_nor_double(shop):
    send(shop, [json.dumps({"id": str(n), "n": "x"}) for n in range(POISON)])
    wait_for(lambda: letters(shop) >= 2 * POISON)
    luck = random.Random(7)
    for _ in range(4):
        redrive = threading.Thread(target=call, args=(shop, "redrive", "copy", "--fix", "replace(value, '\"x\"', '\"1\"')"))
        redrive.start()
        time.sleep(luck.uniform(0.05, 0.6))
        shop.kill()
        redrive.join()
        shop.start()
    wait_for(lambda: call(shop, "redrive", "copy", "--fix", "replace(value, '\"x\"', '\"1\"')").returncode == 0)
    copies = committed(shop, "copies")
    assert sorted(int(row["id"]) for row in copies) == list(range(POISON))
