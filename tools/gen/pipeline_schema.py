"""Generates the schema of the pipeline file: one C++ table from spec/pipeline/file.toml and every src/connect/<system>/spec.toml.

    pipeline_schema.py OUT FILE_SPEC CONNECTOR_SPEC...

Sections of connectors are named <system>.source and <system>.sink. See src/pipeline/file_schema.h.
"""
import pathlib
import sys
import tomllib

TYPES = {"text", "name", "duration", "integer", "boolean", "bytes", "choice", "time", "map", "list", "lines", "sql", "ddl", "cql",
         "section", "sections"}
FIELDS = {"type", "required", "default", "help", "example", "choices", "min", "max", "of"}


def quoted(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def checked(spec, section, name, field):
    """Returns a field with its shorthands written out; stops with a message on a wrong one."""
    if field.get("type") == "tls":
        field = {**field, "type": "section", "of": "tls"}
    wrong = sorted(field.keys() - FIELDS)
    if wrong or field.get("type") not in TYPES or "help" not in field:
        sys.exit(f"{spec}: [{section}.field.{name}] has unknown fields {wrong}, no help, or the type {field.get('type')}")
    return field


def sections_of(spec):
    """Yields (section name, entry) of one spec file."""
    tables = tomllib.loads(pathlib.Path(spec).read_text(encoding="utf-8"))
    system = "" if pathlib.Path(spec).name == "file.toml" else pathlib.Path(spec).parent.name
    for name, entry in tables.items():
        if system and name not in ("source", "sink"):
            continue
        yield (f"{system}.{name}" if system else name), entry


def main(out, specs):
    lines = ["// Generated from spec/pipeline and the connectors' spec.toml by tools/gen/pipeline_schema.py.",
             '#include "pipeline/file_schema.h"', "", "namespace streamops::pipeline {", "", "namespace {", ""]
    sections = []
    for spec in specs:
        for section, entry in sections_of(spec):
            identifier = "keys_of_" + section.replace(".", "_")
            fields = {name: checked(spec, section, name, field) for name, field in entry.get("field", {}).items()}
            sections.append(f"    {{{quoted(section)}, {quoted(entry.get('help', ''))}, {quoted(entry.get('connector', ''))}, "
                            f"{identifier if fields else 'std::span<const KeySpec>()'}}},")
            if not fields:
                continue
            lines.append(f"constexpr KeySpec {identifier}[] = {{")
            for name, field in fields.items():
                kind = field["type"]
                values = [quoted(name), f"KeyType::{kind}", "true" if field.get("required") else "false",
                          quoted(field.get("default", "")), quoted("|".join(field.get("choices", []))),
                          quoted(field.get("of", "")), str(field.get("min", 0)), str(field.get("max", 2**31 - 1)),
                          quoted(field["help"]), quoted(field.get("example", ""))]
                lines.append("    {" + ", ".join(values) + "},")
            lines += ["};", ""]
    lines += ["constexpr SectionSpec all_sections[] = {"] + sections + ["};", "", "}  // namespace", "",
              "std::span<const SectionSpec> file_sections() {", "  return all_sections;", "}", "",
              "}  // namespace streamops::pipeline", ""]
    path = pathlib.Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
