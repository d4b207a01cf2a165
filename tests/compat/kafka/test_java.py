"""Apache's Java clients, old and new. They need Maven and a JDK and fetch jars: `./dev java` runs them."""
import pathlib
import subprocess

import pytest

RUN = pathlib.Path(__file__).parent / "java" / "run.sh"


@pytest.mark.java
@pytest.mark.parametrize("version", ["3.9.2", "4.3.1"])
def test_java_clients(server, version):
    done = subprocess.run([RUN, version, server.kafka], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 and done.stdout.endswith("all checks hold\n"), done.stdout + done.stderr
