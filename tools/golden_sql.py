"""Asks real Spark what SQL expressions give, and writes the answers into tests/golden/sql/*.test.

    golden_sql.py FILE...          fills in the right side of every line (needs pyspark 4.0 and Java 17)

A line is `expression ==> TYPE value`, or `expression ==> error CLASS` where Spark refuses or fails; lines that start with a hash
are comments. A file that names columns begins with `input`: a schema in DDL, then rows as SQL expressions between bars:

    input a INT, b STRING
    row 1 | 'x'

The value is what CAST(value AS STRING) gives (hex of BINARY, NULL for null), with \\n, \\t and \\\\ escaped; one value a row, between bars.
"""
import os
import pathlib
import re
import sys
import tempfile

ARROW = " ==> "


def start():
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession

    spark = (SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
             .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", "1")
             .config("spark.sql.warehouse.dir", tempfile.mkdtemp(prefix="golden-sql-"))
             .config("spark.driver.extraJavaOptions", "-Duser.timezone=UTC -XX:+UseSerialGC").getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    return spark


def shown(value):
    if value is None:
        return "NULL"
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def error_class(error):
    found = re.search(r"\[([A-Z0-9_.]+)\]", str(error))
    return found.group(1) if found else type(error).__name__


def answer(spark, expression, table):
    source = f"(SELECT {expression} AS v FROM {table})" if table else f"(SELECT {expression} AS v)"
    try:
        kind = spark.sql(f"SELECT v FROM {source}").schema[0].dataType.simpleString()
        text = "hex(v)" if kind == "binary" else "CAST(v AS STRING)"
        rows = spark.sql(f"SELECT {text} FROM {source}").collect()
        return f"{kind} " + " | ".join(shown(row[0]) for row in rows)
    except Exception as error:  # the class of the error is the answer
        return "error " + error_class(error)


def make_table(spark, schema, rows):
    names = [field.name for field in spark.createDataFrame([], schema).schema]
    types = [field.dataType.simpleString() for field in spark.createDataFrame([], schema).schema]
    selects = []
    for row in rows:
        values = [f"CAST({value.strip()} AS {kind}) AS `{name}`" for value, name, kind in zip(row.split(" | "), names, types)]
        selects.append("SELECT " + ", ".join(values))
    spark.sql(" UNION ALL ".join(selects)).coalesce(1).cache().createOrReplaceTempView("source")


def fill(spark, path):
    lines, rows, schema = [], [], None
    made = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# Spark "):
            continue
        if not line.strip() or line.startswith("#"):
            lines.append(line)
        elif line.startswith("input "):
            schema, rows, made = line[6:], [], False
            lines.append(line)
        elif line.startswith("row "):
            rows.append(line[4:])
            lines.append(line)
        else:
            if schema and not made:
                make_table(spark, schema, rows)
                made = True
            expression = line.split(ARROW)[0].rstrip()
            lines.append(expression + ARROW + answer(spark, expression, "source" if schema else None))
    path.write_text(f"# Spark {spark.version}, ANSI on, UTC; answers by tools/golden_sql.py\n" + "\n".join(lines) + "\n", encoding="utf-8")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    spark = start()
    for name in sys.argv[1:]:
        fill(spark, pathlib.Path(name))


if __name__ == "__main__":
    main()
