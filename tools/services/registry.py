"""Apicurio Registry: a schema registry with Confluent's REST API, schemas in memory."""
import json

from . import java, maven, probe
from .service import NotYet, Option, Package, Process, Service


class Registry(Service):
    name = "registry"
    summary = "Apicurio Registry, with Confluent's REST API"
    options = {"heap": Option("256m", "Java heap")}

    @classmethod
    def packages(cls, version):
        artifact = f"io.apicurio:apicurio-registry-app:{version.number}:tar.gz:all"
        return [Package("app", f"apicurio-{version.number}", artifact, lambda folder: maven.install_archive(folder, artifact)),
                *java.packages(version.facts["java"])]

    @classmethod
    def port_names(cls, version, options):
        return ("main", "management")

    def processes(self):
        app = self.installed["app"]
        jar = next(iter([*app.glob("quarkus-run.jar"), *app.glob("*-runner.jar")]))
        command = [java.command(self.installed), f"-Xmx{self.options['heap']}", *java.SMALL,
                   "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={self.ports['main']}",
                   "-Dquarkus.management.host=127.0.0.1", f"-Dquarkus.management.port={self.ports['management']}",
                   "-Djava.util.logging.manager=org.jboss.logmanager.LogManager", "-jar", jar]
        return [Process("registry", command, self._ready, listens=("main",))]

    def _ready(self):
        # A page of some other server would answer 200 as well: only a list is the registry's answer.
        text = probe.http(f"{self.endpoints()['url']}/subjects")
        try:
            if isinstance(json.loads(text), list):
                return
        except ValueError:
            pass
        raise NotYet(f"the registry answers {text[:80]!r}, not a list of subjects")

    def endpoints(self):
        return {"url": f"http://127.0.0.1:{self.ports['main']}/apis/ccompat/v7"}
