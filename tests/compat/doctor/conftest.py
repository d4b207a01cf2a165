"""Runs `streamops doctor` on a pipeline file written for one trap, and gives its findings."""
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from endpoints import Authority  # noqa: E402
from server import binary  # noqa: E402

FILE = """
name: users
schedule: "@daily"
tasks:
  poll:
    source:
      http: {{ url: "{url}", every: 1s }}
      schema: "results ARRAY<STRING>"
    select: SELECT results[0] AS id FROM source
    sink:
      kafka: {sink}
streams:
  store:
    source:
      kafka: {{ topic: {read}, format: json }}
      schema: "id STRING, n BIGINT"
    select: SELECT id, n FROM source
    sink:
      cassandra: {table}
profiles:
  tried:
    scheduler: true
    {profile}
"""


class Examination:
    """What one run found; times in seconds."""

    def __init__(self, done, took):
        self.status, self.took = done.returncode, took
        assert done.stdout, f"no answer, status {done.returncode}: {done.stderr}"
        self.report = json.loads(done.stdout)
        self.findings = [finding for probe in self.report["probes"] for finding in probe["findings"]]
        self.codes = [finding["code"] for finding in self.findings]

    def __repr__(self):
        return "\n".join(f"{each['severity']} {each['code']} {each['message']}" for each in self.findings) or "nothing found"

    def one(self, code):
        """The only finding of that code."""
        found = [finding for finding in self.findings if finding["code"] == code]
        assert len(found) == 1, f"{code} was found {len(found)} times:\n{self!r}"
        assert found[0]["fix"] and found[0]["message"]
        return found[0]

    def probe(self, name):
        return next(probe for probe in self.report["probes"] if probe["id"] == name)


@pytest.fixture
def examine(tmp_path):
    """examine(profile, url=..., ...) writes the file and runs the doctor; `profile` is YAML of one line a system."""

    def run(*profile, url="builtin:randomuser", sink="{ topic: users, key: id, format: json }", read="users",
            table="{ table: shop.users, create: 'CREATE TABLE IF NOT EXISTS shop.users (id text PRIMARY KEY, n bigint);' }",
            words=(), environment=None, text=None, limits=None):
        path = tmp_path / "pipeline.yaml"
        path.write_text(text or FILE.format(url=url, sink=sink, read=read, table=table, profile="\n    ".join(profile)))
        command = [binary(), "doctor", str(path), "--profile", "tried", "--json", "--data-dir", str(tmp_path / "data"),
                   "--ports", "auto", *words]
        begin = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path, preexec_fn=limits,
                              env={**os.environ, **(environment or {})}, check=False)
        return Examination(done, time.monotonic() - begin)

    return run


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))
