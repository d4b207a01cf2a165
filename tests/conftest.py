"""What all Python tests share: the server fixture."""
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from server import Server  # noqa: E402
from services_session import Services  # noqa: E402


@pytest.fixture
def server():
    """Embedded servers without a pipeline, fresh for this test."""
    with Server("--servers-only") as running:
        yield running


@pytest.fixture(scope="session")
def services():
    """Real services, each started when a test first asks for it: services("kafka@4") (tests/support/services_session.py)."""
    # An ended session stops what it started, also when it is told to end.
    before = signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to end", returncode=143))
    made = Services()
    yield made
    made.stop()
    signal.signal(signal.SIGTERM, before)
