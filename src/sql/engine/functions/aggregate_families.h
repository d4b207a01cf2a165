// sql/engine/functions/aggregate_families.h — the lists of aggregates, one a file.
#pragma once

#include "sql/engine/aggregate.h"

namespace streamops::sql {

const std::vector<AggregateFunction>& counting_aggregates();
const std::vector<AggregateFunction>& sum_aggregates();
const std::vector<AggregateFunction>& extreme_aggregates();
const std::vector<AggregateFunction>& moment_aggregates();
const std::vector<AggregateFunction>& covariance_aggregates();
const std::vector<AggregateFunction>& collecting_aggregates();
const std::vector<AggregateFunction>& bit_aggregates();

}  // namespace streamops::sql
