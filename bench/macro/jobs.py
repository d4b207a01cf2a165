"""CPU-seconds and memory per million records, Kafka to Kafka: ours beside a floor and a script, on the same records in one run.

    ./dev bench jobs [--jobs j1,j2,j3,j4] [--only ours,floor,orjson] [--messages N] [--batch BYTES] [--rounds N]
                     [--kafka HOST:PORT | --broker real|own] [--core N] [--set NAME=VALUE ...]

    j1  key and value through                     (ours: decoded, every column selected, encoded again)
    j2  WHERE gender = 'female', ten columns, two of them built from others; key = id
    j3  j2 into nothing                           (ours: its columns are counted; one row of counts an epoch)
    j4  count per 10 s of event time, gender and post code, into a topic

    ours    streamops run --once: in transactions, exactly once, checkpoints on disk
    floor   a tight C++ loop over librdkafka and simdjson, no guarantees   (bench/macro/peers/floor.cc)
    orjson  confluent-kafka, consume(1000), orjson, no guarantees          (bench/macro/peers/orjson_script.py)

The topic has 4 partitions of users, about 517 bytes each, in batches of 128 KB; `--batch 16384` makes small ones. Everything is
written in one go before the first job. CPU is user+sys of the whole process from start to end, pinned to one core; the broker is
another process (Kafka 4 from tools/services; `--broker own`: a `streamops up`). Contention moves CPU-seconds too: compare within
one run only. Each run of ours is checked: it must leave as many committed rows as the floor does.
"""
import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "macro" / "peers"
sys.path.insert(0, str(ROOT / "tests" / "support"))
from committed import positions  # noqa: E402
from server import Server, binary  # noqa: E402
from services_session import Services  # noqa: E402

PARTITIONS = 4
COLUMNS = ("id", "first_name", "last_name", "gender", "address", "post_code", "email", "username", "dob", "registered_date",
           "phone", "picture")
PROJECTION = """SELECT id, concat(first_name, ' ', last_name) AS full_name, lower(email) AS email,
             substring_index(lower(email), '@', -1) AS email_domain, CAST(substring(dob, 1, 4) AS INT) AS birth_year,
             post_code, address, phone, registered_date AS registered_at, picture
      FROM source WHERE gender = 'female'"""
PROJECTED = ("id", "full_name", "email", "email_domain", "birth_year", "post_code", "address", "phone", "registered_at", "picture")
STRINGS = ", ".join(f"{name} STRING" for name in COLUMNS)

JOBS = {
    "j1": {"schema": STRINGS, "select": f"SELECT {', '.join(COLUMNS)} FROM source", "key": "id"},
    "j2": {"schema": STRINGS, "select": PROJECTION, "key": "id"},
    "j3": {"schema": STRINGS, "mode": "update", "key": "n",
           "select": f"SELECT {', '.join(f'count({name}) AS {name}' for name in PROJECTED)}, count(*) AS n FROM ({PROJECTION}) AS users"},
    "j4": {"schema": "gender STRING, post_code STRING, registered_date TIMESTAMP", "key": "post_code",
           "watermark": "{ column: registered_date, delay: 2m }",
           "select": "SELECT window.start AS start, gender, post_code, count(*) AS n FROM source\n"
                     "      GROUP BY window(registered_date, '10 seconds'), gender, post_code"},
}
GOALS = {"j1": 0.25, "j2": 0.5, "j3": 0.4, "j4": 0.3}
GOALS_SMALL = {"j1": 0.45, "j2": 0.65, "j3": 0.5, "j4": 0.38}
GOAL_MEMORY = 100


def pipeline_text(job, topic, out, kafka):
    spec = JOBS[job]
    lines = ["name: jobs_bench", "streams:", f"  {out.replace('-', '_')}:", "    source:",
             f"      kafka: {{ topic: {topic}, format: json }}", f"      schema: \"{spec['schema']}\""]
    lines += [f"    {name}: {spec[name]}" for name in ("watermark", "mode") if name in spec]
    lines += ["    select: |", f"      {spec['select']}", "    sink:",
              f"      kafka: {{ topic: {out}, key: {spec['key']}, format: json, partitions: {PARTITIONS} }}",
              "profiles:", f"  bench: {{ kafka: {{ bootstrap: \"{kafka}\" }}, scheduler: false }}", ""]
    return "\n".join(lines)


def measure(command, core, log):
    """Wall seconds, CPU seconds, MiB of memory and the last line of one process on one core."""
    begin = time.monotonic()
    with open(log, "wb") as err, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, stdin=subprocess.DEVNULL,
                                                  preexec_fn=lambda: os.sched_setaffinity(0, {core})) as process:
        told = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}:\n{told[-1000:]}\n{pathlib.Path(log).read_text()[-3000:]}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, told.strip()


def build_floor(folder):
    """The floor, with the flags that a tight loop deserves."""
    program = f"{folder}/floor"
    subprocess.run(["g++", "-std=c++20", "-O3", "-DNDEBUG", str(PEERS / "floor.cc"), "-o", program, "-lrdkafka", "-lsimdjson"],
                   check=True)
    return program


class Topics:
    """The topics of one bench; deleted at its end."""

    def __init__(self, bootstrap):
        from confluent_kafka.admin import AdminClient
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        self.made = []

    def create(self, name):
        from confluent_kafka.admin import NewTopic
        self.admin.create_topics([NewTopic(name, num_partitions=PARTITIONS, replication_factor=1)])[name].result(30)
        self.made.append(name)
        return name

    def delete(self, name):
        self.made.remove(name)
        self.admin.delete_topics([name])[name].result(30)

    def close(self):
        for name in list(self.made):
            self.delete(name)


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.floor = build_floor(folder)
        self.topics = Topics(options.kafka)
        self.source = self.topics.create(f"so-bench-{os.getpid()}")
        told = subprocess.run([self.floor, "load", options.kafka, self.source, str(options.messages), str(options.batch)],
                              check=True, capture_output=True, text=True).stdout.split()
        self.bytes = told[2]
        self.expected = {}
        self.number = 0

    def run(self, engine, job):
        self.number += 1
        out = self.topics.create(f"{self.source}-{engine}-{job}-{self.number}")
        log = f"{self.folder}/{engine}-{job}.log"
        try:
            return self.run_ours(job, out, log) if engine == "ours" else self.run_peer(engine, job, out, log)
        finally:
            self.topics.delete(out)

    def run_peer(self, engine, job, out, log):
        program = [self.floor] if engine == "floor" else [sys.executable, str(PEERS / "orjson_script.py")]
        wall, cpu, memory, told = measure([*program, job, self.options.kafka, self.source, out], self.options.core, log)
        read, written = (int(word) for word in told.split())
        if read != self.options.messages:
            sys.exit(f"{engine} read {read} records of {self.options.messages}")
        if self.expected.setdefault(job, written) != written:
            sys.exit(f"{engine} left {written} rows of {job} where {self.expected[job]} were expected")
        return {"cpu": cpu * 1e6 / read, "memory": memory, "wall": wall}

    def run_ours(self, job, out, log):
        path = f"{self.folder}/{out}.yaml"
        pathlib.Path(path).write_text(pipeline_text(job, self.source, out, self.options.kafka), encoding="utf-8")
        words = [binary(), "run", path, "--profile", "bench", "--once", "--ports", "auto", "--data-dir", f"{self.folder}/{out}"]
        for setting in self.options.set:
            words += ["--set", setting]
        wall, cpu, memory, _ = measure(words, self.options.core, log)
        self.check(job, out, log)
        return {"cpu": cpu * 1e6 / self.options.messages, "memory": memory, "wall": wall}

    def check(self, job, out, log):
        """Every record was taken, and what is there is what the floor leaves."""
        taken = positions(self.options.kafka, f"jobs_bench.{out.replace('-', '_')}", self.source, PARTITIONS)
        told = pathlib.Path(log).read_text(encoding="utf-8")
        if taken != self.options.messages:
            sys.exit(f"ours took {taken} records of {self.options.messages} in {job}:\n{told[-3000:]}")
        rows = next((line for line in told.splitlines() if " rows to " in line), "")
        written = int(rows.rpartition(" rows to ")[0].split()[-1].replace(",", "")) if rows else -1
        # The last windows stay open, and counts are written once an epoch.
        exact = job in ("j1", "j2") and job in self.expected
        if written <= 0 or "0 dead letters" not in rows or (exact and written != self.expected[job]):
            sys.exit(f"ours left {written} rows of {job}, {self.expected.get(job)} were expected:\n{told[-3000:]}")


def report(results, bench, options):
    goals = GOALS if options.batch >= 100_000 else GOALS_SMALL
    print(f"\n{platform.machine()}, {os.cpu_count()} cores shared with the broker ({options.broker_name}), one pinned core an engine, "
          f"load {os.getloadavg()[0]:.1f} at the end; {options.messages} records of {bench.bytes} bytes, {PARTITIONS} partitions, "
          f"batches of {options.batch} bytes; medians of {options.rounds}")
    print("| job | engine | CPU-s/M | of the floor | RSS MiB | wall s | goal |\n|---|---|---|---|---|---|---|")
    missed = False
    for job in options.jobs:
        floor = statistics.median(run["cpu"] for run in results[job, "floor"]) if results.get((job, "floor")) else None
        for engine in options.only:
            median = {key: statistics.median(run[key] for run in results[job, engine]) for key in ("cpu", "memory", "wall")}
            met = engine != "ours" or (median["cpu"] <= goals[job] and median["memory"] <= GOAL_MEMORY)
            missed = missed or not met
            goal = f"{goals[job]}: {'met' if met else 'missed'}" if engine == "ours" else ""
            ratio = f"{median['cpu'] / floor:.2f}x" if floor else "–"
            print(f"| {job} | {engine} | {median['cpu']:.2f} | {ratio} | {median['memory']:.0f} | {median['wall']:.1f} | {goal} |")
    return 1 if missed else 0


def run_all(options):
    with tempfile.TemporaryDirectory(prefix="streamops-bench-") as folder:
        bench = Bench(options, folder)
        results = {}
        try:
            for number in range(options.rounds):
                for job in options.jobs:
                    for engine in options.only:
                        run = bench.run(engine, job)
                        results.setdefault((job, engine), []).append(run)
                        print(f"round {number + 1} {job} {engine}: {run['cpu']:.2f} CPU-s/M, {run['memory']:.0f} MiB, "
                              f"{run['wall']:.1f} s", flush=True)
            return report(results, bench, options)
        finally:
            bench.topics.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=lambda text: text.split(","), default=list(JOBS))
    parser.add_argument("--only", type=lambda text: text.split(","), default=["floor", "orjson", "ours"])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=128 * 1024, help="bytes of a source batch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kafka", help="bootstrap server of a broker that runs already")
    parser.add_argument("--broker", choices=("real", "own"), default="real")
    parser.add_argument("--core", type=int, default=os.cpu_count() - 1)
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    try:
        import orjson  # noqa: F401
    except ImportError:
        print("orjson is not installed here (pip install orjson): its script is left out")
        options.only = [name for name in options.only if name != "orjson"]
    if options.kafka is not None:
        options.broker_name = options.kafka
        return run_all(options)
    if options.broker == "own":
        options.broker_name = "streamops up"
        with Server("--servers-only") as server:
            options.kafka = server.kafka
            return run_all(options)
    services = Services()
    try:
        broker = services("kafka@4", heap="1g")
        options.kafka = broker.endpoints["bootstrap"]
        options.broker_name = f"Kafka {broker.version}" if hasattr(broker, "version") else "Kafka 4"
        return run_all(options)
    finally:
        services.stop()


if __name__ == "__main__":
    sys.exit(main())
