// workflow/scheduler.h — the embedded scheduler: starts runs when they are due, their tasks in order, retries what
// fails, and remembers all of it in SQLite.
//
//   due time | trigger() -> run queued -> running -> task: none -> scheduled -> running -> success | failed |
//   up_for_retry -> ...
//
// Invariants: a state is on disk before anyone hears of it and before the body of a task starts; a run that was under
// way when the process ended is resumed with the same run id and try number. Nothing polls: every wake-up is a timer
// that is due, a body that is done or a command. Threads: everything on the one loop given to open(), callbacks
// included; SQLite is used on the pool only, which must have one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/loop.h"
#include "runtime/pool.h"
#include "workflow/dag.h"
#include "workflow/records.h"

namespace streamops::workflow {

/// Whether start() triggers a run of a DAG.
enum class TriggerPolicy : std::uint8_t {
  first,   // when it never ran in this data directory
  always,  // one run at every start; unpauses it too
  never
};
std::optional<TriggerPolicy> parse_trigger_policy(std::string_view text);

struct TriggerRequest {
  std::string dag_id;
  std::string conf = "{}";               // a JSON object; the caller has checked it
  std::string run_id;                    // empty: "manual__<logical date>"
  std::optional<WallTime> logical_date;  // nothing: now
  std::string triggered_by;
  bool unpause = false;  // a run of a paused DAG stays queued
};

/// Which task instances of a run to run again.
struct ClearRequest {
  std::string dag_id;
  std::string run_id;
  std::string task_id;       // empty: every task of the run
  bool downstream = true;    // also the tasks after it
  bool only_failed = false;  // only those that failed or never ran because of it
};

struct SchedulerOptions {
  int keep_runs = 1000;                     // finished runs of a DAG that are remembered
  Microseconds cancel_grace = Seconds{10};  // how long a cancelled body may take to end before it is given up
};

template <typename T>
using Done = std::function<void(Result<T>)>;

/// Ends a subscription when destroyed. Belongs to the scheduler's loop.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

class Scheduler {
 public:
  /// Opens or creates the state file at `path` (":memory:" in tests); blocks. Errors: SO-D201 to SO-D204.
  static Result<std::unique_ptr<Scheduler>> open(runtime::Loop& loop, runtime::Pool& pool, const std::string& path,
                                                 SchedulerOptions options = {});
  /// Call stop() before, so that what was said last is on disk.
  virtual ~Scheduler() = default;

  /// Makes a DAG known; before start(). A new DAG is not paused. Errors: as check_dag(), SO-W004.
  virtual Result<void> add_dag(DagSpec dag, TriggerPolicy policy = TriggerPolicy::first) = 0;
  /// Resumes what was under way, triggers what the policies ask for, arms the timers.
  virtual void start() = 0;
  /// Cancels what runs without changing its state, so that the next start() goes on with it; `done` when all is on
  /// disk.
  virtual void stop(runtime::Callback done) = 0;

  // --- Commands. `done` comes when the change is on disk. Errors: SO-W007 (stopping), SO-W008 (no such
  // DAG, run or task), SO-W009 (not in this state). ---

  /// Adds a run by hand. Errors: SO-W011 (run id or logical date is taken).
  virtual void trigger(TriggerRequest request, Done<RunInfo> done) = 0;
  virtual void set_paused(const std::string& dag_id, bool paused, Done<void> done) = 0;
  /// Runs tasks again: resets them, and puts their run back to running.
  virtual void clear(ClearRequest request, Done<void> done) = 0;
  /// Ends a run: what runs is cancelled and gets this state; what has not begun is skipped (failed) or set to success.
  virtual void mark_run(const std::string& dag_id, const std::string& run_id, RunState state, Done<void> done) = 0;

  // --- Reads. `done` comes on the loop, later; what was told before is in the answer. ---

  virtual std::vector<DagInfo> dags() const = 0;
  /// Newest first, those with a number below `before` (nothing: from the newest).
  virtual void runs(const std::string& dag_id, std::optional<std::int64_t> before, int limit,
                    Done<std::vector<RunInfo>> done) = 0;
  virtual void run(const std::string& dag_id, const std::string& run_id, Done<RunInfo> done) = 0;
  virtual void task_instances(const std::string& dag_id, const std::string& run_id,
                              Done<std::vector<TaskInstanceInfo>> done) = 0;
  virtual void tries(const std::string& dag_id, const std::string& run_id, const std::string& task_id,
                     Done<std::vector<TryInfo>> done) = 0;
  /// Lines of one try from `offset` on, at most `limit`.
  virtual void log(const std::string& dag_id, const std::string& run_id, const std::string& task_id, int try_number,
                   std::int64_t offset, int limit, Done<std::vector<LogLine>> done) = 0;

  /// Why states cannot be written at the moment (a full disk); nothing while all is well.
  virtual std::optional<Error> trouble() const = 0;

  /// Tells every change from now on.
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(std::function<void(const Change&)> listener) = 0;
};

}  // namespace streamops::workflow
