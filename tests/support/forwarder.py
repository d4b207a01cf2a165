"""A port of this machine that behaves as told: closed, mute (accepts and says nothing), or passing everything on to another one."""
import socket
import threading

from server import free_port


class Forwarder:
    """Closed at first. A context manager."""

    def __init__(self, target):
        """`target` is "host:port"."""
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self.port = free_port()
        self.at = f"127.0.0.1:{self.port}"
        self._listener = None
        self._open = []
        self._passing = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def pass_on(self):
        """Clients reach the target from now on; those that met a mute port have to come again."""
        self._passing = True
        self._drop()
        self._listen()

    def be_mute(self):
        """Connections are accepted, and nobody answers: a service that is half started."""
        self._passing = False
        self._drop()
        self._listen()

    def close(self):
        """Refuses connections and breaks those that there are."""
        if self._listener:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self._drop()

    def _listen(self):
        if self._listener:
            return
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._open.append(client)
            if self._passing:
                self._connect(client)

    def _connect(self, client):
        try:
            server = socket.create_connection(self._target)
        except OSError:
            client.close()
            return
        self._open.append(server)
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=_copy, args=(one, other), daemon=True).start()

    def _drop(self):
        for each in self._open:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()
        self._open.clear()


def _copy(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    for each in (one, other):
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
