"""`streamops doctor` on real Kafka and Cassandra: it finds nothing where nothing is wrong, and the traps that need a real one."""
import json

import pytest
from real_line import environment, reference, streamops

# what the profile says of Kafka: (endpoint's name, the rest, what is found)
KAFKA = {
    "nothing wrong": ("bootstrap", "", None),
    "SCRAM": ("sasl_plaintext", "sasl: SCRAM-SHA-256, username: {username}, password: {password}", None),
    "SCRAM over TLS": ("sasl_ssl", "sasl: SCRAM-SHA-512, username: {username}, password: {password}, tls: {{ ca_file: {ca_file} }}", None),
    "PLAIN over TLS": ("sasl_ssl", "sasl: PLAIN, username: {username}, password: {password}, tls: {{ ca_file: {ca_file} }}", None),
    "no login": ("sasl_plaintext", "", "SO-D427"),
    "no login wanted": ("bootstrap", "sasl: PLAIN, username: {username}, password: {password}", "SO-D428"),
    "wrong password": ("sasl_plaintext", "sasl: PLAIN, username: {username}, password: wrong", "SO-D430"),
    "wrong password, SCRAM": ("sasl_plaintext", "sasl: SCRAM-SHA-512, username: {username}, password: wrong", "SO-D430"),
    "no TLS": ("ssl", "", "SO-D406"),
    "TLS where there is none": ("bootstrap", "tls: {{}}", "SO-D407"),
    "an authority that we do not know": ("ssl", "tls: {{}}", "SO-D409"),
}


def examine(folder, kafka, cassandra, login="", api="http://127.0.0.1:9/"):
    profiles = f"\nprofiles:\n  tried:\n    kafka: {{ bootstrap: \"{kafka}\"{login and ', ' + login} }}\n" \
               f"    cassandra: {{ contact_points: [\"{cassandra}\"] }}\n    variables: {{ USERS_API: \"builtin:randomuser\" }}\n"
    file = reference(folder, profiles=profiles)
    done = streamops("doctor", file, "--profile", "tried", "--ports", "auto", "--data-dir", folder / "data", "--json",
                     env={key: value for key, value in environment(kafka, cassandra, api).items() if key != "USERS_API"}, check=False)
    report = json.loads(done.stdout)
    report["codes"] = [finding["code"] for probe in report["probes"] for finding in probe["findings"]]
    return report


@pytest.mark.parametrize("manner", KAFKA)
def test_kafka(manner, kafka, cassandra, tmp_path):
    listener, login, code = KAFKA[manner]
    report = examine(tmp_path, kafka.endpoints[listener], cassandra.endpoints["contact_point"], login.format(**kafka.endpoints))
    assert report["codes"] == ([code] if code else []), json.dumps(report, indent=1)
    if code is None:
        states = {probe["id"]: probe["state"] for probe in report["probes"]}
        assert states["kafka.login"] == states["kafka.advertised"] == states["cassandra.clock"] == states["table.consistency"] == "fine"


def test_kafka_and_cassandra_mixed_up(kafka, cassandra, tmp_path):
    report = examine(tmp_path, cassandra.endpoints["contact_point"], kafka.endpoints["bootstrap"])
    assert len([code for code in report["codes"] if code in ("SO-D404", "SO-D405")]) == 2, report["codes"]
