"""A users API on this machine that says the same thing every time: request k of a path gets body k.

    with UsersApi(bodies) as api:
        api.url("embedded"), api.url("real")     # each path counts for itself, so both get the same bodies in the same order

After the last body the answer is an empty list, so a run that polls once more or less often than another has the same users.
"""
import http.server
import json
import threading
import uuid

_EMPTY = b'{"results":[]}'


class UsersApi:
    def __init__(self, bodies):
        self.bodies = bodies
        self.asked = {}
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802  (the name is the library's)
                with api._lock:
                    at = api.asked[self.path] = api.asked.get(self.path, -1) + 1
                body = api.bodies[at] if at < len(api.bodies) else _EMPTY
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def url(self, path="api"):
        return f"http://127.0.0.1:{self._server.server_address[1]}/{path}/"

    def requests(self, path="api"):
        return self.asked.get(f"/{path}/", -1) + 1


def user(number, **changes):
    """One user of the API; the same number gives the same user."""
    town = ("Zürich", "Ørsta", "São Paulo", "北京", "Łódź", "O'Fallon")[number % 6]
    made = {
        "gender": ("female", "male")[number % 2],
        "name": {"title": "Mx", "first": f"First{number}", "last": 'Quote"d' if number % 7 == 3 else f"Last{number}"},
        "location": {"street": {"number": number, "name": "High Street"}, "city": town, "state": "State\t1", "country": "Country",
                     "postcode": number if number % 3 else f"AB{number} 1CD"},
        "email": f"user{number}@example.com",
        "login": {"uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"user {number}")), "username": f"user{number}"},
        "dob": {"date": "1985-12-10T09:00:00.000Z", "age": 38},
        "registered": {"date": "2013-06-05T10:11:12.000Z", "age": 10},
        "phone": None if number % 5 == 0 else f"020 7946 {number:04}",
        "picture": {"medium": f"https://example.com/{number}.jpg"},
    }
    return {**made, **changes}


def body(*users):
    return json.dumps({"results": list(users)}, ensure_ascii=False).encode()


def varied_bodies(count):
    """Bodies with all that an API does to its callers: one user, several, the same one changed, a missing field, nobody, a page of
    an error instead of JSON."""
    bodies = []
    for number in range(count):
        kind = number % 10
        if kind == 3:
            bodies.append(body(user(number), user(number + 1000), user(number + 2000)))
        elif kind == 5:
            bodies.append(body(user(number - 1, email="changed@example.com", phone=None)))
        elif kind == 6:
            bodies.append(_EMPTY)
        elif kind == 7:
            bodies.append(b"<html>busy</html>")
        elif kind == 8:
            without = user(number)
            del without["location"]
            bodies.append(body(without))
        else:
            bodies.append(body(user(number)))
    return bodies
