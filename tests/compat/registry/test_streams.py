"""`format: avro` in a pipeline: what confluent-kafka's serializers write is read into rows, what we write its deserializer reads."""
import datetime
import decimal
import http.server
import json
import threading
import time
import subprocess

import pytest
from avro_line import USER_1, USER_2, Rows, consume, produce, produce_raw, raw_values, stream_file
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from server import Server, binary, free_port

SEEN = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)


def user(number, **more):
    return {"id": str(number), "age": number, "paid": decimal.Decimal(number) / 4, "seen": SEEN, **more}


def url_of(server):
    return "http://" + server.endpoints["registry"]


def rows_of(server):
    return Rows(*server.cql, "avro_shop.users")


def check(path, *words):
    done = subprocess.run([binary(), "check", path, *words], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def wait_for(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def test_two_versions_of_a_writer_in_one_topic_become_rows(tmp_path):
    with Server(stream_file(tmp_path, "users")) as server, rows_of(server) as rows:
        produce(server.kafka, url_of(server), "users", USER_1, [user(n) for n in range(10)])
        produce(server.kafka, url_of(server), "users", USER_2, [user(n, city="Ulm", kind="OLD") for n in range(10, 20)])
        found = rows.wait(20)
        assert (found["3"].age, found["3"].city, found["3"].paid) == (3, None, decimal.Decimal("0.75"))
        assert found["3"].seen.replace(tzinfo=datetime.timezone.utc) == SEEN
        assert (found["13"].age, found["13"].city) == (13, "Ulm")


def test_the_columns_come_from_the_newest_schema_when_the_file_names_none(tmp_path):
    path = stream_file(tmp_path, "users", schema="", columns="id, age, city, paid, seen")
    with Server("--servers-only") as server:
        code, output = check(path, "--data-dir", server.data)
        assert code == 2 and "SO-P046" in output
        SchemaRegistryClient({"url": url_of(server)}).register_schema("users-value", Schema(USER_2, "AVRO"))
        code, output = check(path, "--data-dir", server.data)
        assert code == 0, output
        produce(server.kafka, url_of(server), "users", USER_1.replace('"age","type":"int"', '"age","type":"long"'), []) 
        server.stop()
        server.arguments = [path]
        server.start()
        with rows_of(server) as rows:
            produce(server.kafka, url_of(server), "users", USER_2, [user(1, city="Ulm", kind="NEW")])
            assert rows.wait(1)["1"].city == "Ulm"


def test_an_avro_schema_as_the_readers_view_fills_in_defaults(tmp_path):
    reader = USER_2.replace('["null","string"],"default":null', '"string","default":"Bonn"')
    (tmp_path / "user.avsc").write_text(reader, encoding="utf-8")
    path = stream_file(tmp_path, "users", schema="")
    text = open(path, encoding="utf-8").read().replace("format: avro }", "format: avro, reader: \"${file:user.avsc}\" }")
    open(path, "w", encoding="utf-8").write(text)
    with Server(path) as server, rows_of(server) as rows:
        produce(server.kafka, url_of(server), "users", USER_1, [user(1)])
        assert rows.wait(1)["1"].city == "Bonn"


def test_records_that_cannot_be_read_are_dead_letters_with_their_bytes(tmp_path):
    strange = [b'{"id":"json"}', b"\0\0\0\0\x63rest", b"", b"\0\0\0\0\x01\x02"]
    with Server(stream_file(tmp_path, "users")) as server, rows_of(server) as rows:
        produce(server.kafka, url_of(server), "users", USER_1, [user(1)])
        rows.wait(1)
        produce_raw(server.kafka, "users", *strange)
        produce_raw(server.kafka, "users", b"payload", headers=[("__value_schema_id", b"\x01" + b"g" * 16)])
        produce(server.kafka, url_of(server), "users", USER_1, [user(2)])
        rows.wait(2)
        letters = raw_values(server.kafka, "users.dlq", 5)
        codes = [dict(letter.headers())["so.code"].decode() for letter in letters]
        assert codes == ["SO-F010", "SO-G103", "SO-F010", "SO-F012", "SO-F011"]
        assert [letter.value() or b"" for letter in letters] == [*strange, b"payload"]
        assert letters[1].key() == b"users/0/2/decode"


TASK = """
name: users_line
tasks:
  fetch:
    source: { http: { url: "builtin:randomuser" }, schema: "results ARRAY<STRUCT<login: STRUCT<uuid: STRING, username: STRING>, dob: STRUCT<age: INT>>>" }
    select: SELECT r.login.uuid AS id, r.dob.age AS age, r.login.username AS city FROM source LATERAL VIEW explode(results) AS r
    sink: { kafka: { topic: people, key: id, format: avro, record: shop.Person } }
streams:
  users:
    source: { kafka: { topic: people, format: avro } }
    select: SELECT id, CAST(age AS BIGINT) AS age, city FROM source
    sink:
      cassandra:
        table: avro_shop.users
        create: |
          CREATE KEYSPACE IF NOT EXISTS avro_shop WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS avro_shop.users (id text PRIMARY KEY, age bigint, city text);
tests:
  given_as_json:
    of: users
    given: |
      {"id":"7","age":3}
    expect: |
      {"id":"7","age":3}
"""


def test_a_tasks_avro_goes_through_a_stream_and_is_read_by_confluents_deserializer(tmp_path):
    path = tmp_path / "line.yaml"
    path.write_text(TASK, encoding="utf-8")
    done = subprocess.run([binary(), "test", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    with Server(str(path), "--trigger", "always") as server, rows_of(server) as rows:
        row = next(iter(rows.wait(1).values()))
        value = consume(server.kafka, url_of(server), "people", 1)[0]
        assert value == {"id": row.id, "age": row.age, "city": row.city}
        registered = SchemaRegistryClient({"url": url_of(server)}).get_latest_version("people-value").schema
        assert json.loads(registered.schema_str)["namespace"] == "shop"


def test_a_sink_whose_schema_is_refused_says_so_before_the_first_record(tmp_path):
    path = tmp_path / "line.yaml"
    path.write_text(TASK, encoding="utf-8")
    with Server("--servers-only") as server:
        other = '{"type":"record","name":"Person","namespace":"shop","fields":[{"name":"id","type":["null","int"],"default":null}]}'
        SchemaRegistryClient({"url": url_of(server)}).register_schema("people-value", Schema(other, "AVRO"))
        server.stop()
        server.arguments = [str(path), "--trigger", "always"]
        server.start()
        wait_for(lambda: "SO-G105" in server.log())
        assert "people-value" in server.log()


class StandIn:
    """A registry of one schema, with id 1, that a test can take away or replace by something else."""

    def __init__(self, schema):
        self.schema, self.port, self.mode, self.asked = schema, free_port(), "registry", 0
        self._server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                stand_in.asked += 1
                status, kind, body = 200, "application/json", json.dumps({"schema": stand_in.schema})
                if stand_in.mode == "html":
                    kind, body = "text/html", "<html><title>Spark Worker</title></html>"
                elif stand_in.mode == "forbidden":
                    status, body = 401, '{"error_code":401,"message":"Unauthorized"}'
                elif stand_in.mode == "busy":
                    status, kind, body = 503, "text/html", "<html>busy</html>"
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def profile(self):
        return f'\nprofiles:\n  away:\n    registry: {{ url: "http://127.0.0.1:{self.port}" }}\n'


SIMPLE = '{"type":"record","name":"S","fields":[{"name":"id","type":"string"}]}'


def simple(*texts):
    return [b"\0\0\0\0\x01" + bytes([len(text) * 2]) + text.encode() for text in texts]


def trouble_of(server):
    done = subprocess.run([binary(), "status", "--json", "--data-dir", server.data], capture_output=True, text=True, timeout=30)
    return done.stdout


@pytest.mark.parametrize("mode", ["stopped", "busy"])
def test_an_outage_holds_the_stream_and_recovers_without_a_restart(tmp_path, mode):
    registry = StandIn(SIMPLE)
    path = stream_file(tmp_path, "simple", schema=', schema: "id STRING"', columns="id", more=registry.profile())
    if mode == "busy":
        registry.mode = "busy"
        registry.start()
    with Server(path, "--profile", "away", settings=["registry.max_pause=200ms"]) as server, rows_of(server) as rows:
        produce_raw(server.kafka, "simple", *simple("a", "b"))
        wait_for(lambda: "SO-G101" in trouble_of(server))
        assert rows.all() == {}
        registry.mode = "registry"
        if mode == "stopped":
            registry.start()
        assert set(rows.wait(2)) == {"a", "b"}
        wait_for(lambda: "SO-G101" not in trouble_of(server))
        # Known schemas need no registry any more.
        asked = registry.asked
        registry.stop()
        produce_raw(server.kafka, "simple", *simple("c"))
        rows.wait(3)
        assert registry.asked == asked
        assert server.process.poll() is None


@pytest.mark.parametrize("mode,code", [("html", "SO-G102"), ("forbidden", "SO-G104")])
def test_what_is_no_registry_or_refuses_us_stops_the_stream_and_nothing_is_put_aside(tmp_path, mode, code):
    with StandIn(SIMPLE) as registry:
        registry.mode = mode
        path = stream_file(tmp_path, "simple", schema=', schema: "id STRING"', columns="id", more=registry.profile())
        with Server(path, "--profile", "away") as server, rows_of(server) as rows:
            produce_raw(server.kafka, "simple", *simple("a"))
            wait_for(lambda: code in trouble_of(server))
            assert rows.all() == {}
            registry.mode = "registry"
            server.stop()
            server.start()
            assert set(rows_of(server).wait(1)) == {"a"}
