// sql/engine/functions/members.h — the members of one row of an array or a map.
#pragma once

#include "sql/engine/kernel.h"

namespace streamops::sql {

/// The span of members of one row.
struct Members {
  Members(const Vector& list, std::size_t row) {
    const auto at = list.column->offsets();
    begin = at[list.index(row)];
    end = at[list.index(row) + 1];
  }
  std::int32_t size() const { return end - begin; }
  std::int32_t begin;
  std::int32_t end;
};

}  // namespace streamops::sql
