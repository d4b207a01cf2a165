"""A real Airflow whose DAG runs the pipeline file, and the streams of the same file in a `streamops up` beside it."""
import os

import pytest
from airflow_api import AirflowApi
from browser import open_browser
from obedient_api import ObedientApi
from server import REFERENCE, Server, binary
from services_session import chosen

# Three polls a run, no repeats of a poll, and one more try of the task.
CHANGES = {"every: 1s, for: 1m": "every: 500ms, for: 1500ms, retries: 0, timeout: 50s",
           "tasks:\n  stream_data_from_api:\n": "tasks:\n  stream_data_from_api:\n    retries: 1\n    retry_delay: 2s\n"}
PROFILES = """
profiles:
  beside: {{ scheduler: false, variables: {{ USERS_API: "{api}" }} }}
  airflow:
    kafka: {{ bootstrap: "127.0.0.1:{kafka}" }}
    cassandra: {{ contact_points: ["127.0.0.1:{cql}"] }}
    scheduler: false
    variables: {{ USERS_API: "{api}" }}
"""


@pytest.fixture(scope="session")
def api():
    running = ObedientApi()
    yield running
    running.close()


@pytest.fixture(scope="session")
def line(api, tmp_path_factory):
    """Kafka, Cassandra and the streams; its scheduler is off. `line.file` is what Airflow's DAG runs from."""
    text = REFERENCE.read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert old in text, old
        text = text.replace(old, new)
    file = tmp_path_factory.mktemp("airflow") / "pipeline.yaml"
    server = Server(str(file), "--profile", "beside")
    server.file = file
    file.write_text(text + PROFILES.format(api=api.url, kafka=server.ports["kafka"], cql=server.ports["cql"]), encoding="utf-8")
    with server as running:
        yield running


@pytest.fixture(scope="session")
def airflow_service(services, line):
    """The instance of tools/services; its `service.environment()` is what `airflow` on the command line needs."""
    return services(chosen("airflow"), program=os.path.abspath(binary()), file=str(line.file), profile="airflow")


@pytest.fixture(scope="session")
def airflow(airflow_service):
    """Its REST."""
    return AirflowApi(airflow_service.endpoints)


@pytest.fixture(autouse=True)
def an_obedient_api(api):
    """Every test begins with an API that answers."""
    api.status = 200
    api.release()


@pytest.fixture
def browser():
    opened = open_browser()
    yield opened
    opened.quit()
