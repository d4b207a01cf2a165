"""cqlsh, unchanged: connects without a warning, describes, copies."""
import pathlib
import shutil
import subprocess
import sys

import pytest
from session import new_keyspace, session_on

CQLSH = pathlib.Path(sys.executable).with_name("cqlsh")
pytestmark = pytest.mark.skipif(not (CQLSH.exists() or shutil.which("cqlsh")), reason="cqlsh is not installed")

CREATE = """CREATE KEYSPACE IF NOT EXISTS spark_streams WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
CREATE TABLE IF NOT EXISTS spark_streams.created_users (id uuid PRIMARY KEY, first_name text, last_name text, gender text, address text,
 post_code text, email text, username text, dob text, registered_date text, phone text, picture text)"""


def cqlsh(server, text, status=0):
    host, port = server.cql
    command = [str(CQLSH if CQLSH.exists() else "cqlsh"), host, str(port), "-e", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout, done.stderr


def test_connects_without_a_warning(server):
    out, errors = cqlsh(server, "SHOW VERSION")
    assert "warning" not in (out + errors).lower()
    assert "Cassandra 5.0" in out and "CQL spec 3.4.7" in out and "Native protocol v5" in out


def test_the_reference_table(server):
    cqlsh(server, CREATE)
    cqlsh(server, "INSERT INTO spark_streams.created_users (id, first_name) VALUES (9d9f3e1f-6edb-4423-9c9d-74d6e80f4e3e, 'Bob')")
    out, _ = cqlsh(server, "USE spark_streams; SELECT id, first_name, last_name FROM created_users")
    assert "9d9f3e1f-6edb-4423-9c9d-74d6e80f4e3e |        Bob |      null" in out and "(1 rows)" in out
    out, _ = cqlsh(server, "DESCRIBE TABLE spark_streams.created_users")
    assert "CREATE TABLE spark_streams.created_users (\n    id uuid PRIMARY KEY,\n    address text," in out
    assert ") WITH additional_write_policy = '99p'\n    AND allow_auto_snapshot = true" in out


@pytest.mark.parametrize("statement, words", [
    ("DESCRIBE KEYSPACES", "system_schema"), ("DESCRIBE TABLES", "peers_v2"), ("DESCRIBE CLUSTER", "Partitioner: Murmur3Partitioner"),
    ("DESC SCHEMA", "CREATE KEYSPACE described"), ("DESCRIBE FULL SCHEMA", "CREATE TABLE system_schema.tables"),
    ("DESCRIBE KEYSPACE described", "CREATE TYPE described.address"), ("DESCRIBE TYPE described.address", "street text"),
    ("DESCRIBE TYPES", "address"), ("DESCRIBE described.t", "PRIMARY KEY (k, c)"),
])
def test_describe(server, statement, words):
    cqlsh(server, "CREATE KEYSPACE IF NOT EXISTS described WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};"
                  "CREATE TYPE IF NOT EXISTS described.address (street text);"
                  "CREATE TABLE IF NOT EXISTS described.t (k int, c int, a frozen<address>, PRIMARY KEY (k, c))")
    out, _ = cqlsh(server, statement)
    assert words in out


def test_errors_end_with_status_2(server):
    _, errors = cqlsh(server, "SELECT * FROM system.nothing", status=2)
    assert 'code=2200 [Invalid query] message="table nothing does not exist"' in errors


def test_copy_there_and_back(server, tmp_path):
    with session_on(server) as session:
        name = new_keyspace(session)
        session.execute("CREATE TABLE t (k int PRIMARY KEY, v text, m map<text, int>)")
        for number in range(300):
            session.execute("INSERT INTO t (k, v, m) VALUES (%s, %s, %s)", (number, f"it's, number {number}", {"a": number}))
        file = tmp_path / "t.csv"
        cqlsh(server, f"COPY {name}.t (k, v, m) TO '{file}' WITH HEADER = TRUE")
        assert len(file.read_text().splitlines()) == 301
        session.execute("TRUNCATE t")
        cqlsh(server, f"COPY {name}.t (k, v, m) FROM '{file}' WITH HEADER = TRUE")
        rows = {row.k: (row.v, dict(row.m)) for row in session.execute("SELECT * FROM t")}
        assert rows == {number: (f"it's, number {number}", {"a": number}) for number in range(300)}
