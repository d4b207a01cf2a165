// Parts of dates and timestamps by name, and distances in units by name.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "sql/engine/functions/arithmetic.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

using data::civil_from_days;
using data::CivilDate;
using data::floor_divide;
using data::floor_modulo;
using data::Int128;
using data::Type;
using data::TypeId;
using data::TypePtr;

/// The names of a field, and the function that takes it out; functions without an entry of their own have none.
struct FieldName {
  std::string_view names;
  std::string_view function;
};
constexpr FieldName field_names[] = {{"year y years yr yrs", "year"},
                                     {"yearofweek", "yearofweek"},
                                     {"quarter qtr", "quarter"},
                                     {"month mon mons months", "month"},
                                     {"week w weeks", "weekofyear"},
                                     {"day d days", "day"},
                                     {"dayofweek dow", "dayofweek"},
                                     {"dayofweek_iso dow_iso", "weekday"},
                                     {"doy", "dayofyear"},
                                     {"hour h hours hr hrs", "hour"},
                                     {"minute m min mins minutes", "minute"},
                                     {"second s sec seconds secs", "seconds"}};

bool has_word(std::string_view words, std::string_view wanted) {
  for (std::string_view word : streamops::split(words, ' ')) {
    if (equals_ignore_case(word, wanted)) return true;
  }
  return false;
}

/// Seconds with six decimals, or the year that the week belongs to by ISO 8601.
Result<NodePtr> own_field(Binding& binding, std::string_view function) {
  const bool seconds = function == "seconds";
  const TypePtr type = Type::scalar(seconds ? TypeId::timestamp : TypeId::date);
  STREAMOPS_ASSIGN(NodePtr value, binding.argument_as(1, type));
  const bool nullable = value->nullable();
  if (!seconds) {
    return call_node(Type::scalar(TypeId::int32), nullable, binding.span(), {std::move(value)}, [](const Call& call) {
      return rows<std::int32_t(Date)>(call, [](auto& out, Date date) {
        const std::int64_t thursday = std::int64_t{date.days} - data::weekday(date.days) + 3;
        out.set(static_cast<std::int32_t>(civil_from_days(thursday).year));
      });
    });
  }
  return call_node(Type::decimal(8, 6), nullable, binding.span(), {std::move(value)}, [](const Call& call) {
    return rows<Int128(Timestamp)>(
        call, [](auto& out, Timestamp stamp) { out.set(Int128{floor_modulo(stamp.micros, data::micros_per_minute)}); });
  });
}

Result<NodePtr> bind_date_part(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  const data::ColumnPtr given = binding[0]->constant();
  if (given && given->is_null(0)) return null_node(Type::scalar(TypeId::float64), binding.span());
  const auto wanted = binding.constant_text(0);
  if (!wanted) return binding.mismatch(0, "a constant field such as 'year'");
  const TypeId id = binding.id(1);
  if (id == TypeId::interval_day || id == TypeId::interval_month)
    return Error(errors::sql::not_served, "a part of an interval is not served");
  for (const FieldName& field : field_names) {
    if (!has_word(field.names, *wanted)) continue;
    if (field.function == "seconds" || field.function == "yearofweek") return own_field(binding, field.function);
    STREAMOPS_ASSIGN(NodePtr value, call_function(field.function, binding, {binding[1]}));
    if (field.function != "weekday") return value;
    const Overload next = overload<std::int32_t(std::int32_t)>([](auto& out, std::int32_t day) { out.set(day + 1); });
    return call_node(next.result, value->nullable(), binding.span(), {value}, next.kernel);
  }
  return Error(errors::sql::invalid_input, "[INVALID_EXTRACT_FIELD] there is no field '{}' of dates and timestamps",
               *wanted)
      .with_hint(
          "there are: year, yearofweek, quarter, month, week, day, dayofweek, dayofweek_iso, doy, hour, minute, "
          "second");
}

constexpr auto next_day = [](auto& out, Date date, Text name) {
  constexpr std::string_view days[] = {"mo mon monday", "tu tue tuesday",  "we wed wednesday", "th thu thursday",
                                       "fr fri friday", "sa sat saturday", "su sun sunday"};
  const auto found =
      std::find_if(std::begin(days), std::end(days), [&](std::string_view words) { return has_word(words, name); });
  if (name.empty() || found == std::end(days)) {
    return out.fail(Error(errors::sql::invalid_input, "[ILLEGAL_DAY_OF_WEEK] there is no day of the week '{}'",
                          name.substr(0, 100)));
  }
  const auto wanted = static_cast<std::int32_t>(found - std::begin(days));
  const std::int64_t ahead = floor_modulo(std::int64_t{wanted} - 1 - data::weekday(date.days), 7) + 1;
  out.set(static_cast<std::int32_t>(static_cast<std::uint32_t>(date.days) + static_cast<std::uint32_t>(ahead)));
};

/// Whole months when both are the same day, or both the last; else a month counts 31 days.
constexpr auto months_between = [](auto& out, Timestamp end, Timestamp start, bool rounded) {
  const auto split = [](std::int64_t micros) { return civil_from_days(floor_divide(micros, data::micros_per_day)); };
  const CivilDate a = split(end.micros), b = split(start.micros);
  const auto months = static_cast<double>((a.year - b.year) * 12 + a.month - b.month);
  const auto last = [](const CivilDate& date) { return date.day == data::days_in_month(date.year, date.month); };
  if (a.day == b.day || (last(a) && last(b))) return out.set(months);
  const auto second = [](std::int64_t micros) {
    return floor_modulo(micros, data::micros_per_day) / data::micros_per_second;
  };
  const std::int64_t seconds = std::int64_t{a.day - b.day} * 86400 + second(end.micros) - second(start.micros);
  const double result = months + static_cast<double>(seconds) / (31.0 * 86400);
  out.set(rounded ? std::floor(result * 1e8 + 0.5) / 1e8 : result);
};

/// A unit of time: so many months, or so many microseconds.
struct Unit {
  std::string_view name;
  std::int64_t months;
  std::int64_t micros;
};
constexpr Unit units[] = {{"microsecond", 0, 1},
                          {"millisecond", 0, 1000},
                          {"second", 0, data::micros_per_second},
                          {"minute", 0, data::micros_per_minute},
                          {"hour", 0, data::micros_per_hour},
                          {"day", 0, data::micros_per_day},
                          {"dayofyear", 0, data::micros_per_day},
                          {"week", 0, 7 * data::micros_per_day},
                          {"month", 1, 0},
                          {"quarter", 3, 0},
                          {"year", 12, 0}};

Result<Unit> unit_of(const Binding& binding) {
  const auto name = binding.constant_text(0);
  for (const Unit& unit : units) {
    if (name && equals_ignore_case(*name, unit.name)) return unit;
  }
  return binding.mismatch(0, "a unit such as DAY");
}

std::optional<std::int64_t> added(std::int64_t micros, std::int64_t amount, const Unit& unit) {
  std::int64_t result = 0;
  if (unit.months == 0) {
    const bool bad =
        __builtin_mul_overflow(amount, unit.micros, &result) || __builtin_add_overflow(micros, result, &result);
    return bad ? std::nullopt : std::optional(result);
  }
  constexpr std::int64_t most_months = 12LL * 600'000;
  if (amount > most_months || amount < -most_months) return std::nullopt;
  const std::int64_t day = floor_divide(micros, data::micros_per_day);
  const std::int64_t moved = add_months_to_date(static_cast<std::int32_t>(day), amount * unit.months);
  const bool bad = __builtin_mul_overflow(moved, data::micros_per_day, &result) ||
                   __builtin_add_overflow(result, floor_modulo(micros, data::micros_per_day), &result);
  return bad ? std::nullopt : std::optional(result);
}

/// A date becomes a timestamp.
Result<NodePtr> bind_add(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(3, 3));
  STREAMOPS_ASSIGN(const Unit unit, unit_of(binding));
  STREAMOPS_ASSIGN(NodePtr amount, binding.argument_as(1, Type::scalar(TypeId::int64)));
  const TypeId type = binding.id(2) == TypeId::timestamp_ntz ? TypeId::timestamp_ntz : TypeId::timestamp;
  STREAMOPS_ASSIGN(NodePtr stamp, binding.argument_as(2, Type::scalar(type)));
  const bool nullable = amount->nullable() || stamp->nullable();
  binding.arguments() = {amount, stamp};
  return binding.strict_node(Type::scalar(type), nullable, [unit](const Call& call) {
    return rows<std::int64_t(std::int64_t, std::int64_t)>(call, [&](auto& out, std::int64_t n, std::int64_t micros) {
      const auto result = added(micros, n, unit);
      if (result) return out.set(*result);
      out.fail(Error(errors::sql::arithmetic_overflow, "[DATETIME_OVERFLOW] the timestamp leaves its range"));
    });
  });
}

std::int64_t whole_months(std::int64_t from, std::int64_t to) {
  std::int64_t first = floor_divide(from, data::micros_per_day), last = floor_divide(to, data::micros_per_day);
  const std::int64_t first_time = floor_modulo(from, data::micros_per_day),
                     last_time = floor_modulo(to, data::micros_per_day);
  if (last > first && last_time < first_time) --last;
  if (last < first && last_time > first_time) ++last;
  const CivilDate a = civil_from_days(first), b = civil_from_days(last);
  return (((b.year - a.year) * 12 + b.month - a.month) * 32 + b.day - a.day) / 32;
}

Result<NodePtr> bind_difference(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(3, 3));
  STREAMOPS_ASSIGN(const Unit unit, unit_of(binding));
  std::vector<NodePtr> stamps;
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    STREAMOPS_ASSIGN(NodePtr stamp, binding.argument_as(i, Type::scalar(TypeId::timestamp)));
    stamps.push_back(std::move(stamp));
  }
  binding.arguments() = std::move(stamps);
  return binding.strict_node(Type::scalar(TypeId::int64), binding.any_nullable(), [unit](const Call& call) {
    return rows<std::int64_t(Timestamp, Timestamp)>(call, [&](auto& out, Timestamp from, Timestamp to) {
      if (unit.months > 0) return out.set(whole_months(from.micros, to.micros) / unit.months);
      const Int128 distance = (Int128{to.micros} - from.micros) / unit.micros;
      if (distance > INT64_MAX || distance < INT64_MIN)
        return out.fail(
            Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] the distance has more than 64 bits"));
      out.set(static_cast<std::int64_t>(distance));
    });
  });
}

/// Constants of INTERVAL types; other intervals are not served.
Result<NodePtr> bind_interval(Binding& binding, bool months) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(0, months ? 2 : 4));
  Int128 total = 0;
  constexpr std::int64_t month_units[] = {12, 1};
  constexpr std::int64_t day_units[] = {data::micros_per_day, data::micros_per_hour, data::micros_per_minute,
                                        data::micros_per_second};
  for (std::size_t i = 0; i < binding.size(); ++i) {
    const data::ColumnPtr value = binding[i]->constant();
    const auto whole = binding.constant_integer(i);
    const bool seconds = !months && i == 3;
    const bool fraction = seconds && binding.id(i) == TypeId::decimal && binding.type(i).scale() <= 6;
    if (!value || (!value->is_null(0) && !whole && !fraction))
      return Error(errors::sql::not_served, "an interval that is no constant is not served");
    if (value->is_null(0))
      return null_node(Type::scalar(months ? TypeId::interval_month : TypeId::interval_day), binding.span());
    if (fraction) {
      total += value->values<Int128>()[0] * data::power_of_ten(6 - binding.type(i).scale());
    } else {
      total += Int128{*whole} * (months ? month_units[i] : day_units[i]);
    }
  }
  if (total > (months ? INT32_MAX : INT64_MAX) || total < (months ? INT32_MIN : INT64_MIN))
    return Error(errors::sql::arithmetic_overflow, "[INTERVAL_ARITHMETIC_OVERFLOW] the interval leaves its range");
  return integer_constant(static_cast<std::int64_t>(total), months ? TypeId::interval_month : TypeId::interval_day,
                          binding.span());
}

Result<NodePtr> bind_local_now(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(0, 0));
  return binding.node(Type::scalar(TypeId::timestamp_ntz), false, [](const Call& call) {
    return rows<TimestampNtz()>(call, [&](auto& out) { out.set(call.frame.context->epoch_us); });
  });
}

/// A wall clock from a text, by a pattern without a zone or as CAST reads it.
Result<NodePtr> bind_to_clock(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  const TypePtr clock = Type::scalar(TypeId::timestamp_ntz);
  if (binding.size() == 1) return cast_node(binding[0], clock, CastMode::strict, binding.span());
  const auto pattern = binding.constant_text(1);
  if (!pattern || pattern->find_first_of("XxZzVO") != std::string::npos)
    return Error(errors::sql::not_served, "to_timestamp_ntz is served with a constant pattern without a zone only");
  STREAMOPS_ASSIGN(NodePtr stamp, call_function("to_timestamp", binding, binding.arguments()));
  return cast_node(std::move(stamp), clock, CastMode::strict, binding.span());
}

}  // namespace

const std::vector<Function>& time_part_functions() {
  static const std::vector<Function> all = {
      {"date_part",
       "date_part(field, timestamp) or EXTRACT(field FROM timestamp)",
       "A part of a date or timestamp: year, yearofweek, quarter, month, week, day, dayofweek, dayofweek_iso, doy, "
       "hour, "
       "minute, or second with its fraction.",
       {{"date_part('doy', DATE'2019-08-12')", "224"},
        {"EXTRACT(SECOND FROM TIMESTAMP'2019-08-12 01:00:07.5')", "7.500000"}},
       {},
       bind_date_part,
       {"datepart"}},
      {"next_day",
       "next_day(date, day_of_week)",
       "The first such day of the week behind a date.",
       {{"next_day(DATE'2015-01-14', 'TU')", "2015-01-20"}},
       {overload<Date(Date, Text)>(next_day)}},
      {"months_between",
       "months_between(end, start[, rounded])",
       "Months from start to end; parts count 31 days to a month, rounded to eight decimals unless told otherwise.",
       {{"months_between('1997-02-28 10:30:00', '1996-10-30')", "3.94959677"}},
       {overload<double(Timestamp, Timestamp)>(
            [](auto& out, Timestamp end, Timestamp start) { months_between(out, end, start, true); }),
        overload<double(Timestamp, Timestamp, bool)>(months_between)}},
      {"timestampadd",
       "timestampadd(unit, n, timestamp)",
       "A timestamp n MICROSECONDs, MILLISECONDs, SECONDs, MINUTEs, HOURs, DAYs, WEEKs, MONTHs, QUARTERs or YEARs "
       "later. "
       "Also dateadd and date_add with a unit.",
       {{"timestampadd(HOUR, 8, TIMESTAMP'2022-02-11 20:30:00')", "2022-02-12 04:30:00"},
        {"date_add(MONTH, 1, DATE'2022-01-31')", "2022-02-28 00:00:00"}},
       {},
       bind_add},
      {"timestampdiff",
       "timestampdiff(unit, start, end)",
       "Whole units from start to end. Also datediff and date_diff with a unit.",
       {{"timestampdiff(MONTH, TIMESTAMP'2021-02-28 12:00:00', TIMESTAMP'2021-03-28 12:00:00')", "1"}},
       {},
       bind_difference},
      {"make_dt_interval",
       "make_dt_interval([days[, hours[, minutes[, seconds]]]])",
       "An interval of days and time, of constants.",
       {{"TIMESTAMP'2024-01-01 00:00:00' + make_dt_interval(1, 2, 3, 4.5)", "2024-01-02 02:03:04.5"}},
       {},
       [](Binding& binding) { return bind_interval(binding, false); }},
      {"make_ym_interval",
       "make_ym_interval([years[, months]])",
       "An interval of years and months, of constants.",
       {{"DATE'2024-01-31' + make_ym_interval(0, 1)", "2024-02-29"}},
       {},
       [](Binding& binding) { return bind_interval(binding, true); }},
      {"localtimestamp",
       "localtimestamp()",
       "The wall clock of UTC when the epoch began.",
       {{"typeof(localtimestamp())", "timestamp_ntz"}},
       {},
       bind_local_now,
       {},
       false},
      {"to_timestamp_ntz",
       "to_timestamp_ntz(value[, pattern])",
       "A text as a wall clock, by a pattern or as CAST reads it.",
       {{"to_timestamp_ntz('2016-12-31', 'yyyy-MM-dd')", "2016-12-31 00:00:00"}},
       {},
       bind_to_clock},
  };
  return all;
}

}  // namespace streamops::sql
