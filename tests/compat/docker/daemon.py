"""A Docker daemon of the tests' own: its socket, images and containers in one folder, nothing of the machine's network changed.

The folder (STREAMOPS_DOCKER_DIR, /tmp/streamops-docker) stays, so that images are built once; the daemon ends with the tests.
"""
import os
import pathlib
import shutil
import subprocess
import time

START_SECONDS = 40


def problem():
    """Why there can be no daemon here; None when there can."""
    missing = [name for name in ("dockerd", "docker", "debootstrap") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} missing: apt-get install docker.io debootstrap"
    return None if os.geteuid() == 0 else "a daemon needs root"


class Daemon:
    def __init__(self):
        self.folder = pathlib.Path(os.environ.get("STREAMOPS_DOCKER_DIR", "/tmp/streamops-docker"))
        self.socket = f"unix://{self.folder}/docker.sock"
        self.process = None

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "daemon.json").write_text("{}\n", encoding="utf-8")
        if self.answers():
            raise AssertionError(f"another daemon already runs in {self.folder}")
        # Networks of compose files are made all the same; packets to and from the outside are not forwarded. Ports are published by a
        # process (userland proxy), on 127.0.0.1 unless a file says otherwise.
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--config-file", self.folder / "daemon.json", "--data-root", self.folder / "data", "--exec-root",
                 self.folder / "exec", "--pidfile", self.folder / "pid", "--host", self.socket, "--bridge=none", "--iptables=false",
                 "--ip6tables=false", "--ip-masq=false", "--ip-forward=false", "--ip", "127.0.0.1", "--userland-proxy=true"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, f"dockerd did not start: {self.folder}/log"
            time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def answers(self):
        return self.docker("version", check=False).returncode == 0

    def environment(self, **changes):
        return {**os.environ, "DOCKER_HOST": self.socket, **changes}

    def docker(self, *words, check=True, timeout=120):
        """Runs `docker WORD...` on this daemon; the answer has its output as text."""
        done = subprocess.run(["docker", *map(str, words)], env=self.environment(), capture_output=True, text=True, timeout=timeout, check=False)
        assert not check or done.returncode == 0, f"docker {' '.join(map(str, words))}:\n{done.stdout}\n{done.stderr}"
        return done

    def inspect(self, container, form):
        return self.docker("inspect", "--format", form, container).stdout.strip()

    def health(self, container):
        return self.inspect(container, "{{.State.Health.Status}}")
