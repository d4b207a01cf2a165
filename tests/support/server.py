"""A `streamops up` of a test's own: started on free ports, killed by pid, restarted on the same ports and data."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "examples" / "users_created" / "pipeline.yaml"


def binary():
    return os.environ.get("STREAMOPS_BIN", str(ROOT / "build" / "release" / "streamops"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server process and its data directory. Use it as a context manager."""

    def __init__(self, *arguments, settings=(), environment=None):
        self.directory = tempfile.mkdtemp(prefix="streamops-test-")
        self.data = os.path.join(self.directory, "data")
        self.arguments = list(arguments)
        self.settings = list(settings)
        self.environment = environment
        self.ports = {name: free_port() for name in ("kafka", "kafka_second", "cql", "console", "control_center")}
        self.process = None
        self.endpoints = {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def command(self):
        words = [binary(), "up", *self.arguments, "--data-dir", self.data, "--ports", "auto"]
        for name, port in self.ports.items():
            words += ["--set", f"server.{name}_port={port}"]
        for setting in self.settings:
            words += ["--set", setting]
        return words

    def start(self, timeout=20):
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=self.environment)
        deadline = time.monotonic() + timeout
        path = os.path.join(self.data, "endpoints.json")
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
            try:
                with open(path, encoding="utf-8") as file:
                    endpoints = json.load(file)
                if endpoints.get("pid") == self.process.pid:
                    self.endpoints = endpoints
                    return
            except (OSError, ValueError):
                pass
            time.sleep(0.01)
        raise AssertionError(f"the server did not come up in {timeout} s:\n{self.log()}")

    def kill(self):
        """SIGKILL: nothing is flushed, nothing is said."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=5):
        """SIGTERM; returns the exit status and the seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout)
        return status, time.monotonic() - begin

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-8000:]

    @property
    def kafka(self):
        return self.endpoints["kafka"]

    @property
    def cql(self):
        host, port = self.endpoints["cql"].rsplit(":", 1)
        return host, int(port)

    @property
    def console(self):
        return "http://" + self.endpoints["console"]
