"""Checks the error catalogue (spec/errors): every code is unique, raised in src/ and tried in a test.

    check_errors.py        prints what is missing; exit status 1 when something is
"""
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read_all(*patterns):
    paths = [path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()]
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)


def is_raised(area, name, sources):
    """By its full name, or by the short one in a file that opens the area's namespace (or gives it an alias)."""
    if any(f"{area}::{name}" in text for text in sources):
        return True
    opened = re.compile(rf"(using namespace|namespace \w+ =) (streamops::)?errors::{area};")
    return any(opened.search(text) and re.search(rf"\b{name}\b", text) for text in sources)


def main():
    sources = [path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*")
               if path.suffix in (".cc", ".h") and not path.name.endswith("_test.cc")]
    tests = read_all("src/**/*_test.cc", "tests/**/*.test", "tests/**/*.py", "tests/**/*.expected", "tests/**/*.txt",
                     "tests/**/*.yaml", "tests/**/*.js", "tests/**/*.cc")
    problems, seen = [], {}
    for spec in sorted(ROOT.glob("spec/errors/*.toml")):
        for name, entry in tomllib.loads(spec.read_text(encoding="utf-8")).items():
            code = f"SO-{entry['code']}"
            if code in seen:
                problems.append(f"{spec.name}: {code} is used by {seen[code]} and by {name}")
            seen[code] = name
            if not is_raised(spec.stem, name, sources):
                problems.append(f"{spec.name}: {code} ({spec.stem}::{name}) is raised nowhere")
            if code not in tests and f"{spec.stem}::{name}" not in tests:
                problems.append(f"{spec.name}: {code} ({spec.stem}::{name}) is tried in no test")
    print("\n".join(problems) if problems else f"errors: all {len(seen)} codes are raised and tried")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
