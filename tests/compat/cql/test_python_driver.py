"""The Python driver, unchanged, on the embedded store: every protocol version, types, pages, errors, crashes."""
import datetime
import decimal
import threading
import time
import types
import uuid

import pytest
from cassandra import AlreadyExists, InvalidRequest
from cassandra.cluster import Cluster
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.protocol import ConfigurationException, SyntaxException
from cassandra.query import BatchStatement, SimpleStatement
from cassandra.util import Date, Duration, Time
from session import new_keyspace, session_on

VERSIONS = (3, 4, 5)
NO_TABLE = types.SimpleNamespace(columns={})


def wait_until(holds, seconds=15):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("version", VERSIONS)
def test_statements_in_every_version(server, version):
    with session_on(server, version) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int, c int, s text static, v text, PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC)")
        insert = session.prepare("INSERT INTO t (k, c, v) VALUES (?, ?, ?)")
        assert insert.routing_key_indexes == [0] or version == 3
        for number in range(100):
            session.execute(insert, (number % 10, number, str(number)))
        session.execute("UPDATE t SET s = 'shared' WHERE k = 3")
        assert [row.c for row in session.execute("SELECT c FROM t WHERE k = 3 AND c > 20 AND c <= 73")] == [73, 63, 53, 43, 33, 23]
        assert [row.c for row in session.execute("SELECT c FROM t WHERE k = 3 ORDER BY c ASC LIMIT 2")] == [3, 13]
        assert {row.s for row in session.execute("SELECT s FROM t WHERE k = 3")} == {"shared"}
        assert session.execute("SELECT count(*), min(c), max(c), sum(c) FROM t").one() == (100, 0, 99, 4950)
        assert len(session.execute("SELECT DISTINCT k FROM t").all()) == 10
        session.execute("DELETE FROM t WHERE k = 3 AND c >= 50")
        assert [row.c for row in session.execute("SELECT c FROM t WHERE k = 3")] == [43, 33, 23, 13, 3]


@pytest.mark.parametrize("version", VERSIONS)
def test_pages_hold_every_row_once(server, version):
    with session_on(server, version) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int, c int, s int static, PRIMARY KEY (k, c))")
        rows = [(number % 7, number) for number in range(500)]
        execute_concurrent_with_args(session, session.prepare("INSERT INTO t (k, c) VALUES (?, ?)"), rows)
        for size in (1, 3, 71, 499, 500, 501):
            session.default_fetch_size = size
            assert sorted((row.k, row.c) for row in session.execute("SELECT k, c FROM t")) == sorted(rows)
            assert [row.c for row in session.execute("SELECT c FROM t WHERE k = 2 ORDER BY c DESC")] == sorted((c for k, c in rows if k == 2), reverse=True)
        session.default_fetch_size = 10
        assert len(session.execute("SELECT * FROM t LIMIT 37").all()) == 37
        assert len(session.execute("SELECT * FROM t PER PARTITION LIMIT 3").all()) == 21
        first = session.execute(SimpleStatement("SELECT k, c FROM t", fetch_size=100))
        rest = session.execute(SimpleStatement("SELECT k, c FROM t", fetch_size=1000), paging_state=first.paging_state)
        assert sorted([*((r.k, r.c) for r in first.current_rows), *((r.k, r.c) for r in rest)]) == sorted(rows)


def test_token_ranges_cover_the_ring_once(server):
    with session_on(server) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY)")
        for number in range(50):
            session.execute("INSERT INTO t (k) VALUES (%s)", (number,))
        seen = []
        edges = [-2**63, -4 * 10**18, 0, 4 * 10**18, 2**63 - 1]
        for low, high in zip(edges, edges[1:]):
            seen += [row.k for row in session.execute("SELECT k FROM t WHERE token(k) > %s AND token(k) <= %s ALLOW FILTERING", (low, high))]
        assert sorted(seen) == list(range(50))


VALUES = [
    ("ascii", "plain"), ("bigint", -(2**63)), ("blob", b"\x00\xff"), ("boolean", True), ("date", Date(datetime.date(2024, 2, 29))),
    ("decimal", decimal.Decimal("-12.340")), ("double", 1.5e300), ("duration", Duration(1, 2, 3)), ("float", 0.5), ("inet", "2001:db8::1"),
    ("int", -7), ("smallint", -300), ("text", "häuser 家 🏠"), ("time", Time("12:34:56.123456789")),
    ("timestamp", datetime.datetime(2024, 1, 31, 12, 0, 0, 123000)), ("timeuuid", uuid.UUID("f50e8400-e29b-11d4-a716-446655440000")),
    ("tinyint", -128), ("uuid", uuid.UUID("550e8400-e29b-41d4-a716-446655440000")), ("varint", -(10**40)), ("list<int>", [3, 1, 2]),
    ("set<text>", {"b", "a"}), ("map<text, int>", {"b": 2, "a": 1}), ("frozen<list<text>>", ["x", ""]), ("tuple<int, text>", (1, None)),
    ("vector<float, 3>", [1.0, 2.5, -3.0]), ("frozen<map<int, frozen<set<int>>>>", {1: {2, 3}}),
]


@pytest.mark.parametrize("version", (4, 5))
def test_values_of_all_types_come_back(server, version):
    with session_on(server, version) as session:
        new_keyspace(session)
        columns = ", ".join(f"c{number} {kind}" for number, (kind, _) in enumerate(VALUES))
        session.execute(f"CREATE TABLE t (k int PRIMARY KEY, {columns})")
        names = ", ".join(f"c{number}" for number in range(len(VALUES)))
        insert = session.prepare(f"INSERT INTO t (k, {names}) VALUES (1, {', '.join('?' * len(VALUES))})")
        session.execute(insert, [value for _, value in VALUES])
        row = session.execute(f"SELECT {names} FROM t WHERE k = 1").one()
        for number, (kind, value) in enumerate(VALUES):
            got = row[number]
            if isinstance(value, set):
                got = set(got)
            if kind.startswith("map"):
                got = dict(got)
            if kind.startswith("frozen<map"):
                got = {key: set(item) for key, item in got.items()}
            assert got == value, kind


def test_null_is_a_delete_and_unset_is_nothing(server):
    from cassandra.query import UNSET_VALUE
    with session_on(server, 4) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, a text, b text)")
        insert = session.prepare("INSERT INTO t (k, a, b) VALUES (?, ?, ?)")
        session.execute(insert, (1, "a", "b"))
        session.execute(insert, (1, None, UNSET_VALUE))
        assert session.execute("SELECT a, b FROM t WHERE k = 1").one() == (None, "b")


def test_timestamps_and_ttl(server):
    with session_on(server) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
        session.execute("INSERT INTO t (k, v) VALUES (1, 'new') USING TIMESTAMP 2000 AND TTL 1000")
        session.execute("INSERT INTO t (k, v) VALUES (1, 'old') USING TIMESTAMP 1000")
        row = session.execute("SELECT v, writetime(v), ttl(v) FROM t WHERE k = 1").one()
        assert row[:2] == ("new", 2000) and 990 <= row[2] <= 1000


def test_conditions(server):
    with session_on(server) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
        assert session.execute("INSERT INTO t (k, v) VALUES (1, 1) IF NOT EXISTS").one().applied
        refused = session.execute("INSERT INTO t (k, v) VALUES (1, 2) IF NOT EXISTS").one()
        assert not refused.applied and (refused.k, refused.v) == (1, 1)
        assert not session.execute("UPDATE t SET v = 9 WHERE k = 1 IF v = 7").one().applied
        assert not session.execute("UPDATE t SET v = 9 WHERE k = 2 IF EXISTS").one().applied
        # A counter made of conditions loses no step, however many clients count.
        swap = session.prepare("UPDATE t SET v = ? WHERE k = 1 IF v = ?")

        def count(steps):
            while steps:
                now = session.execute("SELECT v FROM t WHERE k = 1").one().v
                steps -= session.execute(swap, (now + 1, now)).one().applied

        threads = [threading.Thread(target=count, args=(10,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert session.execute("SELECT v FROM t WHERE k = 1").one().v == 41


def test_batches_are_one_write(server):
    with session_on(server) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v int)")
        insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
        batch = BatchStatement()
        batch.add(insert, (1, 1))
        batch.add("INSERT INTO t (k, v) VALUES (2, 2)")
        session.execute(batch)
        session.execute("BEGIN BATCH INSERT INTO t (k, v) VALUES (3, 3); DELETE FROM t WHERE k = 1; APPLY BATCH")
        assert sorted(session.execute("SELECT * FROM t").all()) == [(2, 2), (3, 3)]
        with pytest.raises(InvalidRequest):
            session.execute("BEGIN BATCH INSERT INTO t (k, v) VALUES (4, 4); INSERT INTO t (k, nope) VALUES (5, 5); APPLY BATCH")
        assert len(session.execute("SELECT * FROM t").all()) == 2


@pytest.mark.parametrize("statement, error, words", [
    ("SELECT nope FROM t", InvalidRequest, "Undefined column name nope in table "),
    ("SELECT * FROM missing", InvalidRequest, "table missing does not exist"),
    ("SELECT * FROM nowhere.t", InvalidRequest, "keyspace nowhere does not exist"),
    ("USE nowhere", InvalidRequest, "Keyspace 'nowhere' does not exist"),
    ("SELEKT 1", SyntaxException, "line 1:0 no viable alternative at input 'SELEKT'"),
    ("CREATE TABLE t (k int PRIMARY KEY)", AlreadyExists, "already exists"),
    ("CREATE KEYSPACE x WITH replication = {'class': 'Nope'}", ConfigurationException, "Unable to find replication strategy class"),
    ("CREATE TABLE u (k int PRIMARY KEY) WITH colour = 'red'", SyntaxException, "Unknown property 'colour'"),
    ("SELECT * FROM t WHERE v = 'x'", InvalidRequest, "use ALLOW FILTERING"),
    ("INSERT INTO t (k) VALUES (1)", InvalidRequest, "Some clustering keys are missing: c"),
    ("UPDATE t SET l = l - [1] WHERE k = 1 AND c = 1", InvalidRequest, "needs a read before the write"),
    ("CREATE INDEX ON t (v)", InvalidRequest, "CREATE INDEX is not served"),
    ("DROP KEYSPACE system", Exception, "system keyspace is not user-modifiable"),
])
def test_errors_are_cassandras(server, statement, error, words):
    with session_on(server) as session:
        new_keyspace(session)
        session.execute("CREATE TABLE t (k int, c int, v text, l list<int>, PRIMARY KEY (k, c))")
        with pytest.raises(error) as raised:
            session.execute(statement)
        assert words in str(raised.value)


def test_schema_changes_reach_other_clients(server):
    with session_on(server) as one, session_on(server) as other:
        name = new_keyspace(one)
        one.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
        select = other.prepare(f"SELECT * FROM {name}.t WHERE k = ?")
        one.execute("INSERT INTO t (k, v) VALUES (1, 'x')")
        assert other.execute(select, (1,)).one() == (1, "x")
        one.execute("ALTER TABLE t ADD w int")
        one.execute("INSERT INTO t (k, w) VALUES (1, 5)")
        row = other.execute(select, (1,)).one()
        assert row._asdict() == {"k": 1, "v": "x", "w": 5}
        one.execute("ALTER TABLE t DROP w")
        one.execute("ALTER TABLE t ADD w int")
        assert one.execute("SELECT w FROM t WHERE k = 1").one().w is None
        # The event reaches the other client, which reads the schema within its refresh window.
        wait_until(lambda: "w" in getattr(other.cluster.metadata.keyspaces.get(name), "tables", {}).get("t", NO_TABLE).columns)


def test_dropped_and_truncated_tables_are_empty(server):
    with session_on(server) as session:
        new_keyspace(session)
        for _ in range(2):
            session.execute("CREATE TABLE t (k int PRIMARY KEY)")
            session.execute("INSERT INTO t (k) VALUES (1)")
            session.execute("TRUNCATE t")
            assert not session.execute("SELECT * FROM t").all()
            session.execute("INSERT INTO t (k) VALUES (2)")
            session.execute("DROP TABLE t")


def test_user_types(server):
    with session_on(server) as session:
        name = new_keyspace(session)
        session.execute("CREATE TYPE address (street text, zip int)")
        session.execute("CREATE TABLE t (k int PRIMARY KEY, f frozen<address>, a address)")
        session.execute("INSERT INTO t (k, f, a) VALUES (1, {street: 'x', zip: 1}, {street: 'y', zip: 2})")
        session.execute("UPDATE t SET a.zip = 3 WHERE k = 1")
        row = session.execute("SELECT f, a, a.street FROM t WHERE k = 1").one()
        assert (row.f.street, row.f.zip, row.a.street, row.a.zip, row[2]) == ("x", 1, "y", 3, "y")
        with pytest.raises(InvalidRequest, match="still used"):
            session.execute("DROP TYPE address")
        assert session.cluster.metadata.keyspaces[name].user_types["address"].field_names == ["street", "zip"]


def test_acknowledged_writes_survive_kill(own_server):
    server = own_server()
    acknowledged = []
    with session_on(server) as session:
        name = new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
        insert = session.prepare("INSERT INTO t (k, v) VALUES (?, ?)")
        futures = [(number, session.execute_async(insert, (number, str(number)))) for number in range(2000)]
        for number, future in futures[:1000]:
            future.result()
            acknowledged.append(number)
        server.kill()
        for number, future in futures[1000:]:
            try:
                future.result()
                acknowledged.append(number)
            except Exception:  # what was in flight may be lost, and says so
                pass
    server.start()
    with session_on(server) as session:
        found = {row.k: row.v for row in session.execute(f"SELECT k, v FROM {name}.t")}
    assert set(acknowledged) <= found.keys() and all(value == str(key) for key, value in found.items())


def test_prepared_statements_are_prepared_again_after_a_restart(own_server):
    server = own_server()
    with session_on(server) as session:
        name = new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v text)")
        insert = session.prepare(f"INSERT INTO {name}.t (k, v) VALUES (?, ?)")
        session.execute(insert, (1, "before"))
        status, seconds = server.stop()
        assert status == 0 and seconds < 2
        server.start()
    with session_on(server) as session:
        again = session.prepare(f"SELECT v FROM {name}.t WHERE k = ?")
        assert again.query_id and session.execute(again, (1,)).one().v == "before"
        session.execute(session.prepare(f"INSERT INTO {name}.t (k, v) VALUES (?, ?)"), (2, "after"))
        assert len(session.execute(f"SELECT * FROM {name}.t").all()) == 2


def test_both_loopback_addresses(server):
    _, port = server.cql
    for address in ("127.0.0.1", "::1"):
        cluster = Cluster([address], port=port)
        assert cluster.connect().execute("SELECT release_version FROM system.local").one()[0].startswith("5.0")
        cluster.shutdown()
