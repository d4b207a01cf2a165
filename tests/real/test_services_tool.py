"""tools/services: what it promises, shown on a service that is a few lines of Python (no Java, no download)."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from services import catalogue, cli, maven, ports, probe, processes  # noqa: E402
from services.manager import Manager  # noqa: E402
from services.service import NotYet, Option, Package, Problem, Process, Service, Version  # noqa: E402

# Answers every line with "hello"; with "mute" it accepts and says nothing; with "child" a child of it does the work.
PROGRAM = """
import os, socketserver, sys
port, manner = int(sys.argv[1]), sys.argv[2]
if manner == "child" and os.fork() > 0:
    os.wait()
    raise SystemExit
class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline():
            if manner != "mute":
                self.wfile.write(b"hello")
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
if manner == "dies":
    sys.exit("no room in the disk")
Server(("127.0.0.1", port), Answer).serve_forever()
"""


class Echo(Service):
    name = "echo"
    options = {"manner": Option("plain", "plain, mute, child or dies"), "timeout": Option("10", "seconds"), "on": Option("", "needs it")}
    made = 0

    @classmethod
    def packages(cls, version):
        def install(folder):
            Echo.made += 1
            (folder / "program.py").write_text(PROGRAM)

        return [Package("program", f"echo-{version.number}", PROGRAM + version.number, install)]

    @classmethod
    def needs(cls, version, options):
        return [options["on"]] if options["on"] else []

    def processes(self):
        command = [sys.executable, self.installed["program"] / "program.py", self.ports["main"], self.options["manner"]]
        return [Process("echo", command, self._ready, listens=("main",), timeout=float(self.options["timeout"]))]

    def _ready(self):
        with probe.connect(self.ports["main"]) as connection:
            connection.settimeout(0.5)
            connection.sendall(b"?\n")
            if probe.read(connection, 5) != b"hello":
                raise NotYet("no greeting")

    def endpoints(self):
        return {"at": f"127.0.0.1:{self.ports['main']}"}


@pytest.fixture
def manager(tmp_path, monkeypatch):
    """A manager that knows the service above only."""
    known = [Version("echo", "1", {"version": "1.0"}), Version("echo", "2", {"version": "2.0", "default": True})]
    monkeypatch.setattr(catalogue, "versions", lambda: known)
    monkeypatch.setattr(catalogue, "recipe_names", lambda: ["echo"])
    monkeypatch.setattr(catalogue, "recipe", lambda name: Echo)
    monkeypatch.setattr(Echo, "made", 0)
    made = Manager(tmp_path / "services", tmp_path / "cache")
    yield made
    for name in made.names():
        made.kill(name)


def answers(instance):
    return Echo._ready(instance.service) is None


def test_it_installs_once_and_starts_on_a_free_port(manager):
    first = manager.start("echo")
    second = manager.start("echo", name="second")
    assert first.number == "2.0" and Echo.made == 1
    assert first.ports["main"] != second.ports["main"]
    assert answers(first) and answers(second)
    assert manager.answers(first) is None
    assert first.memory() > 0


def test_start_of_what_runs_is_the_same_process(manager):
    assert manager.start("echo").processes == manager.start("echo").processes


def test_a_killed_service_comes_back_on_its_port(manager):
    first = manager.start("echo")
    manager.kill("echo")
    assert manager.answers(manager.get("echo")) == "stopped"
    again = manager.start("echo")
    assert again.ports == first.ports and again.processes != first.processes and answers(again)


def test_a_port_that_somebody_holds_is_refused_by_name(manager):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Problem, match=rf"port {port} .* is held by process {os.getpid()} "):
            manager.start("echo", port=port)
    assert manager.start("echo", port=port).ports["main"] == port


def test_an_answer_from_somebody_else_is_no_answer(manager, monkeypatch):
    """The process lives and its port answers, but another process does the answering."""
    instance = manager.start("echo")
    stranger = manager.start("echo", name="stranger")
    instance.ports["main"] = stranger.ports["main"]
    with pytest.raises(NotYet, match="not held by the process that was started"):
        manager._check(instance, Echo(None, instance.folder, stranger.service.installed, instance.ports, instance.options, {}).processes()[0])


def test_an_open_port_without_an_answer_is_not_ready(manager):
    begin = time.monotonic()
    with pytest.raises(Problem, match="did not answer within 1 s: the port is open, no answer came"):
        manager.start("echo", options={"manner": "mute", "timeout": "1"})
    assert time.monotonic() - begin < 10
    assert not manager.get("echo").running(), "what does not answer is not left behind"


def test_a_service_that_dies_tells_its_last_words(manager):
    with pytest.raises(Problem, match="(?s)died:.*no room in the disk"):
        manager.start("echo", options={"manner": "dies"})


def test_a_port_held_by_a_child_counts_and_stop_takes_it_along(manager):
    instance = manager.start("echo", options={"manner": "child"})
    port = instance.ports["main"]
    assert len(processes.family(instance.identities()["echo"])) == 2
    manager.stop("echo")
    assert ports.is_free(port)


def test_a_paused_service_does_not_answer_and_goes_on(manager):
    instance = manager.start("echo")
    who = instance.identities()["echo"]
    os.kill(who.pid, signal.SIGSTOP)
    assert "no answer came" in manager.answers(instance)
    os.kill(who.pid, signal.SIGCONT)
    assert manager.wait("echo", 20).running()


def test_stop_never_hits_a_pid_that_went_to_somebody_else(manager):
    instance = manager.start("echo")
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        true = instance.identities()["echo"]
        instance.processes["echo"] = {"pid": bystander.pid, "started": true.started, "boot": true.boot}
        instance.save()
        manager.stop("echo")
        assert bystander.poll() is None
        processes.stop(true)
    finally:
        bystander.kill()
        bystander.wait()


def test_a_needed_service_starts_before_and_stops_after(manager):
    manager.start("echo", name="outer", options={"on": "echo@1"})
    assert manager.names() == ["outer", "outer.echo"]
    assert manager.get("outer").service is None and manager.get("outer.echo").running()
    manager.stop("outer", remove=True)
    assert manager.names() == []


def test_a_broken_installation_is_made_anew(manager, tmp_path):
    manager.start("echo")
    manager.stop("echo")
    (tmp_path / "cache" / "echo-2.0" / ".recipe").unlink()
    manager.start("echo")
    assert Echo.made == 2


def test_another_version_under_the_same_name_is_refused(manager):
    manager.start("echo@1", name="mine")
    with pytest.raises(Problem, match="mine .* is echo@1 1.0; give the new one another name"):
        manager.start("echo@2", name="mine")


@pytest.mark.parametrize("call, text", [(["start", "ehco"], "no service 'ehco'; there are: echo"),
                                        (["start", "echo@9"], "no echo@9; there are: echo@1, echo@2"),
                                        (["start", "echo", "--set", "colour=red"], "echo has no option 'colour'"),
                                        (["start", "echo", "--set", "colour"], "expected KEY=VALUE"),
                                        (["stop", "other"], "no instance 'other'"),
                                        (["start", "echo", "echo@1", "--port", "5"], "one service at a time")])
def test_a_wrong_call_says_what_there_is(manager, tmp_path, capsys, call, text):
    assert cli.main([*call, "--dir", str(tmp_path / "services"), "--cache", str(tmp_path / "cache")]) == 1
    assert text in capsys.readouterr().err


def test_the_command_line_tells_endpoints_as_json(manager, tmp_path, capsys):
    place = ["--dir", str(tmp_path / "services"), "--cache", str(tmp_path / "cache")]
    assert cli.main(["start", "echo", "--json", *place]) == 0
    started = json.loads(capsys.readouterr().out)["echo@2"]
    assert started["endpoints"]["at"] == f"127.0.0.1:{started['ports']['main']}"
    assert cli.main(["status", "--json", *place]) == 0
    assert json.loads(capsys.readouterr().out)["echo@2"]["state"] == "answers"
    assert cli.main(["endpoint", "echo@2", "at", *place]) == 0
    assert capsys.readouterr().out == started["endpoints"]["at"] + "\n"
    assert cli.main(["endpoint", "echo", "ta", *place]) == 1
    assert "no endpoint 'ta'; there are: at" in capsys.readouterr().err
    assert cli.main(["kill", "echo", *place]) == 0
    assert cli.main(["status", *place]) == 1
    assert "stopped" in capsys.readouterr().out
    assert cli.main(["stop", "--remove", *place]) == 0
    assert manager.names() == []


def test_the_list_of_versions_is_sound():
    seen = set()
    for each in catalogue.versions():
        assert each.selector not in seen and each.number, each
        seen.add(each.selector)
    for name in catalogue.recipe_names():
        assert catalogue.recipe(name).name == name
        assert catalogue.select(name).facts.get("default") is True
    assert catalogue.select("kafka@3.9").facts["mode"] == "zookeeper"
    assert catalogue.select("kafka@4.3.1").label == "4"


def test_a_project_file_leaves_out_and_shadows_what_it_is_told_to():
    text = maven.project(maven.dependency("a:b:1", exclude=("c:*",)), shadowed_repositories=("mirror",))
    assert "<groupId>a</groupId><artifactId>b</artifactId><version>1</version>" in text
    assert "<exclusion><groupId>c</groupId><artifactId>*</artifactId></exclusion>" in text
    assert "<id>mirror</id>" in text
