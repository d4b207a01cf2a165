// sql/engine/nested.h — structures, arrays and maps: access, construction, comparison of whole values.
#pragma once

#include "base/result.h"
#include "sql/engine/kernel.h"

namespace streamops::sql {

/// `value.name`: a member of a STRUCT; of an ARRAY of STRUCTs the array of members; of a MAP with STRING keys the
/// value. Errors: SO-S006 (no such member), SO-S007 (two fit), SO-S010 (no members).
Result<NodePtr> member_node(NodePtr value, std::string_view name, Span span);

/// A STRUCT of the values; no place is null.
NodePtr structure_node(std::vector<NodePtr> members, std::vector<data::Field> fields, Span span);

/// The column with one row a row: constants are repeated.
data::ColumnPtr flat(const Vector& value, std::size_t rows);
/// The same rows under another type with the same layout (nullability inside may differ).
data::ColumnPtr with_type(const data::ColumnPtr& column, const data::TypePtr& type);

/// Compares two values that are not null, of one type: below, equal or above zero. Nulls inside come first; NaN comes
/// last and is equal to itself. Maps are only equal or not.
int compare_values(const data::Column& a, std::size_t i, const data::Column& b, std::size_t j);

/// The row of a map's entry with the key, or -1. `keys` is the key column, of the same type as `wanted`.
std::int32_t find_key(const data::Column& map, std::size_t row, const data::Column& wanted, std::size_t wanted_row);

/// Picks members of a list: `members[i]` is the row in `child`, or -1 for null.
Vector pick(const data::ColumnPtr& child, const std::vector<std::int32_t>& members);

}  // namespace streamops::sql
