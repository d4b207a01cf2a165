#include "pipeline/check.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "base/text.h"
#include "errors/pipeline.h"
#include "errors/workflow.h"
#include "format/avro/sql_types.h"
#include "pipeline/check_table.h"
#include "pipeline/file_table.h"
#include "sql/grammar/ddl.h"
#include "workflow/dag.h"

namespace streamops::pipeline {

namespace {

/// Puts an error that counted lines in a scalar's text at its place in the file.
Error placed(const Error& error, const Located& text, const yaml::Document& document) {
  const Place* inner = error.place();
  return error.with_place(inner == nullptr ? document.place(*text.node) : document.place_in(*text.node, *inner));
}

std::uint32_t fingerprint(const StepSpec& spec) {
  std::uint32_t crc = crc32c(as_bytes(spec.schema.text));
  crc = crc32c(as_bytes(spec.select.text), crc);
  crc = crc32c(as_bytes(spec.create.text), crc);
  if (!spec.reader.text.empty()) crc = crc32c(as_bytes(spec.reader.text), crc);
  if (spec.watermark.node != nullptr) {
    crc = crc32c(as_bytes(fmt::format("{} {}", spec.watermark.text, spec.watermark_delay.count())), crc);
  }
  for (const FurtherInputSpec& input : spec.inputs) {
    crc = crc32c(as_bytes(fmt::format("{} {} {} {} {}", input.name, input.schema.text, input.watermark.text,
                                      input.watermark_delay.count(), input.kafka ? input.kafka->topic : "")),
                 crc);
  }
  if (spec.mode != sql::OutputMode::append) crc = crc32c(as_bytes(std::to_string(static_cast<int>(spec.mode))), crc);
  if (spec.kafka_source && spec.kafka_sink) {
    const KafkaSinkSpec& sink = *spec.kafka_sink;
    crc = crc32c(as_bytes(fmt::format("{} {} {} {}", sink.topic, sink.key, sink.format, sink.record)), crc);
  }
  return crc32c(as_bytes(spec.table.text), crc);
}

std::vector<std::string> names_of(const data::Schema& schema) {
  std::vector<std::string> names;
  for (const data::Field& field : schema.fields()) names.push_back(field.name);
  return names;
}

class StepChecker {
 public:
  StepChecker(const CheckedPipeline& pipeline, const ColumnFits& fits, const NewestSchema& newest,
              const Surroundings& surroundings, std::vector<Error>& errors)
      : pipeline_(pipeline),
        document_(*pipeline.file.document),
        fits_(fits),
        newest_(newest),
        surroundings_(surroundings),
        errors_(errors) {}

  CheckedStep check(const StepSpec& spec) {
    CheckedStep step;
    step.spec = &spec;
    step.fingerprint = fingerprint(spec);
    const bool is_avro = spec.kafka_source && spec.kafka_source->format == "avro";
    if ((spec.schema.node == nullptr && !is_avro) || spec.select.node == nullptr)
      return step;  // reported by the reader
    TableShape table = read_create(spec, document_, errors_);
    if (spec.cassandra_sink) {
      step.cassandra_sink = spec.cassandra_sink;
      step.cassandra_sink->create = table.statements;
      step.key_columns = table.key;
    }
    find_columns(step);
    if (step.source_schema == nullptr) return step;
    compile(step);
    if (step.query == nullptr) return step;
    check_avro_sink(step);
    check_columns(spec, table, *step.query->output(), fits_, document_, errors_);
    check_key(spec, *step.query->output());
    check_state(step);
    check_topics(spec);
    step.memory_limit = spec.memory;
    return step;
  }

 private:
  /// The columns of the source: as the file says, or as an Avro schema has them.
  void find_columns(CheckedStep& step) {
    const StepSpec& spec = *step.spec;
    if (spec.schema.node != nullptr) {
      Result<data::SchemaPtr> schema = sql::parse_schema(spec.schema.text, Place{"", 1, 1, {}, 1});
      if (!schema) return errors_.push_back(placed(schema.error(), spec.schema, document_));
      step.source_schema = *schema;
      return;
    }
    const yaml::Node& place = spec.reader.node == nullptr ? *spec.node->find("source") : *spec.reader.node;
    const Result<schema::AvroSchemaPtr> schema = avro_schema(spec);
    if (!schema) return errors_.push_back(schema.error().with_place(document_.place(place)));
    const Result<data::SchemaPtr> columns = format::avro_columns(**schema);
    if (!columns) return errors_.push_back(columns.error().with_place(document_.place(place)));
    step.reader_schema = *schema;
    step.source_schema = *columns;
    step.fingerprint = crc32c(as_bytes((*schema)->text()), step.fingerprint);
  }

  Result<schema::AvroSchemaPtr> avro_schema(const StepSpec& spec) const {
    if (spec.reader.node != nullptr) return schema::AvroSchema::parse(spec.reader.text);
    const std::string& topic = spec.kafka_source->topic;
    for (const CheckedStep& task : pipeline_.tasks) {
      const auto& sink = task.spec->kafka_sink;
      if (!sink || sink->topic != topic || sink->format != "avro" || task.query == nullptr) continue;
      return format::avro_schema_of(*task.query->output(), sink->record);
    }
    if (newest_) return newest_(pipeline_.file.profile, topic);
    return Error(errors::pipeline::no_columns, "nothing tells the columns of topic {}: no registry is asked here",
                 topic);
  }

  /// Rows that no schema can hold are told here, not at the first one.
  void check_avro_sink(const CheckedStep& step) {
    const auto& sink = step.spec->kafka_sink;
    if (!sink || sink->format != "avro") return;
    const Result<schema::AvroSchemaPtr> schema = format::avro_schema_of(*step.query->output(), sink->record);
    if (!schema) errors_.push_back(schema.error().with_place(document_.place(*step.spec->select.node)));
  }

  void compile(CheckedStep& step) {
    const Located& select = step.spec->select;
    if (!check_watermark(step.spec->watermark, *step.source_schema, "the source")) return;
    sql::CompileOptions options{Place{"", 1, 1, {}, 1}};
    if (!find_inputs(step, options)) return;
    const Located& watermark = step.spec->watermark;
    if (watermark.node != nullptr) options.watermark = {watermark.text, step.spec->watermark_delay.count()};
    options.mode = step.spec->mode;
    auto query = sql::Query::compile(select.text, step.source_schema, options);
    if (!query) {
      errors_.push_back(placed(query.error(), select, document_));
      return;
    }
    if (!check_inputs_are_read(step, **query)) return;
    if (!equals_ignore_case((*query)->source_name(), "source")) {
      const std::string& name = (*query)->source_name();
      const std::size_t at = select.text.rfind(name);
      const Place place =
          document_.place_in(*select.node, at == std::string::npos ? 0 : at, static_cast<std::uint32_t>(name.size()));
      errors_.push_back(
          Error(errors::pipeline::not_source, "the select reads `{}`, but its table is called `source`", name)
              .with_place(place));
      return;
    }
    step.query = *query;
  }

  /// Columns and rows of further streams and tables.
  bool find_inputs(CheckedStep& step, sql::CompileOptions& options) {
    const std::size_t mistakes = errors_.size();
    for (const FurtherInputSpec& spec : step.spec->inputs) {
      if (spec.schema.node == nullptr || (!spec.kafka && !spec.file)) return false;  // reported by the reader
      Result<data::SchemaPtr> schema = sql::parse_schema(spec.schema.text, Place{"", 1, 1, {}, 1});
      if (!schema) {
        errors_.push_back(placed(schema.error(), spec.schema, document_));
        continue;
      }
      step.inputs.push_back({&spec, *schema});
      sql::FurtherInput input{spec.name, *schema, spec.is_table};
      if (!check_watermark(spec.watermark, **schema, fmt::format("`{}`", spec.name))) continue;
      if (spec.watermark.node != nullptr) input.watermark = {spec.watermark.text, spec.watermark_delay.count()};
      if (spec.file) {
        Result<data::Batch> rows = read_table(step, *spec.file, *schema);
        if (!rows) {
          errors_.push_back(rows.error().with_place(document_.place(*spec.file->path.node)));
          continue;
        }
        input.rows = std::move(rows).value();
      }
      options.inputs.push_back(std::move(input));
    }
    return errors_.size() == mistakes;
  }

  /// A file with other rows is another plan: an epoch of the old one is not written again with them.
  Result<data::Batch> read_table(CheckedStep& step, const FileTableSpec& file, const data::SchemaPtr& schema) const {
    const std::string& path = file.path.text;
    STREAMOPS_ASSIGN(const std::string text,
                     surroundings_.read_table ? surroundings_.read_table(path) : surroundings_.read_file(path));
    step.fingerprint = crc32c(as_bytes(text), step.fingerprint);
    return file.format == "csv" ? read_csv_table(text, schema, path) : read_json_table(text, schema, path);
  }

  bool check_inputs_are_read(const CheckedStep& step, const sql::Query& query) {
    bool all = true;
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      if (query.reads(i + 1)) continue;
      all = false;
      errors_.push_back(Error(errors::pipeline::bad_value, "the select does not read `{}`", step.inputs[i].spec->name)
                            .with_place(document_.place(*step.inputs[i].spec->node)));
    }
    return all;
  }

  /// The column of a watermark is a time of its stream.
  bool check_watermark(const Located& column, const data::Schema& schema, const std::string& owner) {
    if (column.node == nullptr || column.text.empty()) return true;
    const std::vector<std::string> names = names_of(schema);
    const int index = schema.index_of(column.text);
    if (index < 0) {
      errors_.push_back(
          Error(errors::pipeline::unknown_column, "{} has no column `{}` for the watermark", owner, column.text)
              .with_place(document_.place(*column.node))
              .with_label(did_you_mean(column.text, std::span<const std::string>(names))));
      return false;
    }
    const data::Type& type = *schema[static_cast<std::size_t>(index)].type;
    if (type.id() == data::TypeId::timestamp) return true;
    errors_.push_back(Error(errors::pipeline::bad_value, "the watermark needs a TIMESTAMP, and `{}` is {}", column.text,
                            type.to_sql())
                          .with_place(document_.place(*column.node)));
    return false;
  }

  /// What is about state goes with a select that keeps some; nothing is ignored silently.
  void check_state(const CheckedStep& step) {
    const StepSpec& spec = *step.spec;
    for (const std::string_view key : {"watermark", "mode", "late", "memory"}) {
      const yaml::Node* node = spec.node->find(key);
      if (node == nullptr || (key == "memory" ? step.query->keeps_state() : step.query->collects())) continue;
      errors_.push_back(Error(errors::pipeline::bad_value,
                              "`{}` goes with a select that groups or joins streams; this one remembers nothing "
                              "between records",
                              key)
                            .with_place(document_.place(*node)));
    }
    const yaml::Node* late = spec.node->find("late");
    if (late == nullptr || spec.watermark.node != nullptr) return;
    errors_.push_back(Error(errors::pipeline::bad_value, "`late` goes with a `watermark`: without it no row is late")
                          .with_place(document_.place(*late)));
  }

  /// A stream that read what it writes would never end.
  void check_topics(const StepSpec& spec) {
    if (!spec.kafka_source) return;
    const auto check = [&](const std::optional<KafkaSinkSpec>& sink, std::string_view section,
                           const std::string& used) {
      if (!sink || sink->topic != used) return;
      errors_.push_back(Error(errors::pipeline::bad_value, "{} writes the topic {} as `{}` and uses it elsewhere too",
                              spec.name, used, section)
                            .with_place(document_.place(*spec.node->find(section))));
    };
    std::vector<std::string> read{spec.kafka_source->topic};
    for (const FurtherInputSpec& input : spec.inputs) {
      if (!input.kafka) continue;
      if (std::find(read.begin(), read.end(), input.kafka->topic) != read.end()) {
        errors_.push_back(
            Error(errors::pipeline::bad_value, "{} reads the topic {} twice", spec.name, input.kafka->topic)
                .with_place(document_.place(*input.node))
                .with_hint("one name is enough: FROM source a JOIN source b ON …"));
      }
      read.push_back(input.kafka->topic);
    }
    for (const std::string& topic : read) {
      check(spec.kafka_sink, "sink", topic);
      check(spec.late, "late", topic);
    }
    if (spec.kafka_sink) check(spec.late, "late", spec.kafka_sink->topic);
  }

  void check_key(const StepSpec& spec, const data::Schema& output) {
    if (spec.key.text.empty() || output.index_of(spec.key.text) >= 0) return;
    const std::vector<std::string> names = names_of(output);
    errors_.push_back(Error(errors::pipeline::unknown_column, "the select does not give the key `{}`", spec.key.text)
                          .with_place(document_.place(*spec.key.node))
                          .with_label(did_you_mean(spec.key.text, std::span<const std::string>(names))));
  }

  const CheckedPipeline& pipeline_;
  const yaml::Document& document_;
  const ColumnFits& fits_;
  const NewestSchema& newest_;
  const Surroundings& surroundings_;
  std::vector<Error>& errors_;
};

void check_order(CheckedPipeline& pipeline, std::vector<Error>& errors) {
  const PipelineFile& file = pipeline.file;
  Result<workflow::Schedule> schedule = workflow::Schedule::parse(file.schedule.text, file.time_zone);
  if (schedule) {
    pipeline.schedule = *schedule;
  } else {
    const yaml::Node* zone = file.document->root().find("time_zone");
    const bool in_zone = zone != nullptr && schedule.error().is(errors::workflow::unknown_time_zone);
    errors.push_back(schedule.error().with_place(file.document->place(in_zone ? *zone : *file.schedule.node)));
  }
  workflow::DagSpec dag{.id = file.name, .schedule = pipeline.schedule, .tasks = {}};
  for (const TaskFileSpec& task : file.tasks) {
    workflow::TaskSpec spec{.id = task.name};
    for (const Located& before : task.after) spec.upstream.push_back(before.text);
    dag.tasks.push_back(std::move(spec));
  }
  const Result<void> acyclic = workflow::check_dag(dag);
  if (acyclic) return;
  for (const TaskFileSpec& task : file.tasks) {
    if (task.after.empty()) continue;
    errors.push_back(acyclic.error().with_place(file.document->place(*task.after[0].node)));
    return;
  }
  errors.push_back(acyclic.error().with_place(file.document->place(*file.document->root().find("tasks"))));
}

}  // namespace

const CheckedStep* CheckedPipeline::step(std::string_view name) const {
  for (const CheckedStep& task : tasks) {
    if (task.name() == name) return &task;
  }
  for (const CheckedStep& stream : streams) {
    if (stream.name() == name) return &stream;
  }
  return nullptr;
}

Checking check_pipeline(std::string text, const std::string& file, const std::string& profile,
                        const Surroundings& surroundings, const ColumnFits& fits, const NewestSchema& newest) {
  Checking out;
  FileReading reading = read_pipeline_file(std::move(text), file, profile, surroundings);
  out.errors = std::move(reading.errors);
  if (reading.file.document == nullptr) return out;
  const auto pipeline = std::make_shared<CheckedPipeline>();
  pipeline->file = std::move(reading.file);
  StepChecker checker(*pipeline, fits, newest, surroundings, out.errors);
  for (const TaskFileSpec& task : pipeline->file.tasks) pipeline->tasks.push_back(checker.check(task));
  for (const StreamFileSpec& stream : pipeline->file.streams) pipeline->streams.push_back(checker.check(stream));
  if (out.errors.empty()) check_order(*pipeline, out.errors);
  sort_by_place(out.errors);
  if (out.errors.empty()) out.pipeline = pipeline;
  return out;
}

}  // namespace streamops::pipeline
