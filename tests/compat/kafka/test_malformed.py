"""Bytes that no good client sends: the connection ends, the server lives on and serves others."""
import os
import random
import socket
import struct
import time

import pytest
from confluent_kafka.admin import AdminClient

FRAME_TIMEOUT = 1.0


@pytest.fixture(scope="module")
def port(server):
    return int(server.kafka.rsplit(":", 1)[1])


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def is_closed(connection):
    """True when the server ends the connection, whatever it says before."""
    try:
        while connection.recv(65536):
            pass
        return True
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def request(key, version, body=b"", correlation=7):
    frame = struct.pack(">hhih", key, version, correlation, 4) + b"test" + body
    return struct.pack(">i", len(frame)) + frame


def answer(connection):
    size = struct.unpack(">i", receive(connection, 4))[0]
    return receive(connection, size)


def receive(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, "closed in the middle of an answer"
        data += piece
    return data


def serves(server):
    return AdminClient({"bootstrap.servers": server.kafka}).list_topics(timeout=10).brokers


API_VERSIONS, METADATA, PRODUCE, FETCH = 18, 3, 0, 1


@pytest.mark.parametrize("bytes_sent", [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    struct.pack(">i", 2**31 - 1),
    struct.pack(">i", -1),
    struct.pack(">i", 101 * 1024 * 1024),
    struct.pack(">i", 0),
    struct.pack(">i", 3) + b"abc",
    request(METADATA, 99),
    request(999, 0),
    request(METADATA, 1, struct.pack(">i", 2**31 - 1)),
    request(METADATA, 1, struct.pack(">ih", 1, 32767) + b"short"),
    request(PRODUCE, 7, b"\xff\xff\x00\x01"),
    request(FETCH, 4, b"\x00" * 7),
], ids=["http", "tls", "2GB", "negative", "101MiB", "empty", "tiny", "version", "api", "array", "string", "cut", "cut2"])
def test_what_is_not_kafka_ends_the_connection(server, port, bytes_sent):
    with connect(port) as connection:
        connection.sendall(bytes_sent)
        assert is_closed(connection)
    assert serves(server)


def test_api_versions_of_the_future_is_answered_in_version_0(port):
    with connect(port) as connection:
        connection.sendall(request(API_VERSIONS, 99, b"\x00"))  # no tagged fields in the header
        assert answer(connection)[:6] == struct.pack(">ih", 7, 35)


def test_random_bytes_in_good_frames(server, port):
    dice = random.Random(int(os.environ.get("SEED", "1")))
    for _ in range(300):
        body = dice.randbytes(dice.randrange(200))
        with connect(port) as connection:
            connection.sendall(request(dice.randrange(0, 76), dice.randrange(0, 14), body))
            connection.shutdown(socket.SHUT_WR)
            is_closed(connection)
    assert serves(server)


def test_a_batch_with_a_wrong_checksum_is_refused_and_not_kept(server, port, topic):
    AdminClient({"bootstrap.servers": server.kafka}).list_topics(topic, timeout=10)
    batch = struct.pack(">qiibIhiqqqhii", 0, 49 + 10, 0, 2, 12345, 0, 0, 0, 0, -1, -1, -1, 1) + bytes(10)
    name = topic.encode()
    body = struct.pack(">hhi", -1, -1, 1000) + struct.pack(">ih", 1, len(name)) + name
    body += struct.pack(">iii", 1, 0, len(batch)) + batch
    with connect(port) as connection:
        connection.sendall(request(METADATA, 4, struct.pack(">ih", 1, len(name)) + name + b"\x01"))
        answer(connection)
        connection.sendall(request(PRODUCE, 7, body))
        reply = answer(connection)
    error, = struct.unpack_from(">h", reply, 4 + 4 + 2 + len(name) + 4 + 4)
    assert error == 2  # CORRUPT_MESSAGE


def test_answers_keep_the_order_of_pipelined_requests(port):
    with connect(port) as connection:
        connection.sendall(b"".join(request(API_VERSIONS, i % 3, correlation=i) for i in range(500)))
        for i in range(500):
            assert struct.unpack_from(">i", answer(connection))[0] == i


def test_a_client_that_drips_bytes_is_cut_off(own_server):
    server = own_server(f"kafka.frame_timeout={int(FRAME_TIMEOUT * 1000)}ms")
    port = int(server.kafka.rsplit(":", 1)[1])
    whole = request(METADATA, 1, struct.pack(">i", 0))
    begin = time.monotonic()
    with connect(port) as connection:
        with pytest.raises(OSError):
            for i in range(100):
                connection.sendall(whole[i % len(whole) : i % len(whole) + 1] if i < len(whole) - 1 else b"")
                time.sleep(0.1)
                connection.settimeout(0.01)
                try:
                    if connection.recv(1) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    pass
    assert FRAME_TIMEOUT * 0.9 < time.monotonic() - begin < FRAME_TIMEOUT * 4
    assert serves(server)


def test_an_idle_client_is_let_go(own_server):
    server = own_server("kafka.idle_timeout=1s")
    with connect(int(server.kafka.rsplit(":", 1)[1])) as connection:
        begin = time.monotonic()
        assert is_closed(connection)
        assert 0.9 < time.monotonic() - begin < 5


def test_more_clients_than_allowed_are_turned_away(own_server):
    server = own_server("kafka.max_connections=5")
    port = int(server.kafka.rsplit(":", 1)[1])
    open_ones = [connect(port) for _ in range(5)]
    for connection in open_ones:
        connection.sendall(request(API_VERSIONS, 0))
        answer(connection)
    with connect(port) as one_too_many:
        assert is_closed(one_too_many)
    for connection in open_ones:
        connection.close()
    time.sleep(0.2)
    assert serves(server)


def test_half_open_connections_and_unread_answers_cost_nothing_but_themselves(server, port):
    held = []
    for _ in range(50):
        connection = connect(port)
        connection.sendall(request(METADATA, 1, struct.pack(">i", -1))[:-2])
        held.append(connection)
    greedy = connect(port)
    greedy.setblocking(False)
    try:
        for _ in range(100_000):
            greedy.send(request(API_VERSIONS, 0))
    except BlockingIOError:
        pass  # the server reads no more requests while its answers are not taken
    assert serves(server)
    for connection in [*held, greedy]:
        connection.close()


def test_memory_is_not_taken_for_announced_sizes(server, port):
    def resident():
        with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    before = resident()
    held = [connect(port) for _ in range(20)]
    for connection in held:
        connection.sendall(struct.pack(">i", 99 * 1024 * 1024) + b"begin")
    time.sleep(0.3)
    assert resident() - before < 50 * 1024 * 1024
    for connection in held:
        connection.close()
