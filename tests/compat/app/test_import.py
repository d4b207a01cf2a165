"""`streamops import`: the projects in tests/import by the command line, the first of them run, and docs/howto/import.md."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest
from cassandra.cluster import Cluster
from confluent_kafka import Consumer, Producer
from real_line import until
from server import Server, binary

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROJECTS = ROOT / "tests" / "import"
NAMES = sorted(each.name for each in PROJECTS.iterdir())
FINE = [name for name in NAMES if (PROJECTS / name / "pipeline.yaml").exists()]


def streamops(*words, folder=None, **more):
    environment = {key: value for key, value in os.environ.items() if key != "USERS_API"} | more
    return subprocess.run([binary(), *words], capture_output=True, text=True, timeout=90, check=False, cwd=folder, env=environment)


@pytest.mark.parametrize("name", FINE)
def test_a_project_gives_its_file(name, tmp_path):
    done = streamops("import", str(PROJECTS / name / name), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "pipeline.yaml").read_text(encoding="utf-8") == (PROJECTS / name / "pipeline.yaml").read_text(encoding="utf-8")
    *report, last = done.stdout.splitlines()
    assert report == (PROJECTS / name / "report.txt").read_text(encoding="utf-8").splitlines()
    assert last.startswith("pipeline.yaml: ") and last.endswith(", checked")
    wanted = json.loads(streamops("import", str(PROJECTS / name / name), "-o", "-", "--json").stdout)["to_set"]
    checked = streamops("check", "pipeline.yaml", folder=tmp_path, **{name: "http://127.0.0.1/" for name in wanted})
    assert checked.returncode == 0, checked.stderr


def test_an_existing_file_stays(tmp_path):
    project = str(PROJECTS / "users_created" / "users_created")
    (tmp_path / "pipeline.yaml").write_text("mine", encoding="utf-8")
    done = streamops("import", project, folder=tmp_path)
    assert done.returncode == 2 and "SO-I003" in done.stderr and "--force" in done.stderr
    assert (tmp_path / "pipeline.yaml").read_text(encoding="utf-8") == "mine"
    assert streamops("import", project, "--force", folder=tmp_path).returncode == 0
    assert "user_automation" in (tmp_path / "pipeline.yaml").read_text(encoding="utf-8")


def test_to_standard_output_and_as_json(tmp_path):
    project = str(PROJECTS / "users_created" / "users_created")
    expected = (PROJECTS / "users_created" / "pipeline.yaml").read_text(encoding="utf-8")
    assert streamops("import", project, "-o", "-", folder=tmp_path).stdout == expected
    found = json.loads(streamops("import", project, "-o", "-", "--json", folder=tmp_path).stdout)
    assert found["ok"] and found["text"] == expected and found["tasks"] == ["stream_data_from_api"]
    trap = next(each for each in found["traps"] if each["code"] == "SO-I101")
    assert trap["file"] == "dags/users_dag.py" and trap["fix"]
    lines = (PROJECTS / "users_created" / "users_created" / "dags" / "users_dag.py").read_text(encoding="utf-8").splitlines()
    assert "json.dumps" in lines[trap["line"] - 1]
    assert not list(tmp_path.iterdir()), "-o - writes no file"


def test_nothing_to_import_is_an_error_with_a_hint(tmp_path):
    (tmp_path / "readme.py").write_text("print('hello')\n", encoding="utf-8")
    done = streamops("import", str(tmp_path))
    assert done.returncode == 2 and "SO-I002" in done.stderr and "help:" in done.stderr
    assert streamops("import", str(tmp_path / "nowhere")).returncode == 2


def test_the_classic_project_runs(tmp_path):
    """What was imported polls the look-alike of the API, writes the topic, and fills the table."""
    assert streamops("import", str(PROJECTS / "users_created" / "users_created"), folder=tmp_path).returncode == 0
    file = tmp_path / "pipeline.yaml"
    # Its run takes a minute; three seconds show the same.
    text = file.read_text(encoding="utf-8")
    assert text.count("for: 1m\n") == 1
    file.write_text(text.replace("for: 1m\n", "for: 3s\n"), encoding="utf-8")
    done = streamops("run", str(file), "--once", "--ports", "auto", "--data-dir", str(tmp_path / "data"))
    assert done.returncode == 0, done.stdout + done.stderr
    server = Server("--servers-only")
    shutil.rmtree(server.directory, ignore_errors=True)
    os.makedirs(server.directory)
    shutil.move(tmp_path / "data", server.data)
    with server:
        cluster = Cluster(["127.0.0.1"], port=server.ports["cql"])
        rows = list(cluster.connect().execute("SELECT * FROM spark_streams.created_users"))
        cluster.shutdown()
    assert len(rows) >= 3
    assert all(row.first_name and row.address and "@" in row.email for row in rows)


def test_a_project_from_topic_to_topic_runs(tmp_path):
    """Streams of Spark that write topics: records pass through two of ours into the table, with their keys."""
    trips = [{"id": "1", "bike": "b7", "from": "a", "to": "b", "seconds": 18000, "ended": "2024-01-01T00:00:00Z"},
             {"id": "2", "bike": "b8", "from": "c", "to": "d", "seconds": 60, "ended": "2024-01-01T01:00:00Z"}]
    with Server(str(PROJECTS / "trips" / "pipeline.yaml"), "--trigger", "never") as server:
        producer = Producer({"bootstrap.servers": server.kafka})
        for trip in trips:
            producer.produce("trips", json.dumps(trip))
        assert producer.flush(20) == 0
        clean, alarms, stations = (read(server.kafka, topic, count) for topic, count in (("trips_clean", 2), ("alarms", 1), ("stations", 2)))
        assert clean == [("b7", {"id": "1", "bike": "b7", "from": "a", "to": "b", "ended": "2024-01-01T00:00:00.000Z", "minutes": 300.0}),
                         ("b8", {"id": "2", "bike": "b8", "from": "c", "to": "d", "ended": "2024-01-01T01:00:00.000Z", "minutes": 1.0})]
        assert alarms == [(None, {"id": "1", "bike": "b7", "seconds": 18000.0})]
        assert stations == [(None, {"id": "1", "station": "A", "what": "left"}), (None, {"id": "2", "station": "C", "what": "left"})]
        cluster = Cluster(["127.0.0.1"], port=server.ports["cql"])
        session = cluster.connect()
        rows = until(lambda: list(session.execute("SELECT bike, minutes FROM city.long_trips")))
        cluster.shutdown()
    assert [tuple(row) for row in rows] == [("b7", 300.0)]


def read(bootstrap, topic, count):
    """The first records of a topic: key and value of each."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    found = []
    deadline = time.monotonic() + 40
    while len(found) < count:
        assert time.monotonic() < deadline, (topic, found)
        record = consumer.poll(1)
        if record is not None and record.error() is None:
            found.append((record.key() and record.key().decode(), json.loads(record.value())))
    consumer.close()
    return found


def test_the_commands_of_the_howto(tmp_path):
    page = (ROOT / "docs" / "howto" / "import.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)```", page, re.S)
    assert len(commands) >= 3
    shutil.copytree(PROJECTS / "users_created" / "users_created", tmp_path / "e2e-data-engineering")
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "streamops").symlink_to(binary())
    for block in commands:
        done = subprocess.run(["bash", "-e", "-c", block], cwd=tmp_path, env=os.environ | {"PATH": path, "HOME": str(tmp_path)},
                              capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, block + done.stdout + done.stderr
    shown = re.search(r"```text\n(.*?)```", page, re.S)[1]
    report = (PROJECTS / "users_created" / "report.txt").read_text(encoding="utf-8")
    for line in shown.splitlines():
        assert line.strip() in ("", "...") or line in report or line.startswith("pipeline.yaml:"), line
