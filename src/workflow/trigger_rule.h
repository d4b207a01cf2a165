// workflow/trigger_rule.h — what becomes of a task, given how the tasks before it ended.
#pragma once

#include <optional>
#include <span>

#include "workflow/states.h"

namespace streamops::workflow {

/// What a task does next: `scheduled` (it may run), `upstream_failed`, `skipped`, or nothing yet (wait).
/// Called each time a task before it ends: with all_success the first failure or skip decides, as in Airflow.
std::optional<TaskState> evaluate(TriggerRule rule, std::span<const TaskState> upstream);

}  // namespace streamops::workflow
