// Reading dates and timestamps as Spark's CAST does: lenient in the number of digits, strict in everything else.
#include <array>
#include <charconv>

#include "base/text.h"
#include "data/calendar.h"
#include "data/text_form.h"

namespace streamops::data {
namespace {

enum Segment : std::size_t { year, month, day, hour, minute, second, fraction, segment_count };

struct Cursor {
  std::string_view text;
  std::size_t at = 0;

  bool done() const { return at == text.size(); }
  char peek() const { return done() ? '\0' : text[at]; }
  bool eat(char c) {
    if (done() || text[at] != c) return false;
    ++at;
    return true;
  }
  /// Between `least` and `most` digits.
  std::optional<std::int64_t> number(std::size_t least, std::size_t most) {
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; !done() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
      if (digits >= most) return std::nullopt;
      value = value * 10 + (text[at] - '0');
    }
    if (digits < least) return std::nullopt;
    return value;
  }
};

/// Up to six digits of a fraction, the rest cut off; none at all is fine.
std::int64_t read_fraction(Cursor& in) {
  std::int64_t value = 0;
  int digits = 0;
  for (; in.peek() >= '0' && in.peek() <= '9'; ++in.at) {
    if (digits == 6) continue;
    value = value * 10 + (in.peek() - '0');
    ++digits;
  }
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

/// Reads "[+-]yyyy[-m[-d]]"; `whole` tells whether the day was there.
std::optional<std::int64_t> read_date(Cursor& in, bool& whole) {
  whole = false;
  std::int64_t sign = 1;
  if (in.peek() == '+' || in.peek() == '-') sign = in.text[in.at++] == '-' ? -1 : 1;
  const auto y = in.number(4, 6);
  if (!y) return std::nullopt;
  std::int64_t m = 1, d = 1;
  if (in.eat('-')) {
    const auto read_month = in.number(1, 2);
    if (!read_month) return std::nullopt;
    m = *read_month;
    if (in.eat('-')) {
      const auto read_day = in.number(1, 2);
      if (!read_day) return std::nullopt;
      d = *read_day;
      whole = true;
    }
  }
  if (m < 1 || m > 12 || d < 1 || d > days_in_month(sign * *y, static_cast<int>(m))) return std::nullopt;
  return days_from_civil(sign * *y, static_cast<int>(m), static_cast<int>(d));
}

/// Reads "h[:m[:s[.f]]]"; `zone_may_follow` tells whether seconds were there.
std::optional<std::int64_t> read_time(Cursor& in, bool& zone_may_follow) {
  zone_may_follow = false;
  const auto h = in.number(1, 2);
  if (!h || *h > 23) return std::nullopt;
  std::int64_t micros = *h * micros_per_hour;
  if (!in.eat(':')) return micros;
  const auto m = in.number(1, 2);
  if (!m || *m > 59) return std::nullopt;
  micros += *m * micros_per_minute;
  if (!in.eat(':')) return micros;
  const auto s = in.number(1, 2);
  if (!s || *s > 59) return std::nullopt;
  micros += *s * micros_per_second;
  zone_may_follow = true;
  if (in.eat('.')) micros += read_fraction(in);
  return micros;
}

/// A wall clock and the zone's text behind it.
struct WallClock {
  std::int64_t micros;
  std::string_view zone;
};

std::optional<WallClock> read_wall_clock(std::string_view text) {
  Cursor in{trim_all(text)};
  bool whole = false;
  const auto days = read_date(in, whole);
  constexpr std::int64_t most_days = 106'751'991;  // what 64 bits of microseconds hold
  if (!days || *days > most_days - 1 || *days < -most_days) return std::nullopt;
  WallClock clock{*days * micros_per_day, {}};
  if (in.done()) return clock;
  if (!whole || (!in.eat(' ') && !in.eat('T'))) return std::nullopt;
  bool zone_may_follow = false;
  const auto time = read_time(in, zone_may_follow);
  if (!time) return std::nullopt;
  clock.micros += *time;
  if (in.done()) return clock;
  if (!zone_may_follow) return std::nullopt;
  clock.zone = trim_all(in.text.substr(in.at));
  if (clock.zone.empty()) return std::nullopt;
  return clock;
}

}  // namespace

std::optional<std::int64_t> parse_zone_offset(std::string_view zone) {
  if (zone == "Z") return 0;
  for (std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (!zone.starts_with(prefix)) continue;
    zone.remove_prefix(prefix.size());
    if (zone.empty()) return 0;
    break;
  }
  Cursor in{zone};
  if (in.peek() != '+' && in.peek() != '-') return std::nullopt;
  const std::int64_t sign = zone[in.at++] == '-' ? -1 : 1;
  std::array<std::int64_t, 3> parts{};
  const std::string_view digits = zone.substr(1);
  const bool compact = (digits.size() == 4 || digits.size() == 6) && digits.find(':') == std::string_view::npos;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::optional<std::int64_t> part;
    if (compact) {
      Cursor two{digits.substr(std::min(2 * i, digits.size()), 2)};
      part = two.number(2, 2);
      in.at = std::min(zone.size(), 1 + 2 * (i + 1));
      if (!two.done()) return std::nullopt;
    } else {
      part = in.number(1, 2);
    }
    if (!part) return std::nullopt;
    parts[i] = *part;
    if (in.done()) break;
    if (!compact && !in.eat(':')) return std::nullopt;
    if (i == 2) return std::nullopt;
  }
  const std::int64_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (!in.done() || parts[1] > 59 || parts[2] > 59 || seconds > 18 * 3600) return std::nullopt;
  return sign * seconds * micros_per_second;
}

std::optional<std::int32_t> parse_date(std::string_view text) {
  Cursor in{trim_all(text)};
  bool whole = false;
  const auto days = read_date(in, whole);
  if (!days) return std::nullopt;
  if (!in.done() && !(whole && (in.peek() == ' ' || in.peek() == 'T'))) return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text, ZoneLookup zone) {
  const auto clock = read_wall_clock(text);
  if (!clock) return std::nullopt;
  if (clock->zone.empty()) return clock->micros;
  std::optional<std::int64_t> offset = parse_zone_offset(clock->zone);
  if (!offset && zone != nullptr) offset = zone(clock->zone, clock->micros);
  if (!offset) return std::nullopt;
  return clock->micros - *offset;
}

std::optional<std::int64_t> parse_timestamp_ntz(std::string_view text) {
  const auto clock = read_wall_clock(text);
  if (!clock) return std::nullopt;
  return clock->micros;
}

}  // namespace streamops::data
