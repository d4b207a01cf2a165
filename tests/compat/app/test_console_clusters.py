"""The console's JSON about topics, groups and tables, read through the same clients that real clusters are read through."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from cassandra.cluster import Cluster
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from console_api import Api


@pytest.fixture(scope="module")
def api(server):
    return Api(server)


def produce(server, topic, records, partitions=1):
    admin = AdminClient({"bootstrap.servers": server.kafka})
    admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(20)
    producer = Producer({"bootstrap.servers": server.kafka, "compression.type": "zstd"})
    for index, (key, value) in enumerate(records):
        producer.produce(topic, key=key, value=value, partition=index % partitions, timestamp=1_700_000_000_000 + index,
                         headers={"n": str(index)})
    assert producer.flush(20) == 0


def values(messages):
    return [message["value"]["text"] if message["value"] else None for message in messages]


def test_topics_show_offsets_and_sizes(server, api, topic):
    produce(server, topic, [("k", "v")] * 5, partitions=2)
    (found,) = [each for each in api.get("topics") if each["name"] == topic]
    assert [(one["id"], one["first_offset"], one["next_offset"]) for one in found["partitions"]] == [(0, 0, 3), (1, 0, 2)]
    assert all(one["bytes"] > 0 for one in found["partitions"])
    assert not found["internal"]


def test_messages_from_everywhere(server, api, topic):
    produce(server, topic, [("k1", "anna"), (None, "ben"), ("k3", None), ("k4", "anton"), ("k5", b"\xff\x00")])
    path = f"topics/{topic}/messages"
    newest = api.get(path, limit=2)
    assert [one["offset"] for one in newest] == [4, 3]
    assert newest[0]["value"] == {"hex": "ff00", "size": 2}
    assert newest[1]["headers"] == [{"name": "n", "value": "3"}]
    assert newest[1]["timestamp"] == "2023-11-14T22:13:20.003Z"
    oldest = api.get(path, **{"from": "oldest", "limit": 3})
    assert values(oldest) == ["anna", "ben", None] and oldest[1]["key"] is None
    assert values(api.get(path, **{"from": "offset", "position": 3, "limit": 1})) == ["anton"]
    assert [one["offset"] for one in api.get(path, **{"from": "timestamp", "position": 1_700_000_000_002})] == [2, 3, 4]
    assert api.get(path, **{"from": "timestamp", "position": 1_800_000_000_000}) == []
    assert values(api.get(path, search="an")) == ["anton", "anna"]
    assert values(api.get(path, search="k4")) == ["anton"]
    assert api.get(path, search="nobody") == []


def test_two_looks_at_once_both_answer(server, api, topic):
    produce(server, topic, [("k", str(n)) for n in range(50)])
    with ThreadPoolExecutor(6) as pool:
        looks = [pool.submit(api.get, f"topics/{topic}/messages", limit=10) for _ in range(6)]
        assert all(values(look.result())[0] == "49" for look in looks)


def test_what_is_not_there_is_an_error(api, topic):
    status, code = api.refusal(f"topics/{topic}.missing/messages")
    assert (status, code) == (503, "SO-K208")
    assert api.refusal("tables/nowhere/nothing/rows")[1] in ("SO-C206", "SO-C210")


def test_groups_show_members_and_lag(server, api, topic):
    produce(server, topic, [("k", str(n)) for n in range(10)])
    group = f"{topic}.readers"
    consumer = Consumer({"bootstrap.servers": server.kafka, "group.id": group, "auto.offset.reset": "earliest",
                         "enable.auto.commit": False, "client.id": "reader-1"})
    try:
        consumer.subscribe([topic])
        deadline = time.monotonic() + 30
        while not consumer.assignment() and time.monotonic() < deadline:
            consumer.poll(0.1)
        consumer.commit(offsets=[TopicPartition(topic, 0, 4)], asynchronous=False)
        (found,) = [each for each in api.get("groups") if each["name"] == group]
        assert found["state"] == "Stable"
        (member,) = found["members"]
        assert member["client_id"] == "reader-1" and member["partitions"] == [{"topic": topic, "partition": 0}]
        assert found["offsets"] == [{"topic": topic, "partition": 0, "committed": 4, "end": 10}]
    finally:
        consumer.close()


def test_tables_show_columns_in_their_order_and_rows_by_pages(server, api):
    cluster = Cluster([server.cql[0]], port=server.cql[1])
    try:
        session = cluster.connect()
        session.execute("CREATE KEYSPACE IF NOT EXISTS looks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
        session.execute('CREATE TABLE looks."Odd" (p int, c timestamp, "Value" map<text, int>, a blob, s text STATIC, PRIMARY KEY (p, c))')
        for n in range(25):
            session.execute('INSERT INTO looks."Odd" (p, c, "Value", a) VALUES (1, %s, {\'n\': %s}, 0xcafe)', (n * 1000, n))
        session.execute('INSERT INTO looks."Odd" (p, s) VALUES (1, \'it\'\'s\')')
    finally:
        cluster.shutdown()
    (table,) = [each for each in api.get("tables") if each["name"] == "Odd"]
    assert [(one["name"], one["type"], one["kind"]) for one in table["columns"]] == [
        ("p", "int", "partition_key"), ("c", "timestamp", "clustering"), ("s", "text", "static"),
        ("Value", "map<text, int>", "regular"), ("a", "blob", "regular")]
    assert not table["system"] and any(each["system"] for each in api.get("tables"))
    rows, page, pages = [], "", 0
    while True:
        found = api.get("tables/looks/Odd/rows", limit=10, page=page)
        rows += found["rows"]
        page, pages = found["next"], pages + 1
        if not page:
            break
    assert len(rows) == 25 and pages in (3, 4)
    assert rows[1] == ["1", "1970-01-01 00:00:01.000Z", "it's", "{'n': 1}", "0xcafe"]
    assert api.refusal("tables/looks/Odd/rows", page="zz") == (400, "SO-H104")
