#include "base/time.h"

#include <array>
#include <charconv>
#include <utility>

#include "errors/base.h"

namespace streamops {
namespace {

/// Takes exactly `digits` decimal digits from the front of `text`.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool take_fraction(std::string_view& text, Microseconds& fraction) {
  std::int64_t value = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 6) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return false;
  for (int i = digits; i < 6; ++i) value *= 10;
  fraction = Microseconds{value};
  return true;
}

bool take_zone(std::string_view& text, std::chrono::minutes& offset) {
  offset = {};
  if (text.empty()) return true;
  if (take(text, 'Z') || take(text, 'z')) return true;
  const bool minus = text.front() == '-';
  if (!minus && text.front() != '+') return false;
  text.remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours)) return false;
  take(text, ':');
  if (!text.empty() && !take_number(text, 2, minutes)) return false;
  if (hours > 18 || minutes > 59) return false;
  offset = std::chrono::minutes{(minus ? -1 : 1) * (hours * 60 + minutes)};
  return true;
}

}  // namespace

std::string to_iso8601(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const std::int64_t micros = clock.subseconds().count();
  if (micros % 1000 != 0) {
    text += fmt::format(".{:06}", micros);
  } else if (micros != 0) {
    text += fmt::format(".{:03}", micros / 1000);
  }
  return text + "Z";
}

Result<WallTime> parse_iso8601(std::string_view text) {
  const Error bad(errors::base::bad_time, "\"{}\" is not a time such as 2024-01-31T12:00:00Z", text);
  std::string_view rest = text;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take_number(rest, 4, year) || !take(rest, '-') || !take_number(rest, 2, month) || !take(rest, '-') ||
      !take_number(rest, 2, day)) {
    return bad;
  }
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return bad;
  Microseconds fraction{};
  std::chrono::minutes offset{};
  if (!rest.empty()) {
    if (!take(rest, 'T') && !take(rest, ' ')) return bad;
    if (!take_number(rest, 2, hour) || !take(rest, ':') || !take_number(rest, 2, minute)) return bad;
    if (take(rest, ':')) {
      if (!take_number(rest, 2, second)) return bad;
      if (take(rest, '.') && !take_fraction(rest, fraction)) return bad;
    }
    if (!take_zone(rest, offset) || !rest.empty()) return bad;
    if (hour > 23 || minute > 59 || second > 59) return bad;
  }
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + fraction - offset;
}

Result<Microseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{
      {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}}};
  const Error bad(errors::base::bad_duration, "\"{}\" is not a duration such as 250ms, 5s, 1m30s, 2h or 1d", text);
  std::string_view rest = text;
  std::int64_t total = 0;
  if (rest.empty()) return bad;
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (failure != std::errc{} || number < 0) return bad;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::size_t letters = 0;
    while (letters < rest.size() && rest[letters] >= 'a' && rest[letters] <= 'z') ++letters;
    const std::string_view name = rest.substr(0, letters);
    rest.remove_prefix(letters);
    std::int64_t scale = 0;
    for (const auto& [unit, micros] : units) {
      if (unit == name) scale = micros;
    }
    std::int64_t part = 0;
    if (scale == 0 || __builtin_mul_overflow(number, scale, &part) || __builtin_add_overflow(total, part, &total))
      return bad;
  }
  return Microseconds{total};
}

std::string format_duration(Microseconds duration) {
  std::int64_t micros = duration.count();
  if (micros == 0) return "0s";
  std::string text;
  const auto put = [&](std::int64_t scale, std::string_view unit) {
    if (micros >= scale) {
      text += fmt::format("{}{}", micros / scale, unit);
      micros %= scale;
    }
  };
  put(86'400'000'000, "d");
  put(3'600'000'000, "h");
  put(60'000'000, "m");
  put(1'000'000, "s");
  put(1000, "ms");
  put(1, "us");
  return text;
}

}  // namespace streamops
