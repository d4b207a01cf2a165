// pipeline/pipeline.h — a checked file at work: its streams run, its tasks wait for the scheduler.
//
//   start(): open the topics of all tasks -> create the topics that streams read -> open every stream's table ->
//   records flow dag():   what the scheduler runs; a task's body makes a source for the run and drives a TaskRunner
//   stop():  runs are cancelled, streams end after their epoch, sinks close; within two seconds, losing nothing
//
// Threads: everything on the loop of the environment, but status() and the bodies in dag(), which any thread may call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "observe/metrics.h"
#include "pipeline/check.h"
#include "pipeline/checkpoint.h"
#include "pipeline/connectors.h"
#include "pipeline/foreign_stream.h"
#include "pipeline/redrive.h"
#include "pipeline/state_store.h"
#include "pipeline/status.h"
#include "pipeline/tap.h"
#include "runtime/loop.h"
#include "settings/pipeline.h"
#include "workflow/dag.h"

namespace streamops::pipeline {

/// What a pipeline works with; everything must outlive it.
struct PipelineEnvironment {
  runtime::Loop& loop;
  ConnectorFactory& connectors;
  /// The store of one stream, by its owner ("user_automation.created_users"); see checkpoints_in().
  std::function<std::unique_ptr<CheckpointStore>(const std::string& owner)> checkpoints;
  observe::Metrics* metrics;  // may be null
  settings::Pipeline settings;
  std::string only_task;  // not empty: just this task is opened, and no stream runs
  /// What the query of one stream remembers, by its owner; see states_in(). Asked for queries that keep state.
  std::function<std::unique_ptr<StateStore>(const std::string& owner)> states = {};
};

/// Checkpoints on disk, "<directory>/<owner>.checkpoint"; the directory is that of the data directory for pipelines.
std::function<std::unique_ptr<CheckpointStore>(const std::string& owner)> checkpoints_in(std::string directory,
                                                                                         runtime::Disk& disk,
                                                                                         runtime::Loop& loop,
                                                                                         runtime::Pool& pool);

/// State on disk, in "<directory>/<owner>.state"; the same directory.
std::function<std::unique_ptr<StateStore>(const std::string& owner)> states_in(std::string directory,
                                                                               runtime::Disk& disk, runtime::Loop& loop,
                                                                               runtime::Pool& pool);

/// The stream that another engine is to run, or nullptr for one that this process runs itself.
using ForeignStreams = std::function<Result<std::unique_ptr<ForeignStream>>(const CheckedStep& stream)>;

struct PipelineStatus {
  std::string name;
  std::vector<StreamStatus> streams;
  std::vector<TaskStatus> runs;  // of tasks: those under way, and the last one of each task; newest last
  /// What keeps the topics from being opened right now, though it is tried again; runs of tasks wait meanwhile.
  std::optional<Error> opening;
};

class Pipeline {
 public:
  Pipeline(CheckedPipelinePtr checked, PipelineEnvironment environment);
  ~Pipeline();

  /// `done` comes once, when topics and tables exist and every stream runs; with the first error otherwise, and then
  /// what could be started runs all the same. Schedule nothing before.
  void start(std::function<void(Result<void>)> done);
  /// `done` comes once. Stop the scheduler before.
  void stop(runtime::Callback done);
  /// Before start(): asked for each stream.
  void set_foreign_streams(ForeignStreams foreign);
  /// Lets streams of other engines work off what is in their topics now; `done` comes once, with the first error.
  void pass(std::function<void(Result<void>)> done);

  /// Lets the dead letters of a step enter again: `name` is a stream, a task, or a topic whose letters are those of one
  /// step. `done` comes once. Errors: SO-P071, those of Redrive::start().
  void redrive(const std::string& name, RedriveRequest request, std::function<void(Result<RedriveOutcome>)> done);

  /// What has passed on an edge of a stream since the call before. Errors: SO-P072, SO-S0xx.
  Result<TapAnswer> tap(const std::string& stream, const TapRequest& request);

  /// The DAG of the file's tasks with their bodies; without tasks it has none and need not be scheduled.
  workflow::DagSpec dag() const;

  PipelineStatus status() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::pipeline
