// workflow/impl/state_store.h — the SQLite file of the scheduler: DAGs, runs, task instances, tries and log lines.
//
//   dags            dag_id | paused | first_seen | last_scheduled
//   runs            number | dag_id | run_id | type | state | times | conf | triggered_by      number grows for ever
//   task_instances  run | task_id | state | try_number | max_tries | times | error
//   tries           run | task_id | try_number | state | times | error
//   log_lines       run | task_id | try_number | line | at | level | text
//
// Times are microseconds since 1970. Threads: one at a time (the pool's only thread).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "storage/sqlite/database.h"
#include "workflow/records.h"

namespace streamops::workflow {

struct DagRow {
  std::string dag_id;
  bool paused = false;
  WallTime first_seen;
  std::optional<WallTime> last_scheduled;
};

/// A task instance or a try under its run's number; the names within `info` are filled when read.
struct TaskRow {
  std::int64_t run = 0;
  TaskInstanceInfo info;
};
struct TryRow {
  std::int64_t run = 0;
  std::string task_id;
  TryInfo info;
};
struct LogRow {
  std::int64_t run = 0;
  std::string task_id;
  int try_number = 1;
  LogLine line;
};
/// Forgets the finished runs of a DAG but the newest `keep`.
struct Prune {
  std::string dag_id;
  int keep = 0;
};
using Write = std::variant<DagRow, RunInfo, TaskRow, TryRow, LogRow, Prune>;

/// What a scheduler needs to know when it starts.
struct Recovered {
  struct Task {
    TaskInstanceInfo info;
    std::int64_t log_lines = 0;  // of the newest try
  };
  struct Run {
    RunInfo info;
    std::vector<Task> tasks;
  };
  std::vector<DagRow> dags;
  std::vector<std::string> dags_with_runs;
  std::vector<Run> under_way;  // queued or running, oldest first
  std::int64_t last_number = 0;
};

struct Taken {
  bool run_id = false;
  bool logical_date = false;
};

class StateStore {
 public:
  /// Opens or creates the file. Errors: SO-D201 to SO-D204.
  static Result<std::unique_ptr<StateStore>> open(const std::string& path);

  /// Writes all or nothing; returns when it is on disk.
  Result<void> commit(const std::vector<Write>& writes);

  Result<Recovered> recover();
  Result<std::vector<RunInfo>> runs(const std::string& dag_id, std::optional<std::int64_t> before, int limit);
  /// One run with its task instances. Errors: SO-W008.
  Result<Recovered::Run> run(const std::string& dag_id, const std::string& run_id);
  Result<std::vector<TryInfo>> tries(std::int64_t run, const std::string& task_id);
  Result<std::vector<LogLine>> log(std::int64_t run, const std::string& task_id, int try_number, std::int64_t offset,
                                   int limit);
  /// Whether the DAG has a run with this id, and one with this logical date.
  Result<Taken> taken(const std::string& dag_id, const std::string& run_id, WallTime logical_date);

 private:
  explicit StateStore(std::unique_ptr<storage::Database> database) : database_(std::move(database)) {}

  Result<void> prepare();
  Result<void> apply(const DagRow& row);
  Result<void> apply(const RunInfo& row);
  Result<void> apply(const TaskRow& row);
  Result<void> apply(const TryRow& row);
  Result<void> apply(const LogRow& row);
  Result<void> apply(const Prune& prune);
  Result<std::vector<Recovered::Task>> tasks_of(const RunInfo& run);

  std::unique_ptr<storage::Database> database_;
  std::vector<storage::Statement> upserts_;  // by index of Write
};

}  // namespace streamops::workflow
