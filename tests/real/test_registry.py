"""`format: avro` on a real Kafka with a real registry: confluent-kafka's serializers on one side, our streams and tasks on the other."""
import datetime
import decimal
import json
import subprocess
import time

import pytest
from avro_line import USER_1, USER_2, Rows, consume, produce, produce_raw, raw_values, stream_file
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from server import Server, binary
from services_session import chosen

SEEN = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
TASK = """
name: {topic}_line
tasks:
  fetch:
    source: {{ http: {{ url: "builtin:randomuser" }}, schema: "results ARRAY<STRUCT<login: STRUCT<uuid: STRING>, dob: STRUCT<age: INT>>>" }}
    select: SELECT r.login.uuid AS id, r.dob.age AS age, CAST('1.50' AS DECIMAL(8,2)) AS paid FROM source LATERAL VIEW explode(results) AS r
    sink: {{ kafka: {{ topic: {topic}, key: id, format: avro, record: shop.Person }} }}
"""


@pytest.fixture(scope="module")
def registry(services):
    return services(chosen("registry")).endpoints["url"]


@pytest.fixture
def line(kafka, registry):
    """What a profile needs, and a topic of the test's own."""
    class Line:
        bootstrap = kafka.endpoints["bootstrap"]
        url = registry
        topic = f"avro_{time.monotonic_ns()}"
        profile = f'\nprofiles:\n  away:\n    kafka: {{ bootstrap: "{bootstrap}" }}\n    registry: {{ url: "{registry}" }}\n'
    return Line


def user(number, **more):
    return {"id": str(number), "age": number, "paid": decimal.Decimal(number) / 4, "seen": SEEN, **more}


def test_confluents_messages_of_two_versions_become_rows(line, tmp_path):
    produce(line.bootstrap, line.url, line.topic, USER_1, [user(n) for n in range(10)])
    path = stream_file(tmp_path, line.topic, more=line.profile)
    with Server(path, "--profile", "away") as server, Rows(*server.cql, "avro_shop.users") as rows:
        rows.wait(10)
        produce(line.bootstrap, line.url, line.topic, USER_2, [user(n, city="Ulm", kind="OLD") for n in range(10, 20)])
        found = rows.wait(20)
        assert (found["3"].age, found["3"].city, found["3"].paid) == (3, None, decimal.Decimal("0.75"))
        assert (found["13"].age, found["13"].city, found["13"].paid) == (13, "Ulm", decimal.Decimal("3.25"))
        produce_raw(line.bootstrap, line.topic, b"\0\0\x7f\0\0unknown")
        letter = raw_values(line.bootstrap, line.topic + ".dlq", 1)[0]
        assert dict(letter.headers())["so.code"] == b"SO-G103" and letter.value() == b"\0\0\x7f\0\0unknown"


def test_the_newest_schema_of_the_registry_gives_the_columns(line, tmp_path):
    path = stream_file(tmp_path, line.topic, schema="", more=line.profile)
    checked = subprocess.run([binary(), "check", path, "--profile", "away"], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 2 and "SO-G108" in checked.stdout + checked.stderr
    produce(line.bootstrap, line.url, line.topic, USER_2, [user(1, city="Ulm", kind="NEW")])
    with Server(path, "--profile", "away") as server, Rows(*server.cql, "avro_shop.users") as rows:
        assert rows.wait(1)["1"].city == "Ulm"


def test_our_messages_are_read_by_confluents_deserializer(line, tmp_path):
    path = tmp_path / "task.yaml"
    path.write_text(TASK.format(topic=line.topic) + line.profile, encoding="utf-8")
    with Server(str(path), "--profile", "away", "--trigger", "always"):
        value = consume(line.bootstrap, line.url, line.topic, 1, 60)[0]
    assert set(value) == {"id", "age", "paid"} and value["paid"] == decimal.Decimal("1.50")
    latest = SchemaRegistryClient({"url": line.url}).get_latest_version(line.topic + "-value")
    assert json.loads(latest.schema.schema_str)["name"] == "Person"


def test_a_schema_that_the_registry_refuses_stops_the_sink_before_the_first_record(line, tmp_path):
    client = SchemaRegistryClient({"url": line.url})
    subject = line.topic + "-value"
    client.register_schema(subject, Schema('{"type":"record","name":"Person","namespace":"shop","fields":[{"name":"age","type":"string"}]}', "AVRO"))
    client.set_compatibility(subject, "BACKWARD")
    path = tmp_path / "task.yaml"
    path.write_text(TASK.format(topic=line.topic) + line.profile, encoding="utf-8")
    with Server(str(path), "--profile", "away", "--trigger", "always") as server:
        deadline = time.monotonic() + 30
        while "SO-G105" not in server.log():
            assert time.monotonic() < deadline, server.log()
            time.sleep(0.1)
        assert subject in server.log()
