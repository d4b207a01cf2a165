// Functions of timestamps, their texts and their numbers.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/time_pattern.h"

namespace streamops::sql {
namespace {

using data::floor_divide;
using data::floor_modulo;
using data::Type;
using data::TypeId;
using data::TypePtr;

constexpr std::string_view default_pattern = "yyyy-MM-dd HH:mm:ss";

Error overflow() {
  return Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] the timestamp leaves its range");
}

/// The pattern compiled last.
template <bool for_reading>
struct PatternCache {
  std::optional<TimePattern> pattern;
  std::string text;
  std::string buffer;

  template <typename Out>
  const TimePattern* get(Out& out, std::string_view wanted) {
    if (pattern && wanted == text) return &*pattern;
    auto compiled = TimePattern::compile(wanted, for_reading);
    if (!compiled) {
      out.fail(compiled.error());
      return nullptr;
    }
    pattern = std::move(compiled).value();
    text = wanted;
    return &*pattern;
  }
};

Result<void> check_pattern(const Binding& binding, std::size_t index, bool for_reading) {
  const auto pattern = binding.constant_text(index);
  if (!pattern) return Ok();
  auto compiled = TimePattern::compile(*pattern, for_reading);
  return compiled ? Result<void>() : Result<void>(compiled.error());
}

/// Texts by a pattern into timestamps.
NodePtr reading_node(const Binding& binding, NodePtr text, NodePtr pattern, bool lenient) {
  const bool nullable = lenient || text->nullable() || pattern->nullable();
  return call_node(
      Type::scalar(TypeId::timestamp), nullable, binding.span(), {std::move(text), std::move(pattern)},
      [lenient](const Call& call) {
        PatternCache<true> cache;
        return rows<Timestamp(Text, Text)>(call, [&](auto& out, Text value, Text wanted) {
          const TimePattern* compiled = cache.get(out, wanted);
          if (compiled == nullptr) return;
          if (const auto micros = compiled->read(value)) return out.set(*micros);
          if (lenient) return out.null();
          out.fail(Error(errors::sql::cast_invalid_input, "[CANNOT_PARSE_TIMESTAMP] the text '{}' does not fit '{}'",
                         value.substr(0, 100), wanted));
        });
      });
}

/// A timestamp from a value alone, or from a text and a pattern.
Result<NodePtr> to_timestamp(Binding& binding, bool lenient) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  const TypePtr timestamp = Type::scalar(TypeId::timestamp);
  if (binding.size() == 1 || binding.id(0) != TypeId::string) {
    return cast_node(binding[0], timestamp, lenient ? CastMode::lenient : CastMode::strict, binding.span());
  }
  STREAMOPS_ASSIGN(NodePtr pattern, binding.argument_as(1, Type::scalar(TypeId::string)));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1, true));
  return reading_node(binding, binding[0], std::move(pattern), lenient);
}

Result<NodePtr> bind_to_timestamp(Binding& binding) {
  return to_timestamp(binding, false);
}
Result<NodePtr> bind_try_to_timestamp(Binding& binding) {
  return to_timestamp(binding, true);
}

Result<NodePtr> bind_to_date(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  NodePtr value = binding[0];
  if (binding.size() == 2) {
    STREAMOPS_ASSIGN(value, to_timestamp(binding, false));
  }
  return cast_node(std::move(value), Type::scalar(TypeId::date), CastMode::strict, binding.span());
}

/// Whole seconds since 1970, of now without an argument.
Result<NodePtr> bind_unix_timestamp(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  NodePtr stamp;
  if (binding.id(0) == TypeId::string) {
    NodePtr pattern = text_constant(default_pattern, binding.span());
    if (binding.size() == 2) {
      STREAMOPS_ASSIGN(pattern, binding.argument_as(1, Type::scalar(TypeId::string)));
      STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1, true));
    }
    stamp = reading_node(binding, binding[0], std::move(pattern), false);
  } else {
    STREAMOPS_ASSIGN(stamp, binding.argument_as(0, Type::scalar(TypeId::timestamp)));
  }
  return cast_node(std::move(stamp), Type::scalar(TypeId::int64), CastMode::strict, binding.span());
}

Kernel writing_kernel() {
  return [](const Call& call) {
    PatternCache<false> cache;
    return rows<Text(Timestamp, Text)>(call, [&](auto& out, Timestamp value, Text wanted) {
      const TimePattern* compiled = cache.get(out, wanted);
      if (compiled == nullptr) return;
      cache.buffer.clear();
      compiled->append(cache.buffer, value.micros);
      out.append(cache.buffer);
    });
  };
}

Result<NodePtr> bind_date_format(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::timestamp)));
  STREAMOPS_ASSIGN(binding.arguments()[1], binding.argument_as(1, Type::scalar(TypeId::string)));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1, false));
  return binding.node(Type::scalar(TypeId::string), binding.any_nullable(), writing_kernel());
}

Result<NodePtr> bind_from_unixtime(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  STREAMOPS_ASSIGN(NodePtr seconds, binding.argument_as(0, Type::scalar(TypeId::int64)));
  STREAMOPS_ASSIGN(binding.arguments()[0],
                   cast_node(seconds, Type::scalar(TypeId::timestamp), CastMode::strict, binding.span()));
  if (binding.size() == 1) binding.arguments().push_back(text_constant(default_pattern, binding.span()));
  STREAMOPS_ASSIGN(binding.arguments()[1], binding.argument_as(1, Type::scalar(TypeId::string)));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1, false));
  return binding.node(Type::scalar(TypeId::string), binding.any_nullable(), writing_kernel());
}

std::optional<std::int64_t> fixed_unit(Text unit) {
  constexpr std::pair<std::string_view, std::int64_t> units[] = {{"microsecond", 1},
                                                                 {"millisecond", 1000},
                                                                 {"second", data::micros_per_second},
                                                                 {"minute", data::micros_per_minute},
                                                                 {"hour", data::micros_per_hour},
                                                                 {"day", data::micros_per_day},
                                                                 {"dd", data::micros_per_day}};
  for (const auto& [name, size] : units) {
    if (equals_ignore_case(unit, name)) return size;
  }
  return std::nullopt;
}

/// The start of the unit that the timestamp lies in; NULL for an unknown unit.
constexpr auto date_trunc = [](auto& out, Text unit, Timestamp value) {
  const auto set_multiple = [&](std::int64_t count, std::int64_t size) {
    std::int64_t micros = 0;
    __builtin_mul_overflow(count, size, &micros) ? out.fail(overflow()) : out.set(micros);
  };
  if (const auto size = fixed_unit(unit)) return set_multiple(floor_divide(value.micros, *size), *size);
  const std::int64_t days = floor_divide(value.micros, data::micros_per_day);
  const data::CivilDate date = data::civil_from_days(days);
  const auto is = [unit](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [unit](std::string_view word) { return equals_ignore_case(unit, word); });
  };
  const auto set = [&](std::int64_t first) { set_multiple(first, data::micros_per_day); };
  if (is({"year", "yyyy", "yy"})) return set(data::days_from_civil(date.year, 1, 1));
  if (is({"quarter"})) return set(data::days_from_civil(date.year, (date.month - 1) / 3 * 3 + 1, 1));
  if (is({"month", "mon", "mm"})) return set(data::days_from_civil(date.year, date.month, 1));
  if (is({"week"})) return set(days - data::weekday(days));
  out.null();
};

template <std::int64_t unit>
Overload from_number() {
  return overload<Timestamp(std::int64_t)>([](auto& out, std::int64_t value) {
    std::int64_t micros = 0;
    __builtin_mul_overflow(value, unit, &micros) ? out.fail(overflow()) : out.set(micros);
  });
}

template <std::int64_t unit>
Overload to_number() {
  return overload<std::int64_t(Timestamp)>(
      [](auto& out, Timestamp value) { out.set(floor_divide(value.micros, unit)); });
}

/// Fractions of DOUBLE are cut, those of DECIMAL must fit; NaN and infinities are NULL.
Result<NodePtr> bind_timestamp_seconds(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  const TypePtr type = Type::scalar(TypeId::timestamp);
  if (binding.id(0) == TypeId::float32 || binding.id(0) == TypeId::float64) {
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::float64)));
    return binding.node(type, true, [](const Call& call) {
      return rows<Timestamp(double)>(call, [](auto& out, double value) {
        if (!std::isfinite(value)) return out.null();
        const double micros = value * 1e6;
        out.set(micros >= 9.2233720368547758e18    ? INT64_MAX
                : micros <= -9.2233720368547758e18 ? INT64_MIN
                                                   : static_cast<std::int64_t>(micros));
      });
    });
  }
  if (binding.id(0) == TypeId::decimal) {
    const int scale = binding.type(0).scale();
    return binding.node(type, binding.any_nullable(), [scale](const Call& call) {
      return rows<Timestamp(data::Int128)>(call, [scale](auto& out, data::Int128 value) {
        const data::Int128 factor = data::power_of_ten(scale > 6 ? scale - 6 : 6 - scale);
        data::Int128 micros = value;
        const bool bad = scale > 6 ? value % factor != 0 : __builtin_mul_overflow(value, factor, &micros);
        if (scale > 6) micros = value / factor;
        if (bad || micros > INT64_MAX || micros < INT64_MIN) return out.fail(overflow());
        out.set(static_cast<std::int64_t>(micros));
      });
    });
  }
  if (!binding.type(0).is_integer() && binding.id(0) != TypeId::null) return binding.mismatch(0, "a number");
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::int64)));
  return binding.node(type, binding.any_nullable(), from_number<data::micros_per_second>().kernel);
}

#define STREAMOPS_TIME_FIELD(unit, most)                                                      \
  overload<std::int32_t(Timestamp)>([](auto& out, Timestamp value) {                          \
    out.set(static_cast<std::int32_t>(floor_modulo(floor_divide(value.micros, unit), most))); \
  })

Result<NodePtr> bind_now(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(0, 0));
  return binding.node(Type::scalar(TypeId::timestamp), false, [](const Call& call) {
    return rows<Timestamp()>(call, [&](auto& out) { out.set(call.frame.context->epoch_us); });
  });
}

Result<NodePtr> bind_today(Binding& binding) {
  STREAMOPS_ASSIGN(NodePtr now, bind_now(binding));
  return cast_node(std::move(now), Type::scalar(TypeId::date), CastMode::strict, binding.span());
}

}  // namespace

const std::vector<Function>& time_functions() {
  static const std::vector<Function> all = {
      {"current_timestamp",
       "current_timestamp()",
       "The instant at which the epoch began; equal for all its rows, and when they are replayed.",
       {{"typeof(current_timestamp())", "timestamp"}},
       {},
       bind_now,
       {"now"},
       false},
      {"current_date",
       "current_date()",
       "The day on which the epoch began, in UTC.",
       {{"current_date() = to_date(current_timestamp())", "true"}},
       {},
       bind_today,
       {"curdate"},
       false},
      {"to_timestamp",
       "to_timestamp(value[, pattern])",
       "A text as a timestamp, by a pattern or as CAST reads it. An error where it does not fit.",
       {{"to_timestamp('2024-01-02T03:04:05.678Z')", "2024-01-02 03:04:05.678"},
        {"to_timestamp('02/01/2024', 'dd/MM/yyyy')", "2024-01-02 00:00:00"}},
       {},
       bind_to_timestamp,
       {"to_timestamp_ltz"}},
      {"try_to_timestamp",
       "try_to_timestamp(value[, pattern])",
       "As to_timestamp, NULL where it does not fit.",
       {{"try_to_timestamp('bad')", "NULL"}},
       {},
       bind_try_to_timestamp},
      {"to_date",
       "to_date(value[, pattern])",
       "A text as a date, by a pattern or as CAST reads it.",
       {{"to_date('2024-01-02 10:00:00')", "2024-01-02"}, {"to_date('20240102', 'yyyyMMdd')", "2024-01-02"}},
       {},
       bind_to_date},
      {"date_format",
       "date_format(timestamp, pattern)",
       "A timestamp written by a pattern of Java's DateTimeFormatter.",
       {{"date_format(TIMESTAMP'2024-01-02 15:04:05', 'EEE, d MMM yyyy h:mm a')", "Tue, 2 Jan 2024 3:04 PM"}},
       {},
       bind_date_format},
      {"unix_timestamp",
       "unix_timestamp(value[, pattern])",
       "Whole seconds since 1970.",
       {{"unix_timestamp('1970-01-02 00:00:00')", "86400"}},
       {},
       bind_unix_timestamp,
       {"to_unix_timestamp"}},
      {"from_unixtime",
       "from_unixtime(seconds[, pattern])",
       "Seconds since 1970 written as a timestamp.",
       {{"from_unixtime(86400)", "1970-01-02 00:00:00"}},
       {},
       bind_from_unixtime},
      {"hour",
       "hour(timestamp)",
       "The hour, 0 to 23.",
       {{"hour(TIMESTAMP'2024-01-02 03:04:05')", "3"}},
       {STREAMOPS_TIME_FIELD(data::micros_per_hour, 24)}},
      {"minute",
       "minute(timestamp)",
       "The minute, 0 to 59.",
       {{"minute(TIMESTAMP'2024-01-02 03:04:05')", "4"}},
       {STREAMOPS_TIME_FIELD(data::micros_per_minute, 60)}},
      {"second",
       "second(timestamp)",
       "The second, 0 to 59.",
       {{"second(TIMESTAMP'2024-01-02 03:04:05.9')", "5"}},
       {STREAMOPS_TIME_FIELD(data::micros_per_second, 60)}},
      {"date_trunc",
       "date_trunc(unit, timestamp)",
       "The start of the year, quarter, month, week, day, hour, minute, second, ... ; NULL for another unit.",
       {{"date_trunc('hour', TIMESTAMP'2024-05-17 15:34:56')", "2024-05-17 15:00:00"}},
       {nullable_overload<Timestamp(Text, Timestamp)>(date_trunc)}},
      {"timestamp_seconds",
       "timestamp_seconds(n)",
       "The timestamp n seconds behind 1970.",
       {{"timestamp_seconds(86400)", "1970-01-02 00:00:00"}},
       {},
       bind_timestamp_seconds},
      {"timestamp_millis",
       "timestamp_millis(n)",
       "The timestamp n milliseconds behind 1970.",
       {{"timestamp_millis(1500)", "1970-01-01 00:00:01.5"}},
       {from_number<1000>()}},
      {"timestamp_micros",
       "timestamp_micros(n)",
       "The timestamp n microseconds behind 1970.",
       {{"timestamp_micros(1)", "1970-01-01 00:00:00.000001"}},
       {from_number<1>()}},
      {"unix_seconds",
       "unix_seconds(timestamp)",
       "Whole seconds since 1970.",
       {{"unix_seconds(TIMESTAMP'1970-01-01 00:00:01.9')", "1"}},
       {to_number<data::micros_per_second>()}},
      {"unix_millis",
       "unix_millis(timestamp)",
       "Whole milliseconds since 1970.",
       {{"unix_millis(TIMESTAMP'1970-01-01 00:00:01.5')", "1500"}},
       {to_number<1000>()}},
      {"unix_micros",
       "unix_micros(timestamp)",
       "Microseconds since 1970.",
       {{"unix_micros(TIMESTAMP'1970-01-01 00:00:01')", "1000000"}},
       {to_number<1>()}},
  };
  return all;
}

#undef STREAMOPS_TIME_FIELD

}  // namespace streamops::sql
