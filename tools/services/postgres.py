"""PostgreSQL from Debian's package, with a cluster of its own: for Airflow's metadata."""
import os
import shlex
import shutil
import struct
import subprocess
from pathlib import Path

from . import probe
from .service import NotYet, Option, Package, Problem, Process, Service

_LIBRARY = Path("/usr/lib/postgresql")
_LONGEST_SOCKET_FOLDER = 90  # a socket's path has 107 bytes, its name takes the rest
# PostgreSQL refuses root. In a user namespace root is nobody, and still owns its files wherever they are.
_AS_NOBODY = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
# The first start makes the cluster and its database; half a cluster of a start that was killed is made anew.
_START = """
set -e
if [ ! -e made ]; then
  rm -rf data
  "$BIN/initdb" -D data -U "$NAME" --pwfile=password --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --no-locale --no-sync
  echo "CREATE DATABASE \\"$NAME\\"" | "$BIN/postgres" --single -D data postgres
  touch made
fi
exec "$BIN/postgres" -D data "$@"
"""


def _programs():
    """The folder of the newest installed server's programs, None when there is no server."""
    found = [path.parent for path in _LIBRARY.glob("*/bin/initdb") if (path.parent / "postgres").exists()]
    return max(found, key=lambda path: float(path.parent.name), default=None)


def _install(folder):
    if _programs() is None:
        if os.geteuid() != 0:
            raise Problem("PostgreSQL is not installed: sudo apt-get install postgresql")
        # The package would start a cluster of its own; one that is here already says what it wants itself.
        settings = Path("/etc/postgresql-common/createcluster.conf")
        if not settings.exists():
            settings.parent.mkdir(exist_ok=True)
            settings.write_text("create_main_cluster = false\n", encoding="ascii")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "UCF_FORCE_CONFFOLD": "1"}
        for words in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"]):
            done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
        if done.returncode != 0 or _programs() is None:
            raise Problem("could not install PostgreSQL:\n" + done.stderr[-1500:])
    (folder / "bin").symlink_to(_programs())


class Postgres(Service):
    name = "postgres"
    summary = "PostgreSQL, one cluster with one database"
    options = {"name": Option("airflow", "name of user, password and database")}

    @classmethod
    def packages(cls, version):
        return [Package("server", "postgresql-debian", f"Debian's, at {_programs()}", _install)]

    def configure(self):
        self.write("password", self.options["name"] + "\n", 0o600)

    def _settings(self):
        sockets = str(self.folder) if len(str(self.folder)) < _LONGEST_SOCKET_FOLDER else ""
        return {"port": self.ports["main"], "listen_addresses": "127.0.0.1", "unix_socket_directories": sockets,
                "shared_buffers": "16MB", "max_connections": 60, "fsync": "off", "max_wal_size": "128MB",
                "dynamic_shared_memory_type": "mmap"}

    def processes(self):
        as_other = _AS_NOBODY if os.geteuid() == 0 else []
        if as_other and (not shutil.which("unshare") or subprocess.run([*as_other, "true"], check=False, capture_output=True).returncode):
            raise Problem("PostgreSQL refuses to run as root, and this machine gives no user namespaces: run this as another user")
        arguments = [word for name, value in self._settings().items() for word in ("-c", f"{name}={value}")]
        command = [*as_other, "sh", "-c", _START, "postgres", *arguments]
        environment = {"BIN": str(self.installed["server"] / "bin"), "NAME": self.options["name"]}
        return [Process("postgres", command, self._ready, listens=("main",), environment=environment, timeout=60,
                        stop_signal="SIGINT")]

    def _ready(self):
        """Asks for a session: a server that is still recovering, or lacks the database's user, answers with an error."""
        name = self.options["name"].encode()
        words = struct.pack("!I", 196608) + b"user\0" + name + b"\0database\0" + name + b"\0\0"
        with probe.connect(self.ports["main"]) as connection:
            connection.sendall(struct.pack("!I", len(words) + 4) + words)
            kind, size = struct.unpack("!cI", probe.read(connection, 5))
            text = probe.read(connection, size - 4)
        if kind != b"R":
            raise NotYet(f"PostgreSQL answers {text.decode(errors='replace')!r}")

    def endpoints(self):
        name, port = self.options["name"], self.ports["main"]
        return {"address": f"127.0.0.1:{port}", "url": f"postgresql+psycopg2://{name}:{name}@127.0.0.1:{port}/{name}",
                "psql": shlex.join(["psql", f"postgresql://{name}:{name}@127.0.0.1:{port}/{name}"])}
