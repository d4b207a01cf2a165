"""One started service: a folder with its files, and instance.json, which says what runs there.

    DIR/NAME/instance.json   version, options, ports, processes, endpoints; written atomically
    DIR/NAME/log/PROCESS.log
    DIR/NAME/…               whatever the recipe writes
"""
import contextlib
import fcntl
import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path

from . import processes


@dataclass
class Instance:
    """What instance.json holds."""
    name: str
    folder: Path
    selector: str
    number: str
    options: dict = field(default_factory=dict)
    ports: dict = field(default_factory=dict)
    needed: list = field(default_factory=list)      # names of instances that were started for this one
    processes: dict = field(default_factory=dict)   # process name -> identity record
    endpoints: dict = field(default_factory=dict)
    seconds: float = 0                              # from the first command to the last answer
    service: object = None                          # the recipe's object, while the manager works with it

    @property
    def log_folder(self):
        return self.folder / "log"

    def identities(self):
        """Process name -> Identity, in the order of their start."""
        return {name: processes.Identity(**record) for name, record in self.processes.items()}

    def running(self):
        """Whether every process of the service lives."""
        return bool(self.processes) and all(processes.alive(each) for each in self.identities().values())

    def memory(self):
        """Resident memory, in MiB."""
        return sum(processes.memory(each) for each in self.identities().values())

    def log_tail(self, name, lines=15):
        path = self.log_folder / f"{name}.log"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def save(self):
        content = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in ("folder", "service")}
        beside = self.folder / "instance.json.new"
        beside.write_text(json.dumps(content, indent=2), encoding="utf-8")
        os.replace(beside, self.folder / "instance.json")

    @classmethod
    def load(cls, folder):
        """The instance in `folder`, None when there is none."""
        try:
            content = json.loads((folder / "instance.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(**{**content, "folder": folder, "name": folder.name})  # the folder's name counts, should it be a link


@contextlib.contextmanager
def locked(path):
    """One process, and one thread, at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
