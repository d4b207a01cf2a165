"""How fast and how light: exec -> first row over a raw CQL socket (cold starts), memory at +10 s, idle CPU, binary size, --version.

    ./dev bench first_row [STARTS]

Prints the figures and the goals beside them; exit status 1 when a goal is missed.
"""
import os
import pathlib
import platform
import socket
import statistics
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from server import REFERENCE, Server, binary  # noqa: E402

QUERY = b"SELECT id FROM spark_streams.created_users LIMIT 1"


def frame(opcode, body):
    return struct.pack(">BBhBi", 4, 0, 0, opcode, len(body)) + body


def read_frame(sock):
    head = b""
    while len(head) < 9:
        piece = sock.recv(9 - len(head))
        if not piece:
            raise OSError("closed")
        head += piece
    _, _, _, opcode, length = struct.unpack(">BBhBi", head)
    body = b""
    while len(body) < length:
        body += sock.recv(length - len(body))
    return opcode, body


def has_row(sock):
    """Asks once; True when one row came back (RESULT of kind rows with a row count of 1)."""
    sock.sendall(frame(0x07, struct.pack(">i", len(QUERY)) + QUERY + struct.pack(">HB", 1, 0)))
    opcode, body = read_frame(sock)
    if opcode != 0x08 or struct.unpack(">i", body[:4])[0] != 2:
        return False
    return struct.unpack(">i", body[-24:-20])[0] == 1 if len(body) >= 24 else False


def first_row_seconds(server):
    """From exec to the first row, polling every 2 ms."""
    begin = time.monotonic()
    log = open(os.path.join(server.directory, "log"), "wb")
    server.process = subprocess.Popen(server.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    sock = None
    while time.monotonic() - begin < 30:
        try:
            if sock is None:
                sock = socket.create_connection(("127.0.0.1", server.ports["cql"]), timeout=1)
                options = struct.pack(">H", 1) + struct.pack(">H", 11) + b"CQL_VERSION" + struct.pack(">H", 5) + b"3.0.0"
                sock.sendall(frame(0x01, options))
                read_frame(sock)
            if has_row(sock):
                return time.monotonic() - begin
        except OSError:
            sock = None
        time.sleep(0.002)
    raise SystemExit("no row within 30 s:\n" + server.log())


def memory_mib(pid):
    """(resident, proportional) MiB."""
    fields = dict(line.split(":", 1) for line in open(f"/proc/{pid}/smaps_rollup").read().splitlines()[1:])
    return int(fields["Rss"].split()[0]) / 1024, int(fields["Pss"].split()[0]) / 1024


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_starts(count):
    """Seconds of `count` cold starts, each with a data directory of its own."""
    seconds = []
    for _ in range(count):
        server = Server(str(REFERENCE))
        try:
            seconds.append(first_row_seconds(server))
        finally:
            server.__exit__()
    return seconds


def measure_rest():
    """(resident MiB, proportional MiB) at +10 s with the line running, and the CPU share while nothing is due."""
    server = Server(str(REFERENCE))
    try:
        first_row_seconds(server)
        time.sleep(10)
        memory = memory_mib(server.process.pid)
        server.stop()
        server.arguments += ["--trigger", "never"]
        server.start()
        time.sleep(3)
        before = cpu_seconds(server.process.pid)
        time.sleep(10)
        return memory, (cpu_seconds(server.process.pid) - before) / 10
    finally:
        server.__exit__()


def measure_version(count=20):
    seconds = []
    for _ in range(count):
        begin = time.monotonic()
        subprocess.run([binary(), "--version"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.monotonic() - begin)
    return statistics.median(seconds)


def main():
    starts = sorted(measure_starts(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
    (resident, proportional), idle = measure_rest()
    rows = [
        ("exec to first row, p95, s", starts[max(0, round(len(starts) * 0.95) - 1)], 1.0),
        ("memory at +10 s, RSS, MiB", resident, 100),
        ("idle CPU, share of a core", idle, 0.01),
        ("stripped binary, MiB", os.path.getsize(binary() + ".stripped") / 1048576, 60),
        ("--version, median, s", measure_version(), 0.010),
    ]
    print(f"{platform.machine()}, {os.cpu_count()} cores, {len(starts)} starts; first row: "
          f"min {starts[0]:.3f} median {statistics.median(starts):.3f} max {starts[-1]:.3f} s; PSS {proportional:.0f} MiB")
    for name, value, goal in rows:
        print(f"{name:30} {value:9.3f}   goal {goal:<6} {'ok' if value <= goal else 'MISSED'}")
    return 0 if all(value <= goal for _, value, goal in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
