"""Differential fuzzing: random expressions over random rows, on real Spark and on the engine; value by value, error by error.

    fuzz.py --engine TEST_PROGRAM [--remote sc://...] [--seed N] [--expressions N] [--rounds N] [--keep FILE]

TEST_PROGRAM is test_sql_engine, which answers a file of expressions (STREAMOPS_ANSWER). Each round has its own table of edges, and each pair of
expression and row is a case. A case agrees when both give the same value (the last digits of what is not algebraic may differ), or both fail;
it is refused when the engine says that it does not serve the expression, or the row; anything else differs and is printed. With --keep the
expressions that differ are appended to a golden file, with the row's values in the columns' places.
"""
import argparse
import collections
import faulthandler
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile

import expressions
import spark_answers

ROWS = 10


def make_rows(rng):
    columns, rows = [], []
    for kind in expressions.LITERALS:
        columns += [(f"c_{kind.lower()}", kind), (f"d_{kind.lower()}", kind)]
    for _ in range(ROWS):
        rows.append([rng.choice(expressions.LITERALS[kind]) for _, kind in columns])
    return columns, rows


def engine_answers(program, schema, rows, wanted):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "expressions"
        lines = ["input " + schema, *("row " + " | ".join(row) for row in rows), *wanted]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        run = subprocess.run([program, "-tc=expressions from a file*"], env={**os.environ, "STREAMOPS_ANSWER": str(path)}, capture_output=True,
                             text=True, timeout=600)
        answers = path.with_suffix(".answers").read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
        if len(answers) != len(wanted):
            sys.exit(f"the engine ended at `{wanted[len(answers)]}`:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
        return answers


class SparkSide:
    def __init__(self, spark, schema, rows):
        spark.catalog.clearCache()
        spark_answers.make_table(spark, "rid INT, " + schema, [[str(i), *row] for i, row in enumerate(rows)], "fuzzed")
        self.whole = spark_answers.Answers(spark, "fuzzed", batch=2)  # many fail, and take their batch with them
        self.rows = [spark_answers.Answers(spark, f"fuzzed WHERE rid = {i}") for i in range(len(rows))]

    def answers(self, wanted):
        """(type or None, one value or `error CLASS` a row) an expression."""
        out = []
        for expression, answer in zip(wanted, self.whole.ask(wanted)):
            if answer.startswith("error "):
                single = [answer] * len(self.rows) if "NO_ANSWER" in answer else [row.ask([expression])[0] for row in self.rows]
                kinds = [each.split(" ", 1)[0] for each in single if not each.startswith("error ")]
                out.append((kinds[0] if kinds else None, [each if each.startswith("error ") else split_type(each)[1] for each in single]))
            else:
                kind, values = split_type(answer)
                out.append((kind, values.split(" | ")))
        return out


def split_type(answer):
    """Types have no blanks but those of intervals, which no column has."""
    kind, _, values = answer.partition(" ")
    return kind, values


NUMBER = re.compile(r"-?(?:Infinity|NaN|\d+(?:\.\d+)?(?:E-?\d+)?)")


def float32(text):
    """A FLOAT's digits are fewer than a DOUBLE's: two texts may be one number."""
    try:
        return struct.pack("f", float(text)) if len(text.split("E")[0]) <= 13 else text
    except OverflowError:
        return text


def near(a, b, tolerance):
    """Equal but for numbers, which are as near as that."""
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)):
        if x != y and float32(x) != float32(y) and not abs(float(x) - float(y)) <= tolerance * max(abs(float(x)), abs(float(y))):
            return False
    return True


def judge(expression, wanted, given):
    if given == wanted:
        return "same"
    if "NO_ANSWER" in wanted:
        return "no answer"
    if given.startswith("error refused"):
        return "refused"
    if wanted.startswith("error ") and given.startswith("error "):
        name = wanted[6:].split(".")[0].replace("BINARY_ARITHMETIC", "ARITHMETIC")
        return "both fail" if name in given or "Exception" in name else "other class"
    # Java before 19 writes some numbers with a digit more than needed: the number counts.
    if near(wanted, given, 1e-11 if any(word in expression for word in expressions.INEXACT) else 0):
        return "same"
    return "differs"


def with_values(expression, columns, row):
    out = expression
    for (name, kind), value in zip(columns, row):
        out = re.sub(rf"\b{name}\b", lambda _, v=value, k=kind: f"CAST({v} AS {expressions.TYPES[k]})", out)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--remote", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--expressions", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    options = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)
    spark = spark_answers.connect(options.remote)
    total, kept = collections.Counter(), []
    for seed in range(options.seed, options.seed + options.rounds):
        rng = random.Random(seed)
        columns, rows = make_rows(rng)
        maker = expressions.Maker(rng, columns)
        wanted = list(dict.fromkeys(maker.root() for _ in range(options.expressions)))
        schema = ", ".join(f"{name} {expressions.TYPES[kind]}" for name, kind in columns)
        ours = engine_answers(options.engine, schema, rows, wanted)
        served = [i for i, answer in enumerate(ours) if not answer.startswith("refused ")]
        total["refused"] += (len(ours) - len(served)) * ROWS
        for i, (kind, values) in zip(served, SparkSide(spark, schema, rows).answers([wanted[i] for i in served])):
            our_kind, our_values = split_type(ours[i])
            shown = our_values.split(" | ")
            if kind is not None and kind != our_kind or len(values) != ROWS or len(shown) != ROWS:
                total["differs"] += ROWS
                print(f"seed {seed}: {wanted[i]}\n  Spark: {kind} {values}\n  here:  {ours[i]}"[:900], flush=True)
                kept.append(with_values(wanted[i], columns, rows[0]))
                continue
            told = set()
            for row in range(ROWS):
                verdict = judge(wanted[i], values[row], shown[row])
                total[verdict] += 1
                if verdict in ("differs", "other class", "no answer") and verdict not in told:
                    told.add(verdict)
                    if verdict == "no answer":
                        print(f"seed {seed}: {verdict}: {wanted[i]}", flush=True)
                        continue
                    kept.append(with_values(wanted[i], columns, rows[row]))
                    print(f"seed {seed}: {verdict}: {wanted[i]}\n  as:    {kept[-1]}\n  Spark: {values[row]}\n  here:  {shown[row]}"[:1200], flush=True)
        print(f"seed {seed}: {dict(total)}", flush=True)
    if options.keep and kept:
        with options.keep.open("a", encoding="utf-8") as file:
            file.writelines(f"{each}\n" for each in dict.fromkeys(kept))
    agreed = total["same"] + total["both fail"]
    print(f"{agreed} cases agreed, {total['refused']} refused, {total['other class']} fail with another class, {total['differs']} differ")
    return 1 if total["differs"] else 0


if __name__ == "__main__":
    sys.exit(main())
