"""Checks src/ against src/layers.txt: every module is listed once, depends on lower ranks only, and includes only what it lists.

    check_layers.py        prints each violation as file:line: text; exit status 1 when there is one
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
INCLUDE = re.compile(r'^\s*#include "([^"]+)"')
GENERATED = ("errors/", "settings/")  # written for every module from spec/


def read_layers():
    """Returns {module: (rank, depends)}; depends is None for a module that may use all."""
    layers = {}
    for line in (SRC / "layers.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        rank, module, depends, _ = line.split()
        layers[module] = (int(rank), None if depends == "*" else set(depends.split(",")) - {"-"})
    return layers


def module_of(path, layers):
    """The deepest listed module that holds a path relative to src/, or None."""
    fits = [module for module in layers if path.startswith(module + "/")]
    return max(fits, key=len, default=None)


def check_table(layers):
    for module, (rank, depends) in layers.items():
        for other in depends or ():
            if other not in layers:
                yield f"src/layers.txt: {module} depends on {other}, which is not listed"
            elif layers[other][0] >= rank:
                yield f"src/layers.txt: {module} (rank {rank}) depends on {other} (rank {layers[other][0]})"


def check_file(path, layers):
    name = path.relative_to(SRC).as_posix()
    own = module_of(name, layers)
    if own is None:
        yield f"src/{name}: belongs to no module of src/layers.txt"
        return
    allowed = layers[own][1]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match or match[1].startswith(GENERATED):
            continue
        other = module_of(match[1], layers)
        is_test = name.endswith("_test.cc") or path.name.startswith("test_")
        if is_test and (ROOT / "tests" / "support" / match[1]).is_file():
            continue
        if other is None and "/" not in match[1]:
            yield f"src/{name}:{number}: include \"{match[1]}\" without its folder"
        elif other not in (None, own) and allowed is not None and other not in allowed:
            yield f"src/{name}:{number}: {own} includes {match[1]}, but does not list {other} in src/layers.txt"
        elif other not in (None, own) and "/impl/" in match[1] and not name.endswith("_test.cc"):
            yield f"src/{name}:{number}: {match[1]} is private to {other}"


def main():
    layers = read_layers()
    problems = list(check_table(layers))
    for path in sorted(SRC.rglob("*")):
        if path.suffix in (".h", ".cc"):
            problems += check_file(path, layers)
    print("\n".join(problems) if problems else "layers: every include goes down")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
