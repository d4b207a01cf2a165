#include "sql/engine/cast_number.h"

#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "sql/engine/cast_failure.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::Type;
using data::TypeId;

/// Answers a value that does not fit: null or an error, as the mode wants.
template <typename Out, typename MakeError>
void refuse(Out& out, CastMode mode, MakeError make_error) {
  if (mode == CastMode::lenient) {
    out.null();
  } else {
    out.fail(make_error());
  }
}

template <typename T>
std::string shown(T value) {
  std::string out;
  if constexpr (std::is_floating_point_v<T>) {
    data::append_double(out, static_cast<double>(value));
    if constexpr (std::is_same_v<T, double>) out += 'D';
  } else {
    data::append_decimal(out, static_cast<Int128>(value), 0);
  }
  return out;
}

template <typename To>
struct Bounds {
  static constexpr To lowest = std::numeric_limits<To>::min();
  static constexpr To highest = std::numeric_limits<To>::max();
};

template <typename To, typename From>
Vector integer_from_integer(const Call& call, CastMode mode) {
  return rows<To(From)>(call, [&](auto& out, From value) {
    if (!std::in_range<To>(value)) {
      return refuse(out, mode, [&] { return cast_overflow(shown(static_cast<std::int64_t>(value)), *call.type); });
    }
    out.set(static_cast<To>(value));
  });
}

template <typename To, typename From>
Vector integer_from_real(const Call& call, CastMode mode) {
  return rows<To(From)>(call, [&](auto& out, From value) {
    const auto wide = static_cast<double>(value);
    const bool fits = std::floor(wide) <= static_cast<double>(Bounds<To>::highest) &&
                      std::ceil(wide) >= static_cast<double>(Bounds<To>::lowest);
    if (!fits) return refuse(out, mode, [&] { return cast_overflow(shown(value), *call.type); });
    const bool top = wide >= static_cast<double>(Bounds<To>::highest);  // 2^63 itself: Java stays at the highest
    out.set(top ? Bounds<To>::highest : static_cast<To>(wide));
  });
}

template <typename To>
Vector integer_from(const Call& call, const Type& from, CastMode mode) {
  switch (from.id()) {
    case TypeId::int8:
      return integer_from_integer<To, std::int8_t>(call, mode);
    case TypeId::int16:
      return integer_from_integer<To, std::int16_t>(call, mode);
    case TypeId::int32:
      return integer_from_integer<To, std::int32_t>(call, mode);
    case TypeId::int64:
      return integer_from_integer<To, std::int64_t>(call, mode);
    case TypeId::float32:
      return integer_from_real<To, float>(call, mode);
    case TypeId::float64:
      return integer_from_real<To, double>(call, mode);
    case TypeId::boolean:
      return rows<To(bool)>(call, [](auto& out, bool value) { out.set(value ? 1 : 0); });
    case TypeId::timestamp:
      return rows<To(Timestamp)>(call, [&](auto& out, Timestamp value) {
        const std::int64_t seconds = data::floor_divide(value.micros, data::micros_per_second);
        if (seconds < Bounds<To>::lowest || seconds > Bounds<To>::highest) {
          return refuse(out, mode, [&] { return cast_overflow(shown(seconds), *call.type); });
        }
        out.set(static_cast<To>(seconds));
      });
    case TypeId::decimal:
      return rows<To(Int128)>(call, [&](auto& out, Int128 value) {
        const Int128 whole = value / data::power_of_ten(from.scale());
        if (whole < Bounds<To>::lowest || whole > Bounds<To>::highest) {
          return refuse(out, mode, [&] { return cast_overflow(shown(whole), *call.type); });
        }
        out.set(static_cast<To>(whole));
      });
    default:
      return rows<To(Text)>(call, [&](auto& out, Text text) {
        const auto value = data::parse_integer(text);
        if (!value || *value < Bounds<To>::lowest || *value > Bounds<To>::highest) {
          return refuse(out, mode, [&] { return invalid_input(text, *call.type); });
        }
        out.set(static_cast<To>(*value));
      });
  }
}

double decimal_to_double(Int128 value, int scale) {
  // Digits up to 2^53 and powers up to 10^22 are exact, so one division rounds right; else through the text.
  if (scale <= 22 && value < (Int128{1} << 53) && value > -(Int128{1} << 53)) {
    return static_cast<double>(static_cast<std::int64_t>(value)) / static_cast<double>(data::power_of_ten(scale));
  }
  std::string text;
  data::append_decimal(text, value, scale);
  return data::parse_double(text).value_or(0);
}

template <typename To, typename From>
Vector real_from_number(const Call& call) {
  return rows<To(From)>(call, [](auto& out, From value) { out.set(static_cast<To>(value)); });
}

template <typename To>
Vector real_from(const Call& call, const Type& from, CastMode mode) {
  switch (from.id()) {
    case TypeId::int8:
      return real_from_number<To, std::int8_t>(call);
    case TypeId::int16:
      return real_from_number<To, std::int16_t>(call);
    case TypeId::int32:
      return real_from_number<To, std::int32_t>(call);
    case TypeId::int64:
      return real_from_number<To, std::int64_t>(call);
    case TypeId::float32:
      return real_from_number<To, float>(call);
    case TypeId::float64:
      return real_from_number<To, double>(call);
    case TypeId::boolean:
      return rows<To(bool)>(call, [](auto& out, bool value) { out.set(value ? 1 : 0); });
    case TypeId::timestamp:
      return rows<To(Timestamp)>(
          call, [](auto& out, Timestamp value) { out.set(static_cast<To>(static_cast<double>(value.micros) / 1e6)); });
    case TypeId::decimal:
      return rows<To(Int128)>(
          call, [&](auto& out, Int128 value) { out.set(static_cast<To>(decimal_to_double(value, from.scale()))); });
    default:
      return rows<To(Text)>(call, [&](auto& out, Text text) {
        std::optional<To> value;
        if constexpr (std::is_same_v<To, float>) {
          value = data::parse_float(text);
        } else {
          value = data::parse_double(text);
        }
        if (!value) return refuse(out, mode, [&] { return invalid_input(text, *call.type); });
        out.set(*value);
      });
  }
}

/// Sets a number given as unscaled digits at some scale, rounded half up.
template <typename Out>
void set_decimal(Out& out, const Call& call, CastMode mode, Int128 unscaled, int scale) {
  const auto value = data::rescale(unscaled, scale, call.type->precision(), call.type->scale());
  if (value) return out.set(*value);
  refuse(out, mode, [&] {
    std::string text;
    data::append_decimal(text, unscaled, std::max(scale, 0));
    return decimal_overflow(text, *call.type);
  });
}

template <typename From>
Vector decimal_from_integer(const Call& call, CastMode mode) {
  return rows<Int128(From)>(
      call, [&](auto& out, From value) { set_decimal(out, call, mode, static_cast<Int128>(value), 0); });
}

template <typename Out>
void decimal_from_text(Out& out, const Call& call, CastMode mode, std::string_view text) {
  bool overflow = false;
  const auto parsed = data::parse_decimal(text, overflow);
  if (!parsed) return refuse(out, mode, [&] { return invalid_input(text, *call.type); });
  if (overflow) return refuse(out, mode, [&] { return decimal_overflow(text, *call.type); });
  set_decimal(out, call, mode, parsed->unscaled, parsed->scale);
}

/// Through the shortest text, as Java's BigDecimal does; what is no number becomes null.
template <typename From>
Vector decimal_from_real(const Call& call, CastMode mode) {
  return rows<Int128(From)>(call, [&](auto& out, From value) {
    if (!std::isfinite(value)) return out.null();
    std::string text;
    data::append_double(text, static_cast<double>(value));
    decimal_from_text(out, call, mode, text);
  });
}

}  // namespace

Vector cast_to_boolean(const Call& call, const Type& from, CastMode mode) {
  switch (from.id()) {
    case TypeId::int8:
      return rows<bool(std::int8_t)>(call, [](auto& out, auto value) { out.set(value != 0); });
    case TypeId::int16:
      return rows<bool(std::int16_t)>(call, [](auto& out, auto value) { out.set(value != 0); });
    case TypeId::int32:
      return rows<bool(std::int32_t)>(call, [](auto& out, auto value) { out.set(value != 0); });
    case TypeId::int64:
      return rows<bool(std::int64_t)>(call, [](auto& out, auto value) { out.set(value != 0); });
    case TypeId::float32:
      return rows<bool(float)>(call, [](auto& out, auto value) { out.set(value != 0); });
    case TypeId::float64:
      return rows<bool(double)>(call, [](auto& out, auto value) { out.set(value != 0); });
    case TypeId::decimal:
      return rows<bool(Int128)>(call, [](auto& out, auto value) { out.set(value != 0); });
    default:
      return rows<bool(Text)>(call, [&](auto& out, Text text) {
        const auto value = data::parse_boolean(text);
        if (!value) return refuse(out, mode, [&] { return invalid_input(text, *call.type); });
        out.set(*value);
      });
  }
}

Vector cast_to_integer(const Call& call, const Type& from, CastMode mode) {
  switch (call.type->id()) {
    case TypeId::int8:
      return integer_from<std::int8_t>(call, from, mode);
    case TypeId::int16:
      return integer_from<std::int16_t>(call, from, mode);
    case TypeId::int32:
      return integer_from<std::int32_t>(call, from, mode);
    default:
      return integer_from<std::int64_t>(call, from, mode);
  }
}

Vector cast_to_real(const Call& call, const Type& from, CastMode mode) {
  return call.type->id() == TypeId::float32 ? real_from<float>(call, from, mode) : real_from<double>(call, from, mode);
}

Vector cast_to_decimal(const Call& call, const Type& from, CastMode mode) {
  switch (from.id()) {
    case TypeId::int8:
      return decimal_from_integer<std::int8_t>(call, mode);
    case TypeId::int16:
      return decimal_from_integer<std::int16_t>(call, mode);
    case TypeId::int32:
      return decimal_from_integer<std::int32_t>(call, mode);
    case TypeId::int64:
      return decimal_from_integer<std::int64_t>(call, mode);
    case TypeId::float32:
      return decimal_from_real<float>(call, mode);
    case TypeId::float64:
      return decimal_from_real<double>(call, mode);
    case TypeId::boolean:
      return rows<Int128(bool)>(call, [&](auto& out, bool value) { set_decimal(out, call, mode, value ? 1 : 0, 0); });
    case TypeId::timestamp:
      return rows<Int128(Timestamp)>(
          call, [&](auto& out, Timestamp value) { set_decimal(out, call, mode, value.micros, 6); });
    case TypeId::decimal:
      return rows<Int128(Int128)>(call,
                                  [&](auto& out, Int128 value) { set_decimal(out, call, mode, value, from.scale()); });
    default:
      return rows<Int128(Text)>(call, [&](auto& out, Text text) { decimal_from_text(out, call, mode, text); });
  }
}

}  // namespace streamops::sql
