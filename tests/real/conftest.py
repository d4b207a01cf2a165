"""The real services that the tests run on: one version of each, chosen by STREAMOPS_TEST_SERVICES (`./dev compat --all` tries all)."""
import pytest
from services_session import chosen


@pytest.fixture(scope="session")
def kafka(services):
    """Shared by all tests: each uses topics of its own, or cleans before it begins."""
    return services(chosen("kafka"))


@pytest.fixture(scope="session")
def cassandra(services):
    """Shared by all tests: each uses tables of its own, or cleans before it begins."""
    return services(chosen("cassandra"))
