// app/choose_step.h — the step of a file that a verb is to work on: the one that was named, or the only one.
#pragma once

#include <string>

#include "base/result.h"
#include "pipeline/check.h"

namespace streamops::app {

/// Errors: SO-A101 (no such step, or several and none named).
Result<const pipeline::CheckedStep*> choose_step(const pipeline::CheckedPipeline& pipeline, const std::string& name);

}  // namespace streamops::app
