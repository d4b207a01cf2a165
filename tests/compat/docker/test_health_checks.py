"""The health checks of the compose files say yes to a server that serves, and no to one that is gone, silent or another."""
import contextlib
import socket
import subprocess
import threading

import pytest
from server import ROOT, free_port

CHECKS = {"kafka": ["{port}"], "cassandra": ["{port}"], "zookeeper": ["{port}"], "grpc": ["{port}"],
          "http": ["127.0.0.1", "{port}", "/", "text"]}


def check(name, port):
    words = [word.format(port=port) for word in CHECKS[name]]
    done = subprocess.run([str(ROOT / "deploy" / "docker" / "health" / name), *words], capture_output=True, timeout=20, check=False)
    return done.returncode == 0


@contextlib.contextmanager
def answering(*answers):
    """A server that sends the answers one by one, each after a request; then says nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    for answer in answers:
                        connection.recv(4096)
                        connection.sendall(answer)
                    connection.settimeout(8)
                    while connection.recv(4096):  # until the other side has gone: a close before that could take the answer along
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
    thread.join(10)


@pytest.mark.parametrize("name", CHECKS)
def test_nobody_there(name):
    assert not check(name, free_port())


@pytest.mark.parametrize("name", CHECKS)
def test_somebody_who_accepts_and_says_nothing(name):
    with answering() as port:
        assert not check(name, port)


@pytest.mark.parametrize("name", CHECKS)
def test_somebody_else(name):
    with answering(b"SSH-2.0-OpenSSH_9.2\r\n" * 4) as port:
        assert not check(name, port)


def test_kafka_and_cassandra_as_our_servers_speak_them(server):
    assert check("kafka", int(server.kafka.rpartition(":")[2]))
    assert check("cassandra", server.cql[1])
    assert not check("kafka", server.cql[1])
    assert not check("cassandra", int(server.kafka.rpartition(":")[2]))


def test_a_kafka_that_knows_no_broker_is_not_ready():
    # Metadata version 1 of a broker that its controller has not told anything: size, correlation, no brokers, controller, topics
    with answering(bytes([0, 0, 0, 16, 0, 0, 0, 1, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0])) as port:
        assert not check("kafka", port)


def test_a_cassandra_that_starts_is_not_ready():
    ready = bytes([0x84, 0, 0, 0, 2, 0, 0, 0, 0])
    error = bytes([0x84, 0, 0, 1, 0, 0, 0, 0, 6, 0, 0, 0x10, 1, 0, 0])  # "bootstrapping"
    with answering(ready, error) as port:
        assert not check("cassandra", port)


def test_zookeeper_with_and_without_its_quorum():
    with answering(b"Zookeeper version: 3.8.4\nMode: standalone\n") as port:
        assert check("zookeeper", port)
    with answering(b"This ZooKeeper instance is not currently serving requests\n") as port:
        assert not check("zookeeper", port)


def test_http_wants_200_and_the_text():
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    with answering(head + b"a text") as port:
        assert check("http", port)
    with answering(head + b"another") as port:
        assert not check("http", port)
    with answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\ntext") as port:
        assert not check("http", port)


def test_grpc_greets_with_settings():
    with answering(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])) as port:
        assert check("grpc", port)
    with answering(bytes([0, 0, 8, 7, 0, 0, 0, 0, 0]) + bytes(8)) as port:  # goes away
        assert not check("grpc", port)
