"""As much of a Kafka broker as a doctor talks to, every answer of which can be made wrong."""
import base64
import hashlib
import hmac
import os
import struct

API_VERSIONS, METADATA, SASL_HANDSHAKE, SASL_AUTHENTICATE, DESCRIBE_CONFIGS, LIST_OFFSETS = 18, 3, 17, 36, 32, 2
PRODUCE, INIT_PRODUCER_ID = 0, 22


def text(value):
    return struct.pack(">h", -1) if value is None else struct.pack(">h", len(value.encode())) + value.encode()


def array(items):
    return struct.pack(">i", len(items)) + b"".join(items)


def compact(items):
    return bytes([len(items) + 1]) + b"".join(items)


def receive(connection):
    """One frame, without its size; nothing at the end, or when it is none."""
    head = b""
    while len(head) < 4:
        piece = connection.recv(4 - len(head))
        if not piece:
            return None
        head += piece
    size = struct.unpack(">i", head)[0]
    if not 0 < size < 1 << 20:
        return None
    body = b""
    while len(body) < size:
        piece = connection.recv(size - len(body))
        if not piece:
            return None
        body += piece
    return body


class Broker:
    """talk() serves one connection. `brokers`: (id, host, port); `topics`: name -> {error, partitions: [(id, leader,
    replicas, in sync)], configs}; `users`: name -> password, with which a login is asked for."""

    def __init__(self, **faults):
        self.brokers = faults.get("brokers", [])
        self.topics = faults.get("topics", {})
        self.configs = faults.get("configs", {"default.replication.factor": "1"})
        self.newest = faults.get("newest", {})
        self.users = faults.get("users")
        self.mechanisms = faults.get("mechanisms", ["PLAIN", "SCRAM-SHA-256"])
        self.without = faults.get("without", ())  # keys of requests that it does not know

    def talk(self, connection):
        state = {"in": self.users is None, "mechanism": None, "scram": None}
        while (frame := receive(connection)) is not None:
            key, version, correlation = struct.unpack(">hhi", frame[:8])
            length = struct.unpack(">h", frame[8:10])[0]
            body = frame[10 + max(length, 0):]
            if key == METADATA and not state["in"]:
                return  # as a broker does with whoever has not logged in
            answer = self.answer(key, version, body, state)
            head = struct.pack(">i", correlation) + (b"\0" if key == LIST_OFFSETS and version >= 6 else b"")
            connection.sendall(struct.pack(">i", len(head) + len(answer)) + head + answer)

    def answer(self, key, version, body, state):
        return {API_VERSIONS: lambda: self.api_versions(), METADATA: lambda: self.metadata(body),
                SASL_HANDSHAKE: lambda: self.handshake(body, state), SASL_AUTHENTICATE: lambda: self.authenticate(body, state),
                DESCRIBE_CONFIGS: lambda: self.describe(body), LIST_OFFSETS: lambda: self.list_offsets()}[key]()

    def api_versions(self):
        ranges = {PRODUCE: (0, 9), LIST_OFFSETS: (1, 7), METADATA: (0, 1), SASL_HANDSHAKE: (0, 1), API_VERSIONS: (0, 0),
                  INIT_PRODUCER_ID: (0, 1), DESCRIBE_CONFIGS: (0, 1), SASL_AUTHENTICATE: (0, 0)}
        return struct.pack(">h", 0) + array([struct.pack(">hhh", key, *span) for key, span in ranges.items()
                                             if key not in self.without])

    def metadata(self, body):
        count = struct.unpack(">i", body[:4])[0]
        names, at = [], 4
        for _ in range(count):
            size = struct.unpack(">h", body[at:at + 2])[0]
            names.append(body[at + 2:at + 2 + size].decode())
            at += 2 + size
        brokers = [struct.pack(">i", number) + text(host) + struct.pack(">i", port) + text(None)
                   for number, host, port in self.brokers]
        topics = []
        for name in names:
            topic = self.topics.get(name, {"error": 3})
            partitions = [struct.pack(">hii", 0, number, leader) + array([struct.pack(">i", i) for i in range(replicas)]) +
                          array([struct.pack(">i", i) for i in range(in_sync)])
                          for number, leader, replicas, in_sync in topic.get("partitions", [])]
            topics.append(struct.pack(">h", topic.get("error", 0)) + text(name) + b"\0" + array(partitions))
        return array(brokers) + struct.pack(">i", 1) + array(topics)

    def describe(self, body):
        count, at, results = struct.unpack(">i", body[:4])[0], 4, []
        for _ in range(count):
            kind, size = struct.unpack(">bh", body[at:at + 3])
            name = body[at + 3:at + 3 + size].decode()
            at += 3 + size + 4  # the names of settings are null: all of them
            configs = self.configs if kind == 4 else self.topics.get(name, {}).get("configs", {})
            rows = [text(key) + text(value) + struct.pack(">bbb", 0, 5, 0) + array([]) for key, value in configs.items()]
            results.append(struct.pack(">h", 0) + text(None) + struct.pack(">b", kind) + text(name) + array(rows))
        return struct.pack(">i", 0) + array(results)

    def list_offsets(self):
        topics = []
        for name, newest in self.newest.items():
            partition = struct.pack(">ihqqi", 0, 0, newest, 1, -1) + b"\0"
            topics.append(bytes([len(name) + 1]) + name.encode() + compact([partition]) + b"\0")
        return struct.pack(">i", 0) + compact(topics) + b"\0"

    def handshake(self, body, state):
        size = struct.unpack(">h", body[:2])[0]
        state["mechanism"] = body[2:2 + size].decode()
        if self.users is None:
            return struct.pack(">h", 34) + array([])
        error = 0 if state["mechanism"] in self.mechanisms else 33
        return struct.pack(">h", error) + array([text(name) for name in self.mechanisms])

    def authenticate(self, body, state):
        message = body[4:]
        if state["mechanism"] == "PLAIN":
            _, name, password = message.decode().split("\0")
            state["in"] = self.users.get(name) == password
            answer = b""
        else:
            answer = self.scram(message.decode(), state)
        error = 0 if answer is not None and (state["in"] or state["scram"]) else 58
        return struct.pack(">h", error) + text(None if error == 0 else "Authentication failed") + \
            struct.pack(">i", len(answer or b"")) + (answer or b"")

    def scram(self, message, state):
        digest = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}[state["mechanism"]]
        if state["scram"] is None:
            fields = dict(piece.split("=", 1) for piece in message[3:].split(","))
            salt = os.urandom(12)
            first = f"r={fields['r']}server,s={base64.b64encode(salt).decode()},i=4096"
            state["scram"] = (fields["n"], message[3:], first, salt)
            return first.encode()
        name, client_first, server_first, salt = state["scram"]
        state["scram"] = None
        without_proof, proof = message.rsplit(",p=", 1)
        salted = hashlib.pbkdf2_hmac(digest, self.users.get(name, "").encode(), salt, 4096)
        key = hmac.digest(salted, b"Client Key", digest)
        signature = hmac.digest(hashlib.new(digest, key).digest(), f"{client_first},{server_first},{without_proof}".encode(), digest)
        state["in"] = bytes(a ^ b for a, b in zip(key, signature)) == base64.b64decode(proof)
        server_key = hmac.digest(salted, b"Server Key", digest)
        verifier = hmac.digest(server_key, f"{client_first},{server_first},{without_proof}".encode(), digest)
        return b"v=" + base64.b64encode(verifier) if state["in"] else None
