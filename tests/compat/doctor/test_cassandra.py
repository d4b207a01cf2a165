"""Traps of Cassandra clusters: logins, nodes, clocks, tables."""
import pytest
from cassandra_node import Node
from endpoints import Endpoint

SIMPLE = "{'class': 'org.apache.cassandra.locator.SimpleStrategy', 'replication_factor': '%d'}"
NETWORK = "{'class': 'org.apache.cassandra.locator.NetworkTopologyStrategy', '%s': '1'}"
USERS = [("id", "text", "partition_key", "0"), ("n", "bigint", "regular", "-1")]
BARE = "{ table: shop.users }"


@pytest.fixture
def cluster():
    """cluster(...) starts a node with those faults. Gives its profile."""
    started = []

    def start(more="", **faults):
        endpoint = Endpoint(Node(**faults).talk)
        started.append(endpoint)
        return f"cassandra: {{ contact_points: [\"{endpoint.address}\"]{more} }}"

    yield start
    for endpoint in started:
        endpoint.__exit__()


def shop(replication=SIMPLE % 1, durable="true", columns=None):
    return {"keyspaces": {"shop": (replication, durable)}, "columns": {("shop", "users"): columns or USERS}}


def test_a_healthy_cluster(examine, cluster):
    found = examine(cluster(**shop()))
    assert not [code for code in found.codes if "SO-D45" <= code < "SO-D47"], found


def test_a_login_is_wanted_or_refused(examine, cluster):
    users = {"etl": "secret"}
    examine(cluster(users=users)).one("SO-D452")
    wrong = examine(cluster(", username: etl, password: guess", users=users))
    assert "incorrect" in wrong.one("SO-D453")["message"] and "guess" not in repr(wrong)
    right = examine(cluster(", username: etl, password: secret", users=users))
    assert right.probe("cassandra.login")["state"] == "fine"


def test_a_node_that_is_starting(examine, cluster):
    assert "Cannot serve yet" in examine(cluster(starting=True)).one("SO-D468")["message"]


def test_no_protocol_version_in_common(examine, cluster):
    examine(cluster(versions=["1/v1", "2/v2"])).one("SO-D454")


def test_a_datacenter_that_does_not_exist(examine, cluster):
    found = examine(cluster(", local_datacenter: datacentre1"))
    assert "datacenter1" in found.one("SO-D462")["label"]


def test_a_clock_that_differs(examine, cluster):
    assert "behind" in examine(cluster(skew_ms=-60_000)).one("SO-D464")["message"]


def test_nodes_that_disagree_or_cannot_be_reached(examine, cluster):
    found = examine(cluster(peers=[("datacenter1", "v2", "192.0.2.9")]))
    found.one("SO-D465")
    assert "192.0.2.9" in found.one("SO-D466")["message"]


def test_a_keyspace_and_a_table_that_nobody_makes(examine, cluster):
    found = examine(cluster(), table=BARE)
    found.one("SO-D455")
    assert found.one("SO-D456")["where"] == "shop.users"


def test_a_column_that_the_table_lacks(examine, cluster):
    found = examine(cluster(**shop(columns=[USERS[0], ("m", "bigint", "regular", "-1")])))
    assert "`n`" in found.one("SO-D457")["message"] and found.one("SO-D457")["line"] > 10


def test_a_column_of_another_type(examine, cluster):
    found = examine(cluster(**shop(columns=[USERS[0], ("n", "blob", "regular", "-1")])))
    assert "blob" in found.one("SO-D458")["message"]


def test_another_primary_key(examine, cluster):
    found = examine(cluster(**shop(columns=[USERS[0], ("n", "bigint", "clustering", "0")])))
    assert "(id, n)" in found.one("SO-D459")["message"]


def test_more_replicas_than_nodes(examine, cluster):
    found = examine(cluster(", consistency: QUORUM", **shop(SIMPLE % 3)))
    assert found.one("SO-D460")["severity"] == "warning"
    assert "QUORUM needs 2 replicas of shop, 1 can be there" in found.one("SO-D463")["message"]


def test_one_replica_is_enough_for_one(examine, cluster):
    assert "SO-D463" not in examine(cluster(", consistency: LOCAL_ONE", **shop(SIMPLE % 3))).codes


def test_replication_in_an_unknown_datacenter(examine, cluster):
    assert "dc9" in examine(cluster(**shop(NETWORK % "dc9"))).one("SO-D461")["message"]


def test_a_keyspace_that_is_not_durable(examine, cluster):
    examine(cluster(**shop(durable="false"))).one("SO-D467")
