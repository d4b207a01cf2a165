"""The whole line on real services: a pipeline file that names endpoints by environment, and what it left in topics and tables."""
import json
import os
import pathlib
import subprocess
import time

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster
from cassandra.query import dict_factory
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from server import REFERENCE, binary

# Added to a file as it is; where the services are comes from the environment, so the file is the same byte for byte everywhere.
PROFILES = """
profiles:
  real:
    kafka: { bootstrap: "${env:KAFKA_BOOTSTRAP}" }
    cassandra: { contact_points: ["${env:CASSANDRA_CONTACT_POINT}"] }
"""
TOPIC, TABLE = "users_created", "spark_streams.created_users"
TASK_LETTERS = "user_automation.stream_data_from_api.dlq"


def reference(folder, **changes):
    """The reference pipeline with `profiles:` at its end; `changes` replaces texts in it, each of which must be there."""
    text = REFERENCE.read_text(encoding="utf-8")
    for old, new in changes.pop("replace", {}).items():
        assert old in text, old
        text = text.replace(old, new)
    path = pathlib.Path(folder) / changes.pop("name", "pipeline.yaml")
    path.write_text(text + changes.pop("profiles", PROFILES), encoding="utf-8")
    assert not changes
    return path


def unique(name):
    """A name for topic and keyspace that no earlier run on the same services has used."""
    return f"{name[:30]}_{time.time_ns() // 1000 % 10**9}"


def environment(kafka, cassandra, api):
    return {**os.environ, "KAFKA_BOOTSTRAP": kafka, "CASSANDRA_CONTACT_POINT": cassandra, "USERS_API": api}


def streamops(*words, env=None, timeout=120, check=True):
    """Runs the binary to its end."""
    done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=timeout, env=env)
    assert not check or done.returncode == 0, f"{words} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


def listing(*words, data):
    """What a verb prints as JSON about the running process of this data directory."""
    return json.loads(streamops(*words, "--json", "--data-dir", data).stdout)


def until(condition, timeout=60, every=0.1):
    """Waits for a true answer and returns it; fails with the last answer."""
    deadline = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {timeout} s; the last answer was {answer!r}"
        time.sleep(every)


def topic_records(bootstrap, topic, **login):
    """[(partition, key, value, headers)] of a whole topic, in its order; [] when there is none."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False, **login})
    try:
        described = consumer.list_topics(topic, timeout=10).topics[topic]
        if described.error:
            return []
        found = []
        for partition in sorted(described.partitions):
            begin, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            consumer.assign([TopicPartition(topic, partition, begin)])
            while begin < end:
                message = consumer.poll(10)
                assert message is not None and not message.error(), f"{topic}/{partition} ends at {begin}, not at {end}"
                found.append((partition, message.key(), message.value(), message.headers()))
                begin = message.offset() + 1
        return found
    finally:
        consumer.close()


class Tables:
    """A session with a Cassandra, real or embedded. A context manager."""

    def __init__(self, contact_point, username=None, password=None, context=None):
        host, port = contact_point.rsplit(":", 1)
        self._cluster = Cluster([host], port=int(port), ssl_context=context, connect_timeout=20,
                                auth_provider=PlainTextAuthProvider(username, password) if username else None)
        self.session = self._cluster.connect()
        self.session.default_timeout = 30
        self.session.row_factory = dict_factory

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._cluster.shutdown()

    def rows(self, table=TABLE):
        """Every row as a line of JSON, sorted: what two tables have in common is what these lists have in common."""
        return sorted(json.dumps(row, default=str, sort_keys=True) for row in self.session.execute(f"SELECT * FROM {table}"))

    def count(self, table=TABLE):
        return self.session.execute(f"SELECT count(*) AS n FROM {table}").one()["n"]

    def execute(self, text):
        return list(self.session.execute(text))


def rows_of(contact_point, table=TABLE):
    with Tables(contact_point) as tables:
        return tables.rows(table)


def delete_topics(bootstrap, *topics):
    """Removes topics, where they are, and waits until they are gone."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    there = [topic for topic in topics if topic in admin.list_topics(timeout=10).topics]
    for each in admin.delete_topics(there).values() if there else []:
        each.result(30)
    until(lambda: not set(topics) & set(admin.list_topics(timeout=10).topics))


def clean(kafka, cassandra):
    """Takes away what runs of the reference pipeline left behind."""
    delete_topics(kafka, TOPIC, f"{TOPIC}.dlq", TASK_LETTERS)
    with Tables(cassandra) as tables:
        tables.execute("DROP KEYSPACE IF EXISTS spark_streams")
