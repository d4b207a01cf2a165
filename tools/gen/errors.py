"""Generates C++ from spec/errors/*.toml: one header an area, and the catalogue that `streamops explain` reads.

    errors.py area SPEC OUT          -> constants `streamops::errors::<area>::<name>`
    errors.py catalogue OUT SPEC...  -> error_catalogue()
"""
import pathlib
import sys
import tomllib

FIELDS = ("code", "blame", "title", "text", "hint")
BLAMES = ("user", "external", "system", "bug")


def load(path):
    """Returns {name: entry} of one spec file; stops with a message on a wrong entry."""
    entries = tomllib.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    for name, entry in entries.items():
        missing = [field for field in FIELDS if field not in entry]
        extra = [field for field in entry if field not in FIELDS]
        if missing or extra:
            sys.exit(f"{path}: [{name}] misses {missing}, has unknown {extra}")
        if entry["blame"] not in BLAMES:
            sys.exit(f"{path}: [{name}] blame must be one of {BLAMES}")
    return entries


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def area_header(spec, out):
    area = pathlib.Path(spec).stem
    lines = [f"// Generated from spec/errors/{area}.toml by tools/gen/errors.py.", "#pragma once", "",
             '#include "base/error.h"', "", f"namespace streamops::errors::{area} {{", ""]
    for name, entry in load(spec).items():
        lines.append(f"/// {entry['title']}.")
        lines.append(f"inline constexpr ErrorInfo {name}{{\"SO-{entry['code']}\", Blame::{entry['blame']}, "
                     f"{quoted(entry['title'])}, {quoted(entry['text'])}, {quoted(entry['hint'])}}};")
    lines += ["", f"}}  // namespace streamops::errors::{area}", ""]
    write(out, "\n".join(lines))


def catalogue(out, specs):
    items = []
    for spec in specs:
        area = pathlib.Path(spec).stem
        items += [(entry["code"], f"errors::{area}::{name}") for name, entry in load(spec).items()]
    items.sort()
    codes = [code for code, _ in items]
    doubled = sorted({code for code in codes if codes.count(code) > 1})
    if doubled:
        sys.exit(f"spec/errors: code used twice: {doubled}")
    lines = ["// Generated from spec/errors/*.toml by tools/gen/errors.py."]
    lines += [f'#include "errors/{pathlib.Path(spec).stem}.h"' for spec in specs]
    lines += ["", "namespace streamops {", "", "std::span<const ErrorInfo* const> error_catalogue() {",
              "  static constexpr const ErrorInfo* all[] = {"]
    lines += [f"      &{constant}," for _, constant in items]
    lines += ["  };", "  return all;", "}", "", "}  // namespace streamops", ""]
    write(out, "\n".join(lines))


if __name__ == "__main__":
    if sys.argv[1] == "area":
        area_header(sys.argv[2], sys.argv[3])
    else:
        catalogue(sys.argv[2], sys.argv[3:])
