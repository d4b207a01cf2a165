"""Streaming golden files: epochs of records into Spark Structured Streaming, and what comes out of each.

    source NAME DDL                  a stream source: "source events id INT, at TIMESTAMP"
    watermark NAME COLUMN DURATION   optional: "watermark events at 10 seconds"
    table NAME DDL                   a static table, filled by lines `row NAME {json}`
    mode append|update|complete      append unless said otherwise
    query SELECT ...                 further lines of the query start with two blanks
    in NAME {json}                   a record, read as Spark's JSON source reads it with the schema
    ---                              an epoch ends (processAllAvailable)
    out {json}                       what the epoch gave: to_json of each row, sorted as text (complete mode: the whole result)
    out error CLASS                  ... the query is refused, or fails

Only the `out` lines are written here. One file of JSON lines an epoch feeds each source, so that an epoch is a micro-batch; the batch without
data that Spark adds when the watermark moved belongs to the same epoch.
"""
import collections
import pathlib
import shutil
import tempfile

from spark_answers import error_class


def is_stream(text):
    return any(line.startswith("source ") for line in text.split("\n"))


class Script:
    """A file taken apart: what it declares, and its lines by epoch."""

    def __init__(self, text):
        self.sources, self.watermarks, self.tables, self.rows = {}, {}, {}, collections.defaultdict(list)
        self.mode, self.query = "append", ""
        self.lines = []  # all but the answers
        for line in text.rstrip("\n").split("\n"):
            if line.startswith(("# Spark ", "out ")):
                continue
            self.lines.append(line)
            self._read(line)

    def _read(self, line):
        word, _, rest = line.partition(" ")
        if line.startswith("  ") and self.query:
            self.query += "\n" + line
        elif word == "source" or word == "table":
            name, _, schema = rest.partition(" ")
            (self.sources if word == "source" else self.tables)[name] = schema
        elif word == "watermark":
            name, column, duration = rest.split(" ", 2)
            self.watermarks[name] = (column, duration.strip().strip("'\""))
        elif word == "mode":
            self.mode = rest.strip()
        elif word == "query":
            self.query = rest
        elif word == "row":
            name, _, record = rest.partition(" ")
            self.rows[name].append(record)


class Run:
    def __init__(self, spark, script):
        self.spark, self.script = spark, script
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="golden-streams-"))
        self.folder.chmod(0o755)
        self.epoch, self.pending, self.before = 0, collections.defaultdict(list), collections.Counter()
        self.stream, self.name = None, self.folder.name.replace("-", "_")

    def start(self):
        for name, schema in self.script.tables.items():
            place = self._write("table_" + name, self.script.rows[name])
            self.spark.read.schema(schema).json(str(place)).createOrReplaceTempView(name)
        for name, schema in self.script.sources.items():
            (self.folder / name).mkdir()
            frame = self.spark.readStream.schema(schema).json(str(self.folder / name))
            if name in self.script.watermarks:
                frame = frame.withWatermark(*self.script.watermarks[name])
            frame.createOrReplaceTempView(name)
        self.stream = (self.spark.sql(self.script.query).writeStream.format("memory").queryName(self.name)
                       .outputMode(self.script.mode).option("checkpointLocation", str(self.folder / "checkpoint")).start())

    def _write(self, name, records):
        place = self.folder / name
        place.mkdir(exist_ok=True)
        staged = self.folder / f"{name}-{self.epoch}"
        staged.write_text("".join(record + "\n" for record in records), encoding="utf-8")
        staged.rename(place / f"{self.epoch:05}.json")
        return place

    def end_epoch(self):
        """The lines that this epoch gave."""
        self.epoch += 1
        for name, records in self.pending.items():
            self._write(name, records)
        self.pending.clear()
        self.stream.processAllAvailable()
        rows = collections.Counter(row[0] for row in self.spark.sql(f"SELECT to_json(struct(*)) FROM {self.name}").collect())
        new = rows if self.script.mode == "complete" else rows - self.before
        self.before = rows
        return sorted(new.elements())

    def close(self):
        if self.stream is not None:
            self.stream.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def filled(spark, text):
    """The text of a streaming file with Spark's answers."""
    script = Script(text)
    run, out, failed = Run(spark, script), [], False
    try:
        for line in script.lines:
            out.append(line)
            if line.startswith("in "):
                name, _, record = line[3:].partition(" ")
                run.pending[name].append(record)
            elif line.strip() == "---" and not failed:
                try:
                    if run.stream is None:
                        run.start()
                    out += [f"out {row}" for row in run.end_epoch()]
                except Exception as error:  # the class of the error is the answer
                    failed = True
                    out.append("out error " + error_class(error))
    finally:
        run.close()
    return "\n".join(out) + "\n"
