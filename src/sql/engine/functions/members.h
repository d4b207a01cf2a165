// sql/engine/functions/members.h — the members of one row of an array or a map, and how they compare.
#pragma once

#include "sql/engine/function.h"

namespace streamops::sql {

/// The span of members of one row.
struct Members {
  Members(const Vector& list, std::size_t row) : Members(*list.column, list.index(row)) {}
  Members(const data::Column& list, std::size_t row) : begin(list.offsets()[row]), end(list.offsets()[row + 1]) {}
  std::int32_t size() const { return end - begin; }
  std::int32_t begin;
  std::int32_t end;
};

/// A total order of members in which nulls come first. Where members are DOUBLE or FLOAT themselves, 0.0 and -0.0 are
/// two values and all NaNs one: what Spark's array_distinct, array_union, array_except and array_intersect go by.
int compare_set_members(const data::Column& a, std::int32_t i, const data::Column& b, std::int32_t j);

/// The type that the element types of arrays (or keys of maps) meet in for functions that take "the same type": whole
/// and real numbers widen, dates become timestamps; DECIMAL and STRING meet only themselves. Null when there is none.
data::TypePtr matching_type(const data::TypePtr& a, const data::TypePtr& b);

/// Brings two arguments that are arrays to one type. Errors: SO-S010.
Result<data::TypePtr> match_arrays(Binding& binding, std::size_t first, std::size_t second);
/// Brings an array's elements and a value to one type; the type of the array. Errors: SO-S010.
Result<data::TypePtr> match_element(Binding& binding, std::size_t array, std::size_t value);

}  // namespace streamops::sql
