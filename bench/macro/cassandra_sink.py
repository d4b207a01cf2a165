"""Rows into Cassandra, ours beside other loaders: rows a second, CPU of the client and of Cassandra, on one server in one run.

    ./dev bench cassandra_sink [--kafka HOST:PORT] [--cassandra HOST:PORT] [--rows N] [--rounds N] [--only NAME,...] [--set NAME=VALUE]

What is not given is started, by tools/services, and stopped at the end.
Every loader writes the same rows (12 columns of created_users, about 517 bytes of JSON each) into a table of its own, in
turns, so that a busy machine disturbs all alike. Ours reads them from a Kafka topic by `streamops run --once`, exactly once in effect,
with checkpoints; the others from a file, as fast as they can:

    gocql    gocql 1.7, prepared, 64 requests in flight       (bench/macro/peers/gocql_loader, built with go)
    python   Python driver, prepared, 100 requests in flight  (bench/macro/peers/python_loader.py)
    seed     Python driver, one execute() a row, as tutorials do

CPU is user+sys of the whole process from start to end; wall time likewise. Slow loaders get fewer rows; figures are per
million. Exit status 1 when ours misses its goals: at most 8 client CPU-seconds a million, and the fastest loader's rate.
"""
import argparse
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "macro" / "peers"
sys.path.insert(0, str(ROOT / "tests" / "support"))
from server import binary  # noqa: E402
from services_session import Services  # noqa: E402

GOAL_CPU = 8.0
SHARE = {"ours": 1.0, "gocql": 1.0, "python": 0.5, "seed": 0.05}  # of the rows
COLUMNS = ("first_name", "last_name", "gender", "address", "post_code", "email", "username", "dob", "registered_date",
           "phone", "picture")
TABLE = "CREATE TABLE {} (id uuid PRIMARY KEY, " + ", ".join(f"{name} text" for name in COLUMNS) + ")"
KEYSPACE = "CREATE KEYSPACE IF NOT EXISTS {} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"

PIPELINE = """
name: cassandra_sink_bench
streams:
  users:
    source:
      kafka: {{ topic: {topic}, format: json }}
      schema: "id STRING, {schema}"
    select: SELECT id, {columns} FROM source
    sink:
      cassandra:
        table: {table}
        create: |
          CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}};
          CREATE TABLE IF NOT EXISTS {table} (id uuid PRIMARY KEY, {texts});
profiles:
  bench:
    kafka: {{ bootstrap: "{kafka}" }}
    cassandra: {{ contact_points: ["{cassandra}"] }}
    scheduler: false
"""


def user(rng):
    """One user, about 517 bytes as JSON."""
    word = lambda size: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=size))  # noqa: E731
    first, last = word(6).title(), word(8).title()
    return {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "first_name": first, "last_name": last,
        "gender": rng.choice(("female", "male")),
        "address": f"{rng.randrange(9999)} {word(9)} Street, {word(8).title()}, {word(9).title()}, {word(10).title()}",
        "post_code": str(rng.randrange(10000, 99999)), "email": f"{first}.{last}@example.com".lower(),
        "username": f"{word(5)}{word(6)}{rng.randrange(1000)}", "dob": "1985-12-10T09:00:00.000Z",
        "registered_date": "2013-06-05T10:11:12.000Z", "phone": f"{rng.randrange(10**9, 10**10)}",
        "picture": f"https://randomuser.me/api/portraits/med/women/{rng.randrange(99)}.jpg"}


def write_rows(path, count):
    import json
    rng = random.Random(1)
    with open(path, "w", encoding="utf-8") as file:
        for _ in range(count):
            file.write(json.dumps(user(rng)) + "\n")


def fill_topic(bootstrap, topic, path):
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient, NewTopic
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, num_partitions=4, replication_factor=1)])[topic].result()
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "batch.size": 500_000,
                         "queue.buffering.max.messages": 2_000_000})
    with open(path, "rb") as lines:
        for line in lines:
            producer.produce(topic, line.rstrip(b"\n"), key=line[8:44])
            producer.poll(0)
    producer.flush()


def delete_topic(bootstrap, topic):
    from confluent_kafka.admin import AdminClient
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_topics([topic])[topic].result()


def listener(port):
    """The process that listens on a TCP port of this machine."""
    inodes = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name, encoding="ascii") as table:
            for line in list(table)[1:]:
                words = line.split()
                if words[3] == "0A" and int(words[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(f"socket:[{words[9]}]")
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(fd) in inodes for fd in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    return None


def cpu_of(pid):
    if pid is None:
        return float("nan")
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command, log):
    """Wall seconds and CPU seconds of one process."""
    begin = time.monotonic()
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}:\n" + pathlib.Path(log).read_text()[-2000:])
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.keyspace = f"so_bench_{os.getpid()}"
        self.topic = f"so-bench-{os.getpid()}"
        self.host, port = options.cassandra.rsplit(":", 1)
        self.port = int(port)
        self.server = listener(self.port)
        from cassandra.cluster import Cluster
        self.cluster = Cluster([self.host], port=self.port)
        self.session = self.cluster.connect()
        self.session.default_timeout = 60
        self.release = self.session.execute("SELECT release_version FROM system.local").one()[0]
        self.session.execute(KEYSPACE.format(self.keyspace))

    def close(self):
        self.session.execute(f"DROP KEYSPACE {self.keyspace}")
        self.cluster.shutdown()

    def prepare(self, names):
        for share in {SHARE[name] for name in names}:
            write_rows(self.file(share), int(self.options.rows * share))
        if "ours" in names:
            fill_topic(self.options.kafka, self.topic, self.file(SHARE["ours"]))
        if "gocql" in names:
            subprocess.run(["go", "build", "-o", f"{self.folder}/gocql_loader", "."], cwd=PEERS / "gocql_loader", check=True)

    def file(self, share):
        return f"{self.folder}/rows-{share}.jsonl"

    def command(self, name, table, number):
        rows = self.file(SHARE[name])
        if name == "gocql":
            return [f"{self.folder}/gocql_loader", "-host", self.host, "-port", str(self.port), "-table", table, "-file", rows]
        if name != "ours":
            style = "prepared" if name == "python" else "seed"
            return [sys.executable, str(PEERS / "python_loader.py"), style, self.host, str(self.port), table, rows]
        pipeline = f"{self.folder}/pipeline-{number}.yaml"
        with open(pipeline, "w", encoding="utf-8") as file:
            file.write(PIPELINE.format(
                topic=self.topic, table=table, keyspace=self.keyspace, kafka=self.options.kafka,
                cassandra=self.options.cassandra, columns=", ".join(COLUMNS),
                schema=", ".join(f"{name} STRING" for name in COLUMNS), texts=", ".join(f"{name} text" for name in COLUMNS)))
        words = [binary(), "run", pipeline, "--profile", "bench", "--once", "--ports", "auto", "--data-dir",
                 f"{self.folder}/data-{number}"]
        for setting in self.options.set:
            words += ["--set", setting]
        return words

    def measure(self, name, number):
        table = f"{self.keyspace}.{name}_{number}"
        self.session.execute(TABLE.format(table))
        rows = int(self.options.rows * SHARE[name])
        before = cpu_of(self.server)
        wall, cpu = run(self.command(name, table, number), f"{self.folder}/{name}.log")
        server = cpu_of(self.server) - before
        found = 0
        for start, end in RANGES:
            found += self.session.execute(f"SELECT count(*) FROM {table} WHERE token(id) >= {start} AND token(id) <= {end}").one()[0]
        if found != rows:
            sys.exit(f"{name} left {found} rows of {rows} in {table}:\n" +
                     pathlib.Path(f"{self.folder}/{name}.log").read_text(encoding="utf-8"))
        self.session.execute(f"DROP TABLE {table}")
        return {"rate": rows / wall, "cpu": cpu * 1e6 / rows, "server": server * 1e6 / rows}


STEP = 2**64 // 32
RANGES = [(-2**63 + i * STEP, -2**63 + (i + 1) * STEP - 1) for i in range(32)]


def report(results, bench):
    print(f"\nCassandra {bench.release}, {os.cpu_count()} cores shared by client and servers, {platform.platform()}, "
          f"Python {platform.python_version()}; {bench.options.rows} rows, {bench.options.rounds} rounds, medians")
    print("| loader | rows/s | client CPU-s/M | Cassandra CPU-s/M |\n|---|---|---|---|")
    median = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in results.items()}
    for name, figures in median.items():
        print(f"| {name} | {figures['rate']:,.0f} | {figures['cpu']:.2f} | {figures['server']:.0f} |")
    if "ours" not in median:
        return 0
    best = max(figures["rate"] for figures in median.values())
    met = median["ours"]["cpu"] <= GOAL_CPU and median["ours"]["rate"] >= best
    print(f"goal: at most {GOAL_CPU:g} client CPU-s/M and the fastest rate: {'met' if met else 'missed'}")
    return 0 if met else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", help="bootstrap server")
    parser.add_argument("--cassandra", help="contact point, on this machine")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="ours,gocql,python,seed")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    names = options.only.split(",")
    if "gocql" in names and shutil.which("go") is None:
        print("there is no go command: gocql is left out")
        names.remove("gocql")
    services = Services()
    if options.cassandra is None:
        options.cassandra = services("cassandra@5.0", heap="1g").endpoints["contact_point"]
    if options.kafka is None and "ours" in names:
        options.kafka = services("kafka@4").endpoints["bootstrap"]
    try:
        return run_all(options, names)
    finally:
        services.stop()


def run_all(options, names):
    with tempfile.TemporaryDirectory(prefix="streamops-bench-") as folder:
        bench = Bench(options, folder)
        try:
            bench.prepare(names)
            results = {name: [] for name in names}
            for number in range(options.rounds):
                for name in names:
                    results[name].append(bench.measure(name, number))
                    print(f"round {number + 1} {name}: " + ", ".join(f"{key} {value:,.1f}" for key, value in
                                                                    results[name][-1].items()), flush=True)
            return report(results, bench)
        finally:
            if "ours" in names:
                delete_topic(options.kafka, bench.topic)
            bench.close()


if __name__ == "__main__":
    sys.exit(main())
