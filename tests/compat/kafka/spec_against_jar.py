"""Compares spec/kafka/*.api with the definitions inside the kafka-clients jars, version by version.

    python tests/compat/kafka/spec_against_jar.py [VERSION...]      default: 4.3.1 3.9.2

The jars come from Maven (cached in its local repository). For every API and every version that both sides have, the fields on
the wire must agree: order, names, types, null allowed or not, tags, defaults. Also a pytest: it skips when there is no mvn.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools" / "gen"))
import kafka_spec  # noqa: E402

JAR_VERSIONS = ("4.3.1", "3.9.2")
TYPES = {"int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64"}


def fetch(version):
    """The path of the jar, fetched when it is not there yet."""
    jar = pathlib.Path.home() / f".m2/repository/org/apache/kafka/kafka-clients/{version}/kafka-clients-{version}.jar"
    if not jar.exists():
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["mvn", "-q", "dependency:copy", f"-Dartifact=org.apache.kafka:kafka-clients:{version}",
                            f"-DoutputDirectory={folder}"], check=True)
    return jar


def definitions(jar):
    """{(api key, "request" or "response"): definition}."""
    out = {}
    with zipfile.ZipFile(jar) as archive:
        for name in archive.namelist():
            if name.startswith("common/message/") and name.endswith(".json"):
                text = re.sub(r"^\s*//.*$", "", archive.read(name).decode(), flags=re.M)
                message = json.loads(text)
                if message["type"] in ("request", "response"):
                    out[message["apiKey"], message["type"]] = message
    return out


def version_range(text):
    if not text or text == "none":
        return kafka_spec.NEVER
    first, plus, last = re.match(r"(\d+)(\+?)(?:-(\d+))?$", text).groups()
    return (int(first), kafka_spec.LAST if plus else int(last or first))


def within(version, versions):
    return versions[0] <= version <= versions[1]


def number(text):
    """Defaults are written in several ways: 0x7fffffff, "-1", -1, "false", False."""
    text = str(text).lower()
    return {"true": 1, "false": 0, "": 0}.get(text) if text in ("true", "false", "") else int(text, 0)


def jar_layout(message, fields, version, structs):
    """The fields of one version as the jar has them: rows of (name, type, nullable, tag, default), a struct's as a nested list."""
    rows = []
    for field in fields:
        if not within(version, version_range(field["versions"])):
            continue
        kind = field["type"].removeprefix("[]")
        is_array = field["type"].startswith("[]")
        nullable = within(version, version_range(field.get("nullableVersions")))
        tag = field["tag"] if within(version, version_range(field.get("taggedVersions"))) else None
        children = field.get("fields") or structs.get(kind)
        default = None
        if children:
            shown = (kind, jar_layout(message, children, version, structs))
        else:
            shown = TYPES.get(kind, kind)
            if not is_array and not nullable and kind in (*TYPES, "bool"):
                default = number(field.get("default", 0))
        rows.append((field["name"], is_array, shown, nullable, tag, default))
    return rows


def our_layout(fields, version):
    rows = []
    for field in fields:
        if not within(version, field.versions):
            continue
        nullable = within(version, field.nullable)
        default = None
        if field.struct:
            shown = (field.type, our_layout(field.struct.fields, version))
        else:
            shown = field.type
            if not field.is_array and not nullable and field.type in ("bool", *TYPES.values()):
                default = number(field.default or 0)
        rows.append((field.name, field.is_array, shown, nullable, field.tag, default))
    return rows


def differences(api, jar):
    """Texts, one a difference between our tables and the jar's; and the number of versions compared."""
    found, compared = [], 0
    for part, ours in (("request", api.request), ("response", api.response)):
        theirs = jar.get((api.key, part))
        if theirs is None:
            continue
        if theirs["name"] != ours.name:
            found.append(f"{ours.name}: the jar calls it {theirs['name']}")
        structs = {struct["name"]: struct["fields"] for struct in theirs.get("commonStructs", [])}
        valid, flexible = version_range(theirs["validVersions"]), version_range(theirs["flexibleVersions"])
        for version in range(max(api.versions[0], valid[0]), min(api.versions[1], valid[1]) + 1):
            compared += 1
            if within(version, flexible) != (version >= api.flexible):
                found.append(f"{ours.name} v{version}: flexible differs")
            expected = jar_layout(theirs, theirs["fields"], version, structs)
            actual = our_layout(ours.fields, version)
            if expected != actual:
                found.append(f"{ours.name} v{version}:\n    jar  {expected}\n    ours {actual}")
    return found, compared


def compare(jar_version, must_cover):
    jar = definitions(fetch(jar_version))
    found, compared = [], 0
    for api in kafka_spec.load_all(ROOT / "spec" / "kafka"):
        more, count = differences(api, jar)
        found += more
        compared += count
        if must_cover and (count == 0 or api.versions[1] > version_range(jar[api.key, "request"]["validVersions"])[1]):
            found.append(f"{api.name}: the jar does not have all of our versions")
    return found, compared


def test_tables_agree_with_the_jars():
    import pytest
    if shutil.which("mvn") is None:
        pytest.skip("mvn is not installed")
    for version in JAR_VERSIONS:
        found, compared = compare(version, must_cover=version == JAR_VERSIONS[0])
        assert not found, "\n".join(found)
        assert compared > 200


if __name__ == "__main__":
    failed = False
    for jar_version in sys.argv[1:] or JAR_VERSIONS:
        problems, count = compare(jar_version, must_cover=jar_version == JAR_VERSIONS[0])
        print(f"kafka-clients {jar_version}: {count} message versions compared, {len(problems)} differ")
        for problem in problems:
            print("  " + problem)
        failed = failed or bool(problems)
    sys.exit(1 if failed else 0)
