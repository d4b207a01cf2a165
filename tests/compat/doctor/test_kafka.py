"""Traps of Kafka clusters: logins, advertised listeners, topics, settings."""
import time

import pytest
from endpoints import Endpoint
from kafka_broker import INIT_PRODUCER_ID, METADATA, Broker
from server import free_port


@pytest.fixture
def cluster():
    """cluster(...) starts a broker with those faults; it advertises itself unless told otherwise. Gives its profile."""
    started = []

    def start(more="", **faults):
        endpoint = Endpoint(lambda connection: broker.talk(connection))
        faults.setdefault("brokers", [(1, "127.0.0.1", endpoint.port)])
        broker = Broker(**faults)
        started.append(endpoint)
        return f"kafka: {{ bootstrap: \"{endpoint.address}\"{more} }}"

    yield start
    for endpoint in started:
        endpoint.__exit__()


def topic(partitions=((0, 1, 1, 1),), **configs):
    names = {key.replace("_", "."): value for key, value in configs.items()}
    return {"partitions": list(partitions), "configs": names}


def test_a_healthy_cluster(examine, cluster):
    found = examine(cluster(topics={"users": topic(retention_ms="604800000", cleanup_policy="delete")}))
    assert not [code for code in found.codes if code.startswith("SO-D42") or code.startswith("SO-D43")], found


def test_a_listener_of_the_controller(examine, cluster):
    examine(cluster(without=(METADATA,))).one("SO-D422")


def test_a_broker_without_idempotent_producers(examine, cluster):
    examine(cluster(without=(INIT_PRODUCER_ID,))).one("SO-D440")


def test_a_login_is_wanted(examine, cluster):
    assert "SCRAM-SHA-256" in examine(cluster(users={"etl": "secret"})).one("SO-D427")["message"]


def test_a_login_is_not_wanted(examine, cluster):
    examine(cluster(", sasl: PLAIN, username: etl, password: secret")).one("SO-D428")


def test_a_mechanism_that_is_not_offered(examine, cluster):
    found = examine(cluster(", sasl: SCRAM-SHA-512, username: etl, password: secret", users={"etl": "secret"}))
    assert "PLAIN, SCRAM-SHA-256" in found.one("SO-D429")["message"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_wrong_and_right_credentials(examine, cluster, mechanism):
    broker = {"users": {"etl": "secret"}, "mechanisms": ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]}
    wrong = examine(cluster(f", sasl: {mechanism}, username: etl, password: guess", **broker))
    assert "etl" in wrong.one("SO-D430")["message"] and "guess" not in repr(wrong)
    right = examine(cluster(f", sasl: {mechanism}, username: etl, password: secret", **broker))
    assert right.probe("kafka.login")["state"] == "fine", right
    assert right.probe("kafka.advertised")["state"] == "fine", right


def test_a_broker_that_advertises_a_name_of_its_own_network(examine, cluster):
    assert "broker.invalid:29092" in examine(cluster(brokers=[(1, "broker.invalid", 29092)])).one("SO-D424")["message"]


def test_a_broker_that_advertises_a_closed_port_of_this_host(examine, cluster):
    examine(cluster(brokers=[(1, "127.0.0.1", free_port())])).one("SO-D426")


def test_a_broker_that_advertises_an_address_out_of_reach(examine, cluster):
    found = examine(cluster(brokers=[(1, "192.0.2.7", 9092)]))
    assert "192.0.2.7" in found.one("SO-D425")["message"] and found.took < 6


def test_new_topics_need_more_brokers(examine, cluster):
    found = examine(cluster(configs={"default.replication.factor": "3"}))
    assert found.one("SO-D435")["severity"] == "problem"
    found = examine(cluster(configs={"default.replication.factor": "3"}, topics={"users": topic()}))
    assert found.one("SO-D435")["severity"] == "warning"


def test_kafkas_own_topics_need_more_brokers(examine, cluster):
    found = examine(cluster(configs={"default.replication.factor": "1", "offsets.topic.replication.factor": "3"}))
    assert "offsets.topic.replication.factor is 3, with 1 broker" in found.one("SO-D436")["message"]


def test_a_topic_that_nothing_writes_is_missing(examine, cluster):
    found = examine(cluster(), read="orders")
    assert found.one("SO-D431")["where"] == "orders" and found.one("SO-D431")["line"] > 10


def test_a_topic_that_a_task_writes_may_be_missing(examine, cluster):
    assert "SO-D431" not in examine(cluster()).codes


def test_a_topic_is_forbidden(examine, cluster):
    examine(cluster(topics={"users": {"error": 29}})).one("SO-D432")


def test_a_partition_without_leader(examine, cluster):
    examine(cluster(topics={"users": topic([(0, -1, 1, 0)])})).one("SO-D433")


def test_too_few_replicas_in_sync(examine, cluster):
    found = examine(cluster(topics={"users": topic([(0, 1, 3, 1)], min_insync_replicas="2")}))
    assert found.one("SO-D434")["severity"] == "problem"
    assert found.one("SO-D443")["severity"] == "warning"


def test_small_messages_and_short_retention(examine, cluster):
    found = examine(cluster(topics={"users": topic(max_message_bytes="1000", retention_ms="60000", cleanup_policy="delete")}))
    found.one("SO-D437")
    assert "1m" in found.one("SO-D438")["message"]


def test_a_compacted_topic_and_records_without_a_key(examine, cluster):
    compacted = {"users": topic(cleanup_policy="compact")}
    examine(cluster(topics=compacted), sink="{ topic: users, format: json }").one("SO-D439")
    assert "SO-D439" not in examine(cluster(topics=compacted)).codes


def test_another_number_of_partitions(examine, cluster):
    found = examine(cluster(topics={"users": topic()}), sink="{ topic: users, key: id, format: json, partitions: 4 }")
    assert "1 partition, the file says 4" in found.one("SO-D442")["message"]


def test_records_from_the_future(examine, cluster):
    tomorrow = int(time.time() * 1000) + 86_400_000
    found = examine(cluster(topics={"users": topic()}, newest={"users": tomorrow}))
    found.one("SO-D441")
