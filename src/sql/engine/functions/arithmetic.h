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

/// A date some months later, the day staying within the month; may leave DATE's 32 bits.
std::int64_t add_months_to_date(std::int32_t days, std::int64_t months);

}  // namespace streamops::sql
