"""What is known before anything is submitted: no Spark, Kafka or Cassandra is needed."""
import os
import subprocess
import sys

from real_line import streamops
from server import REFERENCE, ROOT
from spark_line import Line


class Nobody:
    endpoints = {"bootstrap": "127.0.0.1:1", "contact_point": "127.0.0.1:1"}


def check(file, *words):
    done = streamops("check", file, *words, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_reference_pipeline_fits_and_its_task_stays_here():
    code, told = check(REFERENCE, "--engine", "spark", "--profile", "real")
    assert code == 0 and "SO-E041" in told and "stream_data_from_api polls an API" in told, told


def test_a_profile_without_spark_is_refused():
    code, told = check(REFERENCE, "--engine", "spark", "--profile", "embedded")
    assert code == 2 and "SO-E020" in told, told
    assert check(REFERENCE, "--engine", "flink")[0] == 2


def test_functions_of_our_clock_and_chance_are_pointed_at(tmp_path):
    line = Line(tmp_path, Nobody, Nobody, None, select="SELECT uuid() AS id, name, current_timestamp() AS seen FROM source -- now()")
    code, told = check(line.file, "--engine", "spark", "--profile", "cluster")
    assert code == 0 and told.count("SO-E041") == 2 and "uuid comes from the record's position" in told, told
    assert "SO-E041" not in check(line.file, "--profile", "cluster")[1]


def test_what_cannot_run_there_is_an_error_with_its_place(tmp_path):
    line = Line(tmp_path, Nobody, Nobody, None)
    text = line.file.read_text(encoding="utf-8")
    line.file.write_text(text.replace("format: json", "format: avro"), encoding="utf-8")
    code, told = check(line.file, "--engine", "spark", "--profile", "cluster")
    assert code == 2 and "SO-E040" in told and "format: avro" in told, told
    line.write(remote="spark:7077")
    code, told = check(line.file, "--engine", "spark", "--profile", "cluster")
    assert code == 2 and "SO-E021" in told and "sc://" in told, told


def test_the_engine_may_stand_in_the_file_or_in_the_profile(tmp_path):
    line = Line(tmp_path, Nobody, Nobody, None, remote="spark:7077")
    assert check(line.file, "--profile", "cluster")[0] == 0
    text = line.file.read_text(encoding="utf-8")
    for told in (text.replace("    source:", "    engine: spark\n    source:"), text.replace("    spark: {", "    engine: spark\n    spark: {")):
        assert told != text
        line.file.write_text(told, encoding="utf-8")
        assert check(line.file, "--profile", "cluster")[0] == 2
        assert check(line.file, "--profile", "cluster", "--engine", "streamops")[0] == 0


def test_the_shim_says_what_it_misses(tmp_path):
    done = subprocess.run([sys.executable, str(ROOT / "spark-stream.py")], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "STREAMOPS_BIN": str(tmp_path / "nothing")}, check=False)
    assert done.returncode == 2 and "cannot run" in done.stderr
    assert "Keyspace and table are created first" in subprocess.run(
        [sys.executable, str(ROOT / "spark-stream.py"), "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
