// workflow/states.h — the states of runs and task instances, named as Airflow names them, and the twelve trigger rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace streamops::workflow {

enum class RunState : std::uint8_t { queued, running, success, failed };

enum class TaskState : std::uint8_t {
  none,       // waits for tasks before it
  scheduled,  // may run, not yet recorded as running
  queued,     // waits for a slot
  running,
  success,
  restarting,  // was cleared while running; starts again when the old try has ended
  failed,
  up_for_retry,     // failed, and starts again after its delay
  upstream_failed,  // never ran, because of a failure before it
  skipped,
  removed  // the task left the file while the run was waiting for it
};

enum class RunType : std::uint8_t { scheduled, manual };

enum class TriggerRule : std::uint8_t {
  all_success,
  all_failed,
  all_done,
  all_done_min_one_success,
  all_skipped,
  one_failed,
  one_success,
  one_done,
  none_failed,
  none_failed_min_one_success,
  none_skipped,
  always
};

std::string_view to_string(RunState state);
std::string_view to_string(TaskState state);
std::string_view to_string(RunType type);
std::string_view to_string(TriggerRule rule);

std::optional<RunState> parse_run_state(std::string_view text);
std::optional<TaskState> parse_task_state(std::string_view text);
std::optional<RunType> parse_run_type(std::string_view text);
std::optional<TriggerRule> parse_trigger_rule(std::string_view text);

/// True for the states that a task instance or a run does not leave by itself.
constexpr bool is_final(TaskState state) {
  return state == TaskState::success || state == TaskState::failed || state == TaskState::upstream_failed ||
         state == TaskState::skipped || state == TaskState::removed;
}
constexpr bool is_final(RunState state) {
  return state == RunState::success || state == RunState::failed;
}

}  // namespace streamops::workflow
