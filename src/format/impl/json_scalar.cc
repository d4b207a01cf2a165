#include "format/impl/json_scalar.h"

#include <charconv>
#include <limits>
#include <optional>

#include "base/base64.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "format/impl/json_number.h"

namespace streamops::format {
namespace {

using data::ColumnBuilder;
using data::Type;
using data::TypeId;

constexpr std::int64_t micros_a_second = 1'000'000;

bool put_integer(std::optional<std::int64_t> value, ColumnBuilder* out) {
  if (!value) return false;
  if (out != nullptr) out->append_integer(*value);
  return true;
}

bool put_float(double value, ColumnBuilder* out) {
  if (out != nullptr) out->append_float(value);
  return true;
}

std::optional<std::int64_t> to_integer(std::string_view digits) {
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

/// The value as an integer of the type's width. The smallest type takes unsigned bytes too and wraps them, as Spark
/// does.
std::optional<std::int64_t> fit_integer(std::int64_t value, TypeId id) {
  const auto within = [value](std::int64_t low, std::int64_t high) { return value >= low && value <= high; };
  bool fits = true;
  if (id == TypeId::int8) fits = within(-128, 255);
  if (id == TypeId::int16) fits = within(-32'768, 32'767);
  if (id == TypeId::int32)
    fits = within(std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max());
  if (!fits) return std::nullopt;
  return id == TypeId::int8 ? static_cast<std::int8_t>(value) : value;
}

/// A whole number of seconds; beyond the range it wraps, as Spark's does.
std::int64_t seconds_to_micros(std::int64_t seconds) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) * static_cast<std::uint64_t>(micros_a_second));
}

bool put_decimal(std::string_view text, const Type& type, ColumnBuilder* out) {
  bool overflow = false;
  const auto number = data::parse_decimal(text, overflow);
  if (!number) return false;
  const auto value = data::rescale(number->unscaled, number->scale, type.precision(), type.scale());
  if (!value) return false;
  if (out != nullptr) out->append_decimal(*value);
  return true;
}

/// A zone follows the time of day in a text that is a timestamp: anything but digits, colons and the point behind the
/// date.
bool has_zone(std::string_view text) {
  const std::size_t time = data::trim_all(text).find_first_of(" T");
  if (time == std::string_view::npos) return false;
  return data::trim_all(text).find_first_not_of("0123456789:.", time + 1) != std::string_view::npos;
}

/// Two digits, or a number beyond 99.
unsigned two_digits(const char* at) {
  const auto tens = static_cast<unsigned>(static_cast<unsigned char>(at[0]) - '0');
  const auto ones = static_cast<unsigned>(static_cast<unsigned char>(at[1]) - '0');
  return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

/// "2024-01-02T03:04:05Z" and "2024-01-02T03:04:05.678Z", as most programs write instants; nothing for all else.
std::optional<std::int64_t> read_usual_timestamp(std::string_view text) {
  const char* const at = text.data();
  const bool millis = text.size() == 24;
  if ((!millis && text.size() != 20) || text.back() != 'Z' || at[4] != '-' || at[7] != '-' || at[10] != 'T' ||
      at[13] != ':' || at[16] != ':' || (millis && at[19] != '.')) {
    return std::nullopt;
  }
  const unsigned century = two_digits(at), years = two_digits(at + 2), month = two_digits(at + 5);
  const unsigned day = two_digits(at + 8), hour = two_digits(at + 11), minute = two_digits(at + 14);
  const unsigned second = two_digits(at + 17);
  if (century > 99 || century == 0 || years > 99 || month == 0 || month > 12 || hour > 23 || minute > 59 || second > 59)
    return std::nullopt;
  const auto year = static_cast<std::int64_t>(century * 100 + years);
  if (day == 0 || day > static_cast<unsigned>(data::days_in_month(year, static_cast<int>(month)))) return std::nullopt;
  std::int64_t fraction = 0;
  if (millis) {
    const unsigned tens = two_digits(at + 20);
    const auto ones = static_cast<unsigned>(static_cast<unsigned char>(at[22]) - '0');
    if (tens > 99 || ones > 9) return std::nullopt;
    fraction = static_cast<std::int64_t>(tens * 10 + ones) * 1'000;
  }
  const std::int64_t days = data::days_from_civil(year, static_cast<int>(month), static_cast<int>(day));
  return ((days * 24 + hour) * 60 + minute) * data::micros_per_minute + second * data::micros_per_second + fraction;
}

/// As written; else without "GMT" in it ("12:00:00GMT+01:00"), which Spark tries next.
std::optional<std::int64_t> read_timestamp(std::string_view text) {
  if (const auto micros = read_usual_timestamp(text)) return micros;
  if (const auto micros = data::parse_timestamp(text)) return micros;
  const std::size_t at = text.find("GMT");
  if (at == std::string_view::npos) return std::nullopt;
  return data::parse_timestamp(std::string(text.substr(0, at)) + std::string(text.substr(at + 3)));
}

/// As written; else a plain number of days, which Spark reads for its own first versions' sake.
std::optional<std::int64_t> read_date(std::string_view text) {
  if (const auto days = data::parse_date(text)) return *days;
  std::int32_t days = 0;
  const char* const from = text.starts_with('+') ? text.data() + 1 : text.data();
  const auto read = std::from_chars(from, text.data() + text.size(), days);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return days;
}

/// Base64 with blanks allowed in between.
std::optional<std::string> decode_base64(std::string_view text) {
  std::string letters(text);
  std::erase_if(letters, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
  return from_base64(letters);
}

bool put_string(const JsonTape& tape, const JsonItem& item, ColumnBuilder* out) {
  if (out == nullptr) return true;
  if (item.kind == JsonKind::text) {
    out->append_text(tape.text(item));
    return true;
  }
  std::string compact;
  tape.append_compact(item.next - 1, compact);  // a scalar is its own last item
  out->append_text(compact);
  return true;
}

}  // namespace

bool append_number_token(std::string_view token, NumberKind kind, const Type& type, ColumnBuilder* out) {
  switch (type.id()) {
    case TypeId::string:
      if (out == nullptr) return true;
      if (kind == NumberKind::integer) {
        out->append_text(token == "-0" ? "0" : token);
      } else {
        std::string text;
        append_number(text, number_value(token));
        out->append_text(text);
      }
      return true;
    case TypeId::float32:
    case TypeId::float64:
      return put_float(number_value(token), out);
    case TypeId::decimal:
      return put_decimal(token, type, out);
    default:
      break;
  }
  if (kind != NumberKind::integer) return false;
  const auto value = to_integer(token);
  if (!value) return false;
  if (type.is_integer()) return put_integer(fit_integer(*value, type.id()), out);
  return type.id() == TypeId::timestamp && put_integer(seconds_to_micros(*value), out);
}

bool append_text_as(std::string_view text, const Type& type, ColumnBuilder* out) {
  switch (type.id()) {
    case TypeId::timestamp:
      return put_integer(read_timestamp(text), out);
    case TypeId::timestamp_ntz:
      return !has_zone(text) && put_integer(data::parse_timestamp_ntz(text), out);
    case TypeId::date:
      return put_integer(read_date(text), out);
    case TypeId::decimal:
      return put_decimal(text, type, out);
    case TypeId::float32:
    case TypeId::float64:
      return is_not_finite_word(text) && put_float(not_finite_value(text), out);
    case TypeId::binary: {
      const auto bytes = decode_base64(text);
      if (bytes && out != nullptr) out->append_text(*bytes);
      return bytes.has_value();
    }
    default:
      return false;
  }
}

bool append_scalar(const JsonTape& tape, const JsonItem& item, const Type& type, ColumnBuilder* out) {
  if (type.id() == TypeId::string) return put_string(tape, item, out);
  switch (item.kind) {
    case JsonKind::yes:
    case JsonKind::no:
      if (type.id() != TypeId::boolean) return false;
      if (out != nullptr) out->append_boolean(item.kind == JsonKind::yes);
      return true;
    case JsonKind::text:
      return append_text_as(tape.text(item), type, out);
    case JsonKind::not_finite:
      if (type.id() != TypeId::float32 && type.id() != TypeId::float64) return false;
      return put_float(not_finite_value(tape.text(item)), out);
    default:
      return append_number_token(tape.text(item),
                                 item.kind == JsonKind::integer ? NumberKind::integer : NumberKind::real, type, out);
  }
}

}  // namespace streamops::format
