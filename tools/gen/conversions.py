"""Generates the table of spec/conversions/sql_to_cql.toml: conversions.py SPEC OUT."""
import pathlib
import sys
import tomllib

CONVERSIONS = ("as_is", "parse", "integer", "floating", "varint", "decimal", "to_text", "millis", "day", "days", "midnight",
               "duration", "elements", "members")
CPP_CQL = {"int": "int_", "float": "float_", "double": "double_"}


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main(spec, out):
    rows, refusals = [], []
    for sql, entries in tomllib.loads(pathlib.Path(spec).read_text(encoding="utf-8")).items():
        seen = set()
        for conversion, targets in entries.items():
            if conversion == "refused":
                continue
            if conversion not in CONVERSIONS:
                sys.exit(f"{spec}: [{sql}] has an unknown conversion {conversion}")
            for target in targets:
                if target in seen:
                    sys.exit(f"{spec}: [{sql}] names {target} twice")
                seen.add(target)
                rows.append(f"    {{data::TypeId::{sql}, cql::TypeId::{CPP_CQL.get(target, target)}, Conversion::{conversion}}},")
        for target, advice in entries.get("refused", {}).items():
            if target in seen:
                sys.exit(f"{spec}: [{sql}] both converts to {target} and refuses it")
            refusals.append(f"    {{data::TypeId::{sql}, cql::TypeId::{CPP_CQL.get(target, target)}, {quoted(advice)}}},")
    lines = ["// Generated from spec/conversions/sql_to_cql.toml by tools/gen/conversions.py.", '#include "connect/cassandra/conversion.h"', "",
             "namespace streamops::connect {", "", "std::span<const ConversionRow> conversion_table() {",
             "  static constexpr ConversionRow all[] = {", *rows, "  };", "  return all;", "}", "",
             "std::span<const RefusalRow> refusal_table() {", "  static constexpr RefusalRow all[] = {", *refusals, "  };",
             "  return all;", "}", "", "}  // namespace streamops::connect", ""]
    path = pathlib.Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
