// app/progress.h — what a running pipeline does, as one live line on a terminal, or as a plain line where something
// changed for good.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "app/terminal.h"
#include "pipeline/pipeline.h"

namespace streamops::app {

class Progress {
 public:
  /// `pipeline` may be nullptr: then there is nothing to show.
  Progress(Terminal& terminal, const pipeline::Pipeline* pipeline) : terminal_(terminal), pipeline_(pipeline) {}

  /// How long to wait between two calls of show(); nothing when there is nothing to show.
  std::optional<Microseconds> interval() const;
  void show();
  void finish();

 private:
  void tell_changes(const pipeline::PipelineStatus& status);

  Terminal& terminal_;
  const pipeline::Pipeline* pipeline_;
  std::map<std::string, std::string> told_;  // what was last said of a run or a stream
  std::string last_line_;
};

}  // namespace streamops::app
