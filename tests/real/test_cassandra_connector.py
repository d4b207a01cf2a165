"""The CQL client and the Cassandra connector on this session's Cassandra: their C++ tests that need a real server; logins and TLS."""
import json
import os
import pathlib
import subprocess
import uuid

import pytest
from confluent_kafka import Producer
from real_line import delete_topics, listing, until
from server import Server
from services_session import chosen

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("STREAMOPS_TEST_PROGRAMS", ROOT / "build" / "debug"))


@pytest.mark.parametrize("name", ["test_cql_client", "test_connect_cassandra"])
def test_with_a_real_server(cassandra, name):
    program = PROGRAMS / name
    assert program.exists(), f"{program} is not built: ninja -C {PROGRAMS} {name}, or set STREAMOPS_TEST_PROGRAMS"
    done = subprocess.run([program, "--test-case-exclude=", "--no-version=true"], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "STREAMOPS_TEST_CQL": cassandra.endpoints["contact_point"]})
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "0 skipped" in done.stdout, done.stdout[-2000:]


TOPIC = "secured_rows"
PIPELINE = """
name: secured
streams:
  rows:
    source: {{ kafka: {{ topic: secured_rows, format: json }}, schema: "id STRING, n INT" }}
    select: SELECT id, n FROM source
    sink:
      cassandra:
        table: secured.rows
        create: |
          CREATE KEYSPACE IF NOT EXISTS secured WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}};
          CREATE TABLE IF NOT EXISTS secured.rows (id uuid PRIMARY KEY, n int);
profiles:
  real:
    kafka: {{ bootstrap: "{kafka}" }}
    cassandra: {{ contact_points: ["{contact_point}"], username: "{username}", password: "{password}", tls: {{ ca_file: "{ca_file}" }} }}
"""


@pytest.fixture(scope="module")
def secured(services):
    return services(chosen("cassandra"), auth="yes", tls="yes")


@pytest.fixture
def line(kafka, secured, tmp_path):
    """A function: the state of the stream, {"state", "rows", "code"}, until a condition holds, with a login."""
    bootstrap = kafka.endpoints["bootstrap"]
    delete_topics(bootstrap, TOPIC)
    producer = Producer({"bootstrap.servers": bootstrap})
    for n in range(100):
        producer.produce(TOPIC, json.dumps({"id": str(uuid.uuid4()), "n": n}))
    assert producer.flush(30) == 0

    def run(condition, **login):
        path = tmp_path / "pipeline.yaml"
        path.write_text(PIPELINE.format(kafka=bootstrap, **{**secured.endpoints, **login}), encoding="utf-8")
        with Server(str(path), "--profile", "real") as server:
            def state():
                node = next(each for each in listing("status", data=server.data)["flow"]["nodes"] if each["kind"] == "stream")
                rows = next((each["value"] for each in node["counters"] if each["name"] == "rows"), 0)
                found = {"state": node["state"], "rows": rows, "code": node["error"] and node["error"]["code"]}
                return condition(found) and found
            return until(state, timeout=60)
    yield run
    delete_topics(bootstrap, TOPIC)


def test_a_login_over_tls(line):
    assert line(lambda found: found["rows"] == 100)["code"] is None


def test_a_wrong_password_stops_the_stream_and_says_so(line):
    assert line(lambda found: found["state"] == "failed", password="no")["code"] == "SO-C202"
