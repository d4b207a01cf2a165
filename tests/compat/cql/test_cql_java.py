"""The Java driver. It needs Maven and a JDK and fetches jars: `./dev java` runs it."""
import pathlib
import subprocess

import pytest

RUN = pathlib.Path(__file__).parent / "java" / "run.sh"


@pytest.mark.java
def test_java_driver(server):
    host, port = server.cql
    done = subprocess.run([RUN, host, str(port)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
