"""Packages of Python in a virtual environment of their own."""
import subprocess
import sys

from .service import Problem


def install(folder, *requirements):
    """Makes a virtual environment at `folder` with these requirements; folder/bin/NAME runs its programs."""
    python = "/usr/bin/python3" if sys.prefix != sys.base_prefix else sys.executable
    for command in ([python, "-m", "venv", str(folder)],
                    [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", *requirements]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Problem(f"could not install {', '.join(requirements)}:\n" + (done.stderr or done.stdout)[-1500:])
