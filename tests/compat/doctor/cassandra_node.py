"""As much of a Cassandra node as a doctor talks to, in protocol v4, every answer of which can be made wrong."""
import re
import struct
import time

VARCHAR, TIMESTAMP = 0x0D, 0x0B
ERROR, STARTUP, READY, AUTHENTICATE, OPTIONS, SUPPORTED, QUERY, RESULT, AUTH_RESPONSE, AUTH_SUCCESS = 0, 1, 2, 3, 5, 6, 7, 8, 15, 16


def text(value):
    return struct.pack(">H", len(value.encode())) + value.encode()


def rows(columns, values):
    """A Rows result; `columns`: (name, type), `values`: rows of texts and integers."""
    out = struct.pack(">iii", 2, 1, len(columns)) + text("ks") + text("t")
    for name, kind in columns:
        out += text(name) + struct.pack(">H", kind)
    out += struct.pack(">i", len(values))
    for row in values:
        for value in row:
            data = struct.pack(">q", value) if isinstance(value, int) else value.encode()
            out += struct.pack(">i", len(data)) + data
    return out


class Node:
    """`keyspaces`: name -> (replication as text, durable); `columns`: (keyspace, table) -> [(name, type, kind,
    position)]; `peers`: [(datacenter, schema version, address)]; `users`: name -> password, with which a login is asked for."""

    def __init__(self, **faults):
        self.datacenter = faults.get("datacenter", "datacenter1")
        self.peers = faults.get("peers", [])
        self.keyspaces = faults.get("keyspaces", {})
        self.columns = faults.get("columns", {})
        self.users = faults.get("users")
        self.skew_ms = faults.get("skew_ms", 0)
        self.versions = faults.get("versions", ["3/v3", "4/v4", "5/v5", "6/v6-beta"])
        self.starting = faults.get("starting", False)

    def talk(self, connection):
        while True:
            head = connection.recv(9, 0x100)  # MSG_WAITALL
            if len(head) < 9 or head[0] != 4:
                return
            size = struct.unpack(">i", head[5:])[0]
            body = connection.recv(size, 0x100) if size else b""
            opcode, answer = self.answer(head[4], body)
            connection.sendall(struct.pack(">BBhBi", 0x84, 0, 0, opcode, len(answer)) + answer)

    def answer(self, opcode, body):
        if opcode == OPTIONS:
            versions = b"".join(text(version) for version in self.versions)
            return SUPPORTED, struct.pack(">H", 1) + text("PROTOCOL_VERSIONS") + struct.pack(">H", len(self.versions)) + versions
        if opcode == STARTUP and self.starting:
            return ERROR, struct.pack(">i", 0x1002) + text("Cannot serve yet")
        if opcode == STARTUP:
            if self.users is None:
                return READY, b""
            return AUTHENTICATE, text("org.apache.cassandra.auth.PasswordAuthenticator")
        if opcode == AUTH_RESPONSE:
            _, name, password = body[4:].decode().split("\0")
            if self.users.get(name) == password:
                return AUTH_SUCCESS, struct.pack(">i", -1)
            return ERROR, struct.pack(">i", 0x0100) + text("Provided username and/or password are incorrect")
        query = body[4:4 + struct.unpack(">i", body[:4])[0]].decode()
        return RESULT, self.select(query)

    def select(self, query):
        names = re.findall(r"'([^']*)'", query)
        if "system.local" in query:
            now = int(time.time() * 1000) + self.skew_ms
            return rows([("data_center", VARCHAR), ("release_version", VARCHAR), ("schema_version", VARCHAR), ("rpc_address", VARCHAR),
                         ("now", TIMESTAMP)], [(self.datacenter, "5.0.5", "v1", "127.0.0.1", now)])
        if "system.peers" in query:
            return rows([("data_center", VARCHAR), ("schema_version", VARCHAR), ("rpc_address", VARCHAR)], self.peers)
        if "system_schema.keyspaces" in query:
            found = [(names[0], *self.keyspaces[names[0]])] if names[0] in self.keyspaces else []
            return rows([("keyspace_name", VARCHAR), ("replication", VARCHAR), ("durable_writes", VARCHAR)], found)
        assert "system_schema.columns" in query, query
        return rows([("column_name", VARCHAR), ("type", VARCHAR), ("kind", VARCHAR), ("position", VARCHAR)],
                    self.columns.get((names[0], names[1]), []))
