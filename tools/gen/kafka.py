"""Generates the Kafka codec from spec/kafka/*.api.

    kafka.py message SPEC OUT_FOLDER     -> <name>.h and <name>.cc, one API's request and response
    kafka.py apis    OUT_FOLDER SPEC...  -> apis.h, apis.cc (the table of APIs) and all.h (visits every message)
    kafka.py test    OUT SPEC...         -> functions that fill each message with random values, for the round-trip test
"""
import pathlib
import re
import sys

import kafka_spec
from kafka_spec import LAST, NEVER

CPP = {"bool": "bool", "i8": "std::int8_t", "i16": "std::int16_t", "i32": "std::int32_t", "i64": "std::int64_t",
       "string": "std::string", "bytes": "Bytes", "records": "Records", "uuid": "Uuid"}
FIXED = {"bool": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "uuid": 16}
SCALAR = {"bool": "boolean", "i8": "i8", "i16": "i16", "i32": "i32", "i64": "i64", "uuid": "uuid"}


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def is_nullable(field):
    return field.nullable != NEVER and field.type != "records"


def cpp_type(field):
    kind = CPP.get(field.type, field.type)
    if field.is_array:
        kind = f"std::vector<{kind}>"
    return f"std::optional<{kind}>" if is_nullable(field) else kind


def default_value(field):
    if is_nullable(field) or field.is_array or field.struct or field.type in ("string", "bytes", "records", "uuid"):
        return ""
    if field.type == "bool":
        return f" = {field.default or 'false'}"
    value = int(field.default or 0)
    return " = INT32_MIN" if value == -2**31 else f" = {value}"


def version_note(versions, last):
    first, end = versions
    return f"v{first}+" if end >= last else f"v{first}" if first == end else f"v{first}-{end}"


def has_records(fields):
    return any(field.type == "records" or field.struct and has_records(field.struct.fields) for field in fields)


class Emitter:
    """Lines of C++ with indentation."""

    def __init__(self):
        self.lines = []
        self.depth = 0

    def __call__(self, line=""):
        self.lines.append("  " * self.depth + line if line else "")

    def open(self, line):
        self(line)
        self.depth += 1

    def close(self, line="}"):
        self.depth -= 1
        self(line)


class Codec:
    """The C++ of one API."""

    def __init__(self, api):
        self.api = api
        self.first, self.last = api.versions

    # --- versions ---
    def condition(self, versions):
        """C++ that says whether `version` lies in a range; None when it always does."""
        first, end = versions
        parts = []
        if first > self.first:
            parts.append(f"version >= {first}")
        if end < self.last:
            parts.append(f"version <= {end}")
        return " && ".join(parts) or None

    def smallest(self, struct):
        """A lower bound of a struct's encoded size, over all versions."""
        size = 0
        for field in struct.fields:
            if self.condition(field.versions) is None and field.tag is None:
                size += 1 if field.is_array or field.type not in FIXED else FIXED[field.type]
        return max(size, 1)

    # --- header ---
    def header(self):
        out = Emitter()
        out(f"// Generated from spec/kafka/{self.api.file}.api by tools/gen/kafka.py.")
        for line in ("#pragma once", "", "#include <cstdint>", "#include <optional>", "#include <string>",
                     "#include <string_view>", "#include <vector>", "", '#include "base/bytes.h"',
                     '#include "base/result.h"', '#include "base/uuid.h"', '#include "kafka/protocol/reader.h"',
                     '#include "kafka/protocol/records.h"', '#include "kafka/protocol/writer.h"', "",
                     "namespace streamops::kafka {", ""):
            out(line)
        out(f"// {self.api.about}")
        for message in (self.api.request, self.api.response):
            out()
            self.struct_header(out, message.name, message.fields, message)
        out()
        out("}  // namespace streamops::kafka")
        return "\n".join(out.lines) + "\n"

    def struct_header(self, out, name, fields, message=None):
        out.open(f"struct {name} {{")
        if message:
            out(f'static constexpr std::string_view message_name = "{name}";')
            out(f"static constexpr std::int16_t api_key = {self.api.key};")
            out(f"static constexpr std::int16_t min_version = {self.first};")
            out(f"static constexpr std::int16_t max_version = {self.last};")
            out("/// The first version with compact lengths and tagged fields; above max_version when there is none.")
            out(f"static constexpr std::int16_t first_flexible_version = {self.api.flexible};")
            for struct in message.structs:
                out()
                self.struct_header(out, struct.name, struct.fields)
            out()
        for field in fields:
            notes = [] if self.condition(field.versions) is None else [version_note(field.versions, self.last)]
            notes += [f"tag {field.tag}"] if field.tag is not None else []
            note = "  // " + ", ".join(notes) if notes else ""
            out(f"{cpp_type(field)} {snake(field.name)}{default_value(field) or '{}'};{note}")
        out()
        if message:
            out("/// Reads the fields of `version`; the others keep their defaults. Bytes may be left: see Reader::finish().")
            out("/// Errors: SO-K101 (version), SO-K102 to SO-K105 (malformed).")
            out(f"static Result<{name}> decode(Reader& in, std::int16_t version);")
            out("/// Writes the fields of `version`, which must lie in the range above; the others are left out.")
        else:
            out("void read(Reader& in, std::int16_t version);")
        out(f"void {'encode' if message else 'write'}(Writer& out, std::int16_t version) "
            f"{'&&' if has_records(fields) else 'const'};")
        out()
        out(f"friend bool operator==(const {name}&, const {name}&) = default;")
        out.close("};")

    # --- source ---
    def source(self):
        out = Emitter()
        out(f"// Generated from spec/kafka/{self.api.file}.api by tools/gen/kafka.py.")
        out(f'#include "kafka/protocol/messages/{self.api.file}.h"')
        for line in ("", "#include <utility>", "", '#include "base/check.h"', '#include "errors/kafka_protocol.h"', "",
                     "namespace streamops::kafka {"):
            out(line)
        for message in (self.api.request, self.api.response):
            for struct in message.structs:
                self.read_function(out, f"{message.name}::{struct.name}", struct.fields)
                self.write_function(out, f"{message.name}::{struct.name}", "write", struct.fields)
            self.decode_function(out, message)
            self.write_function(out, message.name, "encode", message.fields)
        out()
        out("}  // namespace streamops::kafka")
        return "\n".join(out.lines) + "\n"

    def flexible_flag(self, out):
        if self.api.flexible <= self.first:
            out("[[maybe_unused]] constexpr bool compact = true;")
        elif self.api.flexible > self.last:
            out("[[maybe_unused]] constexpr bool compact = false;")
        else:
            out(f"[[maybe_unused]] const bool compact = version >= {self.api.flexible};")

    def decode_function(self, out, message):
        out()
        out.open(f"Result<{message.name}> {message.name}::decode(Reader& in, std::int16_t version) {{")
        out.open("if (version < min_version || version > max_version) {")
        out('return Error(errors::kafka_protocol::unsupported_version, "{} version {} is outside of {} to {}", '
            "message_name, version, min_version, max_version);")
        out.close()
        out(f"{message.name} value;")
        self.read_fields(out, message.fields, "value.")
        out("STREAMOPS_RETURN_IF_ERROR(in.status(message_name, version));")
        out("return value;")
        out.close()

    def read_function(self, out, name, fields):
        out()
        out.open(f"void {name}::read(Reader& in, [[maybe_unused]] std::int16_t version) {{")
        self.read_fields(out, fields, "")
        out.close()

    def read_fields(self, out, fields, owner):
        self.flexible_flag(out)
        for field in fields:
            if field.tag is None:
                self.guarded(out, field.versions, lambda field=field: self.read_field(out, field, owner, "in"))
        self.read_tags(out, fields, owner)

    def guarded(self, out, versions, body):
        condition = self.condition(versions)
        if condition:
            out.open(f"if ({condition}) {{")
        body()
        if condition:
            out.close()

    def read_field(self, out, field, owner, reader):
        target = owner + snake(field.name)
        null = self.condition(field.nullable) if is_nullable(field) else None
        if field.is_array:
            self.read_array(out, field, target, reader)
        elif field.type == "records":
            out(f"{target} = {reader}.records(compact);")
        elif field.struct:
            if is_nullable(field):
                out.open(f"if ({reader}.i8() >= 0) {{")
                out(f"{field.type} present;")
                out(f"present.read({reader}, version);")
                out(f"{target} = std::move(present);")
                out.close()
            else:
                out(f"{target}.read({reader}, version);")
        elif field.type in SCALAR:
            out(f"{target} = {reader}.{SCALAR[field.type]}();")
        else:
            prefix = "nullable_" if is_nullable(field) else ""
            out(f"{target} = {reader}.{prefix}{field.type}(compact);")
            if null:
                out(f"if (!({null}) && !{target}) {reader}.fail_null();")

    def read_array(self, out, field, target, reader):
        smallest = self.smallest(field.struct) if field.struct else FIXED.get(field.type, 1)
        out.open(f"if (const auto elements = {reader}.nullable_array(compact, {smallest}); elements) {{")
        if is_nullable(field):
            out(f"auto& items = {target}.emplace();")
        else:
            out(f"auto& items = {target};")
        out("items.resize(*elements);")
        if field.struct:
            out(f"for (auto& item : items) item.read({reader}, version);")
        elif field.type in SCALAR:
            out(f"for (auto& item : items) item = {reader}.{SCALAR[field.type]}();")
        else:
            out(f"for (auto& item : items) item = {reader}.{field.type}(compact);")
        if not is_nullable(field):
            out.close("} else {")
            out.depth += 1
            out(f"{reader}.fail_null();")
            out.close()
            return
        null = self.condition(field.nullable)
        if null:
            out.close(f"}} else if (!({null})) {{")
            out.depth += 1
            out(f"{reader}.fail_null();")
        out.close()

    def read_tags(self, out, fields, owner):
        if self.api.flexible > self.last:
            return
        tagged = [field for field in fields if field.tag is not None]
        if not tagged:
            out("if (compact) in.skip_tagged_fields();")
            return
        if owner == "" and self.api.flexible > self.first:
            out("if (!compact) return;")
        guard = owner != "" and self.api.flexible > self.first
        if guard:
            out.open("if (compact) {")
        out.open("for (std::uint32_t left = in.unsigned_varint(); left > 0 && in.ok(); --left) {")
        out("const std::uint32_t tag = in.unsigned_varint();")
        out("Reader part = in.part(in.unsigned_varint());")
        out.open("switch (tag) {")
        for field in tagged:
            condition = self.condition(field.versions)
            out.open(f"case {field.tag}:")
            if condition:
                out.open(f"if ({condition}) {{")
            self.read_field(out, field, owner, "part")
            out("in.finish_part(part);")
            if condition:
                out.close()
            out("break;")
            out.depth -= 1
        out.open("default:")
        out("break;")
        out.depth -= 1
        out.close()
        out.close()
        if guard:
            out.close()

    def write_function(self, out, name, verb, fields):
        moves = has_records(fields)
        out()
        out.open(f"void {name}::{verb}(Writer& out, [[maybe_unused]] std::int16_t version) {'&&' if moves else 'const'} {{")
        if verb == "encode":
            out('STREAMOPS_CHECK(version >= min_version && version <= max_version, "a message is encoded in a version that it has");')
        self.flexible_flag(out)
        for field in fields:
            if field.tag is None:
                self.guarded(out, field.versions, lambda field=field: self.write_field(out, field, "out"))
        self.write_tags(out, fields)
        out.close()

    def write_field(self, out, field, writer):
        source = snake(field.name)
        null = self.condition(field.nullable) if is_nullable(field) else None
        if field.is_array:
            self.write_array(out, field, source, writer)
        elif field.type == "records":
            out(f"{writer}.records(std::move({source}), compact);")
        elif field.struct:
            if is_nullable(field):
                out(f"{writer}.i8({source} ? 1 : -1);")
                out(f"if ({source}) {source}->write({writer}, version);")
            else:
                out(f"{source}.write({writer}, version);")
        elif field.type in SCALAR:
            out(f"{writer}.{SCALAR[field.type]}({source});")
        else:
            prefix = "nullable_" if is_nullable(field) else ""
            out(f"{writer}.{prefix}{field.type}({source}, compact{', ' + null if null else ''});")

    def write_array(self, out, field, source, writer):
        items = source
        if is_nullable(field):
            null = self.condition(field.nullable)
            out.open(f"if (!{source}) {{")
            if null:
                out.open(f"if ({null}) {{")
                out(f"{writer}.null_array(compact);")
                out.close("} else {")
                out.depth += 1
                out(f"{writer}.array(0, compact);")
                out.close()
            else:
                out(f"{writer}.null_array(compact);")
            out.close("} else {")
            out.depth += 1
            items = f"(*{source})"
        out(f"{writer}.array({items}.size(), compact);")
        moves = field.struct and has_records(field.struct.fields)
        loop = f"for ({'auto&' if moves else 'const auto&'} item : {items.strip('()')}) "
        if field.struct:
            out(loop + (f"std::move(item).write({writer}, version);" if moves else f"item.write({writer}, version);"))
        elif field.type in SCALAR:
            out(loop + f"{writer}.{SCALAR[field.type]}(item);")
        else:
            out(loop + f"{writer}.{field.type}(item, compact);")
        if is_nullable(field):
            out.close()

    def write_tags(self, out, fields):
        if self.api.flexible > self.last:
            return
        tagged = sorted((field for field in fields if field.tag is not None), key=lambda field: field.tag)
        if not tagged:
            out("if (compact) out.unsigned_varint(0);")
            return
        if self.api.flexible > self.first:
            out("if (!compact) return;")
        for field in tagged:
            out(f"const bool has_{snake(field.name)} = {self.present(field)};")
        out("out.unsigned_varint(" + " + ".join(f"(has_{snake(field.name)} ? 1U : 0U)" for field in tagged) + ");")
        for field in tagged:
            out.open(f"if (has_{snake(field.name)}) {{")
            out("Writer part;")
            self.write_field(out, field, "part")
            out(f"out.unsigned_varint({field.tag});")
            out("out.sized(std::move(part));")
            out.close()

    def present(self, field):
        """C++: a tagged field is written when it differs from its default."""
        name = snake(field.name)
        condition = self.condition(field.versions)
        prefix = f"{condition} && " if condition else ""
        if is_nullable(field):
            return f"{prefix}{name}.has_value()"
        if field.is_array or field.type in ("string", "bytes"):
            return f"{prefix}!{name}.empty()"
        if field.struct:
            return f"{prefix}!({name} == {field.type}{{}})"
        if field.type == "uuid":
            return f"{prefix}!{name}.is_nil()"
        if field.type == "bool":
            return f"{prefix}{name} != {field.default or 'false'}"
        return f"{prefix}{name} != {field.default or 0}"


def emit_message(spec, folder):
    api = kafka_spec.load(spec)
    codec = Codec(api)
    write(pathlib.Path(folder) / f"{api.file}.h", codec.header())
    write(pathlib.Path(folder) / f"{api.file}.cc", codec.source())


if __name__ == "__main__":
    if sys.argv[1] == "message":
        emit_message(sys.argv[2], sys.argv[3])
    else:
        import kafka_tables
        emit = {"apis": kafka_tables.emit_apis, "test": kafka_tables.emit_test}[sys.argv[1]]
        emit(sys.argv[2], [kafka_spec.load(spec) for spec in sys.argv[3:]])
