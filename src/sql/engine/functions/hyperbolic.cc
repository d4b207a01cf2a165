// Angles and hyperbolic functions as Spark computes them, and numbers in other bases.
#include <cmath>

#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

/// One DOUBLE in, one out.
#define STREAMOPS_REAL(expression) overload<double(double)>([](auto& out, double x) { out.set(expression); })

constexpr int least_base = 2, greatest_base = 36;

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : greatest_base;
}

/// The digits up to the first that is none; nothing beyond 64 bits.
std::optional<std::uint64_t> read_digits(Text text, int base) {
  std::uint64_t value = 0;
  for (char c : text) {
    const int digit = digit_value(c);
    if (digit >= base) break;
    if (static_cast<std::int64_t>(value) < 0 ||
        __builtin_mul_overflow(value, static_cast<std::uint64_t>(base), &value) ||
        __builtin_add_overflow(value, static_cast<std::uint64_t>(digit), &value)) {
      return std::nullopt;
    }
  }
  return value;
}

/// As Hive: numbers of 64 bits without a sign; a negative target base writes one.
constexpr auto conv = [](auto& out, Text text, std::int32_t from, std::int32_t to) {
  const std::int64_t width = to < 0 ? -std::int64_t{to} : std::int64_t{to};
  if (from < least_base || from > greatest_base || width < least_base || width > greatest_base) return out.null();
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty()) return out.null();
  bool negative = text[0] == '-';
  const auto digits = read_digits(text.substr(negative ? 1 : 0), from);
  if (!digits) {
    return out.fail(Error(errors::sql::arithmetic_overflow,
                          "[ARITHMETIC_OVERFLOW] the number '{}' has more than 64 bits", text.substr(0, 100)));
  }
  auto value = *digits;
  if (negative && to > 0) value = static_cast<std::int64_t>(value) < 0 ? ~std::uint64_t{0} : ~value + 1;
  if (to < 0 && static_cast<std::int64_t>(value) < 0) {
    value = ~value + 1;
    negative = true;
  }
  char buffer[64];
  std::size_t start = sizeof(buffer);
  do {
    buffer[--start] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % static_cast<std::uint64_t>(width)];
    value /= static_cast<std::uint64_t>(width);
  } while (value != 0);
  if (negative && to < 0) out.push('-');
  out.append({buffer + start, sizeof(buffer) - start});
};

/// Which of `count` equal parts between two bounds a number lies in; 0 below and count + 1 above.
constexpr auto width_bucket = [](auto& out, double value, double low, double high, std::int64_t count) {
  if (count <= 0 || count == INT64_MAX || std::isnan(value) || low == high || !std::isfinite(low) ||
      !std::isfinite(high))
    return out.null();
  const bool upwards = low < high;
  const double distance = upwards ? value - low : low - value;
  const double whole = upwards ? high - low : low - high;
  if (upwards ? value < low : value > low) return out.set(0);
  if (upwards ? value >= high : value <= high) return out.set(count + 1);
  out.set(static_cast<std::int64_t>(static_cast<double>(count) * distance / whole) + 1);
};

enum class Shift : std::uint8_t { left, right, right_unsigned };

template <Shift direction, typename T>
constexpr auto shifted = [](auto& out, T value, std::int32_t by) {
  using Bits = std::make_unsigned_t<T>;
  const auto places = static_cast<unsigned>(by) & (sizeof(T) * 8 - 1);  // Java looks at the lowest bits only
  if (direction == Shift::left) return out.set(static_cast<T>(static_cast<Bits>(value) << places));
  if (direction == Shift::right) return out.set(static_cast<T>(value >> places));
  out.set(static_cast<T>(static_cast<Bits>(value) >> places));
};

template <Shift direction>
std::vector<Overload> shift_overloads() {
  return {overload<std::int32_t(std::int32_t, std::int32_t)>(shifted<direction, std::int32_t>),
          overload<std::int64_t(std::int64_t, std::int32_t)>(shifted<direction, std::int64_t>)};
}

template <typename T>
Overload bit_of() {
  return overload<std::int8_t(T, std::int32_t)>([](auto& out, T value, std::int32_t place) {
    constexpr std::int32_t bits = sizeof(T) * 8;
    if (place < 0 || place >= bits) {
      return out.fail(Error(errors::sql::invalid_input,
                            "[INVALID_PARAMETER_VALUE] there is no bit {}: places count from 0 to {}", place,
                            bits - 1));
    }
    out.set(static_cast<std::int8_t>(value >> place & 1));
  });
}

constexpr std::int64_t bitmap_bits = 32768;

}  // namespace

const std::vector<Function>& hyperbolic_functions() {
  static const std::vector<Function> all = {
      {"sinh", "sinh(x)", "The hyperbolic sine.", {{"sinh(0)", "0.0"}}, {STREAMOPS_REAL(std::sinh(x))}},
      {"cosh", "cosh(x)", "The hyperbolic cosine.", {{"cosh(0)", "1.0"}}, {STREAMOPS_REAL(std::cosh(x))}},
      {"tanh", "tanh(x)", "The hyperbolic tangent.", {{"tanh(0)", "0.0"}}, {STREAMOPS_REAL(std::tanh(x))}},
      {"asinh",
       "asinh(x)",
       "The number with this hyperbolic sine, as log(x + sqrt(x² + 1)).",
       {{"asinh(0)", "0.0"}},
       {STREAMOPS_REAL(std::isinf(x) && x < 0 ? x : std::log(x + std::sqrt(x * x + 1)))}},
      {"acosh",
       "acosh(x)",
       "The number with this hyperbolic cosine; NaN below 1.",
       {{"acosh(1)", "0.0"}},
       {STREAMOPS_REAL(std::log(x + std::sqrt(x * x - 1)))}},
      {"atanh",
       "atanh(x)",
       "The number with this hyperbolic tangent; NaN beyond -1 and 1.",
       {{"atanh(0)", "0.0"}},
       {STREAMOPS_REAL(0.5 * (std::log1p(x) - std::log1p(-x)))}},
      {"cot",
       "cot(x)",
       "The cotangent of an angle in radians.",
       {{"cot(0)", "Infinity"}},
       {STREAMOPS_REAL(1 / std::tan(x))}},
      {"csc",
       "csc(x)",
       "The cosecant of an angle in radians.",
       {{"csc(0)", "Infinity"}},
       {STREAMOPS_REAL(1 / std::sin(x))}},
      {"sec", "sec(x)", "The secant of an angle in radians.", {{"sec(0)", "1.0"}}, {STREAMOPS_REAL(1 / std::cos(x))}},
      {"conv",
       "conv(digits, from_base, to_base)",
       "A number of 64 bits written in another base of 2 to 36, unsigned unless the target base is negative.",
       {{"conv('ff', 16, 10)", "255"}, {"conv('-1', 10, 16)", "FFFFFFFFFFFFFFFF"}, {"conv(-10, 16, -10)", "-16"}},
       {nullable_overload<Text(Text, std::int32_t, std::int32_t)>(conv)}},
      {"width_bucket",
       "width_bucket(value, low, high, count)",
       "Which of so many equal parts between two bounds a number lies in, from 1; 0 below them, count + 1 above.",
       {{"width_bucket(5.3, 0.2, 10.6, 5)", "3"}},
       {nullable_overload<std::int64_t(double, double, double, std::int64_t)>(width_bucket)}},
      {"shiftleft",
       "shiftleft(a, places) or a << places",
       "The bits moved to the left.",
       {{"shiftleft(2, 3)", "16"}},
       shift_overloads<Shift::left>(),
       nullptr,
       {"<<"}},
      {"shiftright",
       "shiftright(a, places) or a >> places",
       "The bits moved to the right; the sign stays.",
       {{"shiftright(-4, 1)", "-2"}},
       shift_overloads<Shift::right>(),
       nullptr,
       {">>"}},
      {"shiftrightunsigned",
       "shiftrightunsigned(a, places) or a >>> places",
       "The bits moved to the right; zeros come in.",
       {{"shiftrightunsigned(-4, 1)", "2147483646"}},
       shift_overloads<Shift::right_unsigned>(),
       nullptr,
       {">>>"}},
      {"getbit",
       "getbit(a, place)",
       "One bit of a whole number, counted from 0 at its lowest.",
       {{"getbit(11, 1)", "1"}, {"getbit(11, 2)", "0"}},
       {bit_of<std::int8_t>(), bit_of<std::int16_t>(), bit_of<std::int32_t>(), bit_of<std::int64_t>()},
       nullptr,
       {"bit_get"}},
      {"bitmap_bit_position",
       "bitmap_bit_position(n)",
       "The place of a number's bit within its bitmap of 32,768 bits.",
       {{"bitmap_bit_position(32769)", "0"}},
       {overload<std::int64_t(std::int64_t)>([](auto& out, std::int64_t n) {
         if (n > 0) return out.set((n - 1) % bitmap_bits);
         out.set(n == INT64_MIN ? 0 : -n % bitmap_bits);
       })}},
      {"bitmap_bucket_number",
       "bitmap_bucket_number(n)",
       "Which bitmap of 32,768 bits a number's bit belongs to.",
       {{"bitmap_bucket_number(32769)", "2"}},
       {overload<std::int64_t(std::int64_t)>(
           [](auto& out, std::int64_t n) { out.set(n > 0 ? 1 + (n - 1) / bitmap_bits : n / bitmap_bits); })}},
      {"bitmap_count",
       "bitmap_count(bitmap)",
       "How many bits of a BINARY are set.",
       {{"bitmap_count(X'1010')", "2"}},
       {overload<std::int64_t(Binary)>([](auto& out, Binary value) {
         std::int64_t count = 0;
         for (char c : value.bytes) count += std::popcount(static_cast<unsigned char>(c));
         out.set(count);
       })}},
  };
  return all;
}

#undef STREAMOPS_REAL

}  // namespace streamops::sql
