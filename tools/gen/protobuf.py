"""Generates structs with a protocol-buffers codec from spec/spark/*.api (the syntax is described in spec/spark/README.md).

    protobuf.py OUT_FOLDER SPEC...   -> messages.h, messages.cc and messages_fill_test.h (random values, for the round trip)
"""
import dataclasses
import pathlib
import re
import sys

SCALARS = {"bool": "bool", "i32": "std::int32_t", "i64": "std::int64_t", "string": "std::string", "bytes": "std::string"}
HEAD = re.compile(r"message ([\w.]+)(?:  (\w+))?$")
FIELD = re.compile(r"(\w+) +(\d+)  (\w+)(\[\])?(\?)?$")


@dataclasses.dataclass
class Field:
    name: str
    number: int
    type: str
    repeated: bool
    optional: bool

    @property
    def is_message(self):
        return self.type not in SCALARS and self.type != "map"

    @property
    def cpp(self):
        if self.type == "map":
            return "std::map<std::string, std::string>"
        inner = SCALARS.get(self.type, self.type)
        if self.repeated:
            return f"std::vector<{inner}>"
        return f"std::optional<{inner}>" if self.optional or self.is_message else inner

    @property
    def default(self):
        return {"bool": " = false", "i32": " = 0", "i64": " = 0"}.get(self.type, "") if self.cpp == SCALARS.get(self.type) else ""


@dataclasses.dataclass
class Message:
    wire_name: str  # with the names of the messages around it
    name: str
    fields: list


def load(paths):
    messages = []
    for path in paths:
        for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").split("\n"), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            head, field = HEAD.match(text), FIELD.match(text)
            if head:
                messages.append(Message(head[1], head[2] or head[1].rsplit(".", 1)[-1], []))
            elif field and messages and line.startswith("  "):
                messages[-1].fields.append(Field(field[1], int(field[2]), field[3], bool(field[4]), bool(field[5])))
            else:
                sys.exit(f"{path}:{number}: neither a message nor a field: {text}")
    check(messages)
    return in_order(messages)


def check(messages):
    names = [message.name for message in messages]
    for message in messages:
        if names.count(message.name) > 1:
            sys.exit(f"two messages are called {message.name}")
        numbers = [field.number for field in message.fields]
        if len(set(numbers)) != len(numbers):
            sys.exit(f"{message.name} has a number twice")
        for field in message.fields:
            if field.is_message and field.type not in names:
                sys.exit(f"{message.name}.{field.name}: there is no type {field.type}")


def in_order(messages):
    """Each message behind those that it holds."""
    by_name, out, under_way = {message.name: message for message in messages}, [], []

    def visit(message):
        if message in out:
            return
        if message in under_way:
            sys.exit(f"{message.name} contains itself")
        under_way.append(message)
        for field in message.fields:
            if field.is_message:
                visit(by_name[field.type])
        under_way.pop()
        out.append(message)

    for message in messages:
        visit(message)
    return out


def header(messages):
    lines = ["// Generated from spec/spark/*.api by tools/gen/protobuf.py.", "#pragma once", "", "#include <cstdint>", "#include <map>",
             "#include <optional>", "#include <string>", "#include <string_view>", "#include <vector>", "",
             '#include "spark/protobuf.h"', "", "namespace streamops::spark {"]
    for message in messages:
        lines += ["", f"struct {message.name} {{", f'  static constexpr std::string_view message_name = "{message.wire_name}";', ""]
        lines += [f"  {field.cpp} {field.name}{field.default or '{}'};" for field in message.fields]
        lines += ["", "  /// Merges what `in` holds into this message; unknown fields are skipped. Failures stay in `in`.",
                  "  void merge_from(ProtobufReader& in);", "  void write_to(ProtobufWriter& out) const;",
                  f"  friend bool operator==(const {message.name}&, const {message.name}&) = default;", "};"]
    lines += ["", "/// Calls `visit` with an empty value of each message.", "template <typename Visit>", "void visit_messages(Visit visit) {"]
    lines += [f"  visit({message.name}{{}});" for message in messages]
    lines += ["}", "", "}  // namespace streamops::spark", ""]
    return "\n".join(lines)


def read_case(field):
    if field.type == "map":
        return f"in.map_entry({field.name});"
    if field.is_message:
        return f"in.message({field.name}{'.emplace_back()' if field.repeated else ''});"
    value = f"in.{field.type}_value()"
    return f"{field.name}.push_back({value});" if field.repeated else f"{field.name} = {value};"


def write_line(field):
    call = "message" if field.is_message else "boolean" if field.type == "bool" else field.type
    if field.type == "map":
        return f"out.map({field.number}, {field.name});"
    if field.repeated:
        return f"for (const auto& item : {field.name}) out.{call}({field.number}, item);"
    if field.optional or field.is_message:
        return f"if ({field.name}) out.{call}({field.number}, *{field.name});"
    there = f"!{field.name}.empty()" if field.type in ("string", "bytes") else field.name + ("" if field.type == "bool" else " != 0")
    return f"if ({there}) out.{call}({field.number}, {field.name});"


def source(messages):
    lines = ["// Generated from spec/spark/*.api by tools/gen/protobuf.py.", '#include "spark/messages.h"', "",
             "namespace streamops::spark {"]
    for message in messages:
        lines += ["", f"void {message.name}::merge_from(ProtobufReader& in) {{", "  while (in.next()) {", "    switch (in.field()) {"]
        for field in message.fields:
            lines += [f"      case {field.number}:", f"        {read_case(field)}", "        break;"]
        lines += ["      default:", "        in.skip();", "    }", "  }", "}", "",
                  f"void {message.name}::write_to({'' if message.fields else '[[maybe_unused]] '}ProtobufWriter& out) const {{"]
        lines += ["  " + write_line(field) for field in message.fields]
        lines += ["}"]
    return "\n".join(lines + ["", "}  // namespace streamops::spark", ""])


def fill(messages):
    lines = ["// Generated from spec/spark/*.api by tools/gen/protobuf.py: fills each message with values that `random` makes.", "#pragma once", "",
             '#include "spark/messages.h"', "", "namespace streamops::spark {"]
    for message in messages:
        lines += ["", "template <typename Random>",
                  f"void fill({'' if message.fields else '[[maybe_unused]] '}{message.name}& value, {'' if message.fields else '[[maybe_unused]] '}Random& random) {{"]
        for field in message.fields:
            call = "fill({0}, random)" if field.is_message else "random.fill({0})"
            if field.repeated:
                item = "value.{0}.emplace_back()".format(field.name)
                lines.append(f"  for (int left = random.count(); left > 0; --left) {call.format(item)};")
            elif field.optional or field.is_message:
                lines.append(f"  if (random.coin()) {call.format(f'value.{field.name}.emplace()')};")
            else:
                lines.append(f"  {call.format(f'value.{field.name}')};")
        lines += ["}"]
    return "\n".join(lines + ["", "}  // namespace streamops::spark", ""])


def main():
    folder = pathlib.Path(sys.argv[1])
    messages = load(sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "messages.h").write_text(header(messages), encoding="utf-8")
    (folder / "messages.cc").write_text(source(messages), encoding="utf-8")
    (folder / "messages_fill_test.h").write_text(fill(messages), encoding="utf-8")


if __name__ == "__main__":
    main()
