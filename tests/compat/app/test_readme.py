"""Every command of the README does what the README says. Only ports and the data directory are put in."""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import time

import pytest
from server import REFERENCE, ROOT, Server, binary

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [line.split("#")[0].strip() for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()]


def commands(program):
    return [line for line in LINES if line.startswith(program + " ")]


@pytest.fixture(scope="module")
def line():
    with Server(str(REFERENCE)) as running:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and "created_users" not in shown(running, "streamops status"):
            time.sleep(0.1)
        time.sleep(2)
        yield running


def shown(server, command):
    """What a command of the README prints, on this server's ports and data."""
    words = shlex.split(command)
    if words[0] == "streamops":
        words = [binary(), *words[1:], "--data-dir", server.data]
    if words[0] == "kcat":
        words = [server.kafka if word == "localhost:9092" else word for word in words]
    if words[0] == "cqlsh":
        words = [str(pathlib.Path(sys.executable).parent / "cqlsh"), words[1], str(server.cql[1]), *words[2:]]
    result = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, (command, result.stderr)
    assert "Warning" not in result.stderr and "WARNING" not in result.stderr, result.stderr
    return result.stdout


def users_in_topic(line):
    (command,) = commands("kcat")
    return {json.loads(record)["id"] for record in shown(line, command).splitlines() if record.startswith("{")}


def test_kcat_and_cqlsh_show_the_same_users(line):
    (cqlsh,) = commands("cqlsh")
    before = users_in_topic(line)
    in_table = set(re.findall(r"^ ([0-9a-f-]{36}) ", shown(line, cqlsh), re.M))
    after = users_in_topic(line)  # the line runs on while we look
    assert before and before <= in_table <= after


@pytest.mark.parametrize("verb", ["status", "topics", "groups", "tables", "runs", "dlq"])
def test_listings(line, verb):
    assert any(verb in command for command in commands("streamops"))
    assert shown(line, f"streamops {verb}")


def test_check_and_test_and_explain_and_settings():
    for words in (["check", str(REFERENCE)], ["test", str(REFERENCE)], ["explain", "SO-R001"], ["settings"], ["up", "--help"]):
        result = subprocess.run([binary(), *words], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, (words, result.stdout, result.stderr)


def test_run_once_passes_through_the_whole_line(tmp_path):
    # The reference task polls for a minute; a copy that polls once shows the same in a second.
    text = REFERENCE.read_text(encoding="utf-8").replace(", every: 1s, for: 1m", "")
    assert "for: 1m" not in text
    file = tmp_path / "pipeline.yaml"
    file.write_text(text, encoding="utf-8")
    result = subprocess.run([binary(), "run", str(file), "--once", "--ports", "auto", "--data-dir", str(tmp_path / "data")],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "1 rows to spark_streams.created_users" in result.stderr
