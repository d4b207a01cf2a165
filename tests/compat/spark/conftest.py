"""Real Spark, and lines of a test's own, for the tests of `engine: spark`."""
import pathlib
import sys

import pytest
from real_line import streamops
from services_session import chosen

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from spark_line import Line  # noqa: E402


@pytest.fixture(scope="session")
def spark(services):
    return services(chosen("spark"))


@pytest.fixture
def line(tmp_path, kafka, cassandra, spark):
    """Makes lines for one test; what Spark runs for them is stopped at its end."""
    made = []

    def make(**changes):
        made.append(Line(tmp_path, kafka, cassandra, spark, **changes))
        return made[-1]

    yield make
    for each in made:
        if each.data.is_dir():
            streamops(*each.words("stop"), timeout=100, check=False)
