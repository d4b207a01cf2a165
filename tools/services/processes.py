"""Processes that are surely ours: known by pid *and* start time, each the head of a session of its own.

A pid alone may have gone to somebody else since it was written down; pid, start time and boot together may not.
"""
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from . import ports


@dataclass(frozen=True)
class Identity:
    """One process, for as long as the machine is up."""
    pid: int
    started: int  # clock ticks since boot
    boot: str

    def record(self):
        return asdict(self)


def _boot():
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _stat(pid):
    """(state, parent, session, start) of a process, None when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    column = text[text.rindex(")") + 2:].split()
    return column[0], int(column[1]), int(column[3]), int(column[19])


def identity(pid):
    """The identity of a living process, None when there is none."""
    stat = _stat(pid)
    return None if stat is None or stat[0] == "Z" else Identity(pid, stat[3], _boot())


def alive(who):
    return who is not None and identity(who.pid) == who


def spawn(command, log, environment, folder, user=None):
    """Starts a session of its own that outlives us, with all output appended to `log`."""
    account = {"user": user, "group": user, "extra_groups": []} if user and os.geteuid() == 0 else {}
    with open(log, "ab") as output:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                 env={**os.environ, **environment}, cwd=folder, start_new_session=True, **account)
    _children.append(child)
    return identity(child.pid)


_children = []  # kept so that a child that ends while we live is buried


def family(who):
    """Identities of the process and all that came from it: its session, and its descendants in other sessions."""
    for child in _children:
        child.poll()
    if who.boot != _boot() or (identity(who.pid) not in (who, None)):
        return []
    table = {int(entry.name): _stat(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    table = {pid: stat for pid, stat in table.items() if stat and stat[0] != "Z"}
    ours = {pid for pid, stat in table.items() if pid == who.pid or stat[2] == who.pid}
    grown = True
    while grown:
        more = {pid for pid, stat in table.items() if stat[1] in ours} - ours
        ours |= more
        grown = bool(more)
    return [Identity(pid, table[pid][3], who.boot) for pid in sorted(ours)]


def holds_port(who, port):
    """Whether the process or one of its family listens on `port`."""
    inodes = ports.listeners(port)
    return bool(inodes) and any(ports.holds(each.pid, inodes) for each in family(who))


def memory(who):
    """Resident memory of the family, in MiB."""
    pages = 0
    for each in family(who):
        try:
            pages += int(Path(f"/proc/{each.pid}/statm").read_text(encoding="ascii").split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") // (1 << 20)


def send(who, number):
    """A signal, if the process is still the one that we know."""
    if alive(who):
        try:
            os.kill(who.pid, number)
        except ProcessLookupError:
            pass


def kill(who):
    """SIGKILL to the whole family: what a crash of the machine would look like to the service."""
    members = family(who)
    for each in members:
        send(each, signal.SIGKILL)
    for each in members:
        _wait(each, 10)


def stop(who, name="SIGTERM", timeout=30):
    """Asks the process to end, then kills what is left of its family."""
    members = family(who)
    send(who, signal.SIGCONT)  # a stopped process would never hear the next one
    send(who, getattr(signal, name))
    _wait(who, timeout)
    left = {*members, *family(who)}
    for each in left:
        send(each, signal.SIGKILL)
    for each in left:
        _wait(each, 10)


def _wait(who, timeout):
    deadline = time.monotonic() + timeout
    while alive(who) and time.monotonic() < deadline:
        for child in _children:
            child.poll()
        time.sleep(0.02)
