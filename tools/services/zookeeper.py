"""Apache ZooKeeper, for Kafka before version 4."""
from . import java, maven, probe
from .service import NotYet, Option, Package, Process, Service


class Zookeeper(Service):
    name = "zookeeper"
    summary = "Apache ZooKeeper, one server"
    options = {"heap": Option("96m", "Java heap")}

    @classmethod
    def packages(cls, version):
        # The metrics and snappy jars are optional for a client, and missed by a server at its start.
        recipe = maven.project(maven.dependency(f"org.apache.zookeeper:zookeeper:{version.number}", exclude=("ch.qos.logback:*",)),
                               maven.dependency("io.dropwizard.metrics:metrics-core:4.1.12.1"),
                               maven.dependency("org.xerial.snappy:snappy-java:1.1.10.5"),
                               maven.dependency("org.slf4j:slf4j-reload4j:1.7.36"))
        return [Package("jars", f"zookeeper-{version.number}", recipe, lambda folder: maven.install_jars(folder, recipe))]

    def configure(self):
        self.write("etc/log4j.properties", "log4j.rootLogger=INFO,C\nlog4j.appender.C=org.apache.log4j.ConsoleAppender\n"
                   "log4j.appender.C.layout=org.apache.log4j.PatternLayout\n"
                   "log4j.appender.C.layout.ConversionPattern=%d %p %m (%c)%n\n")
        self.write("etc/zoo.cfg", f"""dataDir={self.folder}/data
clientPort={self.ports['main']}
clientPortAddress=127.0.0.1
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=ruok,srvr,dump
""")

    def processes(self):
        command = [java.command(self.installed), f"-Xmx{self.options['heap']}", *java.SMALL,
                   f"-Dlog4j.configuration=file:{self.folder}/etc/log4j.properties", "-cp", f"{self.installed['jars']}/*",
                   "org.apache.zookeeper.server.ZooKeeperServerMain", f"{self.folder}/etc/zoo.cfg"]
        return [Process("zookeeper", command, self._ready, listens=("main",), timeout=60)]

    def _ready(self):
        with probe.connect(self.ports["main"]) as connection:
            connection.sendall(b"ruok")
            if probe.read(connection, 4) != b"imok":
                raise NotYet("ZooKeeper does not say that it is well")

    def endpoints(self):
        return {"connect": f"127.0.0.1:{self.ports['main']}"}
