"""Avro between confluent-kafka's serializers and a stream of ours: pipeline files, producers, rows."""
import time

from cassandra.cluster import Cluster
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

USER_1 = """{"type":"record","name":"User","namespace":"shop","fields":[
  {"name":"id","type":"string"},{"name":"age","type":"int"},
  {"name":"paid","type":{"type":"bytes","logicalType":"decimal","precision":8,"scale":2}},
  {"name":"seen","type":{"type":"long","logicalType":"timestamp-millis"}}]}"""
# The second version: an int that became a long, a new field with a default, another order.
USER_2 = """{"type":"record","name":"User","namespace":"shop","fields":[
  {"name":"city","type":["null","string"],"default":null},{"name":"id","type":"string"},{"name":"age","type":"long"},
  {"name":"paid","type":{"type":"bytes","logicalType":"decimal","precision":8,"scale":2}},
  {"name":"seen","type":{"type":"long","logicalType":"timestamp-millis"}},
  {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["NEW","OLD"]},"default":"NEW"}]}"""

STREAM = """
name: {name}
streams:
  users:
    source: {{ kafka: {{ topic: {topic}, format: avro }}{schema} }}
    select: SELECT {columns} FROM source
    sink:
      cassandra:
        table: {keyspace}.users
        create: |
          CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}};
          CREATE TABLE IF NOT EXISTS {keyspace}.users (id text PRIMARY KEY, age bigint, city text, paid decimal, seen timestamp);
"""
DDL = ', schema: "id STRING, age BIGINT, city STRING, paid DECIMAL(8,2), seen TIMESTAMP"'


def stream_file(folder, topic, schema=DDL, columns="id, age, city, paid, seen", keyspace="avro_shop", more=""):
    path = folder / "pipeline.yaml"
    path.write_text(STREAM.format(name=topic.replace("-", "_"), topic=topic, schema=schema, columns=columns, keyspace=keyspace)
                    + more, encoding="utf-8")
    return str(path)


def produce(bootstrap, registry, topic, schema, values):
    """Writes values as confluent-kafka's AvroSerializer makes them."""
    serializer = AvroSerializer(SchemaRegistryClient({"url": registry}), schema)
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in values:
        producer.produce(topic, key=value["id"], value=serializer(value, SerializationContext(topic, MessageField.VALUE)))
    assert producer.flush(20) == 0


def produce_raw(bootstrap, topic, *values, headers=None):
    producer = Producer({"bootstrap.servers": bootstrap})
    for value in values:
        producer.produce(topic, value=value, headers=headers)
    assert producer.flush(20) == 0


def raw_values(bootstrap, topic, count, timeout=30):
    """The first `count` messages of partition 0."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found, deadline = [], time.monotonic() + timeout
    try:
        while len(found) < count:
            assert time.monotonic() < deadline, f"{topic} has {len(found)} messages, not {count}"
            message = consumer.poll(0.5)
            if message is not None and not message.error():
                found.append(message)
        return found
    finally:
        consumer.close()


def consume(bootstrap, registry, topic, count, timeout=30):
    """The values of a topic as confluent-kafka's AvroDeserializer reads them."""
    deserializer = AvroDeserializer(SchemaRegistryClient({"url": registry}))
    return [deserializer(message.value(), SerializationContext(topic, MessageField.VALUE))
            for message in raw_values(bootstrap, topic, count, timeout)]


class Rows:
    """The rows of a table, once there are as many as a test waits for."""

    def __init__(self, host, port, table):
        self._cluster = Cluster([host], port=port, connect_timeout=20)
        self._session = self._cluster.connect()
        self._table = table

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._cluster.shutdown()

    def all(self):
        try:
            return {row.id: row for row in self._session.execute(f"SELECT * FROM {self._table}")}
        except Exception:  # the table is made when the stream starts
            return {}

    def wait(self, count, timeout=30):
        deadline = time.monotonic() + timeout
        while True:
            rows = self.all()
            if len(rows) >= count:
                return rows
            assert time.monotonic() < deadline, f"{self._table} has {len(rows)} rows, not {count}"
            time.sleep(0.1)
