// format/impl/json_convert.h — from the lenient parser's items to columns: which JSON value fits which type.
//
//   clean     the value fits
//   partial   members of a structure somewhere inside do not fit; they become null
//   bad       the value does not fit at all and becomes null
#pragma once

#include <cstdint>
#include <string>

#include "format/impl/json_node.h"
#include "format/impl/json_tape.h"

namespace streamops::format {

enum class Fit : std::uint8_t { clean, partial, bad };

/// Checks without appending. When `fault` is given and the value is not clean, it gets what is wrong first:
/// "field `a.b` is INT, found \"x\"".
Fit check_fit(const JsonTape& tape, std::uint32_t index, const JsonNode& node, std::string* fault);

/// Appends exactly one value to node.out, nulls where it does not fit. A node without `out` (the columns of a schema)
/// gets one value into each child that has one.
void append_item(const JsonTape& tape, std::uint32_t index, JsonNode& node);

/// One null for each builder of the node, in the same sense.
void append_nulls(JsonNode& node);

}  // namespace streamops::format
