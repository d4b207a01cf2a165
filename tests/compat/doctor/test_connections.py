"""Traps that every endpoint can set: names, ports, silence, other services, TLS."""
import socket

import pytest
from cassandra_node import Node
from endpoints import Endpoint, Web, hang_up, inside_of_a_container, silent, zookeeper
from kafka_broker import Broker
from server import free_port

CLOSED = "SO-D413" if inside_of_a_container() else "SO-D402"
SYSTEMS = {"kafka": "kafka: {{ bootstrap: \"{0}\"{1} }}", "cassandra": "cassandra: {{ contact_points: [\"{0}\"]{1} }}"}


def profile(system, address, more=""):
    return SYSTEMS[system].format(address, more)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_name_that_does_not_resolve(examine, system):
    found = examine(profile(system, "broker.invalid:9092"))
    assert "broker.invalid" in found.one("SO-D401")["message"]
    assert found.one("SO-D401")["line"] > 20 and found.status == 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_closed_port(examine, system):
    assert examine(profile(system, f"127.0.0.1:{free_port()}")).one(CLOSED)["severity"] == "problem"


def test_a_closed_port_of_an_address_that_is_not_localhost(examine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        route.connect(("192.0.2.1", 9))  # sends nothing: asks which address of ours would be used
        own = route.getsockname()[0]
    if own.startswith("127."):
        pytest.skip("this machine has loopback only")
    examine(profile("kafka", f"{own}:{free_port()}")).one("SO-D402")


def test_an_address_where_nobody_answers(examine):
    found = examine(profile("kafka", "192.0.2.1:9092"))  # a net for examples (RFC 5737)
    assert "SO-D403" in found.codes or "SO-D402" in found.codes
    assert found.took < 6


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("behaviour", [silent, hang_up])
def test_a_port_that_says_nothing(examine, system, behaviour):
    with Endpoint(behaviour) as endpoint:
        found = examine(profile(system, endpoint.address))
    found.one("SO-D404")
    assert found.took < 6


@pytest.mark.parametrize("system", SYSTEMS)
def test_another_service_on_the_port(examine, system):
    with Web({}) as web:
        found = examine(profile(system, f"127.0.0.1:{web.port}"))
    assert "HTTP" in found.one("SO-D405")["message"]


def test_a_zookeeper_as_bootstrap_server(examine):
    with Endpoint(zookeeper) as endpoint:
        examine(profile("kafka", endpoint.address)).one("SO-D421")


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_port_wants_tls(examine, authority, system):
    with Endpoint(silent, authority.server_context("127.0.0.1")) as endpoint:
        examine(profile(system, endpoint.address)).one("SO-D406")


def test_the_port_speaks_no_tls(examine):
    with Endpoint(Broker().talk) as broker, Endpoint(Node().talk) as node:
        found = examine(profile("kafka", broker.address, ", tls: {}"), profile("cassandra", node.address, ", tls: {}"))
    assert found.codes.count("SO-D407") == 2



@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("code, how", [("SO-D408", {"expired": True}), ("SO-D410", {"alternative": "DNS:broker.example"})])
def test_bad_certificates(examine, authority, system, code, how):
    talk = Broker().talk if system == "kafka" else Node().talk
    with Endpoint(talk, authority.server_context(f"{system}-{code}", **how)) as endpoint:
        found = examine(profile(system, endpoint.address, f", tls: {{ ca_file: \"{authority.certificate}\" }}"))
    assert found.one(code)["severity"] == "problem"
    if code == "SO-D410":
        assert "broker.example" in found.one(code)["message"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_certificate_of_an_unknown_authority(examine, authority, system):
    talk = Broker().talk if system == "kafka" else Node().talk
    with Endpoint(talk, authority.server_context("stranger")) as endpoint:
        found = examine(profile(system, endpoint.address, ", tls: {}"))
    assert "Doctor test authority" in found.one("SO-D409")["message"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_good_certificate_is_fine(examine, authority, system):
    talk = Broker().talk if system == "kafka" else Node().talk
    with Endpoint(talk, authority.server_context("good")) as endpoint:
        found = examine(profile(system, endpoint.address, f", tls: {{ ca_file: \"{authority.certificate}\" }}"))
    assert found.probe(f"{system}.certificate")["state"] == "fine", found


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_other_side_wants_our_certificate(examine, authority, system):
    talk = Broker().talk if system == "kafka" else Node().talk
    with Endpoint(talk, authority.server_context("mutual", wants_certificate=True)) as endpoint:
        found = examine(profile(system, endpoint.address, f", tls: {{ ca_file: \"{authority.certificate}\" }}"))
    found.one("SO-D411")


def test_certificate_files_that_cannot_be_read(examine, authority):
    with Endpoint(Broker().talk, authority.server_context("unread")) as endpoint:
        examine(profile("kafka", endpoint.address, ", tls: { ca_file: /nowhere/ca.pem }")).one("SO-D412")


def test_what_is_no_host_and_port(examine):
    found = examine(profile("kafka", "localhost:port"), profile("cassandra", "a:b"))
    assert found.codes.count("SO-D415") == 2


def test_the_second_address_of_a_name_answers(examine):
    addresses = [each[4][0] for each in socket.getaddrinfo("localhost", 1, type=socket.SOCK_STREAM)]
    if addresses[0] != "::1":
        pytest.skip("localhost is not ::1 first here; doctor/probes_test.cc has the recorded facts")
    with Endpoint(Broker().talk) as broker:
        found = examine(profile("kafka", f"localhost:{broker.port}"))
    assert found.one("SO-D414")["severity"] == "warning"


def test_one_server_of_two_is_enough_for_a_warning(examine):
    with Endpoint(silent) as dead:
        with Endpoint(lambda connection: good.talk(connection)) as alive:
            good = Broker(brokers=[(1, "127.0.0.1", alive.port)])
            found = examine(profile("kafka", f"{dead.address},{alive.address}"))
    assert found.one("SO-D404")["severity"] == "warning"


def test_two_seconds_when_everything_answers(examine):
    with Endpoint(lambda connection: broker.talk(connection)) as kafka, Endpoint(Node().talk) as node, \
            Web({"*": (200, '{"results": ["1"]}')}) as web:
        broker = Broker(brokers=[(1, "127.0.0.1", kafka.port)])
        found = examine(profile("kafka", kafka.address), profile("cassandra", node.address), url=web.url)
    assert found.report["took_ms"] < 2000, found


def test_a_bound_when_nobody_answers(examine):
    with Endpoint(silent) as kafka, Endpoint(silent) as node, Endpoint(silent) as web:
        found = examine(profile("kafka", ",".join([kafka.address] * 3)), profile("cassandra", node.address),
                        url=f"http://{web.address}/")
    assert found.report["took_ms"] < 4500
    assert found.codes.count("SO-D404") >= 3
