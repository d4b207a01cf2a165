#include "workflow/states.h"

#include <array>

namespace streamops::workflow {

namespace {

// Each table is in the order of its enum.
constexpr std::array<std::string_view, 4> run_states = {"queued", "running", "success", "failed"};
constexpr std::array<std::string_view, 11> task_states = {
    "none",   "scheduled",    "queued",          "running", "success", "restarting",
    "failed", "up_for_retry", "upstream_failed", "skipped", "removed"};
constexpr std::array<std::string_view, 2> run_types = {"scheduled", "manual"};
constexpr std::array<std::string_view, 12> trigger_rules = {
    "all_success", "all_failed", "all_done",    "all_done_min_one_success",    "all_skipped",  "one_failed",
    "one_success", "one_done",   "none_failed", "none_failed_min_one_success", "none_skipped", "always"};

template <typename Enum, std::size_t size>
std::optional<Enum> find(const std::array<std::string_view, size>& names, std::string_view text) {
  for (std::size_t i = 0; i < size; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(RunState state) {
  return run_states[static_cast<std::size_t>(state)];
}
std::string_view to_string(TaskState state) {
  return task_states[static_cast<std::size_t>(state)];
}
std::string_view to_string(RunType type) {
  return run_types[static_cast<std::size_t>(type)];
}
std::string_view to_string(TriggerRule rule) {
  return trigger_rules[static_cast<std::size_t>(rule)];
}

std::optional<RunState> parse_run_state(std::string_view text) {
  return find<RunState>(run_states, text);
}
std::optional<TaskState> parse_task_state(std::string_view text) {
  return find<TaskState>(task_states, text);
}
std::optional<RunType> parse_run_type(std::string_view text) {
  return find<RunType>(run_types, text);
}
std::optional<TriggerRule> parse_trigger_rule(std::string_view text) {
  return find<TriggerRule>(trigger_rules, text);
}

}  // namespace streamops::workflow
