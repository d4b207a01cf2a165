"""What all Python tests share: the server fixture."""
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from server import Server  # noqa: E402
from services_session import Services, chosen  # noqa: E402


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


@pytest.fixture(scope="session")
def kafka(services):
    """The real Kafka, of the version that STREAMOPS_TEST_SERVICES names (`./dev compat --all` tries all).

    Shared by all tests: each uses topics of its own, or cleans before it begins."""
    return services(chosen("kafka"))


@pytest.fixture(scope="session")
def cassandra(services):
    """The real Cassandra, as above. Shared by all tests: each uses tables of its own, or cleans before it begins."""
    return services(chosen("cassandra"))
