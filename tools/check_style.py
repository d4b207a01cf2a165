"""Checks what clang-format and the compiler do not: file length, heads, forbidden names and words.

    check_style.py         prints each violation; exit status 1 when there is one
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_LINES = 500
BAD_NAMES = re.compile(r"(utils?|helpers?|common)(\.|_|$)", re.IGNORECASE)
# Words that mean unfinished work, and paths of a single machine. Written so that this file does not match itself.
BAD_WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b|/wo" r"rk/|/ro" r"ot/")


def tracked():
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def main():
    problems = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(("web/dist/", "fuzz/corpus/", "tests/golden/")) or path.suffix in (".png", ".svg", ".gz"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = text.split("\n")
        if name.startswith("src/"):
            if BAD_NAMES.search(path.name):
                problems.append(f"{name}: name the thing, not a drawer of things")
            if path.suffix in (".h", ".cc") and len(lines) > MAX_LINES:
                problems.append(f"{name}: {len(lines)} lines, at most {MAX_LINES}")
            if path.suffix == ".h" and "#pragma once" not in text:
                problems.append(f"{name}: no #pragma once")
            if path.suffix == ".h" and not text.startswith("// " + name.removeprefix("src/")):
                problems.append(f"{name}: the first line says the file's name and what it is")
        for number, line in enumerate(lines, 1):
            if BAD_WORDS.search(line):
                problems.append(f"{name}:{number}: {line.strip()[:80]}")
    print("\n".join(problems) if problems else "style: fine")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
