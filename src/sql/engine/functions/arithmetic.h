// sql/engine/functions/arithmetic.h — binding of arithmetic, shared by operators, functions and intervals.
#pragma once

#include "sql/engine/function.h"

namespace streamops::sql {

enum class Arithmetic : std::uint8_t { add, subtract, multiply, divide, remainder, positive_remainder };

/// Two numbers by Spark's rules of types; `lenient` gives NULL instead of errors.
Result<NodePtr> bind_arithmetic(Binding& binding, Arithmetic operation, bool lenient);
/// a DIV b.
Result<NodePtr> bind_whole_division(Binding& binding);
/// + and -, which also take dates, timestamps and intervals.
Result<NodePtr> bind_plus(Binding& binding);
Result<NodePtr> bind_minus(Binding& binding);

/// A timestamp some months later; the day stays within the month.
std::int64_t add_months(std::int64_t micros, std::int64_t months);
std::int32_t add_months_to_date(std::int32_t days, std::int64_t months);

}  // namespace streamops::sql
