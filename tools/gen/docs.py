"""Writes the reference pages that come from spec/: docs/reference/errors.md and docs/reference/settings.md.

    docs.py            writes them
    docs.py --check    exit status 1 when one is not what it would write
"""
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTS = {"user": "you", "external": "another system", "system": "this machine", "bug": "us: please report it"}


def entries(folder):
    for path in sorted((ROOT / "spec" / folder).glob("*.toml")):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            yield path.stem, name, entry


def errors_page():
    lines = ["# Errors", "", "Every error has a code that never changes its meaning. `streamops explain CODE` shows the same text.",
             "Made from `spec/errors` by `tools/gen/docs.py`.", ""]
    for _, _, entry in sorted(entries("errors"), key=lambda item: item[2]["code"]):
        lines += [f"## SO-{entry['code']}: {entry['title']}", "", entry["text"], "", f"**What to do:** {entry['hint']}  ",
                  f"**Who acts:** {ACTS[entry['blame']]}", ""]
    return "\n".join(lines)


def settings_page():
    lines = ["# Settings", "", "Last one wins: default, environment variable, `--set NAME=VALUE`. `streamops settings` shows what is in force.",
             "Made from `spec/settings` by `tools/gen/docs.py`.", "", "| setting | type | default | what | example |", "| --- | --- | --- | --- | --- |"]
    for area, name, entry in entries("settings"):
        kind = entry["type"] if entry["type"] != "choice" else " \\| ".join(entry["choices"])
        lines.append(f"| `{area}.{name}` | {kind} | `{entry['default']}` | {entry['help']} | `{entry['example']}` |")
    return "\n".join(lines) + "\n"


def main():
    stale = []
    for name, text in (("errors", errors_page()), ("settings", settings_page())):
        path = ROOT / "docs" / "reference" / f"{name}.md"
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(ROOT))
    if stale:
        print("stale, run tools/gen/docs.py:", *stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
