// pipeline/plan_text.h — what a step will do, for a person to read before it runs: what is read and what is skipped,
// what is remembered and for how long, where rows go and what is promised of them.
//
// Pure: it says what the checked file and the engine's rules say; nothing is asked of any system.
#pragma once

#include <string>
#include <vector>

#include "pipeline/check.h"

namespace streamops::pipeline {

struct PlanLine {
  std::string part;  // "source", "columns", "where", "group by", "state", "watermark", "sink", "promise", ...
  std::string text;
};

struct StepPlan {
  std::string step;
  bool is_stream = false;
  bool on_spark = false;
  std::vector<std::string> read;     // columns of the source that are decoded
  std::vector<std::string> skipped;  // those that the query does not look at: checked while reading, never built
  bool keeps_state = false;
  bool state_ends = false;      // a watermark lets groups go
  std::vector<PlanLine> lines;  // in the order of a record's way
};

/// `step` is one of `pipeline`.
StepPlan plan_of(const CheckedPipeline& pipeline, const CheckedStep& step);

}  // namespace streamops::pipeline
