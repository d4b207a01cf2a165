#include "pipeline/step_reader.h"

#include <algorithm>

#include "base/text.h"
#include "errors/pipeline.h"

namespace streamops::pipeline {

namespace {

HttpSourceSpec read_http_source(const SectionReader& http) {
  HttpSourceSpec spec;
  spec.url = http.text("url");
  spec.every = http.duration("every").value_or(Seconds{1});
  spec.duration = http.duration("for");
  spec.headers = http.map("headers");
  spec.query = http.map("query");
  spec.timeout = http.duration("timeout").value_or(Seconds{30});
  spec.retries = static_cast<int>(http.integer("retries"));
  spec.max_body = http.bytes("max_body");
  spec.tls = read_tls(http);
  const bool fetchable =
      spec.url.starts_with("http://") || spec.url.starts_with("https://") || spec.url == built_in_users_api;
  if (!spec.url.empty() && !fetchable) {
    const yaml::Node& node = *http.node().find("url");
    http.reading().fail(
        node, errors::pipeline::bad_value,
        fmt::format("{} must begin with http:// or https://, not `{}`", http.path_of("url"), node.text));
  }
  return spec;
}

/// Kafka's rule: letters, digits, '.', '_' and '-', at most 249, not "." and not "..".
void check_topic(const SectionReader& kafka, const std::string& topic) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  bool good = topic.size() <= 249 && topic != "." && topic != "..";
  for (char c : topic) good = good && fits(c);
  if (good || kafka.node().find("topic") == nullptr) return;
  const yaml::Node& node = *kafka.node().find("topic");
  kafka.reading().fail(
      node, errors::pipeline::bad_value,
      fmt::format("{} must have letters, digits, `.`, `_` and `-` only, at most 249", kafka.path_of("topic")));
}

/// Keys that mean nothing in this format.
void refuse_keys(const SectionReader& kafka, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    const yaml::Node* node = kafka.node().find(key);
    if (node == nullptr) continue;
    kafka.reading().fail(*node, errors::pipeline::bad_value,
                         fmt::format("{} goes with `format: avro` only", kafka.path_of(key)));
  }
}

/// The topic as a name of Avro: "users.created-v2" is users_created_v2.
std::string record_of(std::string_view topic) {
  std::string name;
  for (const char c : topic) name += c == '.' || c == '-' ? '_' : c;
  return !name.empty() && name[0] >= '0' && name[0] <= '9' ? "_" + name : name;
}

KafkaSourceSpec read_kafka_source(const SectionReader& kafka) {
  KafkaSourceSpec spec{kafka.text("topic"), kafka.text("format"), StartAt::earliest, kafka.text("reader")};
  if (kafka.text("start") == "latest") spec.start = StartAt::latest;
  if (spec.format != "avro") refuse_keys(kafka, {"reader"});
  check_topic(kafka, spec.topic);
  return spec;
}

KafkaSinkSpec read_kafka_sink(const SectionReader& kafka) {
  KafkaSinkSpec spec{kafka.text("topic"),           kafka.text("key"),
                     kafka.text("format"),          static_cast<int>(kafka.integer("partitions")),
                     kafka.text("record"),          kafka.text("subject"),
                     kafka.boolean("auto_register")};
  if (spec.format != "avro") refuse_keys(kafka, {"record", "subject", "auto_register"});
  if (spec.record.empty()) spec.record = record_of(spec.topic);
  if (spec.partitions < 1) {
    kafka.reading().fail(*kafka.node().find("partitions"), errors::pipeline::bad_value,
                         fmt::format("{} must be at least 1", kafka.path_of("partitions")));
  }
  check_topic(kafka, spec.topic);
  return spec;
}

CassandraSinkSpec read_cassandra_sink(const SectionReader& cassandra) {
  CassandraSinkSpec spec;
  const std::string table = cassandra.text("table");
  const std::size_t dot = table.find('.');
  if (!table.empty() && (dot == std::string::npos || dot == 0 || dot + 1 == table.size() ||
                         table.find('.', dot + 1) != std::string::npos)) {
    cassandra.reading().fail(*cassandra.node().find("table"), errors::pipeline::bad_value,
                             fmt::format("{} must be keyspace.table, not `{}`", cassandra.path_of("table"), table));
  } else if (!table.empty()) {
    spec.keyspace = table.substr(0, dot);
    spec.table = table.substr(dot + 1);
  }
  if (cassandra.text("nulls") == "delete") spec.nulls = NullPolicy::erase;
  spec.ttl = cassandra.duration("ttl");
  return spec;
}

void refuse(const SectionReader& step, const yaml::Member& connector, std::string_view what, std::string_view instead) {
  step.reading().fail(connector.key, errors::pipeline::wrong_place,
                      fmt::format("{} cannot {} `{}`: it takes `{}`", step.path(), what, connector.key.text, instead));
}

/// True when the source's columns may come from an Avro schema.
bool read_connector(const SectionReader& step, const SectionReader& source, const yaml::Member* connector,
                    StepSpec& spec, std::string_view wanted) {
  if (connector == nullptr) return false;
  if (connector->key.text != wanted) {
    refuse(step, *connector, "read from", wanted);
    return false;
  }
  const SectionReader options(step.reading(), file_section(connector->key.text + ".source"), connector->value,
                              source.path_of(connector->key.text));
  if (wanted == "http") {
    spec.http_source = read_http_source(options);
    return false;
  }
  spec.kafka_source = read_kafka_source(options);
  if (!spec.kafka_source->reader.empty()) spec.reader = {spec.kafka_source->reader, options.node().find("reader")};
  return spec.kafka_source->format == "avro";
}

void read_source(const SectionReader& step, StepSpec& spec, std::string_view wanted) {
  const yaml::Node* node = step.section("source");
  if (node == nullptr) return;
  SectionReader source(step.reading(), file_section("source"), *node, step.path_of("source"));
  spec.schema = source.located("schema");
  const yaml::Member* connector = source.connector();
  const bool is_avro = read_connector(step, source, connector, spec, wanted);
  if (!is_avro) return source.require("schema");
  if (spec.schema.node == nullptr || spec.reader.node == nullptr) return;
  step.reading().fail(*spec.reader.node, errors::pipeline::bad_value,
                      fmt::format("{} says what the columns are, and `schema` says it too: one is enough",
                                  source.path_of("kafka.reader")));
}

enum class Sinks : std::uint8_t { topics, topics_and_tables };

void read_sink(const SectionReader& step, StepSpec& spec, Sinks allowed) {
  const yaml::Node* node = step.section("sink");
  if (node == nullptr) return;
  const SectionReader sink(step.reading(), file_section("sink"), *node, step.path_of("sink"));
  const yaml::Member* connector = sink.connector();
  if (connector == nullptr) return;
  const bool is_topic = connector->key.text == "kafka";
  if (!is_topic && allowed == Sinks::topics) return refuse(step, *connector, "write into", "kafka");
  const SectionReader options(step.reading(), file_section(connector->key.text + ".sink"), connector->value,
                              sink.path_of(connector->key.text));
  if (is_topic) {
    spec.kafka_sink = read_kafka_sink(options);
    spec.key = {spec.kafka_sink->key, connector->value.find("key")};
  } else {
    spec.cassandra_sink = read_cassandra_sink(options);
    spec.create = options.located("create");
    spec.table = {options.text("table"), connector->value.find("table")};
  }
}

/// Where rows behind the watermark go.
std::optional<KafkaSinkSpec> read_late(const SectionReader& step) {
  const yaml::Node* node = step.section("late");
  if (node == nullptr) return std::nullopt;
  const SectionReader late(step.reading(), file_section("late"), *node, step.path_of("late"));
  const yaml::Member* connector = late.connector();
  if (connector == nullptr) return std::nullopt;
  if (connector->key.text != "kafka") {
    refuse(late, *connector, "go into", "kafka");
    return std::nullopt;
  }
  return read_kafka_sink(
      SectionReader(step.reading(), file_section("kafka.sink"), connector->value, late.path_of("kafka")));
}

void read_watermark(const SectionReader& owner, Located& column, Microseconds& delay) {
  const yaml::Node* node = owner.section("watermark");
  if (node == nullptr) return;
  const SectionReader watermark(owner.reading(), file_section("watermark"), *node, owner.path_of("watermark"));
  column = {watermark.text("column"), watermark.node().find("column")};
  delay = watermark.duration("delay").value_or(Microseconds{0});
}

/// `joins`: further streams.
void read_joins(const SectionReader& step, StepSpec& spec) {
  for (const yaml::Member* member : step.sections("joins")) {
    SectionReader joined(step.reading(), file_section("joined"), member->value,
                         step.path_of("joins." + member->key.text));
    FurtherInputSpec& input = spec.inputs.emplace_back();
    input.name = member->key.text;
    input.node = &member->value;
    input.schema = joined.located("schema");
    read_watermark(joined, input.watermark, input.watermark_delay);
    const yaml::Member* connector = joined.connector();
    if (connector == nullptr) continue;
    if (connector->key.text != "kafka") {
      refuse(joined, *connector, "read from", "kafka");
      continue;
    }
    input.kafka = read_kafka_source(
        SectionReader(step.reading(), file_section("kafka.source"), connector->value, joined.path_of("kafka")));
    if (!input.kafka->reader.empty()) {
      step.reading().fail(
          *connector->value.find("reader"), errors::pipeline::bad_value,
          fmt::format("{} is not served here: `schema` says what the columns are", joined.path_of("kafka.reader")));
    }
  }
}

void read_tables(const SectionReader& step, StepSpec& spec) {
  for (const yaml::Member* member : step.sections("tables")) {
    SectionReader table(step.reading(), file_section("table"), member->value,
                        step.path_of("tables." + member->key.text));
    FurtherInputSpec& input = spec.inputs.emplace_back();
    input.name = member->key.text;
    input.node = &member->value;
    input.is_table = true;
    input.schema = table.located("schema");
    const yaml::Member* connector = table.connector();
    if (connector == nullptr) continue;
    const SectionReader options(step.reading(), file_section(connector->key.text + ".table"), connector->value,
                                table.path_of(connector->key.text));
    if (connector->key.text == "kafka") {
      input.kafka = KafkaSourceSpec{options.text("topic"), options.text("format"), StartAt::earliest, ""};
      check_topic(options, input.kafka->topic);
    } else {
      input.file = FileTableSpec{{options.text("path"), connector->value.find("path")}, options.text("format")};
    }
  }
}

/// Names are one space with `source`.
void check_input_names(const SectionReader& step, const StepSpec& spec) {
  for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
    bool taken = equals_ignore_case(spec.inputs[i].name, "source");
    for (std::size_t before = 0; before < i; ++before)
      taken = taken || equals_ignore_case(spec.inputs[i].name, spec.inputs[before].name);
    if (!taken) continue;
    step.reading().fail(*spec.inputs[i].node, errors::pipeline::bad_value,
                        fmt::format("{} has two tables called `{}`", step.path(), spec.inputs[i].name));
  }
}

void read_state(const SectionReader& step, StreamFileSpec& stream) {
  read_watermark(step, stream.watermark, stream.watermark_delay);
  const std::string mode = step.text("mode");
  stream.mode = mode == "update"     ? sql::OutputMode::update
                : mode == "complete" ? sql::OutputMode::complete
                                     : sql::OutputMode::append;
  stream.late = read_late(step);
  stream.memory = step.bytes("memory");
}

}  // namespace

std::optional<TlsSpec> read_tls(const SectionReader& parent) {
  const yaml::Node* node = parent.section("tls");
  if (node == nullptr) return std::nullopt;
  const SectionReader tls(parent.reading(), file_section("tls"), *node, parent.path_of("tls"));
  return TlsSpec{tls.text("ca_file"), tls.text("certificate"), tls.text("key"), tls.boolean("verify")};
}

TaskFileSpec read_task(Reading& reading, const yaml::Member& member) {
  const SectionReader step(reading, file_section("task"), member.value, "tasks." + member.key.text);
  TaskFileSpec task;
  task.name = member.key.text;
  task.node = &member.value;
  read_source(step, task, "http");
  task.select = step.located("select");
  read_sink(step, task, Sinks::topics);
  task.after = step.list("after");
  task.retries = static_cast<int>(step.integer("retries"));
  task.retry_delay = step.duration("retry_delay").value_or(Seconds{300});
  return task;
}

StreamFileSpec read_stream(Reading& reading, const yaml::Member& member) {
  const SectionReader step(reading, file_section("stream"), member.value, "streams." + member.key.text);
  StreamFileSpec stream;
  stream.name = member.key.text;
  stream.node = &member.value;
  read_source(step, stream, "kafka");
  read_joins(step, stream);
  read_tables(step, stream);
  check_input_names(step, stream);
  std::stable_partition(stream.inputs.begin(), stream.inputs.end(),
                        [](const FurtherInputSpec& input) { return !input.file.has_value(); });
  stream.select = step.located("select");
  read_sink(step, stream, Sinks::topics_and_tables);
  read_state(step, stream);
  if (stream.node->find("engine") != nullptr) {
    stream.engine = step.text("engine") == "spark" ? Engine::spark : Engine::streamops;
  }
  return stream;
}

}  // namespace streamops::pipeline
