"""As much of Kafka's protocol as it takes to see that a broker answers, and to give it users."""
import hashlib
import os
import struct

from . import probe
from .service import NotYet

_METADATA, _API_VERSIONS, _ALTER_SCRAM = 3, 18, 51
_MECHANISMS = {"SCRAM-SHA-256": (1, "sha256"), "SCRAM-SHA-512": (2, "sha512")}
_ITERATIONS = 4096


def check(port):
    """Raises NotYet unless the broker on `port` tells its versions and knows a live cluster that has itself as a member."""
    answer = _ask(port, _API_VERSIONS, 0, b"")
    if struct.unpack_from(">h", answer)[0] != 0:
        raise NotYet("the broker does not tell its versions")
    ports, controller = _brokers(_ask(port, _METADATA, 1, struct.pack(">i", 0)))
    if port not in ports:
        raise NotYet(f"the cluster does not advertise port {port} yet")
    if controller < 0:
        raise NotYet("the cluster has no controller yet")


def set_password(port, user, password):
    """Gives `user` this password for both SCRAM mechanisms: one request each, since a user may stand in a request once."""
    for number, digest in _MECHANISMS.values():
        salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac(digest, password.encode(), salt, _ITERATIONS)
        entry = _compact(user.encode()) + struct.pack(">bi", number, _ITERATIONS) + _compact(salt) + _compact(salted) + b"\0"
        answer = _ask(port, _ALTER_SCRAM, 0, _varint(1) + _varint(2) + entry + b"\0", flexible=True)
        # Tags of the header, throttle time, then per user: name, error, message, tags.
        error = struct.unpack_from(">h", answer, 6 + answer[6])[0]
        if error != 0:
            raise NotYet(f"the broker refuses the user {user} with error {error}")


def _ask(port, key, version, body, flexible=False):
    head = struct.pack(">hhi", key, version, 1) + struct.pack(">h", 8) + b"services" + (b"\0" if flexible else b"")
    with probe.connect(port) as connection:
        connection.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
        size, correlation = struct.unpack(">ii", probe.read(connection, 8))
        if correlation != 1 or not 4 < size < 1 << 20:
            raise NotYet(f"port {port} does not speak Kafka's protocol")
        return probe.read(connection, size - 4)


def _brokers(data):
    """(advertised ports, controller's id) of a Metadata answer of version 1."""
    count, at, ports = struct.unpack_from(">i", data)[0], 4, []
    for _ in range(count):
        host = struct.unpack_from(">h", data, at + 4)[0]
        ports.append(struct.unpack_from(">i", data, at + 6 + host)[0])
        rack = struct.unpack_from(">h", data, at + 10 + host)[0]
        at += 12 + host + max(rack, 0)
    return ports, struct.unpack_from(">i", data, at)[0]


def _varint(value):
    data = b""
    while value >= 0x80:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])


def _compact(data):
    return _varint(len(data) + 1) + data
