"""As much of the CQL protocol (version 4) as it takes to see that a node answers, and to give it users."""
import ssl
import struct

from . import probe
from .service import NotYet

_ERROR, _STARTUP, _READY, _AUTHENTICATE, _QUERY, _RESULT, _AUTH_RESPONSE, _AUTH_SUCCESS = 0, 1, 2, 3, 7, 8, 0x0F, 0x10
_ROWS = 2


class Session:
    """One connection, logged in. A context manager."""

    def __init__(self, port, user=None, password=None, authority=None):
        self._socket = probe.connect(port)
        if authority:
            context = ssl.create_default_context(cafile=str(authority))
            context.load_cert_chain(authority.parent / "client.pem", authority.parent / "client.key")
            try:
                self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
            except OSError as error:
                raise NotYet(f"no TLS on port {port} ({error})") from None
        opcode, _ = self._ask(_STARTUP, struct.pack(">H", 1) + _text("CQL_VERSION") + _text("3.0.0"))
        if opcode == _AUTHENTICATE:
            token = b"\0" + (user or "").encode() + b"\0" + (password or "").encode()
            opcode, _ = self._ask(_AUTH_RESPONSE, struct.pack(">i", len(token)) + token)
        if opcode not in (_READY, _AUTH_SUCCESS):
            raise NotYet(f"the node answers the greeting with opcode {opcode}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def query(self, text):
        """The rows, as lists of bytes; [] for a statement without rows."""
        data = text.encode()
        opcode, body = self._ask(_QUERY, struct.pack(">i", len(data)) + data + struct.pack(">HB", 1, 0))
        if opcode != _RESULT or struct.unpack_from(">i", body)[0] != _ROWS:
            return []
        return _rows(body)

    def _ask(self, opcode, body):
        try:
            self._socket.sendall(struct.pack(">BBhBi", 4, 0, 1, opcode, len(body)) + body)
        except OSError as error:
            raise NotYet(f"the connection broke ({error})") from None
        version, _, _, answer, length = struct.unpack(">BBhBi", probe.read(self._socket, 9))
        if version & 0x80 == 0 or not 0 <= length < 1 << 24:
            raise NotYet("what listens there does not speak CQL")
        body = probe.read(self._socket, length)
        if answer == _ERROR:
            code, size = struct.unpack_from(">iH", body)
            raise NotYet(f"error {code:#x}: {body[6:6 + size].decode(errors='replace')}")
        return answer, body


def _text(value):
    return struct.pack(">H", len(value)) + value.encode()


def _rows(body):
    """Rows of a RESULT whose columns all have simple types."""
    flags, columns = struct.unpack_from(">ii", body, 4)
    at = 12

    def skip_text(position):
        return position + 2 + struct.unpack_from(">H", body, position)[0]

    if flags & 1:  # keyspace and table are told once, for all columns
        at = skip_text(skip_text(at))
    for _ in range(columns):
        at = at if flags & 1 else skip_text(skip_text(at))
        at = skip_text(at) + 2
    count = struct.unpack_from(">i", body, at)[0]
    at += 4
    rows = []
    for _ in range(count):
        row = []
        for _ in range(columns):
            size = struct.unpack_from(">i", body, at)[0]
            row.append(body[at + 4:at + 4 + max(size, 0)])
            at += 4 + max(size, 0)
        rows.append(row)
    return rows
