// cql/protocol/time_text.cc — timestamps, dates and times of day as CQL writes them. Without a zone a timestamp is UTC.
#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "base/text.h"
#include "cql/protocol/value.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

constexpr std::int64_t kDayMillis = 86'400'000;
constexpr std::int64_t kDayNanos = 86'400'000'000'000;

Error bad(const std::string& message) {
  return {errors::cql_protocol::bad_value, message};
}

/// Reads pieces of a time front to back; every take_… gives false and leaves the text when the piece is not there.
struct Scanner {
  std::string_view rest;

  bool take(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  /// Digits, at least `least` and at most `most`.
  bool take_number(std::size_t least, std::size_t most, std::int64_t& value) {
    std::size_t size = 0;
    while (size < rest.size() && size < most && rest[size] >= '0' && rest[size] <= '9') ++size;
    if (size < least) return false;
    std::from_chars(rest.data(), rest.data() + size, value);
    rest.remove_prefix(size);
    return true;
  }
};

bool take_date(Scanner& scanner, std::int64_t& days) {
  const bool negative = scanner.take('-');
  if (!negative) scanner.take('+');
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  if (!scanner.take_number(1, 7, year) || !scanner.take('-') || !scanner.take_number(1, 2, month) ||
      !scanner.take('-') || !scanner.take_number(1, 2, day)) {
    return false;
  }
  if (year > 32767) return false;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(negative ? -year : year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  days = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

/// ".123" as nanoseconds.
bool take_fraction(Scanner& scanner, std::int64_t& nanos) {
  if (!scanner.take('.')) return true;
  const std::size_t before = scanner.rest.size();
  if (!scanner.take_number(1, 9, nanos)) return false;
  for (std::size_t digits = before - scanner.rest.size(); digits < 9; ++digits) nanos *= 10;
  return true;
}

bool take_clock(Scanner& scanner, bool with_seconds, std::int64_t& nanos) {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t fraction = 0;
  if (!scanner.take_number(1, 2, hour) || !scanner.take(':') || !scanner.take_number(1, 2, minute)) return false;
  if (scanner.take(':')) {
    if (!scanner.take_number(1, 2, second) || !take_fraction(scanner, fraction)) return false;
  } else if (with_seconds) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  nanos = ((hour * 60 + minute) * 60 + second) * 1'000'000'000 + fraction;
  return true;
}

/// "Z", "UTC", "GMT", "+01", "+0100", "+01:00", or nothing.
bool take_zone(Scanner& scanner, std::int64_t& minutes) {
  scanner.take(' ');
  if (scanner.rest.empty()) return true;
  if (scanner.rest == "Z" || scanner.rest == "z" || scanner.rest == "UTC" || scanner.rest == "GMT") {
    scanner.rest = {};
    return true;
  }
  const bool west = scanner.take('-');
  if (!west && !scanner.take('+')) return false;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  if (!scanner.take_number(2, 2, hour)) return false;
  scanner.take(':');
  if (!scanner.rest.empty() && !scanner.take_number(2, 2, minute)) return false;
  if (hour > 18 || minute > 59) return false;
  minutes = (hour * 60 + minute) * (west ? -1 : 1);
  return scanner.rest.empty();
}

bool parse_whole(std::string_view text, std::int64_t& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() && end == text.data() + text.size();
}

bool parse_timestamp(std::string_view text, std::int64_t& millis) {
  Scanner scanner{text};
  std::int64_t days = 0;
  std::int64_t nanos = 0;
  std::int64_t zone = 0;
  if (!take_date(scanner, days)) return false;
  const bool has_clock = scanner.rest.size() > 1 && (scanner.rest[0] == 'T' || scanner.rest[0] == ' ') &&
                         scanner.rest[1] >= '0' && scanner.rest[1] <= '9';
  if (has_clock) {
    scanner.rest.remove_prefix(1);
    if (!take_clock(scanner, false, nanos)) return false;
  }
  if (!take_zone(scanner, zone)) return false;
  millis = days * kDayMillis + nanos / 1'000'000 - zone * 60'000;
  return true;
}

}  // namespace

Result<std::int64_t> timestamp_from_text(std::string_view text) {
  std::int64_t millis = 0;
  if (parse_whole(text, millis) || parse_timestamp(text, millis)) return millis;
  return bad(fmt::format("Unable to parse a date/time from '{}'", text.substr(0, 100)));
}

std::string timestamp_to_text(std::int64_t millis) {
  const std::int64_t days = millis / kDayMillis - (millis % kDayMillis < 0 ? 1 : 0);
  const std::int64_t rest = millis - days * kDayMillis;
  return fmt::format("{} {:02}:{:02}:{:02}.{:03}Z", date_to_text(days), rest / 3'600'000, rest / 60'000 % 60,
                     rest / 1000 % 60, rest % 1000);
}

Result<std::int64_t> date_from_text(std::string_view text) {
  constexpr std::int64_t kEpoch = std::int64_t{1} << 31;
  std::int64_t value = 0;
  if (parse_whole(text, value)) {
    if (value >= 0 && value <= 0xFFFFFFFFLL) return value - kEpoch;
    return bad(fmt::format("Numeric literal for date '{}' is out of range", text));
  }
  Scanner scanner{text};
  if (take_date(scanner, value) && scanner.rest.empty()) return value;
  return bad(fmt::format("Unable to coerce '{}' to a formatted date (long)", text.substr(0, 100)));
}

std::string date_to_text(std::int64_t days) {
  // Civil date from a day count; std::chrono's years end long before 2^31 days do.
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return year < 0 ? fmt::format("-{:04}-{:02}-{:02}", -year, month, day)
                  : fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

Result<std::int64_t> time_from_text(std::string_view text) {
  std::int64_t nanos = 0;
  if (parse_whole(text, nanos)) {
    if (nanos >= 0 && nanos < kDayNanos) return nanos;
    return bad(fmt::format("Input long out of bounds: {}", text));
  }
  Scanner scanner{text};
  if (take_clock(scanner, true, nanos) && scanner.rest.empty()) return nanos;
  return bad(fmt::format("Unable to coerce '{}' to a formatted time (long)", text.substr(0, 100)));
}

std::string time_to_text(std::int64_t nanos) {
  const std::int64_t seconds = nanos / 1'000'000'000;
  return fmt::format("{:02}:{:02}:{:02}.{:09}", seconds / 3600, seconds / 60 % 60, seconds % 60, nanos % 1'000'000'000);
}

std::int64_t timeuuid_to_millis(BytesView uuid) {
  if (uuid.size() != 16) return 0;
  const auto low = load_big_endian<std::uint32_t>(uuid.data());
  const auto middle = load_big_endian<std::uint16_t>(uuid.data() + 4);
  const auto high = static_cast<std::uint64_t>(load_big_endian<std::uint16_t>(uuid.data() + 6) & 0x0FFF);
  const std::uint64_t ticks = high << 48 | std::uint64_t{middle} << 32 | low;
  constexpr std::int64_t kGregorianMillis = 12'219'292'800'000;  // from 1582-10-15 to 1970-01-01
  return static_cast<std::int64_t>(ticks / 10'000) - kGregorianMillis;
}

Uuid make_timeuuid(std::int64_t ticks_since_epoch, std::uint64_t clock_and_node) {
  constexpr std::int64_t kGregorianTicks = 122'192'928'000'000'000;
  const auto ticks = static_cast<std::uint64_t>(ticks_since_epoch + kGregorianTicks);
  const std::uint64_t high = ticks << 32 | (ticks >> 16 & 0xFFFF0000) | (ticks >> 48 & 0x0FFF);
  return make_uuid(high, clock_and_node, 1);
}

}  // namespace streamops::cql
