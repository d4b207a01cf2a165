// pipeline/check.h — from a file to something that can run: schemas are read, SQL is compiled, keys and tables are
// looked up.
//
//   text -> read_pipeline_file (form) -> check_pipeline (meaning) -> CheckedPipeline -> Pipeline (pipeline.h) | test
//   runner | `check`
//
// `check` and `up` go through here and nowhere else, so what passes runs. All mistakes are collected, sorted by place.
// Threads: a CheckedPipeline is immutable.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/type.h"
#include "pipeline/check_table.h"
#include "pipeline/file.h"
#include "schema/avro.h"
#include "sql/engine/query.h"
#include "workflow/schedule.h"

namespace streamops::pipeline {

/// A further stream, or a table, of a stream: number i of the query is inputs[i - 1].
struct CheckedInput {
  const FurtherInputSpec* spec = nullptr;  // lives in CheckedPipeline::file
  data::SchemaPtr schema;
};

/// A task or stream that can run.
struct CheckedStep {
  const StepSpec* spec = nullptr;  // lives in CheckedPipeline::file
  data::SchemaPtr source_schema;
  /// The Avro schema that values are read as, when the columns come from one.
  schema::AvroSchemaPtr reader_schema;
  std::vector<CheckedInput> inputs;
  std::shared_ptr<const sql::Query> query;
  /// The primary key of the table, in its order; empty for a step that writes into a topic.
  std::vector<std::string> key_columns;
  std::optional<CassandraSinkSpec> cassandra_sink;  // as in the file, with the statements of `create`
  std::int64_t memory_limit = 0;                    // bytes that the state of a stream may take
  /// Changes when schema, select or sink change: an epoch of the old plan is not replayed by the new one.
  std::uint32_t fingerprint = 0;

  const std::string& name() const { return spec->name; }
  /// True when it reads more than one topic.
  bool reads_several() const {
    return std::any_of(inputs.begin(), inputs.end(),
                       [](const CheckedInput& input) { return input.spec->kafka.has_value(); });
  }
};

struct CheckedPipeline {
  PipelineFile file;
  workflow::Schedule schedule;
  std::vector<CheckedStep> tasks;    // as file.tasks
  std::vector<CheckedStep> streams;  // as file.streams

  /// The task or stream of that name, or nullptr.
  const CheckedStep* step(std::string_view name) const;
  /// "user_automation.created_users": names group, spool, metrics and dead letters of a step.
  std::string owner(const CheckedStep& step) const { return file.name + "." + step.name(); }
};
using CheckedPipelinePtr = std::shared_ptr<const CheckedPipeline>;

/// The newest schema of a topic's values, as the profile's registry has it; for sources that leave `schema` out.
using NewestSchema = std::function<Result<schema::AvroSchemaPtr>(const Profile& profile, const std::string& topic)>;

/// What a check gives: a pipeline, or every mistake in the file, in the order of the text.
struct Checking {
  CheckedPipelinePtr pipeline;
  std::vector<Error> errors;  // empty exactly when `pipeline` is there
};

/// `fits` is the connector's word on whether columns fit their table; without it, that is found when the table is
/// opened. `newest` asks the registry for the columns of an Avro source that names none; without it, such a source
/// takes them from the task of the file that writes its topic, or is refused. Errors: those of read_pipeline_file(),
/// SO-P041 to SO-P044, SO-P046, SO-P047, SO-S0xx (schema, select), SO-C11x (create), SO-W00x (schedule, order),
/// SO-G002, SO-F014, SO-F015 (Avro).
Checking check_pipeline(std::string text, const std::string& file, const std::string& profile,
                        const Surroundings& surroundings, const ColumnFits& fits = {}, const NewestSchema& newest = {});

}  // namespace streamops::pipeline
