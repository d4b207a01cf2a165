#include "workflow/cron.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "base/text.h"
#include "errors/workflow.h"

namespace streamops::workflow {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::months;
using std::chrono::weekday;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr int longest_search_years = 50;  // a 29 February on a given weekday comes every 40 years at the most

constexpr std::string_view month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/// What one field may hold.
struct FieldRule {
  std::string_view name;
  int low;
  int high;
  std::span<const std::string_view> names;  // of the values from `low` on
};

const FieldRule field_rules[] = {{"minute", 0, 59, {}},
                                 {"hour", 0, 23, {}},
                                 {"day of month", 1, 31, {}},
                                 {"month", 1, 12, month_names},
                                 {"day of week", 0, 7, weekday_names}};

unsigned days_in(year_month month) {
  return static_cast<unsigned>((month / std::chrono::last).day());
}

}  // namespace

/// Reads the five fields into a CronExpression.
class CronParser {
 public:
  explicit CronParser(std::string_view text) : text_(text) {}

  Result<CronExpression> parse() {
    std::vector<std::string_view> fields;
    for (std::string_view piece : split(text_, ' ')) {
      if (!trim(piece).empty()) fields.push_back(trim(piece));
    }
    if (fields.size() != 5) {
      return Error(errors::workflow::bad_schedule, "`{}` has {} fields, a cron expression has 5", text_, fields.size());
    }
    for (std::size_t i = 0; i < 5; ++i) STREAMOPS_RETURN_IF_ERROR(parse_field(i, fields[i]));
    out_.every_hour_ = fields[1] == "*";
    out_.any_day_ = fields[2] == "*" || fields[2] == "?";
    out_.any_weekday_ = fields[4] == "*" || fields[4] == "?";
    if (!ever_matches()) return Error(errors::workflow::schedule_never_due, "`{}` never comes", text_);
    return out_;
  }

 private:
  Error bad(const FieldRule& rule, std::string_view piece, std::string_view why) const {
    return Error(errors::workflow::bad_schedule, "`{}`: {} `{}` {}", text_, rule.name, piece, why);
  }

  Result<void> parse_field(std::size_t index, std::string_view field) {
    for (std::string_view piece : split(field, ',')) STREAMOPS_RETURN_IF_ERROR(parse_piece(index, piece));
    return Ok();
  }

  Result<void> parse_piece(std::size_t index, std::string_view piece) {
    const FieldRule& rule = field_rules[index];
    if (index == 2 && equals_ignore_case(piece, "l")) {
      out_.last_day_ = true;
      return Ok();
    }
    if (index == 4 && piece.find('#') != std::string_view::npos) return parse_nth_weekday(rule, piece);

    std::string_view range = piece;
    int step = 1;
    if (const std::size_t slash = piece.find('/'); slash != std::string_view::npos) {
      range = piece.substr(0, slash);
      const std::string_view digits = piece.substr(slash + 1);
      const std::optional<int> parsed = parse_number(digits);
      if (!parsed || *parsed < 1 || *parsed > rule.high) return bad(rule, piece, "has a step that is not possible");
      step = *parsed;
    }
    return parse_range(index, range, step, piece);
  }

  Result<void> parse_range(std::size_t index, std::string_view range, int step, std::string_view piece) {
    const FieldRule& rule = field_rules[index];
    const int top = index == 4 ? 6 : rule.high;
    if (range == "*" || (range == "?" && (index == 2 || index == 4))) {
      for (int value = rule.low; value <= top; value += step) add(index, value);
      return Ok();
    }
    const std::size_t dash = range.find('-');
    STREAMOPS_ASSIGN(const int from, parse_value(rule, range.substr(0, dash), piece));
    if (dash == std::string_view::npos) {
      const int to = piece == range ? from : top;  // `5/15` goes on to the end of the field
      for (int value = from; value <= to; value += step) add(index, value);
      return Ok();
    }
    STREAMOPS_ASSIGN(int to, parse_value(rule, range.substr(dash + 1), piece));
    if (to < from) to += top - rule.low + 1;  // `fri-mon` goes around the end of the week
    for (int value = from; value <= to; value += step) {
      add(index, value > top && !(index == 4 && value == 7) ? value - top - 1 + rule.low : value);
    }
    return Ok();
  }

  Result<void> parse_nth_weekday(const FieldRule& rule, std::string_view piece) {
    const std::size_t hash = piece.find('#');
    STREAMOPS_ASSIGN(const int day, parse_value(rule, piece.substr(0, hash), piece));
    const std::optional<int> nth = parse_number(piece.substr(hash + 1));
    if (!nth || *nth < 1 || *nth > 5) return bad(rule, piece, "asks for a week of the month that is not 1 to 5");
    out_.nth_weekdays_[static_cast<std::size_t>(day % 7)].set(static_cast<std::size_t>(*nth));
    return Ok();
  }

  static std::optional<int> parse_number(std::string_view text) {
    int value = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status != std::errc{} || end != text.data() + text.size() || text.empty() || text[0] == '-') {
      return std::nullopt;
    }
    return value;
  }

  Result<int> parse_value(const FieldRule& rule, std::string_view text, std::string_view piece) const {
    for (std::size_t i = 0; i < rule.names.size(); ++i) {
      if (equals_ignore_case(rule.names[i], text)) return static_cast<int>(i) + rule.low;
    }
    const std::optional<int> value = parse_number(text);
    if (!value) return bad(rule, piece, "is not a number or a name");
    if (*value < rule.low || *value > rule.high) {
      return bad(rule, piece, fmt::format("is not within {} to {}", rule.low, rule.high));
    }
    return *value;
  }

  void add(std::size_t index, int value) {
    const auto bit = static_cast<std::size_t>(value);
    switch (index) {
      case 0:
        out_.minutes_.set(bit);
        break;
      case 1:
        out_.hours_.set(bit);
        break;
      case 2:
        out_.days_.set(bit);
        break;
      case 3:
        out_.months_.set(bit);
        break;
      default:
        out_.weekdays_.set(bit % 7);
        break;
    }
  }

  /// False when the days asked for are in none of the months asked for; days of the week always come.
  bool ever_matches() const {
    const bool weekday_counts = !out_.any_weekday_;
    if (weekday_counts || out_.any_day_ || out_.last_day_) return true;
    for (unsigned month = 1; month <= 12; ++month) {
      if (!out_.months_.test(month)) continue;
      const unsigned longest = days_in(std::chrono::year{2000} / std::chrono::month{month});
      for (unsigned day = 1; day <= longest; ++day) {
        if (out_.days_.test(day)) return true;
      }
    }
    return false;
  }

  std::string_view text_;
  CronExpression out_;
};

Result<CronExpression> CronExpression::parse(std::string_view text) {
  return CronParser(text).parse();
}

bool CronExpression::matches_day(year_month_day day) const {
  const auto number = static_cast<unsigned>(day.day());
  const bool by_day = days_.test(number) || (last_day_ && number == days_in(day.year() / day.month()));
  const unsigned of_week = weekday{local_days{day}}.c_encoding();
  const bool by_weekday = weekdays_.test(of_week) || nth_weekdays_[of_week].test((number - 1) / 7 + 1);
  if (any_day_ && any_weekday_) return true;
  if (any_day_) return by_weekday;
  if (any_weekday_) return by_day;
  return by_day || by_weekday;
}

LocalTime CronExpression::next(LocalTime time) const {
  const LocalTime from = std::chrono::floor<minutes>(time) + minutes{1};
  local_days day = std::chrono::floor<days>(from);
  auto hour = static_cast<std::size_t>(std::chrono::floor<hours>(from - day).count());
  auto minute = static_cast<std::size_t>((from - day - hours{hour}) / minutes{1});
  const local_days limit = day + days{366 * longest_search_years};
  while (day < limit) {
    const year_month_day date{day};
    if (!months_.test(static_cast<unsigned>(date.month()))) {
      day = local_days{(date.year() / date.month() + months{1}) / 1};
      hour = minute = 0;
      continue;
    }
    for (; matches_day(date) && hour < 24; ++hour, minute = 0) {
      for (; hours_.test(hour) && minute < 60; ++minute) {
        if (minutes_.test(minute)) return LocalTime{day} + hours{hour} + minutes{minute};
      }
    }
    day += days{1};
    hour = minute = 0;
  }
  STREAMOPS_CHECK(false, "a cron expression without any match got past the parser");
  return time;
}

LocalTime CronExpression::previous(LocalTime time) const {
  const LocalTime from = std::chrono::ceil<minutes>(time) - minutes{1};
  local_days day = std::chrono::floor<days>(from);
  auto hour = static_cast<int>(std::chrono::floor<hours>(from - day).count());
  auto minute = static_cast<int>((from - day - hours{hour}) / minutes{1});
  const local_days limit = day - days{366 * longest_search_years};
  while (day > limit) {
    const year_month_day date{day};
    if (!months_.test(static_cast<unsigned>(date.month()))) {
      day = local_days{date.year() / date.month() / 1} - days{1};
      hour = 23, minute = 59;
      continue;
    }
    for (; matches_day(date) && hour >= 0; --hour, minute = 59) {
      for (; hours_.test(static_cast<std::size_t>(hour)) && minute >= 0; --minute) {
        if (minutes_.test(static_cast<std::size_t>(minute))) return LocalTime{day} + hours{hour} + minutes{minute};
      }
    }
    day -= days{1};
    hour = 23, minute = 59;
  }
  STREAMOPS_CHECK(false, "a cron expression without any match got past the parser");
  return time;
}

}  // namespace streamops::workflow
