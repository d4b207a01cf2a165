// round, bround, floor, ceil: each number type rounds in its own way.
#include <algorithm>
#include <cmath>

#include "data/text_form.h"
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::Type;
using data::TypeId;
using data::TypePtr;

enum class Mode : std::uint8_t { half_up, half_even };

Error overflow() {
  return Error(errors::sql::arithmetic_overflow,
               "[ARITHMETIC_OVERFLOW] the rounded number leaves the range of its type");
}

/// value / 10^drop, rounded.
Int128 dropped(Int128 value, int drop, Mode mode) {
  if (drop > 38) return 0;
  const Int128 factor = data::power_of_ten(drop);
  const Int128 quotient = value / factor;
  const Int128 rest = value < 0 ? -(value % factor) : value % factor;
  const Int128 twice_over = rest - (factor - rest);  // above zero: more than half
  const bool away = twice_over > 0 || (twice_over == 0 && (mode == Mode::half_up || quotient % 2 != 0));
  return away ? quotient + (value < 0 ? -1 : 1) : quotient;
}

template <typename T>
Kernel whole_kernel(int scale, Mode mode) {
  return [=](const Call& call) {
    if (scale >= 0) return call.arguments[0];
    return rows<T(T)>(call, [=](auto& out, T value) {
      const Int128 rounded = -scale > 19 ? 0 : dropped(value, -scale, mode) * data::power_of_ten(-scale);
      if (rounded < std::numeric_limits<T>::min() || rounded > std::numeric_limits<T>::max())
        return out.fail(overflow());
      out.set(static_cast<T>(rounded));
    });
  };
}

/// Through the digits of the shortest text, as Java's BigDecimal: 2.675 rounds to 2.68.
double rounded_real(double value, int scale, Mode mode) {
  if (!std::isfinite(value)) return value;
  if (value == 0) return 0;  // a BigDecimal knows no negative zero
  std::string text;
  data::append_double(text, value);
  bool too_long = false;
  const auto digits = data::parse_decimal(text, too_long);
  if (!digits || too_long || digits->scale <= scale) return value;
  const Int128 unscaled = dropped(digits->unscaled, digits->scale - scale, mode);
  std::string result;
  data::append_decimal(result, unscaled, 0);
  return data::parse_double(result + "E" + std::to_string(-scale)).value_or(value);
}

template <typename T>
Kernel real_kernel(int scale, Mode mode) {
  return [=](const Call& call) {
    return rows<T(T)>(call, [=](auto& out, T value) {
      if constexpr (std::is_same_v<T, float>) {
        std::string text;  // a FLOAT's own shortest digits
        data::append_float(text, value);
        return out.set(static_cast<T>(rounded_real(data::parse_double(text).value_or(0), scale, mode)));
      } else {
        out.set(rounded_real(value, scale, mode));
      }
    });
  };
}

DecimalShape rounded_shape(DecimalShape shape, int scale) {
  const int whole = shape.precision - shape.scale + 1;
  if (scale < 0) return {std::min(38, std::max(whole, -scale + 1)), 0};
  const int kept = std::min(shape.scale, scale);
  return {std::min(38, whole + kept), kept};
}

Kernel decimal_kernel(DecimalShape from, DecimalShape to, int scale, Mode mode) {
  return [=](const Call& call) {
    return rows<Int128(Int128)>(call, [=](auto& out, Int128 value) {
      const int target = std::min(scale, from.scale);
      Int128 rounded = target < from.scale ? dropped(value, from.scale - target, mode) : value;
      if (target < 0) rounded *= data::power_of_ten(std::min(-target, 38));
      if (rounded >= data::power_of_ten(to.precision) || rounded <= -data::power_of_ten(to.precision))
        return out.fail(overflow());
      out.set(rounded);
    });
  };
}

Result<NodePtr> bind_rounding(Binding& binding, Mode mode) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  if (binding.id(0) == TypeId::string || binding.id(0) == TypeId::null) {
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::float64)));
  }
  if (!binding.type(0).is_numeric()) return binding.mismatch(0, "a number");
  int scale = 0;
  if (binding.size() == 2) {
    const data::ColumnPtr constant = binding[1]->constant();
    const bool null = constant && constant->is_null(0);
    const auto given = binding.constant_integer(1);
    if (null)
      return null_node(binding.id(0) == TypeId::decimal ? decimal_of(rounded_shape(shape_of(binding.type(0)), 0))
                                                        : binding[0]->type(),
                       binding.span());
    if (!given) return binding.mismatch(1, "a constant INT");
    scale = static_cast<int>(std::max<std::int64_t>(-400, std::min<std::int64_t>(400, *given)));
  }
  const TypePtr type = binding[0]->type();
  binding.arguments().resize(1);
  switch (type->id()) {
    case TypeId::int8:
      return binding.node(type, binding.any_nullable(), whole_kernel<std::int8_t>(scale, mode));
    case TypeId::int16:
      return binding.node(type, binding.any_nullable(), whole_kernel<std::int16_t>(scale, mode));
    case TypeId::int32:
      return binding.node(type, binding.any_nullable(), whole_kernel<std::int32_t>(scale, mode));
    case TypeId::int64:
      return binding.node(type, binding.any_nullable(), whole_kernel<std::int64_t>(scale, mode));
    case TypeId::float32:
      return binding.node(type, binding.any_nullable(), real_kernel<float>(scale, mode));
    case TypeId::float64:
      return binding.node(type, binding.any_nullable(), real_kernel<double>(scale, mode));
    default:
      break;
  }
  const DecimalShape from = shape_of(*type), to = rounded_shape(from, scale);
  return binding.node(decimal_of(to), binding.any_nullable(), decimal_kernel(from, to, scale, mode));
}

/// Java's conversion: what is no number is 0, what is too large the largest.
std::int64_t to_whole(double value) {
  if (std::isnan(value)) return 0;
  if (value >= 9.2233720368547758e18) return INT64_MAX;
  return value <= -9.2233720368547758e18 ? INT64_MIN : static_cast<std::int64_t>(value);
}

/// With a scale everything is a DECIMAL, rounded downwards or upwards.
template <bool up>
Result<NodePtr> bind_whole_at_scale(Binding& binding) {
  const auto given = binding.constant_integer(1);
  if (!given) return binding.mismatch(1, "a constant INT");
  const int scale = static_cast<int>(std::clamp<std::int64_t>(*given, -400, 400));
  const TypeId id = binding.id(0);
  if (!binding.type(0).is_numeric()) return binding.mismatch(0, "a number");
  const DecimalShape from = id == TypeId::float32   ? DecimalShape{14, 7}
                            : id == TypeId::float64 ? DecimalShape{30, 15}
                                                    : shape_of(binding.type(0));
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, decimal_of(from)));
  const DecimalShape to = rounded_shape(from, scale);
  binding.arguments().resize(1);
  return binding.node(decimal_of(to), binding.any_nullable(), [=](const Call& call) {
    return rows<Int128(Int128)>(call, [=](auto& out, Int128 value) {
      const int drop = from.scale - std::min(scale, from.scale);
      if (drop > 38) return value != 0 && up == (value > 0) ? out.fail(overflow()) : out.set(0);
      const Int128 factor = data::power_of_ten(drop);
      Int128 whole = value / factor;
      if (up && value % factor > 0) ++whole;
      if (!up && value % factor < 0) --whole;
      if (scale < 0 && __builtin_mul_overflow(whole, data::power_of_ten(-scale), &whole)) return out.fail(overflow());
      const Int128 limit = data::power_of_ten(to.precision);
      whole >= limit || whole <= -limit ? out.fail(overflow()) : out.set(whole);
    });
  });
}

template <bool up>
Result<NodePtr> bind_whole(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  if (binding.size() == 2) return bind_whole_at_scale<up>(binding);
  const TypePtr bigint = Type::scalar(TypeId::int64);
  if (binding.type(0).is_integer()) {
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, bigint));
    return binding[0];
  }
  if (binding.id(0) == TypeId::decimal) {
    const DecimalShape from = shape_of(binding.type(0));
    const TypePtr type = Type::decimal(std::min(38, from.precision - from.scale + 1), 0);
    return binding.node(type, binding.any_nullable(), [from](const Call& call) {
      return rows<Int128(Int128)>(call, [from](auto& out, Int128 value) {
        const Int128 factor = data::power_of_ten(from.scale);
        Int128 whole = value / factor;
        if (up && value % factor > 0) ++whole;
        if (!up && value % factor < 0) --whole;
        out.set(whole);
      });
    });
  }
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::float64)));
  return binding.node(bigint, binding.any_nullable(), [](const Call& call) {
    return rows<std::int64_t(double)>(
        call, [](auto& out, double value) { out.set(to_whole(up ? std::ceil(value) : std::floor(value))); });
  });
}

}  // namespace

const std::vector<Function>& rounding_functions() {
  static const std::vector<Function> all = {
      {"round",
       "round(x[, scale])",
       "x rounded to a scale, half away from zero; the type stays.",
       {{"round(2.5)", "3"}, {"round(1234.567, -2)", "1200"}, {"round(2.675D, 2)", "2.68"}},
       {},
       [](Binding& binding) { return bind_rounding(binding, Mode::half_up); }},
      {"bround",
       "bround(x[, scale])",
       "x rounded to a scale, half to the even neighbour.",
       {{"bround(2.5)", "2"}, {"bround(3.5)", "4"}},
       {},
       [](Binding& binding) { return bind_rounding(binding, Mode::half_even); }},
      {"floor",
       "floor(x[, scale])",
       "The greatest whole number that is not above x; with a scale the greatest DECIMAL of that scale.",
       {{"floor(-1.5)", "-2"}, {"floor(3.1411, 3)", "3.141"}},
       {},
       bind_whole<false>},
      {"ceil",
       "ceil(x[, scale])",
       "The least whole number that is not below x; with a scale the least DECIMAL of that scale.",
       {{"ceil(1.2)", "2"}, {"ceil(3.1411, -3)", "1000"}},
       {},
       bind_whole<true>,
       {"ceiling"}},
  };
  return all;
}

}  // namespace streamops::sql
