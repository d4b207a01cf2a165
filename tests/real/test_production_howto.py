"""docs/howto/production.md: each command, in its order, in one shell, against real services."""
import os
import re
import shutil
import signal
import subprocess

import pytest
from server import REFERENCE, ROOT, binary
from services_session import chosen
from users_api import UsersApi, body, user

PAGE = ROOT / "docs" / "howto" / "production.md"


def blocks():
    return re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


@pytest.fixture
def place(tmp_path, services, kafka):
    """A folder that looks like a clone whose `./dev services` is the session's, under the names of the page."""
    if (chosen("kafka"), chosen("cassandra")) != ("kafka@4", "cassandra@5.0"):
        pytest.skip("the page names one version of each")
    cassandra = services(chosen("cassandra"), auth="yes", tls="yes")
    folder = tmp_path / "services"
    folder.mkdir()
    (folder / "kafka@4").symlink_to(kafka.folder)
    (folder / "cassandra@5.0").symlink_to(cassandra.folder)
    (tmp_path / "dev").symlink_to(ROOT / "dev")
    examples = tmp_path / "examples" / "users_created"
    examples.mkdir(parents=True)
    # A run of three seconds shows what one of a minute does.
    text = REFERENCE.read_text(encoding="utf-8")
    assert "for: 1m" in text
    (examples / "pipeline.yaml").write_text(text.replace("for: 1m", "for: 3s"), encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "streamops").symlink_to(shutil.which(binary()))
    yield tmp_path
    services.restart(kafka)  # the page ends with a stop


def test_every_command(place):
    assert len(blocks()) >= 8
    with UsersApi([body(user(number)) for number in range(3)]) as api:
        script = "set -euo pipefail\n" + "".join(f"echo '## {number}'\n{text}" for number, text in enumerate(blocks(), 1))
        environment = {**os.environ, "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "STREAMOPS_SERVICES_DIR": str(place / "services"),
                       "USERS_API": api.url()}
        shell = subprocess.Popen(["bash", "-c", script], cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 start_new_session=True)
        try:
            out, err = shell.communicate(timeout=180)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, f"{out[-2000:]}\n{err[-3000:]}"
    seen = dict(re.findall(r"## (\d+)\n(.*?)(?=## \d+\n|\Z)", out, re.S))
    look = seen[str(next(number for number, text in enumerate(blocks(), 1) if "streamops up" in text))]
    assert "users_created" in look and "First1" in look, "topics and rows are those of the real clusters"
    assert "stopped" in seen[str(len(blocks()))]
