// pipeline/task_runner.h — one run of a task: a bounded source, a select, a topic.
//
//   poll -> transform -> write rows, write dead letters -> acknowledge (the spool forgets the poll) -> ... -> source
//   ended -> done
//
// A record that was not acknowledged comes again when the run goes on, with the same offset and time; uuid() and
// current_timestamp() depend on run, offset and time only, so the rows are the same and carry the same ids. A run of
// which no record passed fails with the error of the first: nobody wants a green run over an empty topic. Threads:
// everything on the loop, but status(), which any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "data/ports.h"
#include "observe/metrics.h"
#include "pipeline/check.h"
#include "pipeline/status.h"
#include "runtime/loop.h"
#include "settings/pipeline.h"

namespace streamops::pipeline {

enum class LogKind : std::uint8_t { info, warning };
using TaskLogLine = std::function<void(LogKind kind, std::string text)>;

struct TaskPorts {
  std::unique_ptr<data::Source> source;
  data::Sink& sink;  // open already; may serve several runs
  data::DeadLetterSink& dead_letters;
};

class TaskRunner {
 public:
  /// `step` is a task of `pipeline`; `run` names the run, the same again when it goes on after a crash. `metrics` may
  /// be null.
  TaskRunner(CheckedPipelinePtr pipeline, const CheckedStep& step, std::string run, TaskPorts ports,
             runtime::Loop& loop, const settings::Pipeline& settings, TaskLogLine log, observe::Metrics* metrics);
  ~TaskRunner();

  /// Runs to the end; `done` comes once, later. Errors: the source's and the sink's, SO-P065 after cancel().
  void start(std::function<void(Result<void>)> done);
  /// Ends at once; what was not acknowledged is left to the next start.
  void cancel();

  TaskStatus status() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::pipeline
