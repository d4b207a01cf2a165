"""The console on real clusters that want a login: topics, messages, groups with lag and tables; and what it says while they are away."""
import os
import time
import urllib.request

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from console_api import Api
from real_line import Tables, reference, until
from server import Server
from services_session import chosen

PROFILE = """
profiles:
  guarded:
    kafka:
      bootstrap: "{sasl_ssl}"
      sasl: SCRAM-SHA-512
      username: "${{env:TEST_USER}}"
      password: "${{env:TEST_PASSWORD}}"
      tls: {{ ca_file: "{ca_file}" }}
    cassandra: {{ contact_points: ["{contact_point}"] }}
    variables: {{ USERS_API: "http://127.0.0.1:1/nobody" }}
    scheduler: false
"""


@pytest.fixture(scope="module")
def guarded_kafka(services):
    return services(chosen("kafka"), secure="yes")


@pytest.fixture(scope="module")
def server(guarded_kafka, cassandra, tmp_path_factory):
    at = guarded_kafka.endpoints
    profile = PROFILE.format(sasl_ssl=at["sasl_ssl"], ca_file=at["ca_file"], contact_point=cassandra.endpoints["contact_point"])
    file = reference(tmp_path_factory.mktemp("console"), profiles=profile, replace={"users_created": "console_users", "spark_streams": "console_ks"})
    with Server(str(file), "--profile", "guarded",
                environment={**os.environ, "TEST_USER": at["username"], "TEST_PASSWORD": at["password"]}) as running:
        yield running


@pytest.fixture(scope="module")
def api(server):
    return Api(server)


def test_the_process_says_what_is_real_and_shows_no_secret(server, api, guarded_kafka):
    endpoints = {each["name"]: each for each in api.get("status")["endpoints"]}
    assert endpoints["kafka"] == {"name": "kafka", "at": guarded_kafka.endpoints["sasl_ssl"], "external": True}
    assert endpoints["cql"]["external"] and not endpoints["console"]["external"]
    assert "kafka_second" not in endpoints and "users_api" not in endpoints  # nothing is embedded that nobody needs
    assert api.get("dags") == []  # another scheduler runs the tasks
    password = guarded_kafka.endpoints["password"]
    for text in (server.log(), str(api.get("status")), str(api.get("flow"))):
        assert password not in text
    assert "scheduler off" in server.log() and "the cluster of profile guarded" in server.log()


def test_topics_messages_and_the_lag_of_the_stream(server, api, guarded_kafka):
    plain = {"bootstrap.servers": guarded_kafka.endpoints["bootstrap"]}
    producer = Producer(plain)
    for number in range(20):
        producer.produce("console_users", key=str(number), value=f'{{"id": "000000{number:02}-0000-4000-8000-000000000000", "first_name": "n{number}"}}')
    assert producer.flush(20) == 0
    topic = until(lambda: {each["name"]: each for each in api.later("topics") or []}.get("console_users"))
    assert sum(one["next_offset"] - one["first_offset"] for one in topic["partitions"]) >= 20
    assert all(one["bytes"] is None for one in topic["partitions"])
    assert [one["key"]["text"] for one in api.get("topics/console_users/messages", search="n17")] == ["17"]

    def caught_up():
        groups = {each["name"]: each for each in api.later("groups") or []}
        offsets = groups.get("user_automation.created_users", {}).get("offsets", [])
        return offsets and all(one["committed"] == one["end"] for one in offsets)

    until(caught_up)
    end = until(lambda: (api.later("tables/console_ks/created_users/rows", limit=100) or {}).get("rows"))
    assert len(end) >= 1
    # Kafka's own client sees the same positions.
    consumer = Consumer({**plain, "group.id": "user_automation.created_users"})
    (position,) = consumer.committed([TopicPartition("console_users", 0)], timeout=20)
    consumer.close()
    assert position.offset >= 20


def test_a_foreign_reset_of_the_group_changes_nothing(server, api, guarded_kafka):
    plain = {"bootstrap.servers": guarded_kafka.endpoints["bootstrap"]}
    before = {each["title"]: each for each in api.get("flow")["nodes"] if each["kind"] == "stream"}["created_users"]["records"]
    consumer = Consumer({**plain, "group.id": "user_automation.created_users"})
    consumer.commit(offsets=[TopicPartition("console_users", 0, 0)], asynchronous=False)
    consumer.close()
    producer = Producer(plain)
    producer.produce("console_users", key="after", value='{"id": "00000099-0000-4000-8000-000000000000"}')
    assert producer.flush(20) == 0
    until(lambda: {each["title"]: each for each in api.get("flow")["nodes"] if each["kind"] == "stream"}["created_users"]["records"] == before + 1)
    time.sleep(1)
    stream = {each["title"]: each for each in api.get("flow")["nodes"] if each["kind"] == "stream"}["created_users"]
    assert stream["records"] == before + 1  # nothing was read again


def test_tables_show_the_schema(api, cassandra):
    table = until(lambda: [each for each in api.later("tables") or [] if (each["keyspace"], each["name"]) == ("console_ks", "created_users")])[0]
    assert table["columns"][0] == {"name": "id", "type": "uuid", "kind": "partition_key"}
    with Tables(cassandra.endpoints["contact_point"]) as tables:
        there = tables.count("console_ks.created_users")
    assert len(api.get("tables/console_ks/created_users/rows", limit=500)["rows"]) == there


def test_a_cluster_that_hangs_is_told_and_comes_back(services, api, guarded_kafka):
    services.pause(guarded_kafka)
    try:
        begin = time.monotonic()
        status, code = api.refusal("topics")
        assert (status, code) == (503, "SO-K202") and time.monotonic() - begin < 15
    finally:
        services.resume(guarded_kafka)
    until(lambda: api.later("topics"), timeout=60)


def test_the_control_center_opens_at_topics(server):
    with urllib.request.urlopen("http://" + server.endpoints["control_center"] + "/", timeout=10) as answer:
        assert answer.url.endswith("/topics")


def test_a_topic_created_elsewhere_appears(api, guarded_kafka):
    admin = AdminClient({"bootstrap.servers": guarded_kafka.endpoints["bootstrap"]})
    name = f"console_made_{time.monotonic_ns()}"
    admin.create_topics([NewTopic(name, 3, 1)])[name].result(20)
    topic = until(lambda: {each["name"]: each for each in api.later("topics") or []}.get(name))
    assert [one["id"] for one in topic["partitions"]] == [0, 1, 2]
