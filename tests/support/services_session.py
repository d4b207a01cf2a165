"""Real services for tests: started once a session, on free ports, by tools/services.

    def test_something(services):
        kafka = services("kafka@4")                     # started now, or the one that runs already
        kafka.endpoints["bootstrap"]

    services("kafka@4", secure="yes")                   # another one: other options, another instance
    services("kafka@4", name="mine")                    # one of the test's own, which it may kill

    chosen("kafka")                                 # "kafka@4": the version that this session tests

Services that need other ones by option get them by endpoint: services("spark@4.0", cassandra=cassandra.endpoints["contact_point"]).
"""
import atexit
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from services import catalogue  # noqa: E402
from services.manager import Manager  # noqa: E402
from services.service import Problem  # noqa: E402,F401  (for tests that expect one)


# What every shared instance is started with: listeners with logins and TLS beside the plain ones, and writes that kill -9 cannot
# take back. Nobody is disturbed by it, and no test needs an instance of its own for it.
_SHARED = {"kafka": {"secure": "yes"}, "cassandra": {"commitlog": "batch"}}


def chosen(service):
    """The selector of the version to test: as STREAMOPS_TEST_SERVICES says ("kafka@3.9 cassandra@4.1"), else the default one."""
    for each in os.environ.get("STREAMOPS_TEST_SERVICES", "").split():
        if each.partition("@")[0] == service:
            return catalogue.select(each).selector
    return catalogue.select(service).selector


class Services:
    """The services of this session. All are stopped, and their folder is deleted, at its end. STREAMOPS_TEST_SERVICES_DIR names a folder
    whose services stay, for whoever runs tests again and again."""

    def __init__(self):
        self._stays = os.environ.get("STREAMOPS_TEST_SERVICES_DIR")
        self._folder = self._stays or tempfile.mkdtemp(prefix="streamops-services-")
        self.manager = Manager(self._folder, say=lambda text: print(text, file=sys.stderr, flush=True))
        self._lock = threading.Lock()
        atexit.register(self.stop)

    def __call__(self, selector, name=None, **options):
        label = "".join(f"+{key}={''.join(c if c.isalnum() or c in '.-' else '_' for c in str(value))}"
                        for key, value in sorted(options.items()))
        name = name or f"{catalogue.select(selector).selector}{label}"[:150]
        with self._lock:
            return self.manager.start(selector, name=name, options={**_SHARED.get(selector.partition("@")[0], {}), **options})

    def kill(self, instance):
        """SIGKILL; `restart` brings it back on the same ports with its data."""
        self.manager.kill(instance.name)

    def restart(self, instance):
        return self.manager.start(instance.selector, name=instance.name)

    def signal(self, instance, number):
        """A signal to all its processes: SIGSTOP makes it half alive, ports open and nobody answering."""
        for each in self.manager.get(instance.name).identities().values():  # as it runs now: it may have been restarted
            os.kill(each.pid, number)

    def pause(self, instance):
        self.signal(instance, signal.SIGSTOP)

    def resume(self, instance):
        self.signal(instance, signal.SIGCONT)

    def stop(self):
        atexit.unregister(self.stop)
        if self._stays:
            return
        for name in self.manager.names():
            self.manager.kill(name)  # nothing is worth keeping, and an orderly end of six JVMs takes half a minute
        shutil.rmtree(self._folder, ignore_errors=True)
