"""What all Python tests share: the server fixture."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "support"))

from server import Server  # noqa: E402


@pytest.fixture
def server():
    """Embedded servers without a pipeline, fresh for this test."""
    with Server("--servers-only") as running:
        yield running
