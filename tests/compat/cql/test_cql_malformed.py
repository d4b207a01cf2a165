"""Bytes that are no CQL, frames that lie about their length, clients that dawdle: an error, a closed connection, and a server that goes on."""
import socket
import struct
import time

import pytest
from session import session_on

OPTIONS = bytes.fromhex("040000010500000000")
STARTUP = bytes.fromhex("0400000201000000160001000b43514c5f56455253494f4e0005332e302e30")


def connect(server):
    connection = socket.create_connection(server.cql, timeout=10)
    return connection


def answer(connection):
    """(version, stream, opcode, body) of one unsegmented frame."""
    head = b""
    while len(head) < 9:
        more = connection.recv(9 - len(head))
        if not more:
            return None
        head += more
    version, _, stream, opcode, length = struct.unpack(">BBhBi", head)
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return version, stream, opcode, body


def is_closed(connection):
    connection.settimeout(10)
    try:
        while connection.recv(65536):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def lives(server):
    with session_on(server) as session:
        return session.execute("SELECT key FROM system.local").one().key == "local"


@pytest.mark.parametrize("version", (66, 65, 7, 2, 1))
def test_unknown_versions_are_refused_as_cassandra_does(server, version):
    with connect(server) as connection:
        connection.sendall(bytes([version]) + OPTIONS[1:])
        got = answer(connection)
        assert got is not None and got[2] == 0 and got[3][:4] == bytes.fromhex("0000000a")
        assert b"nvalid or unsupported protocol version" in got[3]
    assert lives(server)


def test_a_length_of_two_gigabytes_reserves_nothing(server):
    with connect(server) as connection:
        connection.sendall(bytes.fromhex("04000001077fffffff") + b"SELECT")
        got = answer(connection)
        assert got is not None and got[2] == 0
        assert is_closed(connection)
    assert lives(server)


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 10, b"\x00" * 64, b"\xff" * 64])
def test_other_protocols_are_turned_away(server, garbage):
    with connect(server) as connection:
        connection.sendall(garbage)
        assert is_closed(connection)
    assert lives(server)


@pytest.mark.parametrize("frame", [
    "0400000307" + "00000004" + "7fffffff",                # a text longer than its frame
    "040000030a" + "00000003" + "00ffff",                  # EXECUTE with half an id
    "040000030d" + "00000003" + "00ffff",                  # BATCH of 65535 statements that are not there
    "0400000307" + "00000000",                             # QUERY of nothing
    "040000030b" + "00000002" + "ffff",                    # REGISTER of events that are not there
])
def test_broken_messages_are_protocol_errors(server, frame):
    with connect(server) as connection:
        connection.sendall(STARTUP)
        assert answer(connection)[2] == 2
        connection.sendall(bytes.fromhex(frame))
        got = answer(connection)
        assert got[2] == 0 and got[3][:4] == bytes.fromhex("0000000a")
    assert lives(server)


def test_requests_before_startup_are_refused(server):
    with connect(server) as connection:
        connection.sendall(bytes.fromhex("0400000307") + struct.pack(">i", 14) + struct.pack(">i", 6) + b"SELECT" + b"\x00\x01\x00\x00"[:4])
        got = answer(connection)
        assert got[2] == 0 and got[3][:4] == bytes.fromhex("0000000a")


def test_frames_may_come_in_pieces(server):
    with connect(server) as connection:
        for byte in OPTIONS:
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
        assert answer(connection)[2] == 6


def test_a_damaged_segment_ends_the_connection(server):
    with connect(server) as connection:
        connection.sendall(b"\x05" + STARTUP[1:])
        assert answer(connection)[2] == 2
        connection.sendall(bytes.fromhex("3b00026b01ec") + b"\x00" * 70)  # the header's checksum is wrong
        assert is_closed(connection)
    assert lives(server)


def test_dawdlers_are_cut_off(own_server):
    server = own_server("cql.handshake_timeout=500ms")
    with connect(server) as silent, connect(server) as half:
        half.sendall(OPTIONS[:5])
        begin = time.monotonic()
        assert is_closed(silent) and is_closed(half)
        assert time.monotonic() - begin < 5
    assert lives(server)


def test_too_many_connections_are_closed_at_once(own_server):
    server = own_server("cql.max_connections=4")
    held = [connect(server) for _ in range(4)]
    for connection in held:
        connection.sendall(OPTIONS)
        assert answer(connection)[2] == 6
    with connect(server) as extra:
        assert is_closed(extra)
    for connection in held:
        connection.close()
    time.sleep(0.5)
    assert lives(server)
