"""Reads spec/kafka/*.api (the syntax is described in spec/kafka/README.md) into plain objects.

    api = load("spec/kafka/metadata.api")
    api.request.fields[0].name, .type, .versions, .nullable, .tag, .default, .fields
"""
import dataclasses
import pathlib
import re
import sys

PRIMITIVES = ("bool", "i8", "i16", "i32", "i64", "string", "bytes", "records", "uuid")
NEVER = (32767, 32767)  # a range of versions that holds none
LAST = 32767

HEAD = re.compile(r"api (\d+) (\w+)  versions (\d+)-(\d+)  flexible (\d+\+|never)"
                  r"(?:  advertise-from (\d+))?(?:  response-header (\d+))?$")
FIELD = re.compile(r"(\w+) +(\[?)(\w+)(\]?)(\?[\d+-]*)?(?: +@([\d+-]+))?(?: +tag (\d+))?(?: +(=) (\S+))?$")


@dataclasses.dataclass
class Struct:
    """A group of fields with a name of its own."""
    name: str
    fields: list


@dataclasses.dataclass
class Field:
    name: str
    type: str            # a primitive, or the name of a struct
    is_array: bool
    versions: tuple      # first and last version that has the field
    nullable: tuple      # first and last version where it may be null; NEVER when it may not
    tag: int | None
    default: str | None
    struct: Struct | None
    line: int


@dataclasses.dataclass
class Message:
    name: str            # "MetadataRequest"
    fields: list
    structs: list        # in an order in which each uses only earlier ones


@dataclasses.dataclass
class Api:
    file: str            # "metadata"
    key: int
    name: str
    versions: tuple
    flexible: int        # first flexible version, LAST when there is none
    advertise_from: int
    response_header: int | None
    about: str
    request: Message
    response: Message


class Parser:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.lines = []
        about = []
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("#"):
                about.append(line[1:].strip())
            elif line.strip():
                self.lines.append((number, line))
        self.about = " ".join(about)
        self.at = 0

    def stop(self, number, why):
        sys.exit(f"{self.path}:{number}: {why}")

    def api(self):
        number, line = self.lines[self.at]
        head = HEAD.match(line)
        if not head:
            self.stop(number, "expected: api KEY Name  versions A-B  flexible V+|never")
        key, name, first, last, flexible, advertise, header = head.groups()
        self.range = (int(first), int(last))
        self.at += 1
        request = self.message("request", name + "Request")
        response = self.message("response", name + "Response")
        return Api(self.path.stem, int(key), name, self.range, LAST if flexible == "never" else int(flexible[:-1]),
                   int(advertise or first), int(header) if header else None, self.about, request, response)

    def message(self, word, name):
        number, line = self.lines[self.at]
        if line != word:
            self.stop(number, f"expected: {word}")
        self.at += 1
        self.structs = {}
        fields = self.fields(2)
        for struct in self.structs.values():
            self.resolve(struct.fields)
        self.resolve(fields)
        return Message(name, fields, list(self.structs.values()))

    def fields(self, indent):
        out = []
        while self.at < len(self.lines):
            number, line = self.lines[self.at]
            depth = len(line) - len(line.lstrip())
            if depth < indent:
                return out
            if depth > indent:
                self.stop(number, f"expected {indent} blanks before the field")
            self.at += 1
            out.append(self.field(number, line.strip(), indent))
        return out

    def field(self, number, text, indent):
        match = FIELD.match(text)
        if not match or bool(match[2]) != bool(match[4]):
            self.stop(number, "expected: Name type[?versions] [@versions] [tag N] [= default]")
        name, opens, kind, _, null, versions, tag, _, default = match.groups()
        nullable = NEVER if null is None else self.versions(null[1:])
        field = Field(name, kind, bool(opens), self.versions(versions), nullable, int(tag) if tag else None, default,
                      None, number)
        if kind not in PRIMITIVES:
            children = self.fields(indent + 2)
            if children:
                if kind in self.structs:
                    self.stop(number, f"{kind} is described twice")
                self.structs[kind] = Struct(kind, children)
        return field

    def versions(self, text):
        if not text:
            return (0, LAST)
        first, plus, last = re.match(r"(\d+)(\+?)(?:-(\d+))?$", text).groups()
        return (int(first), LAST if plus else int(last or first))

    def resolve(self, fields):
        for field in fields:
            if field.type in PRIMITIVES:
                continue
            if field.type not in self.structs:
                self.stop(field.line, f"{field.type} is not described")
            field.struct = self.structs[field.type]


def load(path):
    return Parser(path).api()


def load_all(folder):
    """All APIs of a folder, by key."""
    return sorted((load(path) for path in pathlib.Path(folder).glob("*.api")), key=lambda api: api.key)
