"""What the recipes of tools/services write and read, without starting anything."""
import pathlib
import socket
import ssl
import struct
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from services import catalogue, certificates, cql_wire, kafka_wire  # noqa: E402
from services.service import NotYet  # noqa: E402


def made(selector, folder, **options):
    """The recipe's object as the manager makes it, with ports 1001, 1002 …"""
    version = catalogue.select(selector)
    recipe = catalogue.recipe(version.service)
    values = catalogue.option_values(version, options)
    ports = {name: 1001 + number for number, name in enumerate(recipe.port_names(version, values))}
    return recipe(version, folder, {"jars": folder}, ports, values, {"zookeeper": {"connect": "127.0.0.1:999"}})


def properties(service):
    return dict(line.split("=", 1) for line in "\n".join(f"{k}={v}" for k, v in service._settings().items()).splitlines())


def test_every_listener_of_kafka_advertises_itself(tmp_path):
    found = properties(made("kafka@4", tmp_path, secure="yes"))
    advertised = found["advertised.listeners"].split(",")
    assert [each.split("://")[0] for each in advertised] == ["PLAINTEXT", "SECOND", "SASL", "TLS", "SASLTLS"]
    assert len({each.rsplit(":", 1)[1] for each in advertised}) == 5
    assert set(advertised) < set(found["listeners"].split(","))
    assert "CONTROLLER" not in found["advertised.listeners"]


def test_the_second_listener_can_advertise_something_else(tmp_path):
    found = properties(made("kafka@4", tmp_path, advertised_second="nowhere:29092"))
    assert "SECOND://nowhere:29092" in found["advertised.listeners"] and "nowhere" not in found["listeners"]


def test_kafka_3_9_has_a_zookeeper_or_a_quorum(tmp_path):
    old, new = properties(made("kafka@3.9", tmp_path)), properties(made("kafka@3.9-kraft", tmp_path))
    assert old["zookeeper.connect"] == "127.0.0.1:999/kafka" and "process.roles" not in old
    assert new["controller.quorum.voters"] == "1@127.0.0.1:1003" and "zookeeper.connect" not in new
    assert catalogue.recipe("kafka").needs(catalogue.select("kafka@3.9"), {"mode": "zookeeper"}) == ["zookeeper"]


@pytest.mark.parametrize("options, wanted, unwanted", [({}, ["periodic"], ["PasswordAuthenticator", "client_encryption"]),
                                                       ({"commitlog": "batch"}, ["commitlog_sync: batch"], ["periodic"]),
                                                       ({"auth": "yes"}, ["PasswordAuthenticator"], ["client_encryption"]),
                                                       ({"tls": "yes"}, ["optional: false", "PEMBased"], ["PasswordAuthenticator"])])
def test_cassandra_is_configured_as_told(tmp_path, options, wanted, unwanted):
    made("cassandra@5.0", tmp_path, **options).configure()
    text = (tmp_path / "etc" / "cassandra.yaml").read_text()
    assert all(word in text for word in wanted) and not any(word in text for word in unwanted)


def test_certificates_are_good_for_localhost(tmp_path):
    folder = certificates.make(tmp_path / "tls")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem", folder / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def answer():
            with listener.accept()[0] as accepted, server.wrap_socket(accepted, server_side=True) as secure:
                secure.sendall(b"hello")

        threading.Thread(target=answer, daemon=True).start()
        client = ssl.create_default_context(cafile=folder / "ca.pem")
        with socket.create_connection(listener.getsockname()) as plain, client.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            assert secure.recv(5) == b"hello"
    assert (folder / "server.key").read_text().startswith("-----BEGIN PRIVATE KEY")
    before = (folder / "ca.pem").read_bytes()
    certificates.make(folder)
    assert (folder / "ca.pem").read_bytes() == before, "what is there stays"


class Answering:
    """Answers the first request on a port with these bytes. A context manager; gives the port."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return self._listener.getsockname()[1]

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self):
        while self._answers:
            try:
                with self._listener.accept()[0] as accepted:
                    accepted.recv(65536)
                    accepted.sendall(self._answers.pop(0))
            except OSError:
                return


def kafka_answer(body):
    return struct.pack(">ii", len(body) + 4, 1) + body


def metadata(port, controller=1):
    host = b"127.0.0.1"
    return kafka_answer(struct.pack(">ii", 1, 1) + struct.pack(">h", len(host)) + host + struct.pack(">ih", port, -1) + struct.pack(">ii", controller, 0))


VERSIONS = kafka_answer(struct.pack(">hi", 0, 0))


def test_a_page_of_a_web_server_is_no_kafka():
    with Answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port, pytest.raises(NotYet, match="does not speak Kafka"):
        kafka_wire.check(port)


def test_a_broker_that_advertises_another_port_is_not_ready():
    with Answering(VERSIONS, metadata(9092)) as port, pytest.raises(NotYet, match=f"does not advertise port {port}"):
        kafka_wire.check(port)


def test_a_broker_without_a_controller_is_not_ready():
    with Answering(VERSIONS, b"") as port, pytest.raises(NotYet, match="closed before an answer"):
        kafka_wire.check(port)
    assert kafka_wire._brokers(metadata(9092, controller=-1)[8:]) == ([9092], -1)


def test_an_error_of_cassandra_is_told_in_its_words():
    text = b"no room"
    body = struct.pack(">iH", 0x1001, len(text)) + text
    with Answering(struct.pack(">BBhBi", 0x84, 0, 1, 0, len(body)) + body) as port, pytest.raises(NotYet, match="0x1001: no room"):
        cql_wire.Session(port)


def test_what_is_not_cql_is_no_cassandra():
    with Answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port, pytest.raises(NotYet, match="does not speak CQL"):
        cql_wire.Session(port)
