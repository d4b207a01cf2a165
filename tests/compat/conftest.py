"""Foreign clients against the servers of `streamops up --servers-only` (tests/support/server.py starts them)."""
import time

import pytest
from server import Server


@pytest.fixture(scope="module")
def server():
    """Shared by the tests of a file, each of which uses topics of its own; it must outlive them all."""
    with Server("--servers-only") as running:
        yield running
        assert running.process.poll() is None, f"the server died:\n{running.log()}"
        status, _ = running.stop()
        assert status == 0, f"the server ended with {status}:\n{running.log()}"


@pytest.fixture
def own_server():
    """Makes servers for one test alone: own_server("kafka.frame_timeout=1s")."""
    made = []

    def make(*settings):
        made.append(Server("--servers-only", settings=settings))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.__exit__()


@pytest.fixture
def topic(request):
    """A name that no other test uses."""
    return f"{request.node.originalname}.{time.monotonic_ns()}"
