"""script/entrypoint.sh: tools/services starts every part of Airflow by it; here is what it says when something is wrong."""
import os
import pathlib
import socket
import subprocess
import time

import pytest

ENTRYPOINT = pathlib.Path(__file__).resolve().parents[3] / "script" / "entrypoint.sh"


@pytest.fixture
def entrypoint(airflow_service):
    def run(*words, **variables):
        environment = {**os.environ, **airflow_service.service.environment(), **variables}
        return subprocess.run([str(ENTRYPOINT), *words], capture_output=True, text=True, timeout=200, env=environment, check=False)
    return run


def test_a_database_that_is_away_is_told_after_its_time(entrypoint):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        begin = time.monotonic()
        ended = entrypoint("init", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"postgresql+psycopg2://a:b@{address}/c", AIRFLOW_DATABASE_WAIT="1")
    assert ended.returncode == 1 and address in ended.stderr and "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" in ended.stderr
    assert time.monotonic() - begin > 1


@pytest.mark.parametrize("words, variables, told", [
    (["scheduler"], {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": ""}, "where is the database?"),
    (["chef"], {}, '"chef" is none of webserver'),
    (["init"], {"PATH": "/usr/bin:/bin"}, "requirements.txt"),
])
def test_a_wrong_call_is_told(entrypoint, words, variables, told):
    ended = entrypoint(*words, **variables)
    assert ended.returncode == 1 and told in ended.stderr


def test_preparing_again_changes_nothing(entrypoint, airflow):
    """As every start of the web part does. The login is still the one it was."""
    ended = entrypoint("init", _AIRFLOW_WWW_USER_PASSWORD="another")
    assert ended.returncode == 0, ended.stderr
    fresh = type(airflow)({"url": airflow.url, "api": airflow.url + ("/api/v2" if airflow.is_3 else "/api/v1"), "username": "admin", "password": "admin"})
    assert fresh.dag()["dag_id"] == "user_automation"
