#include "workflow/trigger_rule.h"

#include <cstddef>

namespace streamops::workflow {

namespace {

/// How the tasks before one ended, counted.
struct Tally {
  std::size_t total = 0;
  std::size_t success = 0;
  std::size_t failed = 0;  // failed or upstream_failed
  std::size_t skipped = 0;
  std::size_t removed = 0;

  explicit Tally(std::span<const TaskState> states) : total(states.size()) {
    for (TaskState state : states) {
      success += state == TaskState::success;
      failed += state == TaskState::failed || state == TaskState::upstream_failed;
      skipped += state == TaskState::skipped;
      removed += state == TaskState::removed;
    }
  }

  std::size_t done() const { return success + failed + skipped + removed; }
  bool all_done() const { return done() == total; }
};

using Verdict = std::optional<TaskState>;
constexpr TaskState run = TaskState::scheduled;
constexpr TaskState skip = TaskState::skipped;
constexpr TaskState fail = TaskState::upstream_failed;

/// The rules that may decide before all tasks before have ended.
Verdict early(TriggerRule rule, const Tally& tally) {
  switch (rule) {
    case TriggerRule::always:
      return run;
    case TriggerRule::one_success:
      return tally.success > 0 ? Verdict(run) : std::nullopt;
    case TriggerRule::one_failed:
      return tally.failed > 0 ? Verdict(run) : std::nullopt;
    case TriggerRule::one_done:
      return tally.success + tally.failed > 0 ? Verdict(run) : std::nullopt;
    case TriggerRule::none_failed:
    case TriggerRule::none_failed_min_one_success:
      return tally.failed > 0 ? Verdict(fail) : std::nullopt;
    case TriggerRule::all_success:
      if (tally.failed > 0) return fail;
      return tally.skipped > 0 ? Verdict(skip) : std::nullopt;
    case TriggerRule::all_failed:
      return tally.success + tally.skipped > 0 ? Verdict(skip) : std::nullopt;
    case TriggerRule::all_skipped:
      return tally.success + tally.failed > 0 ? Verdict(skip) : std::nullopt;
    case TriggerRule::none_skipped:
    case TriggerRule::all_done_min_one_success:
      return tally.skipped > 0 ? Verdict(skip) : std::nullopt;
    case TriggerRule::all_done:
      return std::nullopt;
  }
  return std::nullopt;
}

/// What the rule says when every task before has ended and nothing was decided earlier.
TaskState late(TriggerRule rule, const Tally& tally) {
  switch (rule) {
    case TriggerRule::one_success:
      return tally.failed > 0 ? fail : skip;
    case TriggerRule::one_failed:
    case TriggerRule::one_done:
      return skip;
    case TriggerRule::none_failed_min_one_success:
      return tally.success > 0 ? run : skip;
    case TriggerRule::all_done_min_one_success:
      return tally.success > 0 ? run : fail;
    default:
      return run;
  }
}

}  // namespace

std::optional<TaskState> evaluate(TriggerRule rule, std::span<const TaskState> upstream) {
  if (upstream.empty()) return run;
  const Tally tally(upstream);
  if (const Verdict verdict = early(rule, tally)) return verdict;
  if (!tally.all_done()) return std::nullopt;
  return late(rule, tally);
}

}  // namespace streamops::workflow
