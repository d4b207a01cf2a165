// sql/engine/cast.h — CAST and TRY_CAST between all types, as Spark 4.0 with ANSI on does them.
#pragma once

#include "base/result.h"
#include "sql/engine/kernel.h"

namespace streamops::sql {

enum class CastMode : std::uint8_t {
  strict,  // CAST: what does not fit fails its row
  lenient  // TRY_CAST: ... becomes null
};

/// True when CAST is defined between the types.
bool can_cast(const data::Type& from, const data::Type& to);

/// `value` as `to`; the value itself when it has that type. Errors: SO-S010 (no such cast).
Result<NodePtr> cast_node(NodePtr value, const data::TypePtr& to, CastMode mode, Span span);

/// The text that CAST(value AS STRING) gives; of nested values too ("[1, 2]", "{a -> 1}"). Null is "null".
void append_text_form(const data::Column& column, std::size_t row, std::string& out);

/// Reads zones by name in timestamps; null when the machine's zone data lacks it.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t local_micros);

}  // namespace streamops::sql
