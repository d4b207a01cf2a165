"""Installs, starts, waits for and stops services; tools/services/services is its command line, tests use it directly."""
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import catalogue, ports, processes
from .instance import Instance, locked
from .service import NotYet, Problem

ROOT = Path(__file__).resolve().parents[2]


def default_cache():
    """Where installed packages are kept, for all instances and clones."""
    named = os.environ.get("STREAMOPS_SERVICES_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(named) if named else Path(home) / "streamops" / "services"


class Manager:
    """Services in one folder. Any number of managers, in any number of processes, may share it."""

    def __init__(self, directory=None, cache=None, say=lambda text: None):
        self.directory = Path(directory or ROOT / "build" / "services").resolve()
        self.cache = Path(cache or default_cache()).resolve()
        self.say = say

    # -- installing

    def install(self, version):
        """Installs what `version` lacks; returns key -> folder."""
        return {each.key: self._package(each) for each in catalogue.recipe(version.service).packages(version)}

    def installed(self, version):
        """Whether nothing is missing."""
        return all(self._stamped(each) for each in catalogue.recipe(version.service).packages(version))

    def _stamped(self, package):
        stamp = self.cache / package.folder / ".recipe"
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == package.recipe

    def _package(self, package):
        target = self.cache / package.folder
        with locked(self.cache / f".{package.folder}.lock"):
            if self._stamped(package):
                return target
            self.say(f"installing {package.folder}")
            begin = time.monotonic()
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            # In its final place: virtual environments know their own path. The stamp, written last, says that it is whole.
            package.install(target)
            (target / ".recipe").write_text(package.recipe, encoding="utf-8")
            self.say(f"installed {package.folder} in {time.monotonic() - begin:.0f} s")
        return target

    # -- starting

    def start(self, selector, name=None, port=None, options=None, wait=True):
        """Starts one service, or returns it when it runs already; a stopped one comes back on its ports with its data."""
        version = catalogue.select(selector)
        name = name or version.selector
        if not name or set(name) & set("/\0") or name.startswith("."):
            raise Problem(f"{name!r} cannot be the name of an instance")
        folder = self.directory / name
        with locked(self.directory / f".{name}.lock"):
            instance = self._open(version, name, folder, options or {})
            if instance.running():
                return self._attach(version, instance)
            for left in instance.identities().values():
                processes.kill(left)  # the rest of a service of which a part has died
            installed = self.install(version)
            self._start_needed(version, instance)
            self._choose_ports(version, instance, port)
            self._make(version, instance, installed)
            self._run(instance, wait)
        return instance

    def start_all(self, selectors, **arguments):
        """Several at once; the first problem is raised after all have come to an end."""
        with ThreadPoolExecutor(max_workers=max(1, len(selectors))) as pool:
            return [each.result() for each in [pool.submit(self.start, one, **arguments) for one in selectors]]

    def _open(self, version, name, folder, options):
        instance = Instance.load(folder)
        values = catalogue.option_values(version, options)
        if instance is None:
            folder.mkdir(parents=True, exist_ok=True)
            return Instance(name, folder, version.selector, version.number, values)
        if instance.number != version.number or instance.selector != version.selector:
            raise Problem(f"{name} in {self.directory} is {instance.selector} {instance.number}; "
                          "give the new one another name with --as, or remove that one with: stop --remove")
        changed = [key for key in options if instance.options.get(key) != str(options[key])]
        if changed and instance.running():
            raise Problem(f"{name} runs already with another {', '.join(changed)}; stop it first")
        instance.options = {**values, **instance.options, **{key: str(value) for key, value in options.items()}}
        return instance

    def _start_needed(self, version, instance):
        instance.needed = []
        for selector in catalogue.recipe(version.service).needs(version, instance.options):
            name = f"{instance.name}.{selector.partition('@')[0]}"
            self.start(selector, name=name)
            instance.needed.append(name)

    def _choose_ports(self, version, instance, port):
        names = catalogue.recipe(version.service).port_names(version, instance.options)
        if port is not None:
            instance.ports[names[0]] = port
        for name in names:
            number = instance.ports.setdefault(name, ports.choose(instance.ports.values()))
            if not ports.wait_until_free(number, 15):
                raise Problem(f"port {number} ({name} of {instance.name}) is held by {ports.holder(number)}; "
                              "stop that, or choose another with --port")

    def _make(self, version, instance, installed):
        needed = {}
        for name in instance.needed:
            other = Instance.load(self.directory / name)
            needed[other.selector.partition("@")[0]] = other.endpoints
        instance.log_folder.mkdir(parents=True, exist_ok=True)
        instance.service = catalogue.recipe(version.service)(
            version, instance.folder, installed, instance.ports, instance.options, needed)

    def _attach(self, version, instance):
        packages = catalogue.recipe(version.service).packages(version)
        self._make(version, instance, {each.key: self.cache / each.folder for each in packages})
        return instance

    def _run(self, instance, wait):
        begin = time.monotonic()
        instance.processes = {}
        instance.service.configure()
        try:
            for process in instance.service.processes():
                who = processes.spawn(process.command, instance.log_folder / f"{process.name}.log", process.environment,
                                      instance.folder, process.user)
                if who is None:
                    raise Problem(f"{instance.name}: {process.name} ended at once:\n{instance.log_tail(process.name)}")
                instance.processes[process.name] = who.record()
                instance.save()
                if wait:
                    self._wait_process(instance, process, process.timeout)
            instance.endpoints = instance.service.endpoints()
            if wait:
                self._until(instance.service.prepared, 60, lambda: None, instance.name)
            instance.seconds = round(time.monotonic() - begin, 2)
            instance.save()
        except BaseException:
            self._end(instance, processes.kill)
            raise

    # -- waiting

    def wait(self, name, timeout=120):
        """Returns when every process of the instance answers and all is prepared."""
        instance = self.get(name)
        version = catalogue.select(instance.selector)
        self._attach(version, instance)
        for process in instance.service.processes():
            self._wait_process(instance, process, timeout)
        self._until(instance.service.prepared, timeout, lambda: None, name)
        return instance

    def answers(self, instance):
        """None when all processes answer now, else what is wrong."""
        version = catalogue.select(instance.selector)
        if not instance.running():
            return "stopped"
        self._attach(version, instance)
        try:
            for process in instance.service.processes():
                self._check(instance, process)
        except NotYet as problem:
            return str(problem)
        return None

    def _wait_process(self, instance, process, timeout):
        who = instance.identities()[process.name]

        def living():
            if not processes.alive(who):
                raise Problem(f"{instance.name}: {process.name} died:\n{instance.log_tail(process.name)}")

        self._until(lambda: self._check(instance, process), timeout, living, f"{instance.name}: {process.name}",
                    lambda: instance.log_tail(process.name))

    @staticmethod
    def _check(instance, process):
        process.ready()
        who = instance.identities()[process.name]
        for name in process.listens:
            if not processes.holds_port(who, instance.ports[name]):
                raise NotYet(f"port {instance.ports[name]} ({name}) is not held by the process that was started")

    @staticmethod
    def _until(action, timeout, living, what, tail=lambda: ""):
        deadline = time.monotonic() + timeout
        while True:
            living()
            try:
                action()
                living()
                return
            except NotYet as problem:
                if time.monotonic() > deadline:
                    raise Problem(f"{what} did not answer within {timeout:.0f} s: {problem}\n{tail()}".rstrip()) from None
            time.sleep(0.1)

    # -- ending

    def stop(self, name, remove=False):
        """Stops what start() started, and nothing else; `remove` deletes its folder as well."""
        self._stop(name, remove, gently=True)

    def kill(self, name):
        """SIGKILL: what a crash leaves behind. start() brings the service back on its ports with its data. Services that were
        started for this one go on."""
        instance = self.get(name)
        with locked(self.directory / f".{name}.lock"):
            self._end(instance, processes.kill)

    def _stop(self, name, remove, gently):
        with locked(self.directory / f".{name}.lock"):
            instance = self.get(name)
            manners = {}
            if gently and instance.running():
                self._attach(catalogue.select(instance.selector), instance)
                manners = {each.name: each for each in instance.service.processes()}

            def end(who, process_name=""):
                process = manners.get(process_name)
                processes.stop(who, process.stop_signal, process.stop_timeout) if process else processes.stop(who)

            self._end(instance, end, named=True)
        for other in instance.needed:
            if Instance.load(self.directory / other):
                self._stop(other, remove, gently)
        if remove:
            self._delete(instance.folder)

    @staticmethod
    def _end(instance, how, named=False):
        for name, who in reversed(instance.identities().items()):
            how(who, name) if named else how(who)
        instance.processes = {}
        instance.save()

    def _delete(self, folder):
        # Renamed first: a half-deleted folder is never taken for an instance.
        aside = Path(tempfile.mkdtemp(prefix=".removed-", dir=self.directory))
        os.replace(folder, aside / "instance")
        shutil.rmtree(aside, ignore_errors=True)

    # -- looking

    def names(self):
        """Names of all instances, running or not."""
        if not self.directory.is_dir():
            return []
        return sorted(path.parent.name for path in self.directory.glob("*/instance.json") if not path.parent.name.startswith("."))

    def get(self, name):
        """The instance of this name; `kafka` finds `kafka@4` when it is the only one."""
        found = Instance.load(self.directory / name)
        alike = [each for each in self.names() if each.partition("@")[0] == name]
        if found is None and len(alike) == 1:
            found = Instance.load(self.directory / alike[0])
        if found is None:
            raise Problem(f"no instance {name!r} in {self.directory}; there are: {', '.join(self.names()) or 'none'}")
        return found
