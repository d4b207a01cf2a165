// sql/engine/cast_failure.h — the errors of CAST, with Spark's class in brackets.
#pragma once

#include <string_view>

#include "base/error.h"
#include "data/type.h"

namespace streamops::sql {

/// A text that is no value of the type.
Error invalid_input(std::string_view value, const data::Type& to);
/// A number outside of the type's range.
Error cast_overflow(std::string_view value, const data::Type& to);
/// A number with more digits than DECIMAL(p,s) has.
Error decimal_overflow(std::string_view value, const data::Type& to);

}  // namespace streamops::sql
