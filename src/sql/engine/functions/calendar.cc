// Functions of dates.
#include "data/calendar.h"

#include <algorithm>

#include "base/text.h"
#include "sql/engine/functions/arithmetic.h"
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

using data::civil_from_days;
using data::CivilDate;

std::int32_t iso_week(std::int32_t days) {
  // The week belongs to the year of its Thursday.
  const std::int64_t thursday = std::int64_t{days} - data::weekday(days) + 3;
  const std::int64_t year = civil_from_days(thursday).year;
  return static_cast<std::int32_t>((thursday - data::days_from_civil(year, 1, 1)) / 7) + 1;
}

/// Spark adds days without looking for an overflow.
std::int32_t wrapped(std::int64_t days) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(days));
}

template <typename Out>
void set_days(Out& out, std::int64_t days) {
  if (days < INT32_MIN || days > INT32_MAX)
    return out.fail(Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] the date leaves its range"));
  out.set(static_cast<std::int32_t>(days));
}

/// The first day of the year, quarter, month or week; NULL for another word.
constexpr auto trunc_date = [](auto& out, Date date, Text unit) {
  const CivilDate civil = civil_from_days(date.days);
  const auto is = [unit](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [unit](std::string_view word) { return equals_ignore_case(unit, word); });
  };
  const auto set = [&](std::int64_t days) { set_days(out, days); };
  if (is({"year", "yyyy", "yy"})) return set(data::days_from_civil(civil.year, 1, 1));
  if (is({"quarter"})) return set(data::days_from_civil(civil.year, (civil.month - 1) / 3 * 3 + 1, 1));
  if (is({"month", "mon", "mm"})) return set(data::days_from_civil(civil.year, civil.month, 1));
  if (is({"week"})) return set(std::int64_t{date.days} - data::weekday(date.days));
  out.null();
};

constexpr auto make_date = [](auto& out, std::int32_t year, std::int32_t month, std::int32_t day) {
  if (month < 1 || month > 12 || day < 1 || day > data::days_in_month(year, month)) {
    return out.fail(
        Error(errors::sql::invalid_input, "[DATETIME_FIELD_OUT_OF_BOUNDS] there is no day {}-{}-{}", year, month, day));
  }
  set_days(out, data::days_from_civil(year, month, day));
};

#define STREAMOPS_DATE_FIELD(expression) \
  overload<std::int32_t(Date)>([](auto& out, Date date) { out.set(static_cast<std::int32_t>(expression)); })

constexpr auto short_day = [](auto& out, Date date) {
  constexpr std::string_view names = "MonTueWedThuFriSatSun";
  out.append(names.substr(static_cast<std::size_t>(data::weekday(date.days)) * 3, 3));
};
constexpr auto short_month = [](auto& out, Date date) {
  constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  out.append(names.substr(static_cast<std::size_t>(civil_from_days(date.days).month - 1) * 3, 3));
};

}  // namespace

const std::vector<Function>& calendar_functions() {
  static const std::vector<Function> all = {
      {"year",
       "year(date)",
       "The year.",
       {{"year(DATE'2024-03-02')", "2024"}},
       {STREAMOPS_DATE_FIELD(civil_from_days(date.days).year)}},
      {"quarter",
       "quarter(date)",
       "The quarter, 1 to 4.",
       {{"quarter(DATE'2024-05-01')", "2"}},
       {STREAMOPS_DATE_FIELD((civil_from_days(date.days).month + 2) / 3)}},
      {"month",
       "month(date)",
       "The month, 1 to 12.",
       {{"month(DATE'2024-03-02')", "3"}},
       {STREAMOPS_DATE_FIELD(civil_from_days(date.days).month)}},
      {"day",
       "day(date)",
       "The day of the month.",
       {{"day(DATE'2024-03-02')", "2"}},
       {STREAMOPS_DATE_FIELD(civil_from_days(date.days).day)},
       nullptr,
       {"dayofmonth"}},
      {"dayofweek",
       "dayofweek(date)",
       "The day of the week, 1 for Sunday.",
       {{"dayofweek(DATE'2024-01-07')", "1"}},
       {STREAMOPS_DATE_FIELD((data::weekday(date.days) + 1) % 7 + 1)}},
      {"weekday",
       "weekday(date)",
       "The day of the week, 0 for Monday.",
       {{"weekday(DATE'2024-01-07')", "6"}},
       {STREAMOPS_DATE_FIELD(data::weekday(date.days))}},
      {"dayofyear",
       "dayofyear(date)",
       "The day of the year.",
       {{"dayofyear(DATE'2024-03-01')", "61"}},
       {STREAMOPS_DATE_FIELD(date.days - data::days_from_civil(civil_from_days(date.days).year, 1, 1) + 1)}},
      {"weekofyear",
       "weekofyear(date)",
       "The week of the year by ISO 8601.",
       {{"weekofyear(DATE'2023-01-01')", "52"}},
       {STREAMOPS_DATE_FIELD(iso_week(date.days))}},
      {"dayname",
       "dayname(date)",
       "The day's name, three letters.",
       {{"dayname(DATE'2024-01-02')", "Tue"}},
       {overload<Text(Date)>(short_day)}},
      {"monthname",
       "monthname(date)",
       "The month's name, three letters.",
       {{"monthname(DATE'2024-01-02')", "Jan"}},
       {overload<Text(Date)>(short_month)}},
      {"date_add",
       "date_add(date, days)",
       "A date some days later.",
       {{"date_add(DATE'2024-01-31', 1)", "2024-02-01"}},
       {overload<Date(Date, std::int32_t)>(
           [](auto& out, Date date, std::int32_t n) { out.set(wrapped(std::int64_t{date.days} + n)); })},
       nullptr,
       {"dateadd"}},
      {"date_sub",
       "date_sub(date, days)",
       "A date some days earlier.",
       {{"date_sub(DATE'2024-01-31', 31)", "2023-12-31"}},
       {overload<Date(Date, std::int32_t)>(
           [](auto& out, Date date, std::int32_t n) { out.set(wrapped(std::int64_t{date.days} - n)); })}},
      {"datediff",
       "datediff(end, start)",
       "Days from start to end.",
       {{"datediff(DATE'2024-03-01', DATE'2024-02-01')", "29"}},
       {overload<std::int32_t(Date, Date)>(
           [](auto& out, Date a, Date b) { out.set(static_cast<std::int32_t>(std::int64_t{a.days} - b.days)); })},
       nullptr,
       {"date_diff"}},
      {"add_months",
       "add_months(date, months)",
       "A date some months later; the day stays within the month.",
       {{"add_months(DATE'2024-01-31', 1)", "2024-02-29"}},
       {overload<Date(Date, std::int32_t)>(
           [](auto& out, Date date, std::int32_t n) { set_days(out, add_months_to_date(date.days, n)); })}},
      {"last_day",
       "last_day(date)",
       "The last day of the month.",
       {{"last_day(DATE'2024-02-10')", "2024-02-29"}},
       {overload<Date(Date)>([](auto& out, Date date) {
         const CivilDate civil = civil_from_days(date.days);
         set_days(out, std::int64_t{date.days} - civil.day + data::days_in_month(civil.year, civil.month));
       })}},
      {"trunc",
       "trunc(date, unit)",
       "The first day of the year, quarter, month or week; NULL for another unit.",
       {{"trunc(DATE'2024-05-17', 'MM')", "2024-05-01"}},
       {nullable_overload<Date(Date, Text)>(trunc_date)}},
      {"make_date",
       "make_date(year, month, day)",
       "The date; an error when there is no such day.",
       {{"make_date(2024, 1, 31)", "2024-01-31"}},
       {overload<Date(std::int32_t, std::int32_t, std::int32_t)>(make_date)}},
      {"unix_date",
       "unix_date(date)",
       "Days since 1970-01-01.",
       {{"unix_date(DATE'1970-01-03')", "2"}},
       {STREAMOPS_DATE_FIELD(date.days)}},
      {"date_from_unix_date",
       "date_from_unix_date(days)",
       "The date some days behind 1970-01-01.",
       {{"date_from_unix_date(2)", "1970-01-03"}},
       {overload<Date(std::int32_t)>([](auto& out, std::int32_t days) { out.set(days); })}},
  };
  return all;
}

#undef STREAMOPS_DATE_FIELD

}  // namespace streamops::sql
