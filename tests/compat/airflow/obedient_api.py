"""A users API that does what a test tells it: answers, fails, or keeps the caller waiting."""
import http.server
import threading

from users_api import body, user


class ObedientApi:
    """`status` other than 200 is answered as it is; while `held` is set no answer comes. Each good answer is another user."""

    def __init__(self):
        self.status, self.served = 200, []
        self._free = threading.Event()
        self._free.set()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802  (the name is the library's)
                waited = api._free.wait(60)
                number = len(api.served)
                answer = body(user(number)) if api.status == 200 and waited else b"out of order"
                self.send_response(api.status if waited else 500)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:
                    return  # the caller was killed meanwhile
                if api.status == 200 and waited:
                    api.served.append(user(number)["login"]["uuid"])

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def hold(self):
        self._free.clear()

    def release(self):
        self._free.set()

    def close(self):
        self._free.set()
        self._server.shutdown()
        self._server.server_close()
