// Operators on numbers, and on dates and timestamps with intervals.
#include "sql/engine/functions/arithmetic.h"

#include <cmath>

#include "data/calendar.h"
#include "data/text_form.h"
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::Type;
using data::TypeId;
using data::TypePtr;

Error overflow() {
  return Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] the result leaves the range of its type");
}
Error by_zero() {
  return Error(errors::sql::divide_by_zero, "[DIVIDE_BY_ZERO] the divisor is zero");
}
Error decimal_too_long(const Type& type) {
  return Error(errors::sql::arithmetic_overflow, "[NUMERIC_VALUE_OUT_OF_RANGE] the result does not fit into {}",
               type.to_sql());
}

bool is_real(TypeId id) {
  return id == TypeId::float32 || id == TypeId::float64;
}

/// A fixed number of 64 bits or less, checked for overflow by the compiler's builtins.
template <Arithmetic operation, typename Out, typename T>
void integer_operation(Out& out, bool lenient, T a, T b) {
  T result{};
  bool bad = false;
  if constexpr (operation == Arithmetic::add) bad = __builtin_add_overflow(a, b, &result);
  if constexpr (operation == Arithmetic::subtract) bad = __builtin_sub_overflow(a, b, &result);
  if constexpr (operation == Arithmetic::multiply) bad = __builtin_mul_overflow(a, b, &result);
  if constexpr (operation == Arithmetic::remainder || operation == Arithmetic::positive_remainder) {
    if (b == 0) return lenient ? out.null() : out.fail(by_zero());
    result = b == -1 ? T{0} : static_cast<T>(a % b);
    if (operation == Arithmetic::positive_remainder && result < 0 && b != -1) {
      T lifted{};
      (void)__builtin_add_overflow(result, b, &lifted);  // wraps, as Java's sum does
      result = static_cast<T>(lifted % b);
    }
  }
  if (bad) return lenient ? out.null() : out.fail(overflow());
  out.set(result);
}

template <Arithmetic operation, typename Out, typename T>
void real_operation(Out& out, bool lenient, T a, T b) {
  if constexpr (operation == Arithmetic::add) out.set(a + b);
  if constexpr (operation == Arithmetic::subtract) out.set(a - b);
  if constexpr (operation == Arithmetic::multiply) out.set(a * b);
  if constexpr (operation == Arithmetic::divide || operation == Arithmetic::remainder ||
                operation == Arithmetic::positive_remainder) {
    if (b == 0) return lenient ? out.null() : out.fail(by_zero());
    T result = operation == Arithmetic::divide ? a / b : std::fmod(a, b);
    if (operation == Arithmetic::positive_remainder && result < 0) result = std::fmod(result + b, b);
    out.set(result);
  }
}

template <Arithmetic operation, typename T>
Kernel number_kernel(bool lenient) {
  return [lenient](const Call& call) {
    return rows<T(T, T)>(call, [lenient](auto& out, T a, T b) {
      if constexpr (std::is_floating_point_v<T>) {
        real_operation<operation>(out, lenient, a, b);
      } else {
        integer_operation<operation>(out, lenient, a, b);
      }
    });
  };
}

template <Arithmetic operation>
Kernel kernel_for(TypeId type, bool lenient) {
  switch (type) {
    case TypeId::int8:
      return number_kernel<operation, std::int8_t>(lenient);
    case TypeId::int16:
      return number_kernel<operation, std::int16_t>(lenient);
    case TypeId::int32:
      return number_kernel<operation, std::int32_t>(lenient);
    case TypeId::int64:
      return number_kernel<operation, std::int64_t>(lenient);
    case TypeId::float32:
      return number_kernel<operation, float>(lenient);
    default:
      return number_kernel<operation, double>(lenient);
  }
}

Kernel kernel_of(Arithmetic operation, TypeId type, bool lenient) {
  switch (operation) {
    case Arithmetic::add:
      return kernel_for<Arithmetic::add>(type, lenient);
    case Arithmetic::subtract:
      return kernel_for<Arithmetic::subtract>(type, lenient);
    case Arithmetic::multiply:
      return kernel_for<Arithmetic::multiply>(type, lenient);
    case Arithmetic::divide:
      return number_kernel<Arithmetic::divide, double>(lenient);
    case Arithmetic::remainder:
      return kernel_for<Arithmetic::remainder>(type, lenient);
    case Arithmetic::positive_remainder:
      return kernel_for<Arithmetic::positive_remainder>(type, lenient);
  }
  return {};
}

bool divides(Arithmetic operation) {
  return operation != Arithmetic::add && operation != Arithmetic::subtract && operation != Arithmetic::multiply;
}

DecimalShape result_shape(Arithmetic operation, DecimalShape a, DecimalShape b) {
  switch (operation) {
    case Arithmetic::add:
    case Arithmetic::subtract:
      return sum_shape(a, b);
    case Arithmetic::multiply:
      return product_shape(a, b);
    case Arithmetic::divide:
      return quotient_shape(a, b);
    default:
      return remainder_shape(a, b);
  }
}

MaybeDecimal positive_remainder(Int128 a, int a_scale, Int128 b, int b_scale, DecimalShape shape) {
  const MaybeDecimal rest = decimal_remainder(a, a_scale, b, b_scale, shape);
  if (!rest || *rest >= 0) return rest;
  const MaybeDecimal lifted = decimal_sum(*rest, shape.scale, b, b_scale, {38, std::max(shape.scale, b_scale)});
  if (!lifted) return lifted;
  return decimal_remainder(*lifted, std::max(shape.scale, b_scale), b, b_scale, shape);
}

/// Decimals keep their own scales; each result is rounded once.
Kernel decimal_kernel(Arithmetic operation, DecimalShape a, DecimalShape b, DecimalShape shape, bool lenient) {
  return [=](const Call& call) {
    return rows<Int128(Int128, Int128)>(call, [&](auto& out, Int128 x, Int128 y) {
      MaybeDecimal result;
      if (divides(operation) && y == 0) return lenient ? out.null() : out.fail(by_zero());
      switch (operation) {
        case Arithmetic::add:
          result = decimal_sum(x, a.scale, y, b.scale, shape);
          break;
        case Arithmetic::subtract:
          result = decimal_sum(x, a.scale, -y, b.scale, shape);
          break;
        case Arithmetic::multiply:
          result = decimal_product(x, a.scale, y, b.scale, shape);
          break;
        case Arithmetic::divide:
          result = decimal_quotient(x, a.scale, y, b.scale, shape);
          break;
        case Arithmetic::remainder:
          result = decimal_remainder(x, a.scale, y, b.scale, shape);
          break;
        case Arithmetic::positive_remainder:
          result = positive_remainder(x, a.scale, y, b.scale, shape);
          break;
      }
      if (result) return out.set(*result);
      lenient ? out.null() : out.fail(decimal_too_long(*call.type));
    });
  };
}

/// A whole literal beside a decimal counts with its own digits, not with those of its type.
TypePtr decimal_type_of(const Binding& binding, std::size_t index) {
  const Type& type = binding.type(index);
  const auto value = binding.constant_integer(index);
  if (!type.is_integer() || !value || binding.tree().children[index]->kind != ExpressionKind::literal)
    return decimal_of(shape_of(type));
  const Int128 magnitude = *value < 0 ? -Int128{*value} : Int128{*value};
  int digits = 1;
  Int128 power = 10;
  for (; power <= magnitude; power *= 10) ++digits;
  return Type::decimal(digits, 0);
}

Result<NodePtr> decimal_node(Binding& binding, Arithmetic operation, bool lenient) {
  for (std::size_t i = 0; i < 2; ++i) STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, decimal_type_of(binding, i)));
  const DecimalShape a = shape_of(binding.type(0)), b = shape_of(binding.type(1));
  const DecimalShape shape = result_shape(operation, a, b);
  return binding.strict_node(decimal_of(shape), lenient || binding.any_nullable(),
                             decimal_kernel(operation, a, b, shape, lenient), divides(operation));
}

/// Texts beside numbers become numbers; NULL takes the type of the other side.
Result<void> promote(Binding& binding) {
  for (std::size_t i = 0; i < 2; ++i) {
    const Type& other = binding.type(1 - i);
    if (binding.id(i) == TypeId::string && other.is_numeric()) {
      STREAMOPS_RETURN_IF_ERROR(
          binding.cast_argument(i, Type::scalar(other.is_integer() ? TypeId::int64 : TypeId::float64)));
    } else if (binding.id(i) == TypeId::null && other.is_numeric()) {
      STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, binding[1 - i]->type()));
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    if (!binding.type(i).is_numeric()) return binding.mismatch(i, "a number");
  }
  return Ok();
}

}  // namespace

Result<NodePtr> bind_arithmetic(Binding& binding, Arithmetic operation, bool lenient) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_RETURN_IF_ERROR(promote(binding));
  const bool decimal = (binding.id(0) == TypeId::decimal || binding.id(1) == TypeId::decimal) &&
                       !is_real(binding.id(0)) && !is_real(binding.id(1));
  if (decimal) return decimal_node(binding, operation, lenient);
  TypePtr type = common_type(binding[0]->type(), binding[1]->type(), Strings::apart);
  if (operation == Arithmetic::divide) type = Type::scalar(TypeId::float64);
  for (std::size_t i = 0; i < 2; ++i) STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, type));
  return binding.strict_node(type, lenient || binding.any_nullable(), kernel_of(operation, type->id(), lenient),
                             divides(operation));
}

Result<NodePtr> bind_whole_division(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_RETURN_IF_ERROR(promote(binding));
  for (std::size_t i = 0; i < 2; ++i) {
    if (is_real(binding.id(i))) return binding.mismatch(i, "BIGINT or DECIMAL");
  }
  const TypePtr bigint = Type::scalar(TypeId::int64);
  if (binding.id(0) == TypeId::decimal || binding.id(1) == TypeId::decimal) {
    for (std::size_t i = 0; i < 2; ++i)
      STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, decimal_of(shape_of(binding.type(i)))));
    const int a_scale = binding.type(0).scale(), b_scale = binding.type(1).scale();
    return binding.strict_node(
        bigint, binding.any_nullable(),
        [=](const Call& call) {
          return rows<std::int64_t(Int128, Int128)>(call, [&](auto& out, Int128 a, Int128 b) {
            if (b == 0) return out.fail(by_zero());
            const auto whole = decimal_whole_quotient(a, a_scale, b, b_scale);
            whole ? out.set(*whole) : out.fail(overflow());
          });
        },
        true);
  }
  for (std::size_t i = 0; i < 2; ++i) STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, bigint));
  return binding.strict_node(
      bigint, binding.any_nullable(),
      [](const Call& call) {
        return rows<std::int64_t(std::int64_t, std::int64_t)>(call, [](auto& out, std::int64_t a, std::int64_t b) {
          if (b == 0) return out.fail(by_zero());
          if (a == INT64_MIN && b == -1) return out.fail(overflow());
          out.set(a / b);
        });
      },
      true);
}

namespace {

/// Spark negates with 34 digits: the others round away, half to even. Nothing when that leaves 38 digits.
std::optional<Int128> negated(Int128 value) {
  Int128 magnitude = value < 0 ? -value : value;
  int drop = 0;
  for (Int128 limit = data::power_of_ten(34); drop < 4 && magnitude >= limit; limit *= 10) ++drop;
  if (drop > 0) {
    const Int128 factor = data::power_of_ten(drop), rest = magnitude % factor;
    magnitude /= factor;
    if (rest > factor - rest || (rest == factor - rest && magnitude % 2 != 0)) ++magnitude;
    if (magnitude > data::power_of_ten(38 - drop)) return std::nullopt;
    magnitude *= factor;
  }
  return value < 0 ? magnitude : -magnitude;
}

template <bool absolute>
Kernel negate_decimals() {
  return [](const Call& call) {
    return rows<Int128(Int128)>(call, [&](auto& out, Int128 value) {
      if (absolute && value >= 0) return out.set(value);
      const auto result = negated(value);
      const Int128 limit = data::power_of_ten(call.type->precision());
      result && *result<limit && *result> - limit ? out.set(*result) : out.fail(decimal_too_long(*call.type));
    });
  };
}

template <typename T, bool absolute>
Kernel negate_kernel() {
  return [](const Call& call) {
    return rows<T(T)>(call, [](auto& out, T value) {
      if constexpr (std::is_integral_v<T>) {
        if (value == std::numeric_limits<T>::min()) return out.fail(overflow());
      }
      if constexpr (std::is_floating_point_v<T> && absolute) return out.set(std::abs(value));
      out.set(absolute && value >= 0 ? value : static_cast<T>(-value));
    });
  };
}

template <bool absolute>
Kernel negate_kernel(TypeId type) {
  switch (type) {
    case TypeId::int8:
      return negate_kernel<std::int8_t, absolute>();
    case TypeId::int16:
      return negate_kernel<std::int16_t, absolute>();
    case TypeId::int32:
      return negate_kernel<std::int32_t, absolute>();
    case TypeId::int64:
      return negate_kernel<std::int64_t, absolute>();
    case TypeId::float32:
      return negate_kernel<float, absolute>();
    case TypeId::float64:
      return negate_kernel<double, absolute>();
    default:
      return negate_decimals<absolute>();
  }
}

/// One number of any type in, the same type out.
template <typename MakeKernel>
Result<NodePtr> bind_unary(Binding& binding, MakeKernel make) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) == TypeId::string || binding.id(0) == TypeId::null) {
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::float64)));
  }
  if (!binding.type(0).is_numeric()) return binding.mismatch(0, "a number");
  return binding.node(binding[0]->type(), binding.any_nullable(), make(binding.id(0)));
}

template <typename T, typename Operation>
Kernel bit_kernel(Operation operation) {
  return [operation](const Call& call) {
    return rows<T(T, T)>(call, [operation](auto& out, T a, T b) { out.set(static_cast<T>(operation(a, b))); });
  };
}

template <typename Operation>
Result<NodePtr> bind_bits(Binding& binding, Operation operation) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_RETURN_IF_ERROR(promote(binding));
  for (std::size_t i = 0; i < 2; ++i) {
    if (!binding.type(i).is_integer()) return binding.mismatch(i, "a whole number");
  }
  STREAMOPS_ASSIGN(const TypePtr type, binding.unify(Strings::apart));
  Kernel kernel = bit_kernel<std::int64_t>(operation);
  if (type->id() == TypeId::int32) kernel = bit_kernel<std::int32_t>(operation);
  if (type->id() == TypeId::int16) kernel = bit_kernel<std::int16_t>(operation);
  if (type->id() == TypeId::int8) kernel = bit_kernel<std::int8_t>(operation);
  return binding.strict_node(type, binding.any_nullable(), std::move(kernel));
}

}  // namespace

const std::vector<Function>& arithmetic_functions() {
  static const std::vector<Function> all = {
      {"+",
       "a + b",
       "The sum of numbers, or of a date or timestamp and an interval; a date plus a whole number of days.",
       {{"1 + 2L", "3"}, {"1.5 + 1", "2.5"}, {"'1' + 1", "2"}, {"DATE'2024-01-31' + INTERVAL 1 MONTH", "2024-02-29"}},
       {},
       bind_plus},
      {"-",
       "a - b",
       "The difference of numbers, or of a date or timestamp and an interval.",
       {{"5 - 7", "-2"}, {"TIMESTAMP'2024-01-01 00:00:00' - INTERVAL 1 HOUR", "2023-12-31 23:00:00"}},
       {},
       bind_minus},
      {"*",
       "a * b",
       "The product of numbers.",
       {{"1.5 * 1.25", "1.875"}, {"3 * 4L", "12"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::multiply, false); }},
      {"/",
       "a / b",
       "The quotient, a DOUBLE or a DECIMAL; a divisor of zero is an error.",
       {{"5 / 2", "2.5"}, {"1 / 3.0", "0.333333"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::divide, false); }},
      {"%",
       "a % b",
       "What division leaves, with the sign of a.",
       {{"-7 % 3", "-1"}, {"7.5 % 2", "1.5"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::remainder, false); },
       {"mod"}},
      {"div",
       "a DIV b",
       "The quotient without its fraction, a BIGINT.",
       {{"7 DIV 2", "3"}, {"-7.5 DIV 2", "-3"}},
       {},
       bind_whole_division},
      {"pmod",
       "pmod(a, b)",
       "What division leaves, never negative for a positive b.",
       {{"pmod(-7, 3)", "2"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::positive_remainder, false); }},
      {"try_add",
       "try_add(a, b)",
       "The sum, NULL where it overflows.",
       {{"try_add(2147483647, 1)", "NULL"}, {"try_add(1, 2)", "3"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::add, true); }},
      {"try_subtract",
       "try_subtract(a, b)",
       "The difference, NULL where it overflows.",
       {{"try_subtract(-2147483648, 1)", "NULL"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::subtract, true); }},
      {"try_multiply",
       "try_multiply(a, b)",
       "The product, NULL where it overflows.",
       {{"try_multiply(2147483647, 2)", "NULL"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::multiply, true); }},
      {"try_divide",
       "try_divide(a, b)",
       "The quotient, NULL for a divisor of zero.",
       {{"try_divide(1, 0)", "NULL"}, {"try_divide(6, 4)", "1.5"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::divide, true); }},
      {"try_mod",
       "try_mod(a, b)",
       "The remainder, NULL for a divisor of zero.",
       {{"try_mod(5, 0)", "NULL"}},
       {},
       [](Binding& binding) { return bind_arithmetic(binding, Arithmetic::remainder, true); }},
      {"negative",
       "negative(a) or -a",
       "The number with the other sign.",
       {{"negative(5)", "-5"}, {"-(1.5)", "-1.5"}},
       {},
       [](Binding& binding) { return bind_unary(binding, [](TypeId type) { return negate_kernel<false>(type); }); }},
      {"positive",
       "positive(a) or +a",
       "The number itself.",
       {{"positive(5)", "5"}},
       {},
       [](Binding& binding) {
         return bind_unary(binding,
                           [](TypeId) -> Kernel { return [](const Call& call) { return call.arguments[0]; }; });
       }},
      {"abs",
       "abs(a)",
       "The number without its sign.",
       {{"abs(-5)", "5"}, {"abs(-1.5)", "1.5"}},
       {},
       [](Binding& binding) { return bind_unary(binding, [](TypeId type) { return negate_kernel<true>(type); }); }},
      {"&",
       "a & b",
       "The bits that both have.",
       {{"5 & 6", "4"}},
       {},
       [](Binding& binding) { return bind_bits(binding, std::bit_and<>()); }},
      {"|",
       "a | b",
       "The bits that either has.",
       {{"5 | 6", "7"}},
       {},
       [](Binding& binding) { return bind_bits(binding, std::bit_or<>()); }},
      {"^",
       "a ^ b",
       "The bits that one of the two has.",
       {{"5 ^ 3", "6"}},
       {},
       [](Binding& binding) { return bind_bits(binding, std::bit_xor<>()); }},
      {"~",
       "~a",
       "All bits turned.",
       {{"~5", "-6"}},
       {overload<std::int8_t(std::int8_t)>([](auto& out, auto a) { out.set(static_cast<std::int8_t>(~a)); }),
        overload<std::int16_t(std::int16_t)>([](auto& out, auto a) { out.set(static_cast<std::int16_t>(~a)); }),
        overload<std::int32_t(std::int32_t)>([](auto& out, auto a) { out.set(~a); }),
        overload<std::int64_t(std::int64_t)>([](auto& out, auto a) { out.set(~a); })}},
  };
  return all;
}

}  // namespace streamops::sql
