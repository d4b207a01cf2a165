"""The verbs of tools/services/services."""
import argparse
import json
import os
import sys

from . import catalogue
from .manager import Manager
from .service import Problem

_EXAMPLES = """examples:
  services start kafka@4 cassandra@5.0 registry       start three, on free ports, and print where they are
  services start kafka@3.9 --set sasl=SCRAM-SHA-512   Kafka with ZooKeeper and a login
  services start kafka@4 --as second --port 29092     a second broker, on a chosen port
  services status --json                              endpoints, process ids, memory, whether each answers
  services endpoint kafka@4 bootstrap                 just that, for scripts
  services stop                                       stop all that was started in this folder
"""


def main(arguments=None):
    """Runs one verb; returns the exit status: 0 done, 1 it did not work, 2 a mistake in the call."""
    given = _parser().parse_args(arguments)
    manager = Manager(given.dir, given.cache, say=lambda text: print(text, file=sys.stderr))
    try:
        return given.verb_function(manager, given) or 0
    except Problem as problem:
        print(f"services: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="services", description="Real services of the stack, on free ports in a folder of their own.",
                                     epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--dir", default=os.environ.get("STREAMOPS_SERVICES_DIR"),
                        help="folder of the instances (build/services; STREAMOPS_SERVICES_DIR)")
    shared.add_argument("--cache", help="folder of installed packages (STREAMOPS_SERVICES_CACHE)")
    shared.add_argument("--json", action="store_true", help="print JSON")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    def verb(name, function, text):
        made = verbs.add_parser(name, parents=[shared], help=text, description=text)
        made.set_defaults(verb_function=function)
        return made

    install = verb("install", _install, "download and install, without starting")
    install.add_argument("selectors", nargs="+", metavar="NAME[@VERSION]")
    start = verb("start", _start, "install what is missing, start, and wait until each answers")
    start.add_argument("selectors", nargs="+", metavar="NAME[@VERSION]")
    start.add_argument("--as", dest="name", help="name of the instance, for one service (NAME@VERSION)")
    start.add_argument("--port", type=_port, default=None, help="port of the first listener, for one service (auto: a free one)")
    start.add_argument("--set", dest="options", action="append", default=[], metavar="KEY=VALUE", help="an option; `services list` tells them")
    start.add_argument("--no-wait", action="store_true", help="return when the processes are started")
    status = verb("status", _status, "what was started here, and whether it answers")
    status.add_argument("names", nargs="*", metavar="INSTANCE")
    wait = verb("wait", _wait, "wait until each answers")
    wait.add_argument("names", nargs="*", metavar="INSTANCE")
    wait.add_argument("--timeout", type=float, default=120, help="seconds (120)")
    endpoint = verb("endpoint", _endpoint, "print one endpoint, for scripts")
    endpoint.add_argument("name", metavar="INSTANCE")
    endpoint.add_argument("key", metavar="KEY", help="as status tells them, like bootstrap or contact_point")
    stop = verb("stop", _stop, "stop what was started here, or only those named")
    stop.add_argument("names", nargs="*", metavar="INSTANCE")
    stop.add_argument("--remove", action="store_true", help="delete its folder, data and all")
    kill = verb("kill", _kill, "end at once, as a crash would; start brings it back on its ports with its data")
    kill.add_argument("names", nargs="+", metavar="INSTANCE")
    verb("list", _list, "services, their options, and what is installed")
    verb("versions", _versions, "the list of versions")
    return parser


def _port(text):
    if text == "auto":
        return None
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError("a number from 1 to 65535, or auto")
    return int(text)


def _options(given):
    options = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise Problem(f"--set {each}: expected KEY=VALUE")
        options[key] = value
    return options


def _install(manager, given):
    for each in given.selectors:
        version = catalogue.select(each)
        manager.install(version)
        print(f"{version.selector}  {version.number}  installed")


def _start(manager, given):
    if len(given.selectors) > 1 and (given.name or given.port):
        raise Problem("--as and --port are for one service at a time")
    options = _options(given.options)
    started = manager.start_all(given.selectors, name=given.name, port=given.port, options=options, wait=not given.no_wait)
    if given.json:
        print(json.dumps({each.name: _description(each) for each in started}, indent=2))
        return
    for each in started:
        print(f"{each.name}  {each.number}  ready in {each.seconds:.1f} s, {each.memory()} MiB  {_endpoints(each)}")


def _status(manager, given):
    rows = {}
    for name in given.names or manager.names():
        instance = manager.get(name)
        problem = manager.answers(instance)
        rows[instance.name] = {**_description(instance), "state": "answers" if problem is None else problem}
    if given.json:
        print(json.dumps(rows, indent=2))
    else:
        for name, row in rows.items():
            print(f"{name}  {row['version']}  {row['state']}  {row['memory_mib']} MiB  {' '.join(f'{k}={v}' for k, v in row['endpoints'].items())}")
    return 0 if all(row["state"] == "answers" for row in rows.values()) else 1


def _wait(manager, given):
    for name in given.names or manager.names():
        print(f"{manager.wait(name, given.timeout).name}  answers")


def _endpoint(manager, given):
    found = manager.get(given.name).endpoints
    if given.key not in found:
        raise Problem(f"{given.name} has no endpoint {given.key!r}; there are: {', '.join(found) or 'none, it was never started'}")
    print(found[given.key])


def _stop(manager, given):
    # Those that were started for another one are stopped by it.
    names = given.names or [name for name in manager.names() if not _owned(manager, name)]
    for name in names:
        instance = manager.get(name)
        manager.stop(instance.name, given.remove)
        print(f"{instance.name}  stopped")


def _owned(manager, name):
    return any(name in manager.get(other).needed for other in manager.names())


def _kill(manager, given):
    for name in given.names:
        instance = manager.get(name)
        manager.kill(instance.name)
        print(f"{instance.name}  killed")


def _list(manager, given):
    services = {}
    for version in catalogue.versions():
        if version.service not in catalogue.recipe_names():
            continue
        recipe = catalogue.recipe(version.service)
        row = services.setdefault(version.service, {"summary": recipe.summary, "versions": {}, "options": {}})
        row["versions"][version.selector] = {"version": version.number, "installed": manager.installed(version)}
        row["options"] = {name: f"{option.meaning} ({option.default or 'none'})" for name, option in recipe.options.items()}
    if given.json:
        print(json.dumps(services, indent=2))
        return
    for row in services.values():
        print(row["summary"])
        for selector, each in row["versions"].items():
            print(f"  {selector:<18} {each['version']:<10} {'installed' if each['installed'] else ''}".rstrip())
        for name, text in row["options"].items():
            print(f"      --set {name}=…  {text}")


def _versions(manager, given):
    entries = catalogue.versions()
    if given.json:
        print(json.dumps({each.selector: each.facts for each in entries}, indent=2))
        return
    for each in entries:
        print(f"{each.selector:<18} {each.number}")


def _description(instance):
    return {"selector": instance.selector, "version": instance.number, "endpoints": instance.endpoints, "ports": instance.ports,
            "processes": {name: record["pid"] for name, record in instance.processes.items()}, "options": instance.options,
            "folder": str(instance.folder), "seconds": instance.seconds, "memory_mib": instance.memory()}


def _endpoints(instance):
    return " ".join(f"{key}={value}" for key, value in instance.endpoints.items())
