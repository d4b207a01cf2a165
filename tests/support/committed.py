"""What a reader of committed records sees in a topic."""
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions


def committed(bootstrap, topic):
    """The values of every partition, to its end. An open transaction would hide the end: the reader fails then."""
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False,
                       "isolation.level": "read_committed", "enable.partition.eof": True})
    try:
        partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
        reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
        values, ended = [], set()
        deadline = time.monotonic() + 60
        while len(ended) < len(partitions) and time.monotonic() < deadline:
            message = reader.poll(1)
            if message is None:
                continue
            if message.error():
                ended.add(message.partition())
            else:
                values.append(message.value())
        assert len(ended) == len(partitions), "the reader did not reach the ends: a transaction is open"
        return values
    finally:
        reader.close()


def positions(bootstrap, group, topic, partitions):
    """How many records of a topic a group has committed, of all partitions together."""
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    try:
        found = reader.committed([TopicPartition(topic, partition) for partition in range(partitions)], timeout=10)
        return sum(max(one.offset, 0) for one in found)
    finally:
        reader.close()


def wait_for(look, enough, timeout=60):
    """What `look` gives once it is enough, or at the end of patience."""
    deadline = time.monotonic() + timeout
    while True:
        found = look()
        if enough(found) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def widen(server, topic, partitions):
    """Gives a stream's topic its partitions, and starts the stream again to find them at once."""
    admin = AdminClient({"bootstrap.servers": server.kafka})
    admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(10)
    server.stop()
    server.start()
