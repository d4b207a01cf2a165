#include "app/pipeline_text.h"

#include "app/column_fits.h"
#include "errors/app.h"
#include "runtime/disk.h"

namespace streamops::app {

Result<PipelineText> load_pipeline_text(const std::string& path) {
  if (path.empty()) return PipelineText{"(built-in) users_created", std::string(reference_pipeline())};
  const Result<Bytes> content = runtime::system_disk().read_file(path);
  if (!content) return Error(errors::app::no_such_file, "cannot read {}: {}", path, content.error().message());
  return PipelineText{path, std::string(as_text(*content))};
}

pipeline::Checking check_text(const PipelineText& text, const std::string& profile) {
  return pipeline::check_pipeline(text.text, text.name, profile, pipeline::Surroundings::of_process(text.name),
                                  cassandra_column_fits());
}

}  // namespace streamops::app
