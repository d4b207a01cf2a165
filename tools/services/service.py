"""What a recipe writes: one class a service, in a file of the service's name.

    class Kafka(Service):
        name = "kafka"                                   # as in `start kafka@4`; versions.toml has a table of this name
        summary = "Apache Kafka, one broker"
        options = {"heap": Option("256m", "Java heap")}  # what `--set heap=512m` may change

        @classmethod
        def packages(cls, version): ...   # what is installed once and shared by all instances
        def configure(self): ...          # writes files under self.folder; runs before every start
        def processes(self): ...          # what to start, in order, each with a check that it answers
        def endpoints(self): ...          # where clients find it

The manager gives an instance: self.version, self.folder, self.installed[key], self.ports[name], self.options[name],
self.needed[service]. A recipe starts nothing and waits for nothing itself.
"""
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


class Problem(Exception):
    """What a person can mend; the tool says the text without a stack trace and ends with 1."""


class NotYet(Exception):
    """A process does not answer yet, or not as it should; the text says what is missing."""


@dataclass(frozen=True)
class Version:
    """One entry of versions.toml: `[kafka."3.9"]` has service "kafka", label "3.9"; `facts` is all that the entry says."""
    service: str
    label: str
    facts: dict

    @property
    def number(self):
        """The exact version: "3.9.2"."""
        return self.facts["version"]

    @property
    def selector(self):
        return f"{self.service}@{self.label}"


@dataclass(frozen=True)
class Option:
    """A value of `--set name=value`. A default of versions.toml's entry, under the same name, wins over this one."""
    default: str
    meaning: str


@dataclass(frozen=True)
class Package:
    """Something to install once. `folder` names it in the cache and carries its version ("kafka-3.9.2"); `install` fills the
    empty folder that it is given; a change of `recipe` (any text: coordinates, requirements) installs anew."""
    key: str
    folder: str
    recipe: str
    install: Callable[[Path], None]


@dataclass(frozen=True)
class Process:
    """A process to start. `ready` returns when it answers its own protocol, and raises NotYet until then; the manager calls it
    only while the process lives, and afterwards checks that `listens` (names of ports) are held by it or by its children."""
    name: str
    command: list
    ready: Callable[[], None]
    listens: tuple = ()
    environment: dict = field(default_factory=dict)
    user: str | None = None       # another account, for servers that refuse root
    timeout: float = 120          # seconds until it has to answer
    stop_signal: str = "SIGTERM"  # what asks it to end
    stop_timeout: float = 30      # seconds until it and its children are killed


class Service:
    """A recipe. The attributes set by __init__ are for the recipe to read."""
    name = ""
    summary = ""
    options: dict = {}

    def __init__(self, version, folder, installed, ports, options, needed):
        self.version = version      # Version
        self.folder = folder        # Path of this instance; logs are in folder/log, put the rest where you like
        self.installed = installed  # Package.key -> Path
        self.ports = ports          # name -> number
        self.options = options      # name -> text; every declared option has a value
        self.needed = needed        # service's name -> its endpoints()

    @classmethod
    def packages(cls, version):
        """What has to be installed, as a list of Package."""
        return []

    @classmethod
    def port_names(cls, version, options):
        """Names of the ports to choose; `--port N` gives the number of the first one."""
        return ("main",)

    @classmethod
    def needs(cls, version, options):
        """Selectors of services to start before this one, for it alone: ["zookeeper"]. They stop after it."""
        return []

    def configure(self):
        """Writes the configuration; must bear being called again on a folder that holds data."""

    def processes(self):
        """What to start, in order; the next one starts when the former answers."""
        raise NotImplementedError

    def prepared(self):
        """Runs after all processes answer, at every start: users to create and the like. May raise NotYet to be called again."""

    def endpoints(self):
        """Where clients find it, as a dictionary for JSON: {"bootstrap": "127.0.0.1:29041"}."""
        raise NotImplementedError

    def write(self, name, text, mode=0o644):
        """Writes folder/name (folders are made) and returns its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path
