"""Beyond loopback only when told to trust the network; and what Kafka clients are told to connect to."""
import json
import socket
import subprocess

import pytest
from cassandra.cluster import Cluster
from server import REFERENCE, Server, binary, free_port


def outward_address():
    """An address of this machine that is not loopback; a socket that sends nothing tells it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network but loopback")
        return probe.getsockname()[0]


def answers(host, port):
    try:
        socket.create_connection((host, port), timeout=3).close()
    except OSError:
        return False
    return True


def brokers(address):
    done = subprocess.run(["kcat", "-b", address, "-L", "-J", "-m", "5"], capture_output=True, text=True, timeout=20, check=False)
    return [each["name"] for each in json.loads(done.stdout)["brokers"]]


@pytest.mark.parametrize("bind", ["0.0.0.0", "*", "::"])
def test_an_address_beyond_loopback_is_refused(tmp_path, bind):
    words = [binary(), "up", "--servers-only", "--ports", "auto", "--data-dir", str(tmp_path / "d"), "--set", f"server.bind={bind}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert "SO-A120" in done.stderr and "--trust-network" in done.stderr


def test_other_machines_are_not_let_in_by_default(server):
    host = outward_address()
    for endpoint in ("kafka", "cql", "console"):
        assert not answers(host, int(server.endpoints[endpoint].rpartition(":")[2])), endpoint


def test_a_trusted_network_is_served_and_the_store_tells_an_address_to_come_back_to():
    host = outward_address()
    with Server("--servers-only", "--trust-network") as server:
        port = server.ports["kafka"]
        assert brokers(f"{host}:{port}") == [f"{host}:{port}"]
        assert brokers(f"127.0.0.1:{port}") == [f"127.0.0.1:{port}"]
        assert answers(host, server.ports["console"])
        cluster = Cluster([host], port=server.ports["cql"])
        try:
            assert cluster.connect().execute("SELECT rpc_address FROM system.local").one().rpc_address == host
        finally:
            cluster.shutdown()
        assert server.endpoints["kafka"] == f"127.0.0.1:{port}"  # as this machine reaches it


def test_clients_are_told_what_is_advertised_for_the_port_that_they_came_to():
    inner, told = free_port(), free_port()
    with Server("--servers-only", settings=[f"server.kafka_advertised={inner}=localhost:{told}"]) as server:
        assert brokers(f"127.0.0.1:{inner}") == [f"localhost:{told}"]
        assert brokers(server.kafka) == [server.kafka]


def test_the_pipeline_of_the_process_works_whatever_is_advertised(tmp_path):
    """The process itself uses a listener that tells the truth, even when every other one tells an address of elsewhere."""
    ports = {name: free_port() for name in ("kafka", "kafka_second", "cql", "console", "control_center")}
    words = [binary(), "run", "--once", "--data-dir", str(tmp_path / "d"), "--ports", "auto"]
    for name, port in ports.items():
        words += ["--set", f"server.{name}_port={port}"]
    words += ["--set", f"server.kafka_advertised={ports['kafka']}=elsewhere.invalid:1,{ports['kafka_second']}=elsewhere.invalid:2"]
    file = tmp_path / "pipeline.yaml"
    file.write_text(REFERENCE.read_text(encoding="utf-8").replace(", every: 1s, for: 1m", ""), encoding="utf-8")
    done = subprocess.run([*words[:2], str(file), *words[2:]], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 rows to spark_streams.created_users" in done.stderr


@pytest.mark.parametrize("text", ["9092", "x=localhost:1", "9092=0.0.0.0:9092"])
def test_an_advertised_address_that_means_nothing_is_refused(tmp_path, text):
    words = [binary(), "up", "--servers-only", "--ports", "auto", "--data-dir", str(tmp_path / "d"), "--set", f"server.kafka_advertised={text}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2 and "SO-A121" in done.stderr
