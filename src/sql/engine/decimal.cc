#include "sql/engine/decimal.h"

#include <algorithm>
#include <array>

#include "data/text_form.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::power_of_ten;
using data::UInt128;

constexpr int most_digits = 38;
constexpr int least_fraction = 6;  // what Spark keeps behind the point when digits run out

DecimalShape adjusted(int precision, int scale) {
  if (precision <= most_digits) return {precision, scale};
  const int whole = precision - scale;
  return {most_digits, std::max(most_digits - whole, std::min(scale, least_fraction))};
}

/// 256 bits without sign, least significant word first.
struct Wide {
  std::array<std::uint64_t, 4> words{};

  static Wide of(UInt128 value) {
    return {{static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64), 0, 0}};
  }
  bool fits_128() const { return words[2] == 0 && words[3] == 0; }
  UInt128 low() const { return static_cast<UInt128>(words[1]) << 64 | words[0]; }

  friend int compare(const Wide& a, const Wide& b) {
    for (std::size_t i = 4; i-- > 0;) {
      if (a.words[i] != b.words[i]) return a.words[i] < b.words[i] ? -1 : 1;
    }
    return 0;
  }
  friend Wide operator+(const Wide& a, const Wide& b) {
    Wide sum;
    UInt128 carry = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      carry += static_cast<UInt128>(a.words[i]) + b.words[i];
      sum.words[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    return sum;
  }
  /// a >= b.
  friend Wide operator-(const Wide& a, const Wide& b) {
    Wide difference;
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const UInt128 minus = static_cast<UInt128>(b.words[i]) + borrow;
      difference.words[i] = static_cast<std::uint64_t>(a.words[i] - minus);
      borrow = a.words[i] < minus ? 1 : 0;
    }
    return difference;
  }
  /// The product of numbers below 2^128 fits.
  friend Wide operator*(const Wide& a, const Wide& b) {
    Wide product;
    for (std::size_t i = 0; i < 4; ++i) {
      UInt128 carry = 0;
      for (std::size_t k = 0; i + k < 4; ++k) {
        carry += static_cast<UInt128>(a.words[i]) * b.words[k] + product.words[i + k];
        product.words[i + k] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
      }
    }
    return product;
  }
  bool bit(std::size_t at) const { return (words[at / 64] >> (at % 64) & 1) != 0; }
};

struct Division {
  Wide quotient;
  Wide rest;
};

/// Bit by bit: decimals beyond 128 bits are rare.
Division divide(const Wide& a, const Wide& b) {
  Division result;
  if (a.fits_128() && b.fits_128()) {
    result.quotient = Wide::of(a.low() / b.low());
    result.rest = Wide::of(a.low() % b.low());
    return result;
  }
  for (std::size_t i = 256; i-- > 0;) {
    result.rest = result.rest + result.rest;
    result.rest.words[0] |= a.bit(i) ? 1U : 0U;
    if (compare(result.rest, b) >= 0) {
      result.rest = result.rest - b;
      result.quotient.words[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }
  return result;
}

UInt128 magnitude(Int128 value) {
  return value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

/// Times 10^exponent; the caller keeps the product below 2^256.
Wide scaled(const Wide& value, int exponent) {
  return exponent == 0 ? value : value * Wide::of(static_cast<UInt128>(power_of_ten(exponent)));
}

/// a / b rounded half up.
Wide rounded_quotient(const Wide& a, const Wide& b) {
  Division division = divide(a, b);
  if (compare(division.rest + division.rest, b) >= 0) division.quotient = division.quotient + Wide::of(1);
  return division.quotient;
}

MaybeDecimal bounded(const Wide& value, bool negative, int precision) {
  if (!value.fits_128() || value.low() >= static_cast<UInt128>(power_of_ten(precision))) return std::nullopt;
  const auto result = static_cast<Int128>(value.low());
  return negative ? -result : result;
}

/// From one scale to another, rounded half up.
MaybeDecimal at_scale(const Wide& value, bool negative, int from, DecimalShape result) {
  if (from <= result.scale) return bounded(scaled(value, result.scale - from), negative, result.precision);
  const int drop = from - result.scale;
  if (drop > most_digits) {
    // Two steps: the first cuts digits off, keeping a mark of what was there, so that the second rounds right.
    const Division first = divide(value, Wide::of(static_cast<UInt128>(power_of_ten(most_digits))));
    Wide kept = first.quotient;
    if (compare(first.rest, Wide{}) != 0) kept.words[0] |= 1;
    return bounded(rounded_quotient(kept, Wide::of(static_cast<UInt128>(power_of_ten(drop - most_digits)))), negative,
                   result.precision);
  }
  return bounded(rounded_quotient(value, Wide::of(static_cast<UInt128>(power_of_ten(drop)))), negative,
                 result.precision);
}

struct Aligned {
  Wide a;
  Wide b;
  int scale;
};

Aligned align(Int128 a, int a_scale, Int128 b, int b_scale) {
  const int scale = std::max(a_scale, b_scale);
  return {scaled(Wide::of(magnitude(a)), scale - a_scale), scaled(Wide::of(magnitude(b)), scale - b_scale), scale};
}

}  // namespace

DecimalShape sum_shape(DecimalShape a, DecimalShape b) {
  const int scale = std::max(a.scale, b.scale);
  return adjusted(std::max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
}

DecimalShape product_shape(DecimalShape a, DecimalShape b) {
  return adjusted(a.precision + b.precision + 1, a.scale + b.scale);
}

DecimalShape quotient_shape(DecimalShape a, DecimalShape b) {
  const int scale = std::max(least_fraction, a.scale + b.precision + 1);
  return adjusted(a.precision - a.scale + b.scale + scale, scale);
}

DecimalShape remainder_shape(DecimalShape a, DecimalShape b) {
  const int scale = std::max(a.scale, b.scale);
  return adjusted(std::min(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

DecimalShape common_shape(DecimalShape a, DecimalShape b) {
  const int scale = std::max(a.scale, b.scale);
  const int precision = std::max(a.precision - a.scale, b.precision - b.scale) + scale;
  if (precision <= most_digits) return {precision, scale};
  return {most_digits, std::max(0, scale - (precision - most_digits))};
}

MaybeDecimal decimal_sum(Int128 a, int a_scale, Int128 b, int b_scale, DecimalShape result) {
  const Aligned both = align(a, a_scale, b, b_scale);
  if ((a < 0) == (b < 0)) return at_scale(both.a + both.b, a < 0, both.scale, result);
  if (compare(both.a, both.b) >= 0) return at_scale(both.a - both.b, a < 0, both.scale, result);
  return at_scale(both.b - both.a, b < 0, both.scale, result);
}

MaybeDecimal decimal_product(Int128 a, int a_scale, Int128 b, int b_scale, DecimalShape result) {
  return at_scale(Wide::of(magnitude(a)) * Wide::of(magnitude(b)), (a < 0) != (b < 0), a_scale + b_scale, result);
}

MaybeDecimal decimal_quotient(Int128 a, int a_scale, Int128 b, int b_scale, DecimalShape result) {
  const int exponent = result.scale + b_scale - a_scale;
  // 10^77 and more over at most 10^38 is beyond 38 digits, and beyond 256 bits.
  int digits = 0;
  while (digits < most_digits && magnitude(a) >= static_cast<UInt128>(power_of_ten(digits))) ++digits;
  if (digits + exponent > 76) return std::nullopt;
  Wide above = Wide::of(magnitude(a));
  Wide below = Wide::of(magnitude(b));
  if (exponent >= 0) {
    above = scaled(scaled(above, std::min(exponent, most_digits)), std::max(0, exponent - most_digits));
  } else {
    below = scaled(below, -exponent);
  }
  return bounded(rounded_quotient(above, below), (a < 0) != (b < 0), result.precision);
}

MaybeDecimal decimal_remainder(Int128 a, int a_scale, Int128 b, int b_scale, DecimalShape result) {
  const Aligned both = align(a, a_scale, b, b_scale);
  return at_scale(divide(both.a, both.b).rest, a < 0, both.scale, result);
}

std::optional<std::int64_t> decimal_whole_quotient(Int128 a, int a_scale, Int128 b, int b_scale) {
  const Aligned both = align(a, a_scale, b, b_scale);
  const MaybeDecimal whole = bounded(divide(both.a, both.b).quotient, (a < 0) != (b < 0), most_digits);
  if (!whole || *whole > INT64_MAX || *whole < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(*whole);
}

int decimal_compare(Int128 a, int a_scale, Int128 b, int b_scale) {
  if (a_scale == b_scale || (a < 0) != (b < 0)) return a < b ? -1 : a > b ? 1 : 0;
  const Aligned both = align(a, a_scale, b, b_scale);
  return a < 0 ? compare(both.b, both.a) : compare(both.a, both.b);
}

}  // namespace streamops::sql
