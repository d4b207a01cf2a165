// app/infer_schemas.h — `check --infer`: asks the sources of a file for a sample and writes the schema that fits it.
#pragma once

#include <string>
#include <vector>

#include "app/verb.h"
#include "pipeline/file.h"

namespace streamops::app {

struct InferredSchema {
  std::string step;    // the task's or stream's name
  std::string source;  // what was asked
  Result<std::string> schema;
};

/// One answer of each HTTP source; the newest messages of each topic, from the running process of --data-dir.
/// Errors of a schema: SO-P045, SO-R010 to SO-R015, SO-A104, SO-A105.
std::vector<InferredSchema> infer_schemas(const pipeline::PipelineFile& file, const Arguments& arguments);

}  // namespace streamops::app
