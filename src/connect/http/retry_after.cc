#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "connect/http/source.h"

namespace streamops::connect {
namespace {

constexpr Microseconds longest_wait = std::chrono::hours{24};

std::optional<int> to_number(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7); the two older forms are not used by anybody who sends
/// Retry-After.
std::optional<WallTime> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::vector<std::string_view> words = split(text, ' ');
  if (words.size() != 6 || words[5] != "GMT") return std::nullopt;
  const auto month = std::find(months.begin(), months.end(), words[2]);
  const auto day = to_number(words[1]);
  const auto year = to_number(words[3]);
  const std::vector<std::string_view> clock = split(words[4], ':');
  if (month == months.end() || !day || !year || clock.size() != 3) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(month - months.begin() + 1)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  const auto hour = to_number(clock[0]);
  const auto minute = to_number(clock[1]);
  const auto second = to_number(clock[2]);
  if (!date.ok() || !hour || !minute || !second) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} + Seconds{*second};
}

}  // namespace

std::optional<Microseconds> parse_retry_after(std::string_view text, WallTime now) {
  text = trim(text);
  if (const auto seconds = to_number(text)) return std::min<Microseconds>(Seconds{*seconds}, longest_wait);
  const auto at = parse_http_date(text);
  if (!at) return std::nullopt;
  return std::clamp<Microseconds>(*at - now, Microseconds{0}, longest_wait);
}

}  // namespace streamops::connect
