"""spec/spark compared with the definitions inside the spark-connect jar: every number and every type."""
import pathlib
import re
import sys
import zipfile

import pytest
from server import ROOT

sys.path.insert(0, str(ROOT / "tools" / "gen"))
import protobuf  # noqa: E402

SCALARS = {"bool": "bool", "int32": "i32", "int64": "i64", "string": "string", "bytes": "bytes"}
MESSAGE = re.compile(r"\s*(message|oneof|enum) (\w+) \{\s*(\})?")
FIELD = re.compile(r"\s*(optional |repeated )?(map<string, string>|[\w.]+) (\w+) = (\d+)")


def definitions(spark):
    """{"Read.DataSource": {number: (name, type, label)}} of all messages in the jar."""
    jar = next(pathlib.Path(spark.service.installed["jars"], "jars").glob("spark-connect_*.jar"))
    found = {}
    with zipfile.ZipFile(jar) as archive:
        for name in ("base", "commands", "relations", "common"):
            entry = f"spark/connect/{name}.proto"
            if entry in archive.namelist():
                read_definitions(archive.read(entry).decode(), found)
    return found


def read_definitions(text, found):
    inside = []
    for line in re.sub(r"//.*|/\*.*?\*/", "", text).split("\n"):
        message, field = MESSAGE.match(line), FIELD.match(line)
        if message:
            if message[1] == "message":
                found.setdefault(".".join([name for kind, name in inside if kind == "message"] + [message[2]]), {})
            if not message[3]:
                inside.append((message[1], message[2]))
        elif line.strip().startswith("}") and inside:
            inside.pop()
        elif field and inside and inside[-1][0] in ("message", "oneof"):
            owner = ".".join(name for kind, name in inside if kind == "message")
            label = "oneof" if inside[-1][0] == "oneof" else (field[1] or "").strip()
            found[owner][int(field[4])] = (field[3], field[2], label)


def ours():
    return protobuf.load([ROOT / "spec" / "spark" / "connect.api"])


@pytest.fixture(scope="module")
def theirs(spark):
    found = definitions(spark)
    assert len(found) > 100
    return found


# Spark 3.5 lacks what came with 4.0; its servers skip what they do not know, as protocol buffers have it.
SINCE_4 = {"SqlCommand.input", "ReleaseSessionRequest", "ReleaseSessionResponse"}
SINCE_4_FIELDS = {"server_side_session_id", "warnings"}


def test_every_message_and_field_is_as_spark_has_it(theirs, spark):
    old = spark.endpoints and "3.5" in spark.selector
    short = {message.name: message.wire_name.rsplit(".", 1)[-1] for message in ours()}
    for message in ours():
        if message.wire_name not in theirs:
            assert old and message.wire_name in SINCE_4, message.wire_name
            continue
        for field in message.fields:
            place = f"{message.wire_name}.{field.name}"
            if field.number not in theirs[message.wire_name]:
                assert old and (place in SINCE_4 or field.name in SINCE_4_FIELDS), place
                continue
            name, kind, label = theirs[message.wire_name][field.number]
            assert name == field.name, place
            wanted = SCALARS.get(kind) or ("map" if kind.startswith("map") else kind.rsplit(".", 1)[-1])
            assert wanted == short.get(field.type, field.type), place
            assert (label == "repeated") == field.repeated, place
            if field.type in ("bool", "i32", "i64", "string", "bytes") and not field.repeated:
                assert (label in ("optional", "oneof")) == field.optional, f"{place}: {label}"
