#!/usr/bin/env python3
"""The streaming job of the tutorials, by its usual name: Kafka -> Spark -> Cassandra.

    python3 spark-stream.py [FILE] [--profile NAME] [--once]

Submits the streams of a pipeline file (the reference pipeline without FILE) to the Spark cluster of the profile `real`, or of the one that
--profile names, and looks after them until Ctrl-C. Keyspace and table are created first. Neither pyspark nor Java is needed here: the work is
done by the streamops binary beside this file, in build/release, on the PATH, or where STREAMOPS_BIN says. The queries run on when this program
ends; `streamops stop` ends them.
"""
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent


def binary():
    """The streamops program, None when there is none."""
    named = os.environ.get("STREAMOPS_BIN")
    if named:
        return named
    for path in (HERE / "streamops", HERE / "build" / "release" / "streamops"):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return shutil.which("streamops")


def main():
    if any(word in ("-h", "--help") for word in sys.argv[1:]):
        print(__doc__)
        return 0
    program = binary()
    if program is None:
        print("spark-stream.py: there is no streamops program beside this file or on the PATH. Build it with ./dev build, or name it in "
              "STREAMOPS_BIN.", file=sys.stderr)
        return 2
    words = sys.argv[1:]
    if not any(word == "--profile" or word.startswith("--profile=") for word in words):
        words += ["--profile", "real"]
    try:
        os.execv(program, [program, "run", *words, "--engine", "spark", "--no-tasks"])
    except OSError as error:
        print(f"spark-stream.py: cannot run {program}: {error.strerror}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
