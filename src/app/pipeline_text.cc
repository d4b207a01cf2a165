#include "app/pipeline_text.h"

#include "app/column_fits.h"
#include "app/newest_schema.h"
#include "errors/app.h"
#include "runtime/disk.h"

namespace streamops::app {

std::string data_directory_of(const Arguments& arguments) {
  return arguments.has("--data-dir") ? arguments.text("--data-dir") : default_data_directory();
}

Result<PipelineText> load_pipeline_text(const std::string& path) {
  if (path.empty()) return PipelineText{"(built-in) users_created", std::string(reference_pipeline())};
  const Result<Bytes> content = runtime::system_disk().read_file(path);
  if (!content) return Error(errors::app::no_such_file, "cannot read {}: {}", path, content.error().message());
  return PipelineText{path, std::string(as_text(*content))};
}

pipeline::Checking check_text(const PipelineText& text, const std::string& profile, const std::string& data_directory) {
  return pipeline::check_pipeline(text.text, text.name, profile, pipeline::Surroundings::of_process(text.name),
                                  cassandra_column_fits(), newest_schema(data_directory));
}

pipeline::CheckedPipelinePtr load_pipeline(const Arguments& arguments, Terminal& terminal, ExitCode& code) {
  const Result<PipelineText> text = load_pipeline_text(arguments.text("FILE"));
  if (!text) {
    terminal.fail(text.error());
    code = exit_code_for(text.error());
    return nullptr;
  }
  pipeline::Checking checking = check_text(*text, arguments.text("--profile"), data_directory_of(arguments));
  for (const Error& error : checking.errors) terminal.fail(error);
  code = checking.pipeline ? ExitCode::success : ExitCode::user;
  return checking.pipeline;
}

}  // namespace streamops::app
