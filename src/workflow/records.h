// workflow/records.h — what the scheduler tells others about DAGs, runs, task instances and their logs. Plain values.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "workflow/dag.h"
#include "workflow/states.h"

namespace streamops::workflow {

struct TaskInfo {
  std::string id;
  std::vector<std::string> upstream;
  TriggerRule trigger_rule = TriggerRule::all_success;
  int retries = 0;
};

struct DagInfo {
  std::string id;
  std::string description;
  std::string schedule;
  std::string time_zone;
  bool paused = false;
  int max_active_runs = 1;
  std::optional<WallTime> next_run;  // nothing when paused or not due by time
  std::vector<TaskInfo> tasks;       // in an order in which they can run
};

struct RunInfo {
  std::string dag_id;
  std::string run_id;
  RunType type = RunType::manual;
  RunState state = RunState::queued;
  WallTime logical_date;
  WallTime queued_at;
  std::optional<WallTime> started_at;
  std::optional<WallTime> ended_at;
  std::string conf = "{}";
  std::string triggered_by;  // user's name, "schedule" or "start"
  std::int64_t number = 0;   // grows with every run of this data directory
};

struct TaskInstanceInfo {
  std::string dag_id;
  std::string run_id;
  std::string task_id;
  TaskState state = TaskState::none;
  int try_number = 0;  // 0: never started
  int max_tries = 1;
  std::optional<WallTime> started_at;  // of the newest try
  std::optional<WallTime> ended_at;
  std::optional<WallTime> retry_at;  // in state up_for_retry
  std::string error_code;            // of the newest try that failed, "SO-…"
  std::string error;
  std::string hint;
};

struct TryInfo {
  int try_number = 1;
  TaskState state = TaskState::running;
  WallTime started_at;
  std::optional<WallTime> ended_at;
  std::string error_code;
  std::string error;
};

struct LogLine {
  std::int64_t offset = 0;  // 0 for the first line of a try
  WallTime at;
  LogLevel level = LogLevel::info;
  std::string text;
};

struct LogAppended {
  std::string dag_id;
  std::string run_id;
  std::string task_id;
  int try_number = 1;
  LogLine line;
};

/// Something that has just changed. States are on disk before they are told; log lines are told at once.
using Change = std::variant<DagInfo, RunInfo, TaskInstanceInfo, LogAppended>;

}  // namespace streamops::workflow
