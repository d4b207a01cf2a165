"""Apache Cassandra: one node, which starts without waiting for a ring that it is alone in."""
from . import certificates, cql_wire, java, maven
from .service import NotYet, Option, Package, Process, Service

# What Cassandra reaches for inside the Java run time: modules and packages that 17 closes unless told otherwise.
_EXPORTS = ("java.base/jdk.internal.misc java.base/jdk.internal.ref java.base/sun.nio.ch java.management.rmi/com.sun.jmx.remote.internal.rmi "
            "java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.sql/java.sql").split()
_OPENS = ("java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.math java.base/java.net java.base/java.nio "
          "java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic java.base/jdk.internal.loader "
          "java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.ref java.base/jdk.internal.reflect "
          "java.base/jdk.internal.util.jar java.base/sun.nio.ch java.rmi/sun.rmi.transport.tcp "
          "jdk.management/com.sun.management.internal").split()

_LOGBACK = """<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date{ISO8601} %-5level [%thread] %F:%L %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
"""


class Cassandra(Service):
    name = "cassandra"
    summary = "Apache Cassandra, one node"
    options = {
        "heap": Option("384m", "Java heap"),
        "commitlog": Option("periodic", "periodic, or batch: a write is acknowledged when it is on disk, so kill -9 loses none"),
        "auth": Option("no", "yes: a login is asked for"),
        "username": Option("app", "user to create, with auth=yes"),
        "password": Option("app-secret", "that user's password"),
        "tls": Option("no", "yes: clients have to use TLS"),
        "client_certificates": Option("no", "yes: and show a certificate of the authority"),
    }

    @classmethod
    def packages(cls, version):
        recipe = maven.project(maven.dependency(f"org.apache.cassandra:cassandra-all:{version.number}"))
        return [Package("jars", f"cassandra-{version.number}", recipe, lambda folder: maven.install_jars(folder, recipe))]

    @classmethod
    def port_names(cls, version, options):
        return ("main", "storage")

    def configure(self):
        self.write("etc/logback.xml", _LOGBACK)
        sync = ("commitlog_sync: batch" if self.options["commitlog"] == "batch" else
                "commitlog_sync: periodic\ncommitlog_sync_period: 10000ms")
        self.write("etc/cassandra.yaml", f"""cluster_name: StreamOps
num_tokens: 1
initial_token: 0
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider: [{{class_name: org.apache.cassandra.locator.SimpleSeedProvider,
                 parameters: [{{seeds: "127.0.0.1:{self.ports['storage']}"}}]}}]
listen_address: 127.0.0.1
storage_port: {self.ports['storage']}
rpc_address: 127.0.0.1
native_transport_port: {self.ports['main']}
start_native_transport: true
data_file_directories: ["{self.folder}/data/tables"]
commitlog_directory: "{self.folder}/data/commitlog"
saved_caches_directory: "{self.folder}/data/saved_caches"
hints_directory: "{self.folder}/data/hints"
cdc_raw_directory: "{self.folder}/data/cdc_raw"
{sync}
commitlog_segment_size: 8MiB
disk_failure_policy: stop
commit_failure_policy: stop
concurrent_reads: 8
concurrent_writes: 8
concurrent_compactors: 1
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
file_cache_size: 32MiB
key_cache_size: 8MiB
materialized_views_enabled: true
{self._security()}""")

    def _security(self):
        text = ""
        if self.options["auth"] == "yes":
            text += ("authenticator: PasswordAuthenticator\nrole_manager: CassandraRoleManager\n"
                     "roles_validity: 0ms\ncredentials_validity: 0ms\n")
        if self.options["tls"] == "yes":
            folder = certificates.make(self.folder / "tls")
            text += f"""client_encryption_options:
  enabled: true
  optional: false
  require_client_auth: {"true" if self.options["client_certificates"] == "yes" else "false"}
  keystore: "{certificates.bundle(folder, 'server')}"
  truststore: "{folder}/ca.pem"
  ssl_context_factory: {{class_name: org.apache.cassandra.security.PEMBasedSslContextFactory}}
"""
        return text

    def processes(self):
        agent = next(self.installed["jars"].glob("jamm-*.jar"))
        heap = self.options["heap"]
        command = [java.command(self.installed), f"-Xms{heap}", f"-Xmx{heap}", "-Xss256k", *java.SMALL, "-XX:MaxDirectMemorySize=256m",
                   f"-javaagent:{agent}", "-Djdk.attach.allowAttachSelf=true", "-Djava.security.manager=allow",
                   *(f"--add-exports={each}=ALL-UNNAMED" for each in _EXPORTS), *(f"--add-opens={each}=ALL-UNNAMED" for each in _OPENS),
                   "-Dcassandra-foreground=yes", f"-Dcassandra.config=file://{self.folder}/etc/cassandra.yaml",
                   f"-Dlogback.configurationFile={self.folder}/etc/logback.xml", f"-Dcassandra.storagedir={self.folder}/data",
                   f"-Dcassandra.logdir={self.folder}/log", f"-Djna.tmpdir={self.folder}/data",
                   # Alone in its ring: no settling, no delay before the first user exists.
                   "-Dcassandra.skip_wait_for_gossip_to_settle=0", "-Dcassandra.ring_delay_ms=0", "-Dcassandra.superuser_setup_delay_ms=0",
                   "-Dio.netty.transport.estimateSizeOnSubmit=false",
                   "-cp", f"{self.folder}/etc:{self.installed['jars']}/*", "org.apache.cassandra.service.CassandraDaemon"]
        (self.folder / "data").mkdir(exist_ok=True)
        return [Process("cassandra", command, self._ready, listens=("main", "storage"))]

    def _session(self):
        authority = self.folder / "tls" / "ca.pem" if self.options["tls"] == "yes" else None
        return cql_wire.Session(self.ports["main"], "cassandra", "cassandra", authority)

    def _ready(self):
        with self._session() as session:
            rows = session.query("SELECT release_version FROM system.local")
        if rows != [[self.version.number.encode()]]:
            raise NotYet(f"the node says that it is {rows}, not {self.version.number}")

    def prepared(self):
        if self.options["auth"] == "yes":
            with self._session() as session:
                session.query(f"CREATE ROLE IF NOT EXISTS \"{self.options['username']}\" "
                              f"WITH PASSWORD = '{self.options['password']}' AND LOGIN = true")

    def endpoints(self):
        found = {"host": "127.0.0.1", "port": self.ports["main"], "contact_point": f"127.0.0.1:{self.ports['main']}",
                 "datacenter": "datacenter1"}
        if self.options["auth"] == "yes":
            found.update(username=self.options["username"], password=self.options["password"])
        if self.options["tls"] == "yes":
            tls = self.folder / "tls"
            found.update(ca_file=f"{tls}/ca.pem", client_certificate=f"{tls}/client.pem", client_key=f"{tls}/client.key")
        return found
