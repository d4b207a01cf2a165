"""confluent-kafka's registry client, serializers and plain HTTP against the embedded registry."""
import concurrent.futures
import decimal
import json
import urllib.error
import urllib.request

import pytest
from avro_line import USER_1, USER_2, consume, produce
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

USER_3 = USER_2.replace('"name":"city","type":["null","string"],"default":null', '"name":"town","type":"string"')


def url_of(server):
    return "http://" + server.endpoints["registry"]


@pytest.fixture
def client(server):
    return SchemaRegistryClient({"url": url_of(server)})


def ask(server, method, path, body=None, headers=()):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(url_of(server) + path, data, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers["Content-Type"]


def test_the_registry_client_registers_and_finds(client, topic):
    subject = topic + "-value"
    first = client.register_schema(subject, Schema(USER_1, "AVRO"))
    assert client.register_schema(subject, Schema(USER_1, "AVRO")) == first
    second = client.register_schema(subject, Schema(USER_2, "AVRO"))
    assert second != first
    assert subject in client.get_subjects()
    assert client.get_versions(subject) == [1, 2]
    assert json.loads(client.get_schema(first).schema_str) == json.loads(USER_1)
    latest = client.get_latest_version(subject)
    assert (latest.version, latest.schema_id) == (2, second)
    assert client.lookup_schema(subject, Schema(USER_1, "AVRO")).version == 1
    assert client.get_version(subject, 1).schema_id == first


def test_an_incompatible_schema_is_refused_and_told(client, topic):
    subject = topic + "-value"
    client.register_schema(subject, Schema(USER_1, "AVRO"))
    assert client.test_compatibility(subject, Schema(USER_2, "AVRO"))
    assert not client.test_compatibility(subject, Schema(USER_3, "AVRO"))
    with pytest.raises(SchemaRegistryError) as refused:
        client.register_schema(subject, Schema(USER_3, "AVRO"))
    assert refused.value.http_status_code == 409
    assert "town" in refused.value.error_message
    client.set_compatibility(subject, "NONE")
    assert client.get_compatibility(subject) == "NONE"
    assert client.register_schema(subject, Schema(USER_3, "AVRO")) > 0


def test_versions_and_subjects_are_deleted(client, topic):
    client.register_schema(topic, Schema(USER_1, "AVRO"))
    client.register_schema(topic, Schema(USER_2, "AVRO"))
    assert client.delete_version(topic, 1) == 1
    assert client.get_versions(topic) == [2]
    assert client.delete_subject(topic) == [2]
    assert topic not in client.get_subjects()
    assert client.delete_subject(topic, permanent=True) == [1, 2]
    with pytest.raises(SchemaRegistryError) as missing:
        client.get_latest_version(topic)
    assert (missing.value.http_status_code, missing.value.error_code) == (404, 40401)


def test_serializers_round_trip_through_the_embedded_broker(server, topic):
    import datetime
    value = {"id": "7", "age": 42, "paid": decimal.Decimal("12.34"),
             "seen": datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)}
    produce(server.kafka, url_of(server), topic, USER_1, [value])
    assert consume(server.kafka, url_of(server), topic, 1) == [value]


def test_what_clients_ask_first_and_is_not_served_is_a_404_in_json(server):
    status, body, kind = ask(server, "GET", "/associations/resources/-/users?resourceType=topic&associationType=value")
    assert status == 404 and json.loads(body)["error_code"] == 404
    assert kind.startswith("application/vnd.schemaregistry.v1+json")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema":7}', b'{"schema":"{"}', b'{"schema":' + b"[" * 5000,
                                  b'{"schema":"' + b"x" * 200_000 + b'"}'])
def test_broken_bodies_are_refused_and_nothing_dies(server, body):
    status, answer, _ = ask(server, "POST", "/subjects/broken/versions", body)
    assert status in (400, 422) and json.loads(answer)["error_code"]
    assert ask(server, "GET", "/subjects/broken/versions")[0] == 404


def test_a_body_beyond_the_limit_is_refused(server):
    try:
        assert ask(server, "POST", "/subjects/large/versions", b" " * 2_000_000)[0] == 413
    except urllib.error.URLError as error:
        assert isinstance(error.reason, OSError)  # the server did not wait for the rest of it
    assert ask(server, "GET", "/subjects/large/versions")[0] == 404


def test_a_page_of_another_site_cannot_change_anything(server):
    status, _, _ = ask(server, "POST", "/subjects/evil/versions", {"schema": '"int"'}, {"Origin": "http://evil.example"})
    assert status == 403


def test_acknowledged_schemas_survive_kill_9(own_server):
    server = own_server()
    with concurrent.futures.ThreadPoolExecutor(16) as many:
        def register(number):
            schema = {"type": "fixed", "name": f"F{number}", "size": number + 1}
            return json.loads(ask(server, "POST", f"/subjects/s{number}/versions", {"schema": json.dumps(schema)})[1])["id"]
        ids = list(many.map(register, range(64)))
    assert sorted(ids) == list(range(1, 65))
    server.kill()
    server.start()
    for number, schema_id in enumerate(ids):
        status, body, _ = ask(server, "GET", f"/schemas/ids/{schema_id}")
        assert status == 200 and json.loads(json.loads(body)["schema"])["name"] == f"F{number}"
    assert json.loads(ask(server, "POST", "/subjects/new/versions", {"schema": '"int"'})[1]) == {"id": 65}
