"""Questions that show whether a server answers; each raises NotYet when it does not."""
import socket
import urllib.error
import urllib.request

from .service import NotYet

TIMEOUT = 5  # seconds for one answer


def connect(port, host="127.0.0.1"):
    """A connected socket with a timeout."""
    try:
        return socket.create_connection((host, port), timeout=TIMEOUT)
    except OSError as error:
        raise NotYet(f"nobody accepts on {host}:{port} ({error})") from None


def read(connection, size):
    """Exactly `size` bytes."""
    data = b""
    while len(data) < size:
        try:
            chunk = connection.recv(size - len(data))
        except OSError as error:
            raise NotYet(f"the port is open, no answer came ({error})") from None
        if not chunk:
            raise NotYet("the connection was closed before an answer")
        data += chunk
    return data


def http(url, method="GET", body=None, headers=None, statuses=(200,)):
    """The body of the answer, as text."""
    request = urllib.request.Request(url, data=body.encode() if body else None, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            status, text = answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode(errors="replace")
    except (OSError, ValueError) as error:
        raise NotYet(f"no answer from {url} ({error})") from None
    if status not in statuses:
        raise NotYet(f"{url} answers {status}: {text[:200]}")
    return text
