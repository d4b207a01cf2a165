#include "app/choose_step.h"

#include "base/text.h"
#include "errors/app.h"

namespace streamops::app {

Result<const pipeline::CheckedStep*> choose_step(const pipeline::CheckedPipeline& pipeline, const std::string& name) {
  std::vector<std::string> names;
  for (const pipeline::CheckedStep& stream : pipeline.streams) names.push_back(stream.name());
  for (const pipeline::CheckedStep& task : pipeline.tasks) names.push_back(task.name());
  if (const pipeline::CheckedStep* step = pipeline.step(name)) return step;
  if (!name.empty()) {
    return Error(errors::app::usage, "the file has no stream or task {}", name).with_label(did_you_mean(name, names));
  }
  if (pipeline.streams.size() == 1) return &pipeline.streams[0];
  if (names.size() == 1) return &pipeline.tasks[0];
  return Error(errors::app::usage, "say which with --stream: {}", join(names, ", "));
}

}  // namespace streamops::app
