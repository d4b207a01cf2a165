"""`engine: spark` on a real cluster: the same rows as our own engine gives, queries that outlive us, errors that say what is wrong."""
import os
import pathlib
import signal
import subprocess
import sys
import time

from real_line import listing, streamops, until
from server import ROOT, Server, binary

RECORDS = [
    '{"id":"1","name":"Ada","age":36,"height":1.65,"member":true,"born":"1815-12-10","seen":"2024-01-31T12:00:00.123Z","tags":["a","b"]}',
    '{"id":"2","name":null}',  # nulls, given and left out
    '{"id":3,"name":{"first":"Ö","n":[1,2.50]},"age":7}',  # anything into STRING
    '{"id":"4","name":true,"height":1e3,"seen":"2024-01-31 12:00:00+02:00"}',
    "{'id':'5','name':'single quotes'} and what follows",
    '{"id":"6","ID":"other","name":"first","name":"last"}',  # names by case, the last of equal ones
    '{"id":"7","tags":[1,"x"],"more":{"deep":[]}}',
    '{"id":"8","name":""}',
    '{"id":"9","name":"\\u00e9\\ud83d\\ude00 \\"quoted\\" \\\\"}',
]
POISON = ["broken{", '{"id":"20","age":"old"}', '{"id":"21","age":1.5}', '{"id":"22","born":"yesterday"}', "[]", "7", "null", '"text"', " ",
          '{"id":"23"', '{"id":"24","tags":"none"}', '{"id":"25","member":"yes"}']


def test_both_engines_give_equal_rows_and_dead_letters(line):
    found = {}
    for engine in ("streamops", "spark"):
        one = line()
        one.produce(*RECORDS, *POISON)
        one.once(engine)
        letters, headers = one.letters()
        found[engine] = (one.rows(), letters)
        assert headers["so.stage"] == b"decode" and headers["so.origin"] == one.topic.encode(), headers
        assert headers["so.code"] == {"streamops": b"SO-F001", "spark": b"SO-E030"}[engine]
    rows, letters = found["streamops"]
    assert len(rows) == len(RECORDS), rows
    assert [value.decode() for _, value in letters] == POISON
    assert found["spark"][0] == rows
    # A blank record is a row of nulls here, which the table refuses; Spark gives no row for it.
    def at(letters):
        return [(key.rsplit("/", 1)[0] if value == b" " else key, value) for key, value in letters]
    assert at(found["spark"][1]) == at(letters)


def test_nulls_delete_or_leave_as_the_file_says(line):
    for nulls, name in (("unset", "before"), ("delete", None)):
        one = line(nulls=nulls)
        one.produce('{"id":"1","name":"before"}')
        one.once()
        one.produce('{"id":"1","age":2}')
        one.once()
        row, = one.rows()
        assert f'"name": {"null" if name is None else chr(34) + name + chr(34)}' in row and '"age": 2' in row, row


def test_a_second_pass_reads_what_is_new(line):
    one = line()
    one.produce('{"id":"1"}')
    assert "1 records, 1 rows" in one.once().stderr
    one.produce('{"id":"2"}', "x")
    told = one.once().stderr
    assert "2 records, 1 rows" in told and "1 dead letters" in told, told
    assert "0 records, 0 rows" in one.once().stderr
    assert one.ids() == ["1", "2"]
    # A reset reads from the start, into the same rows.
    streamops("reset", "people", "--data-dir", one.data)
    assert "3 records" in one.once().stderr


class Running:
    """A `streamops run --engine spark` of a test's own."""

    def __init__(self, line):
        self.line = line
        self.log = line.file.with_suffix(f".{time.monotonic_ns()}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([binary(), *map(str, line.words("run", "--engine", "spark"))], stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def text(self):
        return self.log.read_text(encoding="utf-8")


def record_of(line):
    return next(pathlib.Path(line.data, "pipeline").glob("*.spark")).read_text(encoding="utf-8")


def test_a_killed_process_finds_its_query_again(line):
    one = line()
    one.produce('{"id":"1"}')
    first = Running(one)
    try:
        until(lambda: first.process.poll() is None and one.table and _rows(one) == ["1"], timeout=240)
    finally:
        first.kill()
    record = record_of(one)
    one.produce('{"id":"2"}')
    until(lambda: _rows(one) == ["1", "2"], timeout=120)  # nobody of us is there: Spark goes on alone
    with Server(str(one.file), "--profile", "cluster", "--engine", "spark") as server:
        server.kill()
        server.data = str(one.data)
        server.start(timeout=60)
        one.produce('{"id":"3"}', "x")
        node = until(lambda: next((each for each in listing("status", data=one.data)["flow"]["nodes"]
                                   if each["kind"] == "stream" and each["records"] == 2), None), timeout=120)
        assert node["state"] == "running" and "Spark" in node["detail"], node
        assert "(Spark " in streamops("status", "--data-dir", one.data).stdout
        assert record_of(one) == record  # the same session, the same queries
    assert one.ids() == ["1", "2", "3"]
    assert "stopped on sc://" in one.stop().stderr
    one.produce('{"id":"4"}')
    time.sleep(5)
    assert one.ids() == ["1", "2", "3"]
    # A new session goes on from the checkpoint.
    one.once()
    assert one.ids() == ["1", "2", "3", "4"]


def _rows(line):
    try:
        return line.ids()
    except Exception:  # the table does not exist yet
        return []


def test_a_changed_select_replaces_the_query(line):
    one = line()
    one.produce('{"id":"1","name":"a"}')
    with_old = Running(one)
    try:
        until(lambda: _rows(one) == ["1"], timeout=240)
    finally:
        with_old.kill()
    one.write(select="SELECT id, upper(name) AS name FROM source")
    with_new = Running(one)
    try:
        def written():
            one.produce('{"id":"2","name":"b"}')
            return [row for row in one.rows() if '"name": "B"' in row]
        until(written, timeout=120, every=3)
    finally:
        with_new.process.send_signal(signal.SIGTERM)
        assert with_new.process.wait(20) == 0
    assert "runs on on Spark" in with_new.text()


def test_sql_that_fits_neither_engine_is_refused_before_anything_is_submitted(line):
    one = line(select="SELECT id, name FROM source WHERE id = no_such_column")
    failed = one.once(check=False)
    assert failed.returncode == 2 and "SO-S006" in failed.stderr and f"{one.file}:9:" in failed.stderr, failed.stderr


def test_a_dead_spark_is_named(line, tmp_path):
    one = line(remote="sc://127.0.0.1:1")
    failed = one.once(check=False)
    assert failed.returncode == 3 and "SO-E001" in failed.stderr and "sc://127.0.0.1:1" in failed.stderr, failed.stderr
    assert "sbin/start-connect-server.sh" in failed.stderr


def test_a_kafka_that_spark_cannot_reach_is_named(line):
    one = line(spark_kafka="127.0.0.1:1")
    one.produce('{"id":"1"}')
    failed = one.once(check=False)
    assert failed.returncode == 3 and "SO-E014" in failed.stderr and "kafka: host:port" in failed.stderr, failed.stderr


def test_an_ansi_error_of_a_record_stops_the_query_with_sparks_words(line):
    one = line(select="SELECT id, CAST(name AS INT) AS age FROM source")
    one.produce('{"id":"1","name":"7"}', '{"id":"2","name":"seven"}')
    failed = one.once(check=False)
    assert failed.returncode == 3 and "SO-E011" in failed.stderr and "seven" in failed.stderr, failed.stderr


def test_the_shim_creates_the_table_and_submits(line):
    one = line()
    one.produce('{"id":"1"}')
    done = subprocess.run([sys.executable, str(ROOT / "spark-stream.py"), str(one.file), "--profile", "cluster", "--once", "--data-dir",
                           str(one.data)], capture_output=True, text=True, timeout=400, env={**os.environ, "STREAMOPS_BIN": binary()})
    assert done.returncode == 0, done.stderr
    assert one.ids() == ["1"]
