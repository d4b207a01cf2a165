"""Logins and TLS against real Kafka and Cassandra, and what is said when they are refused."""
import ssl

import pytest
from real_line import Tables, environment, reference, streamops, topic_records, unique
from services_session import chosen
from users_api import UsersApi, body, user

USERS = [user(number) for number in range(3)]

# profile of Kafka: (endpoint's name, what the profile says besides)
KAFKA = {
    "PLAIN": ("sasl_plaintext", "sasl: PLAIN, username: {username}, password: {password}"),
    "SCRAM-SHA-256": ("sasl_plaintext", "sasl: SCRAM-SHA-256, username: {username}, password: {password}"),
    "SCRAM-SHA-512 over TLS": ("sasl_ssl", "sasl: SCRAM-SHA-512, username: {username}, password: {password}, tls: {{ ca_file: {ca_file} }}"),
    "PLAIN over TLS": ("sasl_ssl", "sasl: PLAIN, username: {username}, password: {password}, tls: {{ ca_file: {ca_file} }}"),
    "TLS": ("ssl", "tls: {{ ca_file: {ca_file} }}"),
    "TLS with a certificate of ours": ("ssl", "tls: {{ ca_file: {ca_file}, certificate: {client_certificate}, key: {client_key} }}"),
    "TLS that trusts anybody": ("ssl", "tls: {{ verify: false }}"),
}

# the same, wrongly: (endpoint's name, what the profile says, code, words of the message)
KAFKA_REFUSED = {
    "wrong password": ("sasl_plaintext", "sasl: PLAIN, username: {username}, password: wrong", "SO-K203", "username"),
    "wrong password, SCRAM": ("sasl_plaintext", "sasl: SCRAM-SHA-512, username: {username}, password: wrong", "SO-K203", "username"),
    "unknown user": ("sasl_ssl", "sasl: PLAIN, username: nobody, password: x, tls: {{ ca_file: {ca_file} }}", "SO-K203", "username"),
    "an authority that we do not know": ("ssl", "tls: {{}}", "SO-K213", "ca_file"),
}

CASSANDRA = "username: {username}, password: {password}, tls: {{ ca_file: {ca_file} }}"
CASSANDRA_REFUSED = {
    "wrong password": ("username: {username}, password: wrong, tls: {{ ca_file: {ca_file} }}", "SO-C202", "username"),
    "no login at all": ("tls: {{ ca_file: {ca_file} }}", "SO-C202", "username"),
}


@pytest.fixture(scope="module")
def guarded_cassandra(services):
    """Asks for a password, over TLS only."""
    return services(chosen("cassandra"), auth="yes", tls="yes")


@pytest.fixture
def api():
    with UsersApi([body(*USERS)]) as running:
        yield running


def pipeline(folder, topic, kafka, cassandra):
    """The reference pipeline cut down to one poll, with its own topic and keyspace."""
    text = f"\nprofiles:\n  real:\n    kafka: {{ bootstrap: \"${{env:KAFKA_BOOTSTRAP}}\"{kafka} }}\n" \
           f"    cassandra: {{ contact_points: [\"${{env:CASSANDRA_CONTACT_POINT}}\"]{cassandra} }}\n"
    return reference(folder, profiles=text, replace={", every: 1s, for: 1m": "", "users_created": topic, "spark_streams": topic})


def run(folder, topic, api, kafka, cassandra, kafka_login="", cassandra_login="", check=True):
    file = pipeline(folder, topic, kafka_login and ", " + kafka_login, cassandra_login and ", " + cassandra_login)
    return streamops("run", file, "--once", "--profile", "real", "--ports", "auto", "--data-dir", folder / "data",
                     env=environment(kafka, cassandra, api.url()), check=check, timeout=60)


@pytest.fixture
def topic(request):
    return unique("login_" + "".join(c if c.isalnum() else "_" for c in request.node.callspec.id.lower()))


@pytest.mark.parametrize("manner", KAFKA)
def test_kafka_with(manner, kafka, cassandra, api, topic, tmp_path):
    listener, login = KAFKA[manner]
    at = kafka.endpoints[listener], cassandra.endpoints["contact_point"]
    run(tmp_path, topic, api, *at, kafka_login=login.format(**kafka.endpoints))
    assert len(topic_records(kafka.endpoints["bootstrap"], topic)) == len(USERS)
    with Tables(at[1]) as tables:
        assert tables.count(f"{topic}.created_users") == len(USERS)


@pytest.mark.parametrize("manner", KAFKA_REFUSED)
def test_kafka_refuses(manner, kafka, cassandra, api, topic, tmp_path):
    listener, login, code, word = KAFKA_REFUSED[manner]
    at = kafka.endpoints[listener], cassandra.endpoints["contact_point"]
    done = run(tmp_path, topic, api, *at, kafka_login=login.format(**kafka.endpoints), check=False)
    assert done.returncode in (2, 3), done.stderr
    assert code in done.stderr and at[0] in done.stderr and word in done.stderr, done.stderr
    assert "= help:" in done.stderr


@pytest.mark.parametrize("manner", ["password over TLS"])
def test_cassandra_with(manner, kafka, guarded_cassandra, api, topic, tmp_path):
    found = guarded_cassandra.endpoints
    at = kafka.endpoints["bootstrap"], found["contact_point"]
    run(tmp_path, topic, api, *at, cassandra_login=CASSANDRA.format(**found))
    context = ssl.create_default_context(cafile=found["ca_file"])
    context.check_hostname = False  # the driver knows the address alone
    with Tables(at[1], found["username"], found["password"], context) as tables:
        assert tables.count(f"{topic}.created_users") == len(USERS)


@pytest.mark.parametrize("manner", CASSANDRA_REFUSED)
def test_cassandra_refuses(manner, kafka, guarded_cassandra, api, topic, tmp_path):
    login, code, word = CASSANDRA_REFUSED[manner]
    at = kafka.endpoints["bootstrap"], guarded_cassandra.endpoints["contact_point"]
    done = run(tmp_path, topic, api, *at, cassandra_login=login.format(**guarded_cassandra.endpoints), check=False)
    assert done.returncode in (2, 3), done.stderr
    assert code in done.stderr and at[1] in done.stderr and word in done.stderr, done.stderr
    assert "= help:" in done.stderr
