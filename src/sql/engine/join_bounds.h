// sql/engine/join_bounds.h — how long a row of a joined stream can still meet others, from the conditions of the join.
//
//   a.at > b.at - INTERVAL 10 MINUTES      a row of a meets no b later than a.at + 10 minutes, so it ends when the
//                                          watermark has passed that
//
// As Spark finds it: a sum of one event time of each side and constants, on either side of <, <=, > or >=.
#pragma once

#include <optional>

#include "sql/engine/binder.h"

namespace streamops::sql {

/// Rows whose time in the column `slot` is at most the watermark (of `other`'s side) plus `after_us` meet nobody more.
struct TimeBound {
  std::size_t slot = 0;
  std::size_t other = 0;
  std::int64_t after_us = 0;
};

/// What a condition over the slots of `binder` says; nothing when it says nothing of the kind.
std::optional<TimeBound> time_bound(const Expression& condition, Binder& binder);

}  // namespace streamops::sql
