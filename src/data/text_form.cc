#include "data/text_form.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "data/calendar.h"

namespace streamops::data {
namespace {

/// Digits and exponent of a number in scientific form: 0.d1d2d3… × 10^point.
struct Digits {
  std::array<char, 32> text;
  int count = 0;
  int point = 0;
};

/// The shortest digits that read back equal; where one is enough, the nearer two are taken if they do too (4.9E-324,
/// not 5.0E-324), as in Java.
template <typename T>
const char* write_shortest(std::array<char, 48>& raw, T magnitude) {
  const char* end = std::to_chars(raw.data(), raw.data() + raw.size(), magnitude, std::chars_format::scientific).ptr;
  if (raw[1] == '.') return end;
  std::array<char, 48> two;
  const char* two_end =
      std::to_chars(two.data(), two.data() + two.size(), magnitude, std::chars_format::scientific, 1).ptr;
  T back = 0;
  std::from_chars(two.data(), two_end, back);
  if (back != magnitude || two[2] == '0') return end;
  raw = two;
  return raw.data() + (two_end - two.data());
}

template <typename T>
Digits shortest_digits(T magnitude) {
  std::array<char, 48> raw;
  const char* end = write_shortest(raw, magnitude);
  const char* mark = std::find<const char*>(raw.data(), end, 'e');
  Digits digits;
  for (const char* c = raw.data(); c != mark; ++c) {
    if (*c != '.') digits.text[static_cast<std::size_t>(digits.count++)] = *c;
  }
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  digits.point = exponent + 1;
  return digits;
}

template <typename T>
void append_floating(std::string& out, T value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) {
    out += "Infinity";
    return;
  }
  if (value == 0) {
    out += "0.0";
    return;
  }
  const T magnitude = std::abs(value);
  const Digits digits = shortest_digits(magnitude);
  const std::string_view text(digits.text.data(), static_cast<std::size_t>(digits.count));
  const bool plain = magnitude >= static_cast<T>(1e-3) && magnitude < static_cast<T>(1e7);
  if (!plain) {
    out += text[0];
    out += '.';
    out += text.size() > 1 ? text.substr(1) : std::string_view("0");
    out += 'E';
    out += std::to_string(digits.point - 1);
  } else if (digits.point <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-digits.point), '0');
    out += text;
  } else {
    const auto whole = static_cast<std::size_t>(digits.point);
    out += text.substr(0, std::min(whole, text.size()));
    if (whole > text.size()) out.append(whole - text.size(), '0');
    out += '.';
    out += whole < text.size() ? text.substr(whole) : std::string_view("0");
  }
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

template <typename T>
std::optional<T> parse_floating(std::string_view text) {
  text = trim_all(text);
  std::string_view body = text;
  bool negative = false;
  if (!body.empty() && (body[0] == '+' || body[0] == '-')) {
    negative = body[0] == '-';
    body.remove_prefix(1);
  }
  if (body.empty()) return std::nullopt;
  const T sign = negative ? T{-1} : T{1};
  if (equals_ignore_case(body, "inf") || equals_ignore_case(body, "infinity")) {
    return sign * std::numeric_limits<T>::infinity();
  }
  if (equals_ignore_case(text, "nan") || body == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (body[0] != '.' && (body[0] < '0' || body[0] > '9')) return std::nullopt;
  const char last = body.back();
  if (last == 'd' || last == 'D' || last == 'f' || last == 'F') body.remove_suffix(1);
  T value = 0;
  const auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), value);
  if (end != body.data() + body.size() || body.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // The text is well-formed; too large becomes infinity and too small zero, as in Java.
    const std::size_t mark = body.find_first_of("eE");
    const bool tiny = mark != std::string_view::npos ? body.find('-', mark) != std::string_view::npos
                                                     : body[0] == '0' || body[0] == '.';
    value = tiny ? T{0} : std::numeric_limits<T>::infinity();
  } else if (error != std::errc()) {
    return std::nullopt;
  }
  return sign * value;
}

}  // namespace

std::string_view trim_all(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

void append_double(std::string& out, double value) {
  append_floating(out, value);
}
void append_float(std::string& out, float value) {
  append_floating(out, value);
}

Int128 power_of_ten(int exponent) {
  static constexpr std::array<Int128, 39> powers = [] {
    std::array<Int128, 39> all{};
    all[0] = 1;
    for (std::size_t i = 1; i < all.size(); ++i) all[i] = all[i - 1] * 10;
    return all;
  }();
  STREAMOPS_CHECK(exponent >= 0 && exponent <= 38, "a power of ten within 38 digits");
  return powers[static_cast<std::size_t>(exponent)];
}

void append_decimal(std::string& out, Int128 unscaled, int scale) {
  std::array<char, 44> digits;
  std::size_t at = digits.size();
  const bool negative = unscaled < 0;
  auto magnitude = negative ? -static_cast<UInt128>(unscaled) : static_cast<UInt128>(unscaled);
  int written = 0;
  while (magnitude != 0 || written <= scale) {
    if (written == scale && scale > 0) digits[--at] = '.';
    digits[--at] = static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
    ++written;
  }
  if (negative) out += '-';
  out.append(digits.data() + at, digits.size() - at);
}

std::optional<Int128> rescale(Int128 unscaled, int from_scale, int precision, int to_scale) {
  int shift = to_scale - from_scale;
  const Int128 limit = power_of_ten(precision);
  if (shift >= 0) {
    if (unscaled == 0) return unscaled;
    if (shift > 38) return std::nullopt;
    const Int128 factor = power_of_ten(shift);
    const Int128 bound = (limit - 1) / factor;
    if (unscaled > bound || unscaled < -bound) return std::nullopt;
    return unscaled * factor;
  }
  shift = -shift;
  if (shift > 38) return Int128{0};
  const Int128 factor = power_of_ten(shift);
  Int128 quotient = unscaled / factor;
  const Int128 rest = unscaled % factor;
  const Int128 magnitude = rest < 0 ? -rest : rest;
  if (magnitude >= factor - magnitude) quotient += unscaled < 0 ? -1 : 1;
  if (quotient >= limit || quotient <= -limit) return std::nullopt;
  return quotient;
}

void append_date(std::string& out, std::int32_t days) {
  const CivilDate date = civil_from_days(days);
  if (date.year < 0) out += '-';
  if (date.year > 9999) out += '+';
  append_padded(out, date.year < 0 ? -date.year : date.year, 4);
  out += '-';
  append_padded(out, date.month, 2);
  out += '-';
  append_padded(out, date.day, 2);
}

void append_timestamp(std::string& out, std::int64_t micros) {
  const std::int64_t days = floor_divide(micros, micros_per_day);
  const std::int64_t rest = floor_modulo(micros, micros_per_day);
  append_date(out, static_cast<std::int32_t>(days));
  out += ' ';
  append_padded(out, rest / micros_per_hour, 2);
  out += ':';
  append_padded(out, rest / micros_per_minute % 60, 2);
  out += ':';
  append_padded(out, rest / micros_per_second % 60, 2);
  if (const std::int64_t fraction = rest % micros_per_second; fraction != 0) {
    out += '.';
    append_padded(out, fraction, 6);
    while (out.back() == '0') out.pop_back();
  }
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trim_all(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  return parse_floating<double>(text);
}
std::optional<float> parse_float(std::string_view text) {
  return parse_floating<float>(text);
}

std::optional<bool> parse_boolean(std::string_view text) {
  text = trim_all(text);
  for (std::string_view yes : {"t", "true", "y", "yes", "1"}) {
    if (equals_ignore_case(text, yes)) return true;
  }
  for (std::string_view no : {"f", "false", "n", "no", "0"}) {
    if (equals_ignore_case(text, no)) return false;
  }
  return std::nullopt;
}

std::optional<DecimalText> parse_decimal(std::string_view text, bool& overflow) {
  overflow = false;
  text = trim_all(text);
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  Int128 value = 0;
  int digits = 0, seen = 0;
  std::int64_t scale = 0;
  bool point = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    ++seen;
    if (digits > 0 || c != '0') ++digits;
    if (digits > 38) {
      // Digits that no DECIMAL can hold: those behind the point only round, those before it are too many.
      overflow = overflow || !point;
      continue;
    }
    value = value * 10 + (c - '0');
    if (point) ++scale;
  }
  if (seen == 0) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    std::string_view rest = text.substr(i + 1);
    if (!rest.empty() && rest[0] == '+') rest.remove_prefix(1);
    std::int32_t exponent = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (error != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
    scale -= exponent;
  }
  if (scale < -100'000 || scale > 100'000) overflow = overflow || scale < 0;
  scale = std::clamp<std::int64_t>(scale, -100'000, 100'000);
  return DecimalText{negative ? -value : value, static_cast<int>(scale)};
}

}  // namespace streamops::data
