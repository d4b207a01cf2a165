"""Ports that are free, and who holds those that are not."""
import random
import socket
from pathlib import Path

# Below the range that the kernel takes for outgoing connections, so that no client gets in between choosing and listening.
_RANGE = range(12000, 32000)


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


def choose(taken=()):
    """A port that is free now and not in `taken`."""
    for _ in range(1000):
        port = random.choice(_RANGE)
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


def holder(port):
    """Who listens on `port`, for a person: "process 4711 (java -Xmx256m …)"."""
    inodes = listeners(port)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and holds(entry.name, inodes):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"process {entry.name} ({command[:60]})"
    return "another process"
