"""Traps of schema registries, and of Spark as far as a file can name them."""
import json

import pytest
from endpoints import Endpoint, Web, hang_up, http2
from server import free_port

SCHEMA = json.dumps({"type": "record", "name": "User", "fields": [{"name": "id", "type": "string"}]})
LATEST = json.dumps({"subject": "users-value", "version": 1, "id": 1, "schema": SCHEMA})
AVRO = "{ topic: users, key: id, format: avro, record: User }"
FIXED = "{ topic: users, key: id, format: avro, record: User, auto_register: false }"


def registry(**changes):
    answers = {"/subjects": (200, '["users-value"]'), "/mode": (200, '{"mode": "READWRITE"}'),
               "/subjects/users-value/versions/latest": (200, LATEST),
               "POST /compatibility/subjects/users-value/versions/latest": (200, '{"is_compatible": true}')}
    answers.update({"/" + name: answer for name, answer in changes.items()})
    return answers


def profile(web, more="", path=""):
    return f"registry: {{ url: \"{web.url}{path}\"{more} }}"


def test_a_registry_that_is_well(examine):
    with Web(registry()) as web:
        found = examine(profile(web), sink=AVRO)
    assert not [code for code in found.codes if "SO-D48" <= code < "SO-D49"], found
    assert found.probe("registry.compatibility")["state"] == "fine"
    asked = [body for method, _, _, body in web.requests if method == "POST"]
    assert "User" in json.loads(asked[0])["schema"]


def test_a_registry_whose_certificate_only_the_file_trusts(examine, authority):
    with Web(registry(), context=authority.server_context("registry")) as web:
        trusted = examine(profile(web, f", tls: {{ ca_file: \"{authority.certificate}\" }}"), sink=AVRO)
        assert trusted.probe("registry.compatibility")["state"] == "fine", trusted
        assert "ca_file" in examine(profile(web), sink=AVRO).one("SO-D409")["fix"]


def test_a_file_without_avro_needs_no_registry(examine):
    assert examine("registry: { url: \"http://127.0.0.1:9\" }").probe("registry.port")["state"] == "skipped"


def test_a_web_page_on_the_registrys_port(examine):
    with Web({"*": (200, "<html>Spark Worker at 10.0.0.7:40123</html>", {"Content-Type": "text/html"})}) as web:
        found = examine(profile(web), sink=AVRO)
    assert found.one("SO-D481")["line"] > 20


def test_a_registry_under_another_path(examine):
    with Web({"/apis/ccompat/v7/subjects": (200, "[]")}) as web:
        assert web.url + "/apis/ccompat/v7" in examine(profile(web), sink=AVRO).one("SO-D483")["fix"]


def test_what_is_no_registry(examine):
    with Web({"*": (404, '{"error": "not found"}')}) as web:
        examine(profile(web), sink=AVRO).one("SO-D488")


def test_a_registry_that_refuses_the_login(examine):
    with Web({"*": (401, '{"error_code": 401}')}) as web:
        assert "etl" in examine(profile(web, ", username: etl, password: guess"), sink=AVRO).one("SO-D482")["message"]


def test_a_subject_that_must_exist(examine):
    answers = registry()
    answers["/subjects/users-value/versions/latest"] = (404, '{"error_code": 40401}')
    with Web(answers) as web:
        assert examine(profile(web), sink=FIXED).one("SO-D484")["where"] == "users-value"
        assert "SO-D484" not in examine(profile(web), sink=AVRO).codes


def test_a_schema_that_is_refused(examine):
    answers = registry()
    answers["POST /compatibility/subjects/users-value/versions/latest"] = (
        200, '{"is_compatible": false, "messages": ["READER_FIELD_MISSING_DEFAULT_VALUE"]}')
    with Web(answers) as web:
        assert "MISSING_DEFAULT" in examine(profile(web), sink=AVRO).one("SO-D485")["message"]


def test_a_subject_that_is_not_avro(examine):
    answers = registry()
    answers["/subjects/users-value/versions/latest"] = (200, '{"schemaType": "PROTOBUF", "schema": "syntax = \\"proto3\\";"}')
    with Web(answers) as web:
        assert "PROTOBUF" in examine(profile(web), sink=AVRO).one("SO-D486")["message"]


def test_a_registry_that_takes_no_schemas(examine):
    with Web(registry(mode=(200, '{"mode": "READONLY"}'))) as web:
        examine(profile(web), sink=AVRO).one("SO-D487")


SPARK = "engine: spark\n    spark: {{ remote: \"{}\", checkpoint_location: \"s3a://bucket/checkpoints\"{} }}"


def test_a_spark_connect_server(examine):
    with Endpoint(http2) as endpoint:
        found = examine(SPARK.format(f"sc://{endpoint.address}", ""))
    assert found.probe("spark.protocol")["state"] == "fine", found
    assert not [code for code in found.codes if code.startswith("SO-D49")], found


def test_what_is_no_spark_connect_server(examine):
    with Web({}) as web:
        examine(SPARK.format(f"sc://127.0.0.1:{web.port}", "")).one("SO-D405")
    with Endpoint(hang_up) as endpoint:
        examine(SPARK.format(f"sc://{endpoint.address}", "")).one("SO-D404")
    codes = examine(SPARK.format(f"sc://127.0.0.1:{free_port()}", "")).codes
    assert "SO-D402" in codes or "SO-D413" in codes


@pytest.mark.parametrize("packages, code", [
    ("org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0,com.datastax.spark:spark-cassandra-connector_2.12:3.5.1", "SO-D492"),
    ("org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0,org.apache.spark:spark-avro_2.13:3.5.7", "SO-D493"),
    ("org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0", "SO-D494"),
    ("org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0,com.datastax.spark:spark-cassandra-connector_2.13:3.4.1", "SO-D496")])
def test_spark_packages_that_do_not_go_together(examine, packages, code):
    with Endpoint(http2) as endpoint:
        found = examine(SPARK.format(f"sc://{endpoint.address}", f", settings: {{ spark.jars.packages: \"{packages}\" }}"))
    assert found.one(code)["where"] == "spark.jars.packages" and found.one(code)["line"] > 20


def test_a_checkpoint_under_tmp(examine):
    with Endpoint(http2) as endpoint:
        text = SPARK.format(f"sc://{endpoint.address}", "").replace("s3a://bucket/checkpoints", "file:///tmp/checkpoints")
        assert examine(text).one("SO-D495")["severity"] == "warning"
