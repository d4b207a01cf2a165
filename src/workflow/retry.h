// workflow/retry.h — how long a failed try waits: Airflow's formula, jitter included, so that the same run waits
// equally long in both.
#pragma once

#include <string_view>

#include "base/time.h"
#include "workflow/dag.h"

namespace streamops::workflow {

/// The delay after try `try_number` (from 1). Without back-off it is `retry_delay`; with factor k it is m + h mod m
/// seconds where m = max(1, ceil(delay * k^(try-1))) and h = SHA-1 of "dag#task#logical date#try"; never above
/// max_retry_delay.
Microseconds retry_delay(const TaskSpec& task, std::string_view dag_id, WallTime logical_date, int try_number);

}  // namespace streamops::workflow
