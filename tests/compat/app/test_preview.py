"""`streamops preview` and `streamops explain plan`: what a file does and would write, without leaving a trace."""
import json
import subprocess

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from server import REFERENCE, Server, binary

FILE = """
name: shop
tasks:
  fetch:
    source: { http: { url: "builtin:randomuser", every: 1s, for: 1m }, schema: "results ARRAY<STRUCT<gender: STRING>>" }
    select: SELECT r.gender AS gender FROM source LATERAL VIEW explode(results) AS r
    sink: { kafka: { topic: fetched, format: json } }
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


def call(*arguments):
    return subprocess.run([binary(), *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("preview") / "shop.yaml"
    path.write_text(FILE)
    return str(path)


@pytest.fixture(scope="module")
def broker():
    """Topics with records, and nobody who works on them."""
    with Server("--servers-only") as server:
        producer = Producer({"bootstrap.servers": server.kafka})
        for value in ('{"id":"a","n":"1","note":"x"}', '{"id":"skip","n":"0"}', "{broken", '{"id":"b","n":"many"}', '{"id":"a","n":"3"}'):
            producer.produce("orders", value)
        assert producer.flush(20) == 0
        yield server


def preview(server, file, *arguments):
    result = call("preview", file, "--data-dir", server.data, *arguments)
    assert result.returncode == 0, result
    return result


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_stage_of_a_stream(broker, file):
    assert preview(broker, file, "--stream", "rows", "--stage", "source").stdout.splitlines()[2] == "{broken"
    decoded = preview(broker, file, "--stream", "rows", "--stage", "decode", "--limit", "2")
    assert lines(decoded) == [{"id": "a", "n": "1", "note": "x"}, {"id": "skip", "n": "0"}]
    assert "2 of 4 rows from 5 records, 1 dead letters" in decoded.stderr and "orders/0/2/decode" in decoded.stderr
    selected = preview(broker, file, "--stream", "rows")
    assert lines(selected) == [{"id": "a", "n": 1}, {"id": "a", "n": 3}] and "2 dead letters" in selected.stderr
    sink = json.loads(preview(broker, file, "--stream", "totals", "--stage", "sink", "--json").stdout)
    assert [(row["key"], row["row"]) for row in sink["rows"]] == [("a", {"id": "a", "c": 2}), ("skip", {"id": "skip", "c": 1}), ("b", {"id": "b", "c": 1})]
    assert sink["records"] == 5 and [letter["code"] for letter in sink["dead_letters"]] == ["SO-F001"]


def test_a_task_asks_the_api_once(broker, file):
    assert {row["gender"] for row in lines(preview(broker, file, "--stream", "fetch"))} <= {"female", "male"}


def test_nothing_is_left_behind(broker, file):
    admin = AdminClient({"bootstrap.servers": broker.kafka})
    before = set(admin.list_topics(timeout=10).topics)
    preview(broker, file, "--stream", "rows", "--stage", "sink")
    preview(broker, file, "--stream", "totals")
    assert set(admin.list_topics(timeout=10).topics) == before == {"orders"}
    assert [group.group_id for group in admin.list_consumer_groups().result().valid] == []


@pytest.mark.parametrize("words, told", [
    (["--stream", "row"], "did you mean `rows`?"), ([], "rows, totals, fetch"), (["--stream", "rows", "--stage", "sinks"], "--stage is"),
    (["--stream", "rows", "--limit", "none"], "--limit is"), (["--stream", "rows", "--profile", "reel"], "did you mean `real`?")])
def test_a_wrong_call_is_told(broker, file, words, told):
    result = call("preview", file, "--data-dir", broker.data, *words)
    assert result.returncode == 2 and told in result.stderr, result


def test_without_a_running_process_it_says_so(tmp_path, file):
    result = call("preview", file, "--stream", "rows", "--data-dir", str(tmp_path))
    assert result.returncode == 2 and "SO-A104" in result.stderr


def test_the_plan_of_a_file(file):
    plan = call("explain", "plan", file)
    assert plan.returncode == 0, plan
    for told in ("pushed down: note checked, not built", "id <> 'skip'", "for ever", "exactly once in effect", "exactly once: rows",
                 "at least once", "lateral view", "explode(results)"):
        assert told in plan.stdout, plan.stdout
    (totals,) = json.loads(call("explain", "plan", file, "--stream", "totals", "--json").stdout)
    assert (totals["keeps_state"], totals["state_ends"], totals["columns_skipped"]) == (True, False, ["n"])
    assert call("explain", "plan", str(REFERENCE)).returncode == 0
    wrong = call("explain", "SO-P014", file)
    assert wrong.returncode == 2 and "go with" in wrong.stderr
    wrong = call("explain", "plan", file, "--stream", "total")
    assert wrong.returncode == 2 and "did you mean `totals`?" in wrong.stderr
