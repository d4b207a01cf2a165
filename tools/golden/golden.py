"""Truth from Spark: fills tests/golden/**/*.test with what a real Spark answers, or compares.

    golden.py [FILE...]                    fills in the answers (all files of tests/golden/sql and tests/golden/streams without FILE)
    golden.py --check [FILE...]            changes nothing; prints what Spark answers otherwise, exit status 1
    golden.py --remote sc://HOST:PORT ...  uses a running Spark Connect server; else tools/services starts one (and leaves it running)

Without FILE it also writes (or compares) tests/golden/spark_functions.txt: the names of all functions that Spark has.

Expressions (tests/golden/sql): a line is `expression ==> TYPE value`, or `expression ==> error CLASS` where Spark refuses or fails. A file that
names columns begins with `input`: a schema in DDL, then rows as SQL expressions between bars; there the answer has one value a row:

    input a INT, b STRING
    row 1 | 'x'
    concat(a, b) ==> string 1x

Streams (tests/golden/streams): see streams.py. Lines that start with a hash are comments; the first one tells of the Spark that answered.
"""
import argparse
import pathlib
import subprocess
import sys

import spark_answers
import streams

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMES = ROOT / "tests/golden/spark_functions.txt"
ARROW = " ==> "


def filled(spark, text):
    """The text of a file of expressions with Spark's answers."""
    lines, expressions, places, rows, schema = [], [], [], [], None
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("# Spark "):
            continue
        lines.append(line)
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("input "):
            schema = line[6:]
        elif line.startswith("row "):
            rows.append(line[4:].split(" | "))
        else:
            places.append(len(lines) - 1)
            expressions.append(line.split(ARROW)[0].rstrip())
    if schema:
        spark_answers.make_table(spark, schema, rows)
    for place, expression, answer in zip(places, expressions, spark_answers.Answers(spark, "source" if schema else None).ask(expressions)):
        lines[place] = expression + ARROW + answer
    return "\n".join(lines) + "\n"


def differences(before, after):
    old, new = before.splitlines(), after.splitlines()
    return [f"  - {a}\n  + {b}" for a, b in zip(old, new) if a != b and not a.startswith("# Spark ")] + \
           [f"  lines {len(old)} -> {len(new)}"] * (len(old) != len(new))


def function_names(spark):
    names = [row[0] for row in spark.sql("SHOW SYSTEM FUNCTIONS").collect()]
    return f"# Spark {spark.version}: its functions; answers by tools/golden\n" + "\n".join(names) + "\n"


def answered(spark, path, before):
    if path == NAMES:
        return function_names(spark)
    fill = streams.filled if streams.is_stream(before) else filled
    return f"# Spark {spark.version}, ANSI on, UTC; answers by tools/golden\n" + fill(spark, before)


def running_spark():
    services = [ROOT / "tools/services/services"]
    subprocess.run([*services, "start", "spark@4.0", "--set", "connector=none"], check=True, stdout=sys.stderr)
    return subprocess.run([*services, "endpoint", "spark@4.0", "remote"], check=True, capture_output=True, text=True).stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--remote")
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    spark = spark_answers.connect(options.remote or running_spark())
    files = options.files or sorted(ROOT.glob("tests/golden/sql/*.test")) + sorted(ROOT.glob("tests/golden/streams/*.test")) + [NAMES]
    bad = 0
    for path in files:
        before = path.read_text(encoding="utf-8")
        after = answered(spark, path, before)
        changes = differences(before, after)
        print(f"{path.name}: {len(changes)} changed" if changes else f"{path.name}: as before", flush=True)
        if options.check:
            print("\n".join(changes))
            bad += len(changes)
        elif before != after:
            path.write_text(after, encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
