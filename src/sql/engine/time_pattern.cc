#include "sql/engine/time_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "data/calendar.h"
#include "errors/sql.h"

namespace streamops::sql {
namespace {

constexpr std::array<std::string_view, 12> month_names = {"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> day_names = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                       "Friday", "Saturday", "Sunday"};

struct Letter {
  char letter;
  int most_written;  // the longest run that can be written
  int most_read;     // ... and read; 0: only written
};
constexpr std::array<Letter, 19> letters = {{{'y', 6, 4},
                                             {'M', 4, 4},
                                             {'L', 4, 2},
                                             {'d', 2, 2},
                                             {'D', 3, 0},
                                             {'E', 4, 0},
                                             {'Q', 3, 0},
                                             {'q', 1, 0},
                                             {'a', 1, 1},
                                             {'H', 2, 2},
                                             {'h', 2, 2},
                                             {'K', 2, 2},
                                             {'k', 2, 2},
                                             {'m', 2, 2},
                                             {'s', 2, 2},
                                             {'S', 9, 9},
                                             {'X', 3, 3},
                                             {'x', 3, 3},
                                             {'Z', 3, 3}}};

Error refused(std::string_view pattern, std::string_view why) {
  return Error(errors::sql::bad_pattern, "the time pattern '{}' {}", pattern, why);
}

void padded(std::string& out, std::int64_t value, int width) {
  out += fmt::format("{:0{}}", value, width);
}

struct Moment {
  data::CivilDate date;
  std::int64_t days;
  std::int64_t of_day;  // microseconds
  std::int64_t hour() const { return of_day / data::micros_per_hour; }
};

void append_year(std::string& out, std::int64_t year, int count) {
  if (count == 2) return padded(out, data::floor_modulo(year, 100), 2);
  padded(out, year > 0 ? year : 1 - year, count);  // the year of the era
}

void append_month(std::string& out, int month, int count) {
  const std::string_view name = month_names[static_cast<std::size_t>(month - 1)];
  if (count < 3) return padded(out, month, count);
  out += count == 3 ? name.substr(0, 3) : name;
}

void append_fraction(std::string& out, std::int64_t micros, int count) {
  std::string digits = fmt::format("{:06}000", micros);
  out += digits.substr(0, static_cast<std::size_t>(count));
}

void append_offset(std::string& out, char letter, int count) {
  if (letter == 'X') {
    out += 'Z';
  } else if (letter == 'Z') {
    out += "+0000";
  } else {
    out += count == 1 ? "+00" : count == 2 ? "+0000" : "+00:00";
  }
}

void append_item(std::string& out, const Moment& at, char letter, int count) {
  switch (letter) {
    case 'y':
      return append_year(out, at.date.year, count);
    case 'M':
    case 'L':
      return append_month(out, at.date.month, count);
    case 'd':
      return padded(out, at.date.day, count);
    case 'D':
      return padded(out, at.days - data::days_from_civil(at.date.year, 1, 1) + 1, count);
    case 'E': {
      const std::string_view name = day_names[static_cast<std::size_t>(data::weekday(at.days))];
      out += count == 4 ? name : name.substr(0, 3);
      return;
    }
    case 'Q':
    case 'q':
      if (count == 3) out += 'Q';
      return padded(out, (at.date.month + 2) / 3, count == 2 ? 2 : 1);
    case 'a':
      out += at.hour() < 12 ? "AM" : "PM";
      return;
    case 'H':
      return padded(out, at.hour(), count);
    case 'k':
      return padded(out, at.hour() == 0 ? 24 : at.hour(), count);
    case 'h':
      return padded(out, at.hour() % 12 == 0 ? 12 : at.hour() % 12, count);
    case 'K':
      return padded(out, at.hour() % 12, count);
    case 'm':
      return padded(out, at.of_day / data::micros_per_minute % 60, count);
    case 's':
      return padded(out, at.of_day / data::micros_per_second % 60, count);
    case 'S':
      return append_fraction(out, at.of_day % data::micros_per_second, count);
    default:
      return append_offset(out, letter, count);
  }
}

/// What a text says so far.
struct Fields {
  std::int64_t year = 1970;
  std::int64_t month = 1, day = 1;
  std::int64_t hour = 0, minute = 0, second = 0, micros = 0;
  std::int64_t offset = 0;
  bool half_day = false;  // the hour counts within a half day
  bool afternoon = false;

  std::optional<std::int64_t> total() const {
    if (month < 1 || month > 12 || day < 1 || day > data::days_in_month(year, static_cast<int>(month)))
      return std::nullopt;
    const std::int64_t whole = half_day && afternoon ? hour + 12 : hour;
    if (whole > 23 || minute > 59 || second > 59 || year > 290'000 || year < -290'000) return std::nullopt;
    const std::int64_t days = data::days_from_civil(year, static_cast<int>(month), static_cast<int>(day));
    return days * data::micros_per_day + whole * data::micros_per_hour + minute * data::micros_per_minute +
           second * data::micros_per_second + micros - offset;
  }
};

struct Cursor {
  std::string_view text;
  std::size_t at = 0;

  std::optional<std::int64_t> digits(std::size_t least, std::size_t most) {
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; count < most && at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count)
      value = value * 10 + (text[at] - '0');
    if (count < least) return std::nullopt;
    return value;
  }
  bool word(std::string_view wanted) {
    if (!equals_ignore_case(text.substr(at, wanted.size()), wanted)) return false;
    at += wanted.size();
    return true;
  }
};

bool read_month_name(Cursor& in, int count, Fields& fields) {
  for (std::size_t i = 0; i < month_names.size(); ++i) {
    if (!in.word(count == 4 ? month_names[i] : month_names[i].substr(0, 3))) continue;
    fields.month = static_cast<std::int64_t>(i) + 1;
    return true;
  }
  return false;
}

bool read_fraction(Cursor& in, int count, Fields& fields) {
  const std::size_t start = in.at;
  auto value = in.digits(1, static_cast<std::size_t>(count));
  if (!value) return false;
  std::size_t read = in.at - start;
  for (; read < 6; ++read) *value *= 10;
  for (; read > 6; --read) *value /= 10;
  fields.micros = *value;
  return true;
}

bool read_offset(Cursor& in, char letter, int count, Fields& fields) {
  if (letter == 'X' && in.word("Z")) return true;
  if (in.at >= in.text.size() || (in.text[in.at] != '+' && in.text[in.at] != '-')) return false;
  const std::int64_t sign = in.text[in.at++] == '-' ? -1 : 1;
  const auto hours = in.digits(2, 2);
  if (!hours || *hours > 18) return false;
  std::optional<std::int64_t> minutes = 0;
  const bool colon = count == 3 && letter != 'Z';
  if (colon && !in.word(":")) return false;
  const bool more = in.at < in.text.size() && in.text[in.at] >= '0' && in.text[in.at] <= '9';
  if (count > 1 || letter == 'Z' || more) minutes = in.digits(2, 2);
  if (!minutes || *minutes > 59) return false;
  fields.offset = sign * (*hours * data::micros_per_hour + *minutes * data::micros_per_minute);
  return true;
}

bool in_range(std::int64_t value, std::int64_t lowest, std::int64_t highest) {
  return value >= lowest && value <= highest;
}

/// One letter's value into its field.
bool set_field(Fields& fields, char letter, int count, std::int64_t value) {
  switch (letter) {
    case 'y':
      fields.year = count == 2 ? 2000 + value : value;
      return true;
    case 'M':
    case 'L':
      fields.month = value;
      return true;
    case 'd':
      fields.day = value;
      return true;
    case 'H':
      fields.hour = value;
      return value < 24;
    case 'k':
      fields.hour = value % 24;
      return in_range(value, 1, 24);
    case 'h':
      fields.hour = value % 12;
      fields.half_day = true;
      return in_range(value, 1, 12);
    case 'K':
      fields.hour = value;
      fields.half_day = true;
      return value < 12;
    case 'm':
      fields.minute = value;
      return true;
    default:
      fields.second = value;
      return true;
  }
}

}  // namespace

Result<TimePattern> TimePattern::compile(std::string_view pattern, bool for_reading) {
  TimePattern result;
  const auto add_literal = [&](char c) {
    if (result.items_.empty() || result.items_.back().letter != 0) result.items_.push_back({});
    result.items_.back().literal += c;
  };
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      const std::size_t end = pattern.find('\'', at + 1);
      if (end == std::string_view::npos) return refused(pattern, "has a quote without its end");
      if (end == at + 1) add_literal('\'');
      for (std::size_t i = at + 1; i < end; ++i) add_literal(pattern[i]);
      at = end + 1;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      const std::size_t end = std::min(pattern.find_first_not_of(c, at), pattern.size());
      const int count = static_cast<int>(end - at);
      const auto known =
          std::find_if(letters.begin(), letters.end(), [c](const Letter& letter) { return letter.letter == c; });
      const bool served = known != letters.end() && count <= (for_reading ? known->most_read : known->most_written) &&
                          !(for_reading && c == 'y' && count == 3);
      if (!served) {
        return refused(pattern, fmt::format("has `{}`, which is not served{}", pattern.substr(at, end - at),
                                            for_reading ? " for reading" : ""));
      }
      result.items_.push_back({c, count, {}});
      at = end;
    } else if (c == '[' || c == ']' || c == '{' || c == '}' || c == '#') {
      if (for_reading || (c != '[' && c != ']'))
        return refused(pattern, fmt::format("has `{}`, which is not served", c));
      ++at;
    } else {
      add_literal(c);
      ++at;
    }
  }
  return result;
}

void TimePattern::append(std::string& out, std::int64_t micros) const {
  Moment at{};
  at.days = data::floor_divide(micros, data::micros_per_day);
  at.date = data::civil_from_days(at.days);
  at.of_day = micros - at.days * data::micros_per_day;
  for (const Item& item : items_) {
    if (item.letter == 0) {
      out += item.literal;
    } else {
      append_item(out, at, item.letter, item.count);
    }
  }
}

std::optional<std::int64_t> TimePattern::read(std::string_view text) const {
  Cursor in{text};
  Fields fields;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const auto& [letter, count, literal] = items_[i];
    bool good = true;
    if (letter == 0) {
      good = in.word(literal);
    } else if ((letter == 'M' || letter == 'L') && count >= 3) {
      good = read_month_name(in, count, fields);
    } else if (letter == 'a') {
      fields.afternoon = in.word("PM");
      good = fields.afternoon || in.word("AM");
    } else if (letter == 'S') {
      good = read_fraction(in, count, fields);
    } else if (letter == 'X' || letter == 'x' || letter == 'Z') {
      good = read_offset(in, letter, count, fields);
    } else {
      const auto width = static_cast<std::size_t>(count);
      const auto value = in.digits(width, count == 1 ? 9 : width);
      good = value && set_field(fields, letter, count, *value);
    }
    if (!good) return std::nullopt;
  }
  if (in.at != text.size()) return std::nullopt;
  return fields.total();
}

}  // namespace streamops::sql
