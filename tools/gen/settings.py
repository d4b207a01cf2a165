"""Generates C++ from spec/settings/*.toml: one header with a struct an area, and the catalogue of all settings.

    settings.py area SPEC OUT
    settings.py catalogue OUT SPEC...

An entry:  [port]  type = "integer"  default = "9092"  min = 0  max = 65535  help = "..."  example = "..."  restart = true
Types: integer, boolean, text, duration, bytes, choice (with choices = ["a", "b"]).
"""
import pathlib
import sys
import tomllib

CPP = {"integer": ("std::int64_t", "integer"), "boolean": ("bool", "boolean"), "text": ("std::string", "text"),
       "duration": ("Microseconds", "duration"), "bytes": ("std::int64_t", "bytes"), "choice": ("std::string", "text")}
FIELDS = {"type", "default", "help", "example"}
OPTIONAL = {"min", "max", "choices", "restart"}
MAXIMUM = "INT64_MAX"


def load(path):
    entries = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    for name, entry in entries.items():
        wrong = (FIELDS - entry.keys()) | (entry.keys() - FIELDS - OPTIONAL)
        if wrong or entry["type"] not in CPP:
            sys.exit(f"{path}: [{name}] has wrong or missing fields {sorted(wrong)} or type {entry.get('type')}")
    return entries


def quoted(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def struct_name(area):
    return "".join(part.capitalize() for part in area.split("_"))


def area_header(spec, out):
    area = pathlib.Path(spec).stem
    struct = struct_name(area)
    lines = [f"// Generated from spec/settings/{area}.toml by tools/gen/settings.py.", "#pragma once", "",
             '#include "base/settings.h"', "", "namespace streamops::settings {", "", f"struct {struct} {{"]
    entries = load(spec)
    for name, entry in entries.items():
        lines.append(f"  /// {entry['help']}")
        lines.append(f"  {CPP[entry['type']][0]} {name}{{}};")
    lines += ["", f"  static {struct} from(const SettingValues& values) {{", f"    {struct} out;"]
    for name, entry in entries.items():
        lines.append(f'    out.{name} = values.{CPP[entry["type"]][1]}("{area}.{name}");')
    lines += ["    return out;", "  }", "};", "", "}  // namespace streamops::settings", ""]
    write(out, "\n".join(lines))


def catalogue(out, specs):
    rows = []
    for spec in specs:
        area = pathlib.Path(spec).stem
        for name, entry in load(spec).items():
            fields = [quoted(f"{area}.{name}"), f"SettingType::{entry['type']}", quoted(entry["default"]),
                      quoted(entry["help"]), quoted(entry["example"]), str(entry.get("min", 0)),
                      str(entry.get("max", MAXIMUM)), quoted("|".join(entry.get("choices", []))),
                      "true" if entry.get("restart", True) else "false"]
            rows.append((f"{area}.{name}", "    {" + ", ".join(fields) + "},"))
    lines = ["// Generated from spec/settings/*.toml by tools/gen/settings.py.", "#include <cstdint>", "",
             '#include "base/settings.h"', "", "namespace streamops {", "",
             "std::span<const SettingInfo> setting_catalogue() {", "  static constexpr SettingInfo all[] = {"]
    lines += [row for _, row in sorted(rows)]
    lines += ["  };", "  return all;", "}", "", "}  // namespace streamops", ""]
    write(out, "\n".join(lines))


if __name__ == "__main__":
    if sys.argv[1] == "area":
        area_header(sys.argv[2], sys.argv[3])
    else:
        catalogue(sys.argv[2], sys.argv[3:])
