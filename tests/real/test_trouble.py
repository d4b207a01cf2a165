"""An endpoint where nobody listens, where somebody listens and says nothing, or where somebody else listens: it is told with its
address and what to do, and the line begins by itself when the right one is there."""
import http.server
import threading

import pytest
from cassandra import InvalidRequest
from cassandra.cluster import NoHostAvailable
from forwarder import Forwarder
from real_line import PROFILES, Tables, environment, listing, reference, unique, until
from server import Server
from users_api import UsersApi, body, user

USERS = [user(number) for number in range(3)]


@pytest.fixture
def api():
    with UsersApi([body(each) for each in USERS]) as running:
        yield running


class Line:
    """`up` with a topic and a keyspace of its own, where one of the two systems is behind a forwarder."""

    def __init__(self, folder, name, api, kafka, cassandra, behind):
        self.name = name
        self.true = {"kafka": kafka.endpoints["bootstrap"], "cassandra": cassandra.endpoints["contact_point"]}
        self.forwarder = Forwarder(self.true[behind])
        at = {**self.true, behind: self.forwarder.at}
        profiles = PROFILES.replace("  real:\n", "  real:\n    scheduler: true\n")  # its task is to run here, not in Airflow
        file = reference(folder, profiles=profiles, replace={"every: 1s, for: 1m": "every: 100ms, for: 500ms", "users_created": name, "spark_streams": name})
        self.server = Server(str(file), "--profile", "real", "--trigger", "always",
                             environment=environment(at["kafka"], at["cassandra"], api.url()))

    def __enter__(self):
        self.forwarder.__enter__()
        return self

    def __exit__(self, *_):
        self.server.__exit__()
        self.forwarder.__exit__()

    def told(self):
        """What the process says of its troubles: on its terminal, and to `status`."""
        nodes = listing("status", data=self.server.data)["flow"]["nodes"]
        return self.server.log() + "".join(str(node["error"]) for node in nodes if node["error"])

    def tells(self, *codes):
        """Within 20 s, one of the codes and the address are told, and the process goes on."""
        text = until(lambda: (lambda text: text if any(code in text for code in codes) and self.forwarder.at in text else "")(self.told()),
                     timeout=20)
        assert self.server.process.poll() is None
        return text

    def rows_arrive(self):
        def count():
            with Tables(self.true["cassandra"]) as tables:
                there = tables.execute(f"SELECT table_name FROM system_schema.tables WHERE keyspace_name = '{self.name}'")
                try:
                    return there and tables.count(f"{self.name}.created_users") == len(USERS)
                except (InvalidRequest, NoHostAvailable):
                    return False  # a table shows in the schema a moment before it can be read (4.1: an error of the server)

        until(count, timeout=60, every=0.5)
        until(lambda: not any(node["error"] for node in listing("status", data=self.server.data)["flow"]["nodes"]))


@pytest.fixture(params=["kafka", "cassandra"])
def line(request, tmp_path, api, kafka, cassandra):
    name = unique(f"trouble_{request.param}_" + request.node.originalname.removeprefix("test_"))
    with Line(tmp_path, name, api, kafka, cassandra, request.param) as made:
        made.system = request.param
        yield made


def test_a_dead_endpoint(line):
    line.server.start()
    line.tells("SO-K202", "SO-C201")
    line.forwarder.pass_on()
    line.rows_arrive()


def test_a_half_started_service(line):
    line.forwarder.be_mute()
    line.server.start()
    line.tells("SO-K202", "SO-C201", "SO-C203")
    line.forwarder.pass_on()
    line.rows_arrive()


def test_another_server_at_the_port(line):
    class Page(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

    stranger = http.server.HTTPServer(("127.0.0.1", line.forwarder.port), Page)
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    line.server.start()
    line.tells("SO-K214", "SO-K202") if line.system == "kafka" else line.tells("SO-C209", "SO-C208", "SO-C201")
    stranger.shutdown()
    stranger.server_close()
    line.forwarder.pass_on()
    line.rows_arrive()
