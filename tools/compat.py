"""Runs the tests on real services, a session a combination of versions; `./dev compat` calls it.

    compat.py              one session, with one version of each
    compat.py --all        every combination; writes the table between the marks in README.md
    compat.py --only kafka@3.9,cassandra@4.1     the sessions that have all of these
    compat.py --all --only spark@3.5             these again: the table's other rows come from the reports of the last time
    compat.py --all --failed                     only the tests that failed the last time

Each session leaves its report in build/compat.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from services import catalogue  # noqa: E402

REPORTS = ROOT / "build" / "compat"
BEGIN, END = "<!-- combinations -->", "<!-- end of combinations -->"


@dataclass
class Session:
    """One run of pytest on one choice of versions."""
    services: tuple  # selectors, those that the row is about
    tests: str       # files or folders
    what: str        # what they show
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    failures: list = field(default_factory=list)

    def report(self):
        """Where its results are kept."""
        words = [*self.services, *(pathlib.Path(each).stem for each in self.tests.split()[:1])]
        return REPORTS / ("+".join(words) + ".xml")

    def run(self):
        """All its tests; then once more, alone, what failed: seven JVMs on a small machine miss a deadline now and then."""
        self.report().parent.mkdir(parents=True, exist_ok=True)
        self.repeat().unlink(missing_ok=True)
        self.pytest(self.report(), self.tests.split())
        self.run_failed()

    def run_failed(self):
        """What failed the last time; what fails twice is a failure."""
        if self.report().is_file() and (failed := Outcome.of(self.report()).failed):
            self.pytest(self.repeat(), failed)
        self.read()

    def repeat(self):
        return self.report().with_suffix(".again.xml")

    def pytest(self, report, tests):
        report.unlink(missing_ok=True)
        environment = {**os.environ, "STREAMOPS_TEST_SERVICES": " ".join(self.services)}
        environment.setdefault("STREAMOPS_BIN", str(ROOT / "build" / "release" / "streamops"))
        subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", *tests],
                       cwd=ROOT, env=environment, check=False)

    def read(self):
        if not self.report().is_file():
            self.failed, self.failures = 1, ["the session did not end"]
            return
        first = Outcome.of(self.report())
        self.failures, self.seconds = first.failed, first.seconds
        if self.repeat().is_file():
            again = Outcome.of(self.repeat())
            self.failures = [each for each in first.failed if each not in again.passed + again.skipped]
            self.seconds += again.seconds
            first.passed += again.passed
            first.skipped += again.skipped
        self.passed, self.failed, self.skipped = len(first.passed), len(self.failures), len(first.skipped)


@dataclass
class Outcome:
    """What a report of pytest says."""
    passed: list
    failed: list  # as pytest takes them: tests/real/test_trouble.py::test_a_dead_endpoint[kafka]
    skipped: list
    seconds: float

    @staticmethod
    def of(report):
        suite = ElementTree.parse(report).getroot().find("testsuite")
        outcome = Outcome([], [], [], float(suite.get("time")))
        for case in suite.iter("testcase"):
            name = f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                outcome.failed.append(name)
            elif case.find("skipped") is not None:
                outcome.skipped.append(name)
            else:
                outcome.passed.append(name)
        return outcome


def sessions():
    """Every combination: each Kafka with each Cassandra, then each version of what stands beside them."""
    def selectors(service):
        return [each.selector for each in catalogue.versions() if each.service == service]

    pairs = [Session((kafka, cassandra), "tests/real/test_reference.py", "the reference pipeline, compared with embedded")
             for kafka in selectors("kafka") for cassandra in selectors("cassandra")]
    # What does not depend on the pair is shown on the oldest and on the default one.
    oldest = (selectors("kafka")[0], selectors("cassandra")[0])
    default = (catalogue.select("kafka").selector, catalogue.select("cassandra").selector)
    everywhere = {"test_reference.py", "test_recipes.py", "test_services_tool.py"}  # or nowhere: the last two need no service
    rest = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/real").glob("test_*.py") if path.name not in everywhere)
    pairs += [Session(pair, " ".join(rest), "logins, TLS, crashes, dead endpoints, doctor") for pair in (oldest, default)]
    beside = [("registry", "Avro with a schema registry"), ("spark", "`engine: spark`"), ("airflow", "the DAG in Airflow")]
    others = [Session((selector,), f"tests/compat/{service}", what) for service, what in beside for selector in selectors(service)]
    return [each for each in pairs + others if all((ROOT / path).exists() for path in each.tests.split())]


def name_of(selector):
    version = catalogue.select(selector)
    names = {"kafka": "Kafka", "cassandra": "Cassandra", "registry": "Apicurio Registry", "spark": "Spark", "airflow": "Airflow"}
    mode = {"zookeeper": " with ZooKeeper", "kraft": " (KRaft)"}.get(version.facts.get("mode"), "")
    return f"{names[version.service]} {version.number}{mode}"


def table(done):
    rows = [f"| {' + '.join(name_of(each) for each in session.services)} | {session.what} | "
            f"{session.passed} passed{f', {session.failed} failed' if session.failed else ''}"
            f"{f', {session.skipped} skipped' if session.skipped else ''} | {session.seconds:.0f} s |" for session in done]
    return "\n".join(["| on | tests of | result | time |", "| --- | --- | --- | --- |", *rows])


def write_table(done):
    """Puts the table between its marks, in the order of sessions()."""
    order = [each.report() for each in sessions()]
    done = sorted(done, key=lambda each: order.index(each.report()))
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    path.write_text(between.sub(lambda _: f"{BEGIN}\n{table(done)}\n{END}", text), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="every combination, and the README's table")
    parser.add_argument("--only", default="", help="services that a session must have, with commas between")
    parser.add_argument("--failed", action="store_true", help="only the tests that failed the last time")
    given = parser.parse_args()
    wanted = {catalogue.select(each).selector for each in given.only.split(",") if each}
    if given.all or wanted:
        chosen = [each for each in sessions() if wanted <= set(each.services)]
    else:
        chosen = [each for each in sessions() if all(catalogue.select(one.partition("@")[0]).selector == one for one in each.services)]
    if given.failed:
        chosen = [each for each in chosen if each.report().is_file() and (each.read() or each.failed)]
    again = {each.report() for each in chosen}
    done = [each for each in sessions() if given.all and (wanted or given.failed) and each.report().is_file() and each.report() not in again]
    for session in done:
        session.read()
    for session in chosen:
        print(f"== {' + '.join(session.services)}: {session.tests}", file=sys.stderr, flush=True)
        session.run_failed() if given.failed else session.run()
        done.append(session)
        if given.all:
            write_table(done)  # what is known by now, should the rest be broken off
    print(table(chosen))
    for session in chosen:
        for failure in session.failures:
            print(f"failed on {' + '.join(session.services)}: {failure}")
    return 1 if any(session.failed for session in chosen) else 0


if __name__ == "__main__":
    sys.exit(main())
