// app/pipeline_text.h — the text of a pipeline file: the one named on the command line, or the reference pipeline in
// the binary.
#pragma once

#include <string>
#include <string_view>

#include "app/data_directory.h"
#include "app/verb.h"
#include "base/result.h"
#include "pipeline/check.h"

namespace streamops::app {

/// The reference pipeline `user_automation` (examples/users_created/pipeline.yaml), as it was built in.
std::string_view reference_pipeline();

struct PipelineText {
  std::string name;  // for messages: the path, or "(built-in) users_created"
  std::string text;
};

/// `path` empty: the reference pipeline. Errors: SO-A107.
Result<PipelineText> load_pipeline_text(const std::string& path);

/// What --data-dir says, or the default.
std::string data_directory_of(const Arguments& arguments);

/// Checks it with the process's environment, with the connectors' word on columns, and with the registry's on schemas
/// (an embedded one is in `data_directory`): what every verb that takes a file does.
pipeline::Checking check_text(const PipelineText& text, const std::string& profile,
                              const std::string& data_directory = default_data_directory());

/// The pipeline that FILE and --profile name. nullptr after every mistake in it was told; `code` is then the exit
/// status.
pipeline::CheckedPipelinePtr load_pipeline(const Arguments& arguments, Terminal& terminal, ExitCode& code);

}  // namespace streamops::app
