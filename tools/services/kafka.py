"""Apache Kafka: one broker, with ZooKeeper (3.9) or with its own controller (KRaft).

Listeners, each advertising itself: `main` and `second` in the clear; with secure=yes also SASL over TCP, TLS, and SASL over TLS, where
PLAIN and SCRAM log in the same user.
"""
import base64
import re
import subprocess
import time
import uuid

from . import certificates, java, kafka_wire, maven, probe
from .service import Option, Package, Problem, Process, Service

# listener's name: (port's name, protocol)
_OPEN = {"PLAINTEXT": ("main", "PLAINTEXT"), "SECOND": ("second", "PLAINTEXT")}
_SECURE = {"SASL": ("sasl_plaintext", "SASL_PLAINTEXT"), "TLS": ("ssl", "SSL"), "SASLTLS": ("sasl_ssl", "SASL_SSL")}
_CONTROLLER = {"CONTROLLER": ("controller", "PLAINTEXT")}

_LOG4J2 = """status=WARN
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=%d %p %m (%c)%n
rootLogger.level=INFO
rootLogger.appenderRef.c.ref=C
"""
_LOG4J1 = """log4j.rootLogger=INFO,C
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=%d %p %m (%c)%n
"""


class Kafka(Service):
    name = "kafka"
    summary = "Apache Kafka, one broker"
    options = {
        "mode": Option("kraft", "kraft or zookeeper"),
        "heap": Option("256m", "Java heap"),
        "secure": Option("no", "yes: further listeners with SASL (PLAIN, SCRAM) and TLS"),
        "username": Option("app", "user of the secure listeners"),
        "password": Option("app-secret", "that user's password"),
        "client_certificates": Option("none", "none, requested or required, on TLS listeners"),
        "advertised_second": Option("", "host:port that the second listener advertises instead of its own"),
        "auto_create": Option("true", "whether a topic comes into being by being used"),
    }

    @classmethod
    def packages(cls, version):
        logging = "org.slf4j:slf4j-reload4j:1.7.36" if cls._before_4(version) else "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
        recipe = maven.project(maven.dependency(f"org.apache.kafka:kafka_2.13:{version.number}"),
                               maven.dependency(f"org.apache.kafka:kafka-tools:{version.number}"), maven.dependency(logging))
        return [Package("jars", f"kafka-{version.number}", recipe, lambda folder: maven.install_jars(folder, recipe))]

    @classmethod
    def port_names(cls, version, options):
        groups = [_OPEN, _CONTROLLER] if options["mode"] == "kraft" else [_OPEN]
        return tuple(port for group in groups + ([_SECURE] if options["secure"] == "yes" else []) for port, _ in group.values())

    @classmethod
    def needs(cls, version, options):
        if options["mode"] not in ("kraft", "zookeeper"):
            raise Problem(f"kafka: mode {options['mode']!r}; expected kraft or zookeeper")
        return ["zookeeper"] if options["mode"] == "zookeeper" else []

    @staticmethod
    def _before_4(version):
        return int(version.number.split(".")[0]) < 4

    # -- configuration

    def configure(self):
        old = self._before_4(self.version)
        self.write("etc/logging.properties", _LOG4J1 if old else _LOG4J2)
        self.write("etc/server.properties", "\n".join(f"{key}={value}" for key, value in self._settings().items()) + "\n")
        if self.options["mode"] == "kraft":
            self._format()
        else:
            self._wait_for_lost_session()

    def _listeners(self):
        groups = {**_OPEN, **(_SECURE if self.options["secure"] == "yes" else {})}
        return groups, {**groups, **(_CONTROLLER if self.options["mode"] == "kraft" else {})}

    def _settings(self):
        clients, all_listeners = self._listeners()

        def addresses(listeners):
            return ",".join(f"{name}://127.0.0.1:{self.ports[port]}" for name, (port, _) in listeners.items())

        advertised = addresses(clients)
        if self.options["advertised_second"]:
            advertised = advertised.replace(f"SECOND://127.0.0.1:{self.ports['second']}", f"SECOND://{self.options['advertised_second']}")
        settings = {
            "listeners": addresses(all_listeners),
            "advertised.listeners": advertised,
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, (_, protocol) in all_listeners.items()),
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": f"{self.folder}/data",
            "auto.create.topics.enable": self.options["auto_create"],
            "group.initial.rebalance.delay.ms": 0,
            "num.partitions": 1,
            # The first bytes of another protocol read as a length must not take the heap: CQL's greeting would be 64 MiB.
            "socket.request.max.bytes": 32 << 20,
            # One broker holds every replica there is.
            "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.num.partitions": 4,
            "transaction.state.log.min.isr": 1,
        }
        settings.update(self._kraft() if self.options["mode"] == "kraft" else self._zookeeper())
        if self.options["secure"] == "yes":
            settings.update(self._secure())
        return settings

    def _kraft(self):
        quorum = f"1@127.0.0.1:{self.ports['controller']}" if self._before_4(self.version) else f"127.0.0.1:{self.ports['controller']}"
        key = "controller.quorum.voters" if self._before_4(self.version) else "controller.quorum.bootstrap.servers"
        share = {} if self._before_4(self.version) else {
            "share.coordinator.state.topic.replication.factor": 1, "share.coordinator.state.topic.num.partitions": 4,
            "share.coordinator.state.topic.min.isr": 1}
        return {"process.roles": "broker,controller", "node.id": 1, key: quorum, "controller.listener.names": "CONTROLLER", **share}

    def _zookeeper(self):
        return {"broker.id": 1, "zookeeper.connect": f"{self.needed['zookeeper']['connect']}/kafka", "zookeeper.session.timeout.ms": 6000}

    def _secure(self):
        folder = certificates.make(self.folder / "tls")
        user, password = self.options["username"], self.options["password"]
        settings = {
            "ssl.keystore.type": "PEM", "ssl.keystore.location": certificates.bundle(folder, "server"),
            "ssl.truststore.type": "PEM", "ssl.truststore.location": folder / "ca.pem",
            "ssl.client.auth": self.options["client_certificates"],
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        }
        for listener in ("sasl", "sasltls"):
            prefix = f"listener.name.{listener}"
            settings[f"{prefix}.plain.sasl.jaas.config"] = (
                f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}="{password}";')
            for mechanism in ("scram-sha-256", "scram-sha-512"):
                settings[f"{prefix}.{mechanism}.sasl.jaas.config"] = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        return settings

    def _java(self, main, *arguments):
        logging = "-Dlog4j.configuration=file:" if self._before_4(self.version) else "-Dlog4j2.configurationFile="
        return [java.command(self.installed), f"-Xmx{self.options['heap']}", *java.SMALL, f"{logging}{self.folder}/etc/logging.properties",
                "-cp", f"{self.installed['jars']}/*", main, *arguments]

    def _format(self):
        """KRaft's metadata log has to be made once, before the first start."""
        if (self.folder / "data" / "meta.properties").is_file():
            return
        identifier = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if identifier.startswith("-"):  # would be taken for an option
            identifier = "A" + identifier[1:]
        standalone = [] if self._before_4(self.version) else ["--standalone"]
        command = self._java("kafka.tools.StorageTool", "format", *standalone, "-t", identifier, "-c", f"{self.folder}/etc/server.properties")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Problem(f"kafka could not format its folder:\n{(done.stdout + done.stderr)[-1500:]}")

    def _wait_for_lost_session(self):
        """After a crash ZooKeeper takes the broker for alive until its session ends, and refuses a second one of that id."""
        port = int(self.needed["zookeeper"]["connect"].rpartition(":")[2])
        for _ in range(300):
            with probe.connect(port) as connection:
                connection.sendall(b"dump")
                answer = connection.makefile("rb").read().decode(errors="replace")
            if not re.search(r"/kafka/brokers/ids/1\b", answer):
                return
            time.sleep(0.1)

    # -- running

    def processes(self):
        listens = tuple(port for port, _ in self._listeners()[1].values())
        return [Process("kafka", self._java("kafka.Kafka", f"{self.folder}/etc/server.properties"), self._ready, listens=listens)]

    def _ready(self):
        kafka_wire.check(self.ports["main"])

    def prepared(self):
        if self.options["secure"] == "yes":
            kafka_wire.set_password(self.ports["main"], self.options["username"], self.options["password"])

    def endpoints(self):
        found = {"bootstrap": f"127.0.0.1:{self.ports['main']}", "second": f"127.0.0.1:{self.ports['second']}"}
        if self.options["secure"] == "yes":
            found.update({port: f"127.0.0.1:{self.ports[port]}" for port, _ in _SECURE.values()})
            found.update(username=self.options["username"], password=self.options["password"])
            tls = self.folder / "tls"
            found.update(ca_file=f"{tls}/ca.pem", client_certificate=f"{tls}/client.pem", client_key=f"{tls}/client.key")
        return found
