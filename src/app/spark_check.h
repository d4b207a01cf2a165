// app/spark_check.h — what of a file will not run on Spark, or not alike, known before anything is submitted.
#pragma once

#include <optional>
#include <vector>

#include "app/spark_streams.h"
#include "app/verb.h"

namespace streamops::app {

struct SparkReport {
  std::vector<Error> errors;  // the streams cannot be submitted
  std::vector<Error> notes;   // they can, but do not do just the same
};

/// Looks at the streams that are to run on Spark. Errors: SO-E020, SO-E021, SO-E040; notes: SO-E041; all with their
/// places in the file, in its order.
SparkReport check_for_spark(const pipeline::CheckedPipeline& pipeline, std::optional<pipeline::Engine> asked);

/// True when any stream is to run on Spark.
bool needs_spark(const pipeline::CheckedPipeline& pipeline, std::optional<pipeline::Engine> asked);

/// What a verb does that starts streams: reads --engine into `asked` and tells what stands in the way. False after
/// that; `code` is then the exit status.
bool admit_engine(const Arguments& arguments, const pipeline::CheckedPipeline& pipeline, Terminal& terminal,
                  std::optional<pipeline::Engine>& asked, ExitCode& code);

inline OptionSpec engine_option() {
  return {.name = "--engine",
          .kind = OptionSpec::Kind::text,
          .value = "WHO",
          .help = "run all streams by streamops or by spark, whatever file and profile say",
          .fallback = {}};
}

}  // namespace streamops::app
