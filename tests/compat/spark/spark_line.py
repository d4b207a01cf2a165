"""A line that both engines can run: a topic, a stream, a table."""
import itertools
import time

from confluent_kafka import Producer
from real_line import Tables, streamops, topic_records

_numbers = itertools.count()

PIPELINE = """
name: {name}
streams:
  people:
    source:
      kafka: {{ topic: {topic}, format: json }}
      schema: "id STRING, name STRING, age INT, height DOUBLE, member BOOLEAN, born DATE, seen TIMESTAMP, tags ARRAY<STRING>"
    select: |
      {select}
    sink:
      cassandra:
        table: {table}
        nulls: {nulls}
        create: |
          CREATE KEYSPACE IF NOT EXISTS spark_tests WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}};
          CREATE TABLE IF NOT EXISTS {table} (id text PRIMARY KEY, name text, age int, height double, member boolean, born date,
            seen timestamp, tags list<text>);
profiles:
  cluster:
    kafka: {{ bootstrap: "{kafka}" }}
    cassandra: {{ contact_points: ["{cassandra}"] }}
    spark: {{ remote: "{remote}", checkpoint_location: "{checkpoints}", kafka: "{spark_kafka}" }}
"""
SELECT = "SELECT id, name, age, height, member, born, seen, tags FROM source"


class Line:
    """One pipeline of a test's own: a topic, a table, a data directory, records."""

    def __init__(self, folder, kafka, cassandra, spark, **changes):
        number = f"{int(time.time())}_{next(_numbers)}"
        self.bootstrap = kafka.endpoints["bootstrap"]
        self.contact_point = cassandra.endpoints["contact_point"]
        self.topic, self.table = f"spark_people_{number}", f"spark_tests.people_{number}"
        self.data = folder / f"data_{number}"
        self.values = {"name": f"line_{number}", "topic": self.topic, "table": self.table, "select": SELECT, "nulls": "unset",
                       "kafka": self.bootstrap, "spark_kafka": self.bootstrap, "cassandra": self.contact_point,
                       "remote": spark.endpoints["remote"] if spark else "sc://127.0.0.1:1",
                       "checkpoints": spark.endpoints["checkpoints"] if spark else "file:///tmp", **changes}
        self.file = folder / f"{number}.yaml"
        self.write()

    def write(self, **changes):
        self.values.update(changes)
        self.file.write_text(PIPELINE.format(**self.values), encoding="utf-8")

    def produce(self, *values):
        producer = Producer({"bootstrap.servers": self.bootstrap})
        for value in values:
            producer.produce(self.topic, value if isinstance(value, bytes) else value.encode())
        assert producer.flush(30) == 0

    def words(self, verb, *words):
        return [verb, self.file, "--profile", "cluster", "--data-dir", self.data, *words]

    def once(self, engine="spark", **options):
        """One pass over what is in the topic."""
        return streamops(*self.words("run", "--engine", engine, "--once"), timeout=400, **options)

    def stop(self):
        return streamops(*self.words("stop"), timeout=100)

    def rows(self):
        with Tables(self.contact_point) as tables:
            return tables.rows(self.table)

    def ids(self):
        with Tables(self.contact_point) as tables:
            return sorted(row["id"] for row in tables.execute(f"SELECT id FROM {self.table}"))

    def letters(self):
        """[(key, value)] of the dead letters, in order, and the headers of the first."""
        found = topic_records(self.bootstrap, f"{self.topic}.dlq")
        return [(key.decode().partition("/")[2], value) for _, key, value, _ in found], dict(found[0][3]) if found else {}
