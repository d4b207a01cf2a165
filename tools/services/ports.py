"""Ports that are free, and who holds those that are not."""
import random
import socket
import time
from pathlib import Path

def _candidates():
    """Ports that the kernel does not take for outgoing connections: no client gets one between choosing and listening, and none that
    tries again and again to reach a dead server ends up connected to itself, which would hold the port."""
    try:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split())
    except (OSError, ValueError):
        low, high = 32768, 60999
    return [port for port in range(5000, 65000) if not low <= port <= high] or list(range(12000, 32000))


def is_free(port):
    """Whether a server could listen on 127.0.0.1 and on ::1."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are just closing do not count
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno == 98:  # EADDRINUSE; a machine without IPv6 says something else
                    return False
    return True


def wait_until_free(port, seconds):
    """Whether the port is free within this time. Only a port that no living process holds is waited for: one that was killed a moment
    ago may still be letting go of its sockets."""
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if _holding(port) or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def choose(taken=()):
    """A port that is free now and not in `taken`."""
    candidates = _candidates()
    for _ in range(1000):
        port = random.choice(candidates)
        if port not in taken and is_free(port):
            return port
    raise AssertionError("a thousand ports and none is free")


def listeners(port):
    """Inodes of the sockets that listen on `port`, on any address."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            continue
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            column = line.split()
            if column[3] == "0A" and int(column[1].rpartition(":")[2], 16) == port:
                inodes.add(column[9])
    return inodes


def holds(pid, inodes):
    """Whether the process has one of these sockets open."""
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                name = str(descriptor.readlink())
            except OSError:
                continue
            if name.startswith("socket:[") and name[8:-1] in inodes:
                return True
    except OSError:
        pass
    return False


def _holding(port):
    """/proc folder of a process that listens on `port`, None when none is found."""
    inodes = listeners(port)
    return next((entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and holds(entry.name, inodes)), None) if inodes else None


def holder(port):
    """Who listens on `port`, for a person: "process 4711 (java -Xmx256m …)"."""
    entry = _holding(port)
    if entry is None:
        return "another process"
    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return f"process {entry.name} ({command[:60]})"
