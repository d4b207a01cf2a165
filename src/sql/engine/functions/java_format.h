// sql/engine/functions/java_format.h — texts as java.util.Formatter makes them, in English.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "data/column.h"

namespace streamops::sql {

/// One argument: what Java would be handed.
struct FormatValue {
  enum class Kind : std::uint8_t { null, boolean, whole, real, text } kind = Kind::null;
  data::Int128 whole = 0;
  int bits = 64;  // of a whole number: how wide %x of a negative one is
  double real = 0;
  std::string text;  // of a real number its shortest digits
};

/// Errors: SO-S025 (the format does not fit the values, as Java's IllegalFormatException), SO-S003 (%g, %a, %h, %t),
/// SO-S026.
Result<std::string> java_format(std::string_view format, std::span<const FormatValue> values);

}  // namespace streamops::sql
