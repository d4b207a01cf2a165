"""`streamops tap` and `streamops why`: what passes a running stream, and where a row is from."""
import json
import subprocess
import time

import pytest
from confluent_kafka import Producer
from server import REFERENCE, Server, binary

FILE = """
name: shop
streams:
  rows:
    source: { kafka: { topic: orders, format: json }, schema: "id STRING, n STRING, note STRING" }
    select: SELECT id, CAST(n AS INT) AS n FROM source WHERE id <> 'skip'
    sink:
      cassandra:
        table: shop.orders
        create: |
          CREATE KEYSPACE IF NOT EXISTS shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS shop.orders (id text PRIMARY KEY, n int);
  totals:
    source: { kafka: { topic: orders, format: json }, schema: "id STRING, n STRING" }
    select: SELECT id, count(*) AS c FROM source GROUP BY id
    mode: update
    sink: { kafka: { topic: totals, key: id, format: json } }
"""


def call(server, *arguments):
    return subprocess.run([binary(), *arguments, "--data-dir", server.data], capture_output=True, text=True, timeout=60)


def send(server, *values):
    producer = Producer({"bootstrap.servers": server.kafka})
    for value in values:
        producer.produce("orders", value)
    assert producer.flush(20) == 0


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    file = tmp_path_factory.mktemp("tap") / "shop.yaml"
    file.write_text(FILE)
    with Server(str(file)) as server:
        yield server


def tapped(server, target, *arguments, values=()):
    """What a tap shows of `values`, sent once it looks."""
    process = subprocess.Popen([binary(), "tap", target, *arguments, "--data-dir", server.data], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    send(server, *values)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def test_each_edge_through_a_filter(shop):
    values = ('{"id":"a","n":"1","note":"x"}', '{"id":"skip","n":"2"}', '{"id":"b","n":"many"}', '{"id":"c","n":"3"}')
    assert tapped(shop, "rows", "--limit", "2", values=values) == [{"id": "a", "n": 1}, {"id": "c", "n": 3}]
    assert tapped(shop, "rows.select", "--where", "n > 1", "--limit", "1", values=values) == [{"id": "c", "n": 3}]
    assert tapped(shop, "rows.decode", "--limit", "2", values=values) == [{"id": "a", "n": "1"}, {"id": "skip", "n": "2"}]
    (record,) = tapped(shop, "rows.source", "--where", "value LIKE '%skip%'", "--limit", "1", values=values)
    assert json.loads(record["value"]) == {"id": "skip", "n": "2"} and record["partition"] == 0
    (letter,) = tapped(shop, "rows.dead_letters", "--limit", "1", values=values)
    assert letter["stage"] == "select" and "many" in letter["value"]
    assert {row["id"] for row in tapped(shop, "totals", "--for", "4s", values=values)} == {"a", "b", "c", "skip"}


@pytest.mark.parametrize("words, told", [
    (["row"], "no stream row runs"), (["rows.selct"], "no edge selct"), (["rows", "--where", "m > 1"], "SO-S"),
    (["rows", "--limit", "x"], "--limit is"), (["rows", "--for", "soon"], "SO-")])
def test_a_wrong_call_is_told(shop, words, told):
    result = call(shop, "tap", *words)
    assert result.returncode != 0 and told in result.stderr, result


def test_why_goes_back_to_the_records_of_a_row(shop):
    send(shop, '{"id":"why","n":"1"}', '{"id":"other","n":"2"}', '{"id":"why","n":"2"}')
    answer = json.loads(call(shop, "why", "rows", "why", "--json").stdout)
    assert [cause["rows"] for cause in answer["causes"]] == [[{"id": "why", "n": 1}], [{"id": "why", "n": 2}]]
    assert answer["causes"][1]["offset"] == answer["causes"][0]["offset"] + 2 and answer["sink"] == "shop.orders"
    shown = call(shop, "why", "rows", '{"id":"other"}')
    assert shown.returncode == 0 and 'source  {"id":"other","n":"2"}' in shown.stdout, shown
    nothing = call(shop, "why", "rows", "nobody")
    assert nothing.returncode == 1 and "no record of orders" in nothing.stderr
    groups = call(shop, "why", "totals", "a")
    assert groups.returncode == 2 and "stems from many records" in groups.stderr
    assert "did you mean `rows`?" in call(shop, "why", "row", "a").stderr


def test_why_names_the_run_of_the_task():
    with Server(str(REFERENCE)) as server:
        deadline = time.monotonic() + 20
        rows = []
        while not rows and time.monotonic() < deadline:
            answer = call(server, "preview", str(REFERENCE), "--stream", "created_users", "--json", "--limit", "1")
            rows = json.loads(answer.stdout)["rows"] if answer.returncode == 0 else []
            time.sleep(0.3)
        answer = json.loads(call(server, "why", "created_users", rows[0]["row"]["id"], "--json").stdout)
        (cause,) = answer["causes"]
        assert cause["topic"] == "users_created" and cause["run"], answer
        runs = json.loads(call(server, "runs", "--json").stdout)
        assert cause["run"] in json.dumps(runs)
