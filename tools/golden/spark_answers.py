"""Asks a real Spark, over Spark Connect, what expressions give.

An answer is text: `TYPE value | value`, one value a row, or `error CLASS`. A value is what CAST(value AS STRING) gives (hex of BINARY, NULL for
null) with \\n, \\t, \\r and \\\\ escaped. Many expressions go in one query; where a query fails its halves are tried, down to the one that fails.
"""
import contextlib
import logging
import os
import re
import signal

os.environ.setdefault("SPARK_CONNECT_LOG_LEVEL", "critical")
BATCH = 40


def connect(remote):
    from pyspark.sql import SparkSession

    logging.disable(logging.CRITICAL)
    spark = SparkSession.builder.remote(remote).create()
    for name, value in (("spark.sql.session.timeZone", "UTC"), ("spark.sql.ansi.enabled", "true"), ("spark.sql.shuffle.partitions", "1"),
                        ("spark.sql.connect.progress.reportInterval", "-1")):
        try:
            spark.conf.set(name, value)
        except Exception:  # a setting that only a server's start can change
            continue
    return spark


def shown(value):
    if value is None:
        return "NULL"
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def error_class(error):
    found = re.search(r"\[([A-Z][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\]", str(error))
    return found.group(1) if found else type(error).__name__


@contextlib.contextmanager
def time_limit(seconds):
    """A server whose thread was lost to an error of the Java machine never answers."""
    def late(*_):
        raise TimeoutError("[NO_ANSWER] Spark did not answer in time")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Answers:
    """Answers over one table, or over none."""

    def __init__(self, spark, table=None, batch=BATCH):
        self.spark, self.batch = spark, batch
        self.source = f" FROM {table}" if table else ""

    def ask(self, expressions):
        """One answer an expression, in their order."""
        out = []
        for start in range(0, len(expressions), self.batch):
            out += self._ask(expressions[start:start + self.batch])
        return out

    def _ask(self, expressions):
        try:
            with time_limit(10 + len(expressions)):
                return self._together(expressions)
        except Exception as error:  # the class of the error is the answer
            if len(expressions) == 1:
                return ["error " + error_class(error)]
        half = len(expressions) // 2
        return self._ask(expressions[:half]) + self._ask(expressions[half:])

    def _together(self, expressions):
        inner = ", ".join(f"({each}) AS v{i}" if not _bare(each) else f"{each} AS v{i}" for i, each in enumerate(expressions))
        select = f"(SELECT {inner}{self.source})"
        types = [field.dataType for field in self.spark.sql(f"SELECT * FROM {select}").schema]
        if len(types) != len(expressions):
            raise ValueError("[COLUMNS] an expression gives several columns")
        names = [kind.simpleString() for kind in types]
        texts = ", ".join(f"hex(v{i})" if kind == "binary" else f"CAST(v{i} AS STRING)" for i, kind in enumerate(names))
        rows = self.spark.sql(f"SELECT {texts} FROM {select}").collect()
        return [f"{kind} " + " | ".join(shown(row[i]) for row in rows) for i, kind in enumerate(names)]


def _bare(expression):
    """Parentheses would change what these mean."""
    return expression.startswith(("explode", "posexplode", "inline", "stack", "json_tuple"))


def make_table(spark, schema, rows, name="source"):
    """A view of rows given as SQL expressions, each cast to its column's type."""
    fields = spark.createDataFrame([], schema).schema
    selects = []
    for row in rows:
        values = [f"CAST({value.strip()} AS {field.dataType.simpleString()}) AS `{field.name}`" for value, field in zip(row, fields)]
        selects.append("SELECT " + ", ".join(values))
    spark.sql(f"SELECT * FROM ({' UNION ALL '.join(selects)})").coalesce(1).cache().createOrReplaceTempView(name)
