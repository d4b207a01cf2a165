// workflow/dag.h — what the scheduler is told: DAGs, their tasks, and the bodies that do the work.
//
// The scheduler knows nothing of pipelines: whoever builds a DagSpec supplies a TaskBody for each task. A body may work
// on any thread; `done` and TaskLog may be called from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "workflow/schedule.h"
#include "workflow/states.h"

namespace streamops::workflow {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
std::string_view to_string(LogLevel level);

/// Where a try writes its log. Thread-safe; lines after the end of the try are dropped; a line is cut at 16 KiB, a try
/// at 100,000 lines.
class TaskLog {
 public:
  virtual ~TaskLog() = default;
  virtual void write(LogLevel level, std::string text) = 0;

  void info(std::string text) { write(LogLevel::info, std::move(text)); }
  void warning(std::string text) { write(LogLevel::warning, std::move(text)); }
  void error(std::string text) { write(LogLevel::error, std::move(text)); }
};

/// What a try is told when it starts.
struct TaskContext {
  std::string dag_id;
  std::string task_id;
  std::string run_id;  // "manual__2026-11-22T12:00:00+00:00"; the same again when a run is resumed after a crash
  int try_number = 1;
  WallTime logical_date;
  std::string conf;      // JSON object given with the trigger; "{}" when none
  bool resumed = false;  // this very try was under way when the process ended: go on from what is on disk
  std::shared_ptr<TaskLog> log;
};

/// One try under way. Destroyed on the scheduler's loop, after `done`.
class TaskHandle {
 public:
  virtual ~TaskHandle() = default;
  /// Asks the try to end soon; `done` follows, with whatever result. May be called twice.
  virtual void cancel() = 0;
};

using TaskDone = std::function<void(Result<void>)>;

class TaskBody {
 public:
  virtual ~TaskBody() = default;
  /// Starts one try on the scheduler's loop and returns at once; `done` is called exactly once, from any thread, also
  /// after cancel(). An Error fails the try (which may be retried); skip_task() says that there was nothing to do.
  virtual std::unique_ptr<TaskHandle> start(TaskContext context, TaskDone done) = 0;
};

/// The Error with which a body skips its task: state `skipped`, never retried. SO-W010.
Error skip_task(std::string_view reason);

struct TaskSpec {
  std::string id;
  std::vector<std::string> upstream;  // ids of the tasks before this one
  TriggerRule trigger_rule = TriggerRule::all_success;
  int retries = 0;  // further tries after the first
  Microseconds retry_delay = Seconds{300};
  double retry_backoff = 0;  // factor from one delay to the next; 0 and 1 keep it constant
  Microseconds max_retry_delay = Seconds{86400};
  std::optional<Microseconds> timeout;  // a try that lasts longer is cancelled and fails
  std::shared_ptr<TaskBody> body;
};

struct DagSpec {
  std::string id;
  std::string description;
  Schedule schedule;
  bool catchup = false;
  std::optional<WallTime> start_date;  // nothing: when the DAG was first seen in this data directory
  int max_active_runs = 1;
  std::vector<TaskSpec> tasks;
};

/// Checks ids (letters, digits, `_`, `-`, `.`; unique), that every upstream exists and that there is no circle.
/// Errors: SO-W004 (bad or doubled id), SO-W005 (unknown upstream), SO-W006 (circle; names it).
Result<void> check_dag(const DagSpec& dag);

}  // namespace streamops::workflow
