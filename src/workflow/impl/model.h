// workflow/impl/model.h — what the scheduler holds in memory: every DAG, and of its runs only those under way.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/loop.h"
#include "workflow/dag.h"
#include "workflow/impl/state_store.h"
#include "workflow/records.h"
#include "workflow/scheduler.h"

namespace streamops::workflow {

/// Which try of which task a callback speaks of; it is stale when the attempt has another number by then.
struct AttemptKey {
  std::string dag_id;
  std::int64_t run = 0;
  std::size_t task = 0;
  std::int64_t attempt = 0;
};

/// What is to become of a task instance whose body was cancelled.
enum class Intent : std::uint8_t { none, restart, time_out, succeed, fail };

/// One task of one run.
struct Instance {
  TaskInstanceInfo info;
  std::optional<TryInfo> newest_try;
  std::int64_t attempt = 0;    // of the scheduler's counter; 0 while no body works
  std::int64_t log_lines = 0;  // of the newest try
  bool resumed = false;        // its body was at work when the process ended
  Intent intent = Intent::none;
  std::unique_ptr<TaskHandle> handle;
  runtime::TimerPtr timer;  // retry, timeout or grace: never two at once
};

struct ActiveRun {
  RunInfo info;
  std::vector<Instance> instances;  // in the order of Dag::order
  std::optional<RunState> forced;   // someone marked the run
  std::vector<Done<void>> waiting;  // who marked it
};

struct Dag {
  DagSpec spec;                                    // tasks in an order in which they can run
  std::vector<std::vector<std::size_t>> upstream;  // by task: the tasks before it
  std::vector<std::vector<std::size_t>> downstream;
  TriggerPolicy policy = TriggerPolicy::first;
  DagRow row;
  bool ever_ran = false;
  bool creating = false;                     // a run is being checked against those on disk
  std::vector<runtime::Callback> creations;  // runs to create after that one
  runtime::TimerPtr timer;
  std::map<std::int64_t, ActiveRun> active;  // by number, so oldest first
};

/// Sorts the tasks so that each comes after those before it (as near as possible to the file's order) and links them.
Dag make_dag(DagSpec spec, TriggerPolicy policy);
DagInfo describe(const Dag& dag, std::optional<WallTime> next_run);
/// Task `from` and every task after it.
std::vector<bool> with_downstream(const Dag& dag, std::size_t from);

}  // namespace streamops::workflow
