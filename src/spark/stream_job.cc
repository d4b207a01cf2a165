#include "spark/stream_job.h"

#include "base/crc32c.h"
#include "errors/spark.h"
#include "spark/client.h"

namespace streamops::spark {

namespace {

constexpr std::string_view records_view = "so_records";
constexpr std::string_view decoded_view = "so_decoded";
constexpr std::string_view corrupt_column = "so_corrupt_record";

/// A text as a literal of SQL.
std::string literal(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// A name in backquotes.
std::string quoted(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    out += c;
    if (c == '`') out += c;
  }
  return out + "`";
}

Relation kafka_records(const StreamJob& job) {
  Relation relation;
  Read& read = relation.read.emplace();
  read.is_streaming = true;
  DataSource& source = read.data_source.emplace();
  source.format = "kafka";
  source.options = job.kafka;
  source.options["subscribe"] = job.topic;
  source.options["startingOffsets"] = job.from_latest ? "latest" : "earliest";
  return relation;
}

/// The options keep Spark from reading only the fields that the select uses: then it would not see a broken one.
std::string decoded_sql(const StreamJob& job) {
  return fmt::format(
      "SELECT key, value, topic, partition, offset, timestamp, from_json(CAST(value AS STRING), {}, "
      "map('mode', 'PERMISSIVE', 'columnNameOfCorruptRecord', '{}')) AS record FROM {} WHERE value IS NOT NULL",
      literal(fmt::format("{}, {} STRING", job.schema, corrupt_column)), corrupt_column, records_view);
}

std::string source_sql(const StreamJob& job) {
  std::string columns;
  for (const std::string& column : job.columns) {
    columns += fmt::format("{}record.{} AS {}", columns.empty() ? "" : ", ", quoted(column), quoted(column));
  }
  return fmt::format("SELECT {} FROM {} WHERE record IS NOT NULL AND record.{} IS NULL", columns, decoded_view,
                     corrupt_column);
}

std::string header(std::string_view name, std::string_view value) {
  return fmt::format("named_struct('key', '{}', 'value', CAST({} AS BINARY))", name, value);
}

/// A dead letter as connect/kafka/dead_letters.cc writes it. Spark's sink stamps records itself, so the record's own
/// time is in so.write_timestamp alone.
std::string letters_sql() {
  const ErrorInfo& refused = errors::spark::record_refused;
  std::string headers;
  const auto add = [&](std::string_view name, std::string_view value) {
    headers += (headers.empty() ? "" : ", ") + header(name, value);
  };
  add("so.code", literal(refused.code));
  add("so.message", literal(refused.title));
  add("so.stage", "'decode'");
  add("so.origin", "topic");
  add("so.partition", "CAST(partition AS STRING)");
  add("so.offset", "CAST(offset AS STRING)");
  add("so.key", "key");
  add("so.write_timestamp", "CAST(unix_micros(timestamp) AS STRING)");
  return fmt::format(
      "SELECT CAST(concat_ws('/', topic, partition, offset, 'decode') AS BINARY) AS key, value, array({}) AS headers "
      "FROM {} WHERE record IS NULL OR record.{} IS NOT NULL",
      headers, decoded_view, corrupt_column);
}

WriteStreamOperationStart query(const StreamJob& job, std::string name, std::string sql, std::string_view folder,
                                Run run) {
  WriteStreamOperationStart start;
  start.input = sql_relation(std::move(sql));
  start.query_name = std::move(name);
  start.output_mode = "append";
  start.options["checkpointLocation"] = fmt::format("{}/{}", job.checkpoint_location, folder);
  if (run == Run::once) {
    start.available_now = true;
  } else {
    start.processing_time_interval = fmt::format("{} milliseconds", job.trigger.count() / 1000);
  }
  return start;
}

std::uint32_t add(std::uint32_t crc, const Options& options) {
  for (const auto& [name, value] : options) {
    crc = crc32c(as_bytes(name), crc);
    crc = crc32c(as_bytes(value), crc);
  }
  return crc;
}

}  // namespace

std::uint32_t StreamJob::fingerprint() const {
  std::uint32_t crc = 0;
  for (const std::string* text : {&name, &schema, &select, &topic, &dead_letters, &checkpoint_location}) {
    crc = crc32c(as_bytes(*text), crc);
  }
  crc = crc32c(as_bytes(fmt::format("{} {}", from_latest, trigger.count())), crc);
  return add(add(add(crc, kafka), sink), settings);
}

Options session_settings(const StreamJob& job) {
  Options settings = job.settings;
  settings["spark.sql.ansi.enabled"] = "true";
  settings["spark.sql.session.timeZone"] = "UTC";
  return settings;
}

std::vector<View> views(const StreamJob& job) {
  return {{std::string(records_view), kafka_records(job)},
          {std::string(decoded_view), sql_relation(decoded_sql(job))},
          {std::string(source_view), sql_relation(source_sql(job))}};
}

WriteStreamOperationStart rows_query(const StreamJob& job, Run run) {
  WriteStreamOperationStart start = query(job, job.name, job.select, "rows", run);
  start.format = "org.apache.spark.sql.cassandra";
  start.options.insert(job.sink.begin(), job.sink.end());
  return start;
}

WriteStreamOperationStart letters_query(const StreamJob& job, Run run) {
  WriteStreamOperationStart start = query(job, job.letters_name(), letters_sql(), "dead_letters", run);
  start.format = "kafka";
  start.options.insert(job.kafka.begin(), job.kafka.end());
  start.options["topic"] = job.dead_letters;
  return start;
}

}  // namespace streamops::spark
