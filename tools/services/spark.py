"""Apache Spark: a standalone master, one worker and a Connect server, with the Kafka source and the Cassandra connector.

Everything comes as jars; a folder with `jars` in it is all that Spark asks of its home.
"""
from . import java, maven, probe
from .service import NotYet, Option, Package, Process, Service

# Spark's parent project names a mirror of its own before the usual repository; where that mirror cannot be reached, nothing would resolve.
_MIRROR = ("gcs-maven-central-mirror",)
# What Spark opens for itself on Java 17 (org.apache.spark.launcher.JavaModuleOptions).
_OPENS = ("java.base/java.lang java.base/java.lang.invoke java.base/java.lang.reflect java.base/java.io java.base/java.net java.base/java.nio "
          "java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic java.base/jdk.internal.ref "
          "java.base/sun.nio.ch java.base/sun.nio.cs java.base/sun.security.action java.base/sun.util.calendar "
          "java.security.jgss/sun.security.krb5").split()
_LOG4J = """rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n%ex
logger.deploy.name = org.apache.spark.deploy
logger.deploy.level = info
"""
# In the executors' class path the connector's jars stand before Spark's, so what Spark ships must not come with them: an older
# commons-lang3 kills every executor of Spark 4.
_SHIPPED = ("org.scala-lang:*", "org.apache.commons:commons-lang3", "org.slf4j:*", "com.thoughtworks.paranamer:*", "io.dropwizard.metrics:*")


class Spark(Service):
    name = "spark"
    summary = "Apache Spark: master, worker, Connect server"
    options = {
        "heap": Option("768m", "Java heap of the Connect server, which is the driver"),
        "executor": Option("640m", "Java heap of the executor"),
        "cores": Option("2", "cores of the worker"),
        "connector": Option("3.5.1", "version of the Cassandra connector; none leaves it out"),
        "scala": Option("2.13", "Scala version of all jars"),
        "settings": Option("", "further settings of the Connect server: \"spark.x=1 spark.y=2\""),
    }

    @classmethod
    def packages(cls, version):
        scala, number = version.facts["scala"], version.number
        parts = [maven.dependency(f"org.apache.spark:{part}_{scala}:{number}")
                 for part in ("spark-sql", "spark-connect", "spark-sql-kafka-0-10", "spark-avro")]
        if not number.startswith("3."):  # the end of a session needs a class of this jar, and nothing that the jar needs
            parts.append(maven.dependency(f"org.apache.spark:spark-mllib_{scala}:{number}", exclude=["*:*"]))
        spark = maven.project(*parts, shadowed_repositories=_MIRROR)
        connector = version.facts["connector"]
        cassandra = maven.project(
            maven.dependency(f"com.datastax.spark:spark-cassandra-connector_{scala}:{connector}",
                             exclude=[*_SHIPPED, f"org.scala-lang.modules:scala-parallel-collections_{scala}"]),
            maven.dependency("joda-time:joda-time:2.13.0"), shadowed_repositories=_MIRROR)
        return [Package("jars", f"spark-{number}-{scala}", spark, lambda folder: cls._install(folder, spark)),
                Package("connector", f"spark-cassandra-connector-{connector}-{scala}", cassandra,
                        lambda folder: maven.install_jars(folder, cassandra))]

    @staticmethod
    def _install(folder, recipe):
        (folder / "jars").mkdir()
        maven.install_jars(folder / "jars", recipe)
        (folder / "RELEASE").write_text("", encoding="ascii")

    @classmethod
    def port_names(cls, version, options):
        return ("main", "master", "master_ui", "worker_ui", "driver_ui")

    def configure(self):
        self.write("etc/log4j2.properties", _LOG4J)
        for name in ("work", "local", "warehouse"):
            (self.folder / name).mkdir(exist_ok=True)

    def processes(self):
        master = f"spark://127.0.0.1:{self.ports['master']}"
        return [Process("master", self._java("256m", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", self.ports["master"],
                                             "--webui-port", self.ports["master_ui"]),
                        self._master_answers, listens=("master", "master_ui"), environment=self._environment()),
                Process("worker", self._java("256m", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--webui-port",
                                             self.ports["worker_ui"], "--cores", self.options["cores"], "--memory", "1g", "--work-dir",
                                             f"{self.folder}/work", master),
                        self._worker_is_known, listens=("worker_ui",), environment=self._environment()),
                Process("connect", self._java(self.options["heap"], *self._connect(master)), self._connect_answers, listens=("main",),
                        environment=self._environment(), timeout=180)]

    def _environment(self):
        return {"SPARK_HOME": str(self.installed["jars"]), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_SCALA_VERSION": self.options["scala"]}

    def _connector_jars(self):
        if self.options["connector"] == "none":
            return ""
        return ":".join(str(path) for path in sorted(self.installed["connector"].glob("*.jar")))

    def _java(self, heap, *words):
        words = [str(word) for word in words]
        properties = [word for word in words if word.startswith("-D")]
        program = [word for word in words if not word.startswith("-D")]
        extra = f":{self._connector_jars()}" if "connect" in program[0] and self._connector_jars() else ""
        opens = [f"--add-opens={each}=ALL-UNNAMED" for each in _OPENS]
        return [java.command(self.installed), f"-Xmx{heap}", "-XX:+IgnoreUnrecognizedVMOptions", *java.SMALL, "-Djdk.reflect.useDirectMethodHandle=false",
                "-Dio.netty.tryReflectionSetAccessible=true", f"-Dlog4j2.configurationFile={self.folder}/etc/log4j2.properties",
                # The server makes a folder for artifacts where it is started.
                f"-Duser.dir={self.folder}/work", *opens, *properties, "-cp", f"{self.installed['jars']}/jars/*{extra}", *program]

    def _connect(self, master):
        settings = {
            "spark.master": master, "spark.app.name": "streamops-tests", "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1", "spark.connect.grpc.binding.port": self.ports["main"],
            "spark.connect.grpc.binding.address": "127.0.0.1", "spark.ui.port": self.ports["driver_ui"],
            "spark.executor.memory": self.options["executor"], "spark.executor.extraClassPath": self._connector_jars(),
            "spark.executor.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1", "spark.local.dir": f"{self.folder}/local",
            "spark.sql.warehouse.dir": f"{self.folder}/warehouse", "spark.sql.shuffle.partitions": 2,
            **dict(each.split("=", 1) for each in self.options["settings"].split())}
        return [*(f"-D{name}={value}" for name, value in settings.items()), "org.apache.spark.sql.connect.service.SparkConnectServer"]

    def _master_answers(self):
        self._master_state()

    def _master_state(self):
        return probe.http(f"http://127.0.0.1:{self.ports['master_ui']}/json/")

    def _worker_is_known(self):
        if '"aliveworkers" : 1' not in self._master_state():
            raise NotYet("the master knows no worker")

    def _connect_answers(self):
        """HTTP/2: the server's first frame is its settings."""
        with probe.connect(self.ports["main"]) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            head = probe.read(connection, 9)
        if head[3] != 4:
            raise NotYet("the server's first frame is no HTTP/2 settings")

    def endpoints(self):
        return {"remote": f"sc://127.0.0.1:{self.ports['main']}", "master": f"spark://127.0.0.1:{self.ports['master']}",
                "checkpoints": f"file://{self.folder}/checkpoints", "pages": f"http://127.0.0.1:{self.ports['master_ui']}"}
