"""`streamops test`: what its tests leave untried, and tests that are written from live records."""
import json
import subprocess

import pytest
from confluent_kafka import Producer
from server import Server, binary

FILE = """
name: shop
streams:
  rows:
    source: { kafka: { topic: orders, format: json }, schema: "id STRING, n STRING" }
    select: |
      SELECT id, CAST(n AS INT) AS n, CASE WHEN id = 'a' THEN 'first' ELSE 'other' END AS name
      FROM source
      WHERE id <> 'skip'
    sink:
      cassandra:
        table: shop.orders
        create: |
          CREATE KEYSPACE IF NOT EXISTS shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS shop.orders (id text PRIMARY KEY, n int, name text);
tests:
  one:
    of: rows
    given: |
      {"id":"a","n":"1"}
    expect: |
      {"id":"a","n":1,"name":"first"}
"""


def call(*arguments):
    return subprocess.run([binary(), "test", *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture(scope="module")
def broker():
    with Server("--servers-only") as server:
        producer = Producer({"bootstrap.servers": server.kafka})
        for key, value in (("k", '{"id":"a","n":"1"}'), (None, '{"id":"skip","n":"0"}'), (None, "{broken"), (None, '{"id":"b","n":"many"}'),
                           ("a", None), (None, b"\xff\x00"), (None, '{"id":"c",\n "n":"3"}')):
            producer.produce("orders", value, key=key)
        assert producer.flush(20) == 0
        yield server


def test_branches_that_no_test_reached_are_told(file):
    assert "coverage" not in call(str(file)).stdout
    result = call(str(file), "--coverage")
    assert result.returncode == 0
    assert "coverage of rows: 2 of 6 branches" in result.stdout, result.stdout
    assert f"{file}:9:13  WHERE id <> 'skip': a row falls out" in result.stdout, result.stdout
    answer = json.loads(call(str(file), "--coverage", "--json").stdout)
    assert answer["tests"][0]["passed"]
    missed = [branch["what"] for branch in answer["coverage"][0]["branches"] if not branch["reached"]]
    assert len(missed) == 4 and any("CAST(n AS INT) fails" in what for what in missed), missed


def test_a_recorded_test_passes_covers_and_catches_a_change(broker, file):
    recorded = call(str(file), "--record", "--data-dir", broker.data, "--limit", "100")
    assert recorded.returncode == 0 and "6 records give 5 rows and dead letters; it passes" in recorded.stdout, recorded
    assert "1 records cannot be written as text" in recorded.stderr
    test = file.parent / "rows_recorded.test"
    assert "pipeline  shop.yaml\n" in test.read_text() and "\nerror SO-F001 orders/0/2/decode\n" in test.read_text()
    covered = call(str(test), "--coverage")
    assert covered.returncode == 0 and "6 of 6 branches" in covered.stdout, covered
    again = call(str(file), "--record", "--data-dir", broker.data)
    assert again.returncode == 2 and "is there already" in again.stderr
    file.write_text(FILE.replace("'other'", "'another'"))
    changed = call(str(test))
    assert changed.returncode == 1 and '"name":"another"' in changed.stdout


@pytest.mark.parametrize("words, told", [
    (["--record", "--stream", "row"], "did you mean `rows`?"), (["--record", "--limit", "0"], "--limit is"), (["--out", "x.test"], "goes with --record")])
def test_a_wrong_call_is_told(broker, file, words, told):
    result = call(str(file), "--data-dir", broker.data, *words)
    assert result.returncode == 2 and told in result.stderr, result


def test_recording_needs_a_file(broker):
    result = call("--record", "--data-dir", broker.data)
    assert result.returncode == 2 and "needs FILE" in result.stderr
