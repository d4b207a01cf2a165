"""Endpoints with a fault each, for `streamops doctor` to find: each listens on a free port and answers as it was told."""
import datetime
import http.server
import os
import socket
import ssl
import subprocess
import threading


class Endpoint:
    """A TCP server; `talk(connection)` is called for each connection, on a thread of its own."""

    def __init__(self, talk, context=None, host="127.0.0.1"):
        self.talk = talk
        self.context = context
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        self.host = host
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                if self.context:
                    with self.context.wrap_socket(connection, server_side=True) as secured:
                        self.talk(secured)
                else:
                    self.talk(connection)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def silent(connection):
    """Takes everything, says nothing."""
    while connection.recv(4096):
        pass


def hang_up(connection):
    connection.recv(1)


def zookeeper(connection):
    if connection.recv(4096).startswith(b"srvr"):
        connection.sendall(b"Zookeeper version: 3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12\n")


def http2(connection):
    """The first frame of every HTTP/2 server: SETTINGS."""
    connection.recv(4096)
    connection.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    silent(connection)


class Web:
    """An HTTP server; `answers` maps a path (without its query), perhaps with a method before it, to
    (status, body) or (status, body, headers)."""

    def __init__(self, answers, context=None, delay=0.0, date=None):
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                path = self.path.split("?")[0]
                web.requests.append((self.command, self.path, dict(self.headers), body))
                threading.Event().wait(delay)
                found = answers.get(f"{self.command} {path}", answers.get(path, answers.get("*", (404, "not here"))))
                if callable(found):
                    found = found(dict(self.headers))
                status, text, headers = (*found, {})[:3]
                data = text.encode()
                self.send_response_only(status)
                when = date or datetime.datetime.now(datetime.timezone.utc)
                self.send_header("Date", when.strftime("%a, %d %b %Y %H:%M:%S GMT"))
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.requests = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def inside_of_a_container():
    return os.path.exists("/.dockerenv") or os.path.exists("/run/.containerenv")


def _openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Authority:
    """Issues certificates into a folder."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.certificate = os.path.join(self.folder, "ca.pem")
        self.key = os.path.join(self.folder, "ca.key")
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Doctor test authority",
                 "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, alternative="IP:127.0.0.1", expired=False):
        """Returns the paths of a certificate and its key."""
        base = os.path.join(self.folder, name)
        _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", base + ".key", "-out", base + ".csr")
        with open(base + ".ext", "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={alternative}\n")
        # A negative number of days: the end lies before the beginning, and both before now.
        _openssl("x509", "-req", "-in", base + ".csr", "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                 "-days", "-1" if expired else "30", "-extfile", base + ".ext", "-out", base + ".pem")
        return base + ".pem", base + ".key"

    def server_context(self, name, wants_certificate=False, **how):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, **how))
        if wants_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        return context
