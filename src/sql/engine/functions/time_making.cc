// Timestamps made from their parts, and moved between time zones.
#include "data/calendar.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/zones.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::Type;
using data::TypeId;
using data::TypePtr;

/// What lies beyond is left to the error: sums with an offset must not overflow.
constexpr std::int64_t farthest = INT64_MAX - 2 * data::micros_per_day;

Error no_zone(std::string_view name) {
  return Error(errors::sql::invalid_input, "[INVALID_TIMEZONE] there is no time zone '{}'", name.substr(0, 100));
}
Error out_of_bounds(std::string_view what) {
  return Error(errors::sql::invalid_input, "[DATETIME_FIELD_OUT_OF_BOUNDS] {}", what);
}
Error beyond() {
  return Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] the timestamp leaves its range");
}

/// The wall clock of year, month, day, hour, minute and seconds with six decimals.
Result<std::int64_t> clock_of(const RowAt& at) {
  const auto year = at.value<std::int32_t>(0), month = at.value<std::int32_t>(1), day = at.value<std::int32_t>(2);
  const auto hour = at.value<std::int32_t>(3), minute = at.value<std::int32_t>(4);
  const Int128 fraction = at.value<Int128>(5);
  const bool good = month >= 1 && month <= 12 && day >= 1 && day <= data::days_in_month(year, month) && hour >= 0 &&
                    hour <= 23 && minute >= 0 && minute <= 59 && fraction >= 0 &&
                    fraction < 61 * data::micros_per_second;
  if (!good) return out_of_bounds("a part of the timestamp is beyond its bounds");
  if (fraction > 60 * data::micros_per_second)
    return Error(errors::sql::invalid_input, "[INVALID_FRACTION_OF_SECOND] second 60 has no fraction");
  const Int128 micros = Int128{data::days_from_civil(year, month, day)} * data::micros_per_day +
                        hour * data::micros_per_hour + minute * data::micros_per_minute + fraction;
  if (micros > farthest || micros < -farthest) return beyond();
  return static_cast<std::int64_t>(micros);
}

struct MakeTimestamp {
  bool lenient;
  TypeId type;
};

Result<NodePtr> make_timestamp(Binding& binding, MakeTimestamp how) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(6, how.type == TypeId::timestamp ? 7 : 6));
  for (std::size_t i = 0; i < binding.size(); ++i) {
    const TypePtr type = i < 5    ? Type::scalar(TypeId::int32)
                         : i == 5 ? Type::decimal(16, 6)
                                  : Type::scalar(TypeId::string);
    if (i != 5) {
      STREAMOPS_ASSIGN(binding.arguments()[i], binding.argument_as(i, type));
    } else if (!binding.type(5).is_numeric() && binding.id(5) != TypeId::string && binding.id(5) != TypeId::null) {
      return binding.mismatch(5, "DECIMAL(16,6)");
    } else {
      STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(5, type));
    }
  }
  const bool zoned = binding.size() == 7;
  return binding.strict_node(Type::scalar(how.type), how.lenient || binding.any_nullable(), [=](const Call& call) {
    ZoneCache zones;
    return built_rows([&](const RowAt& at, data::ColumnBuilder& out) {
      auto local = clock_of(at);
      const Zone* zone = zoned ? zones.get(at.text(6)) : nullptr;
      if (local && zoned && zone == nullptr) local = no_zone(at.text(6));
      if (local) return out.append_integer(zoned ? zone->to_utc(*local) : *local);
      if (!how.lenient) at.fail(local.error());
      out.append_null();
    })(call);
  });
}

template <bool lenient, TypeId type>
Result<NodePtr> bind_make(Binding& binding) {
  return make_timestamp(binding, {lenient, type});
}

/// Moves the clock of a timestamp to another zone, or back.
template <bool to_local>
Overload moved() {
  return stateful_overload<ZoneCache, Timestamp(Timestamp, Text)>(
      [](ZoneCache& zones, auto& out, Timestamp value, Text name) {
        const Zone* zone = zones.get(name);
        if (zone == nullptr) return out.fail(no_zone(name));
        if (value.micros > farthest || value.micros < -farthest) return out.fail(beyond());
        out.set(to_local ? zone->to_local(value.micros) : zone->to_utc(value.micros));
      });
}

/// A clock of one zone as a clock of another; without a source that is UTC.
Result<NodePtr> bind_convert(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  if (binding.size() == 2)
    binding.arguments().insert(binding.arguments().begin(), text_constant("UTC", binding.span()));
  for (std::size_t i = 0; i < 3; ++i) {
    STREAMOPS_ASSIGN(binding.arguments()[i],
                     binding.argument_as(i, Type::scalar(i < 2 ? TypeId::string : TypeId::timestamp_ntz)));
  }
  return binding.strict_node(Type::scalar(TypeId::timestamp_ntz), binding.any_nullable(), [](const Call& call) {
    ZoneCache from, to;
    return rows<TimestampNtz(Text, Text, TimestampNtz)>(
        call, [&](auto& out, Text source, Text target, TimestampNtz value) {
          const Zone* source_zone = from.get(source);
          if (source_zone == nullptr) return out.fail(no_zone(source));
          const Zone* target_zone = to.get(target);
          if (target_zone == nullptr) return out.fail(no_zone(target));
          if (value.micros > farthest || value.micros < -farthest) return out.fail(beyond());
          out.set(target_zone->to_local(source_zone->to_utc(value.micros)));
        });
  });
}

Result<NodePtr> bind_current_timezone(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(0, 0));
  return text_constant("UTC", binding.span());
}

}  // namespace

const std::vector<Function>& time_making_functions() {
  static const std::vector<Function> all = {
      {"make_timestamp",
       "make_timestamp(year, month, day, hour, minute, seconds[, zone])",
       "The timestamp with these parts, in a time zone or in UTC; an error when there is none.",
       {{"make_timestamp(2014, 12, 28, 6, 30, 45.887)", "2014-12-28 06:30:45.887"},
        {"make_timestamp(2014, 12, 28, 6, 30, 45.887, 'CET')", "2014-12-28 05:30:45.887"}},
       {},
       bind_make<false, TypeId::timestamp>,
       {"make_timestamp_ltz"}},
      {"try_make_timestamp",
       "try_make_timestamp(year, month, day, hour, minute, seconds[, zone])",
       "As make_timestamp, NULL when there is no such timestamp.",
       {{"try_make_timestamp(2019, 13, 1, 10, 11, 12)", "NULL"}},
       {},
       bind_make<true, TypeId::timestamp>,
       {"try_make_timestamp_ltz"}},
      {"make_timestamp_ntz",
       "make_timestamp_ntz(year, month, day, hour, minute, seconds)",
       "The wall clock with these parts, without a zone.",
       {{"make_timestamp_ntz(2014, 12, 28, 6, 30, 45.887)", "2014-12-28 06:30:45.887"}},
       {},
       bind_make<false, TypeId::timestamp_ntz>},
      {"try_make_timestamp_ntz",
       "try_make_timestamp_ntz(year, month, day, hour, minute, seconds)",
       "As make_timestamp_ntz, NULL when there is no such clock.",
       {{"try_make_timestamp_ntz(2019, 2, 29, 10, 11, 12)", "NULL"}},
       {},
       bind_make<true, TypeId::timestamp_ntz>},
      {"from_utc_timestamp",
       "from_utc_timestamp(timestamp, zone)",
       "The clock of a time zone at a timestamp of UTC.",
       {{"from_utc_timestamp('2016-08-31', 'Asia/Seoul')", "2016-08-31 09:00:00"}},
       {moved<true>()}},
      {"to_utc_timestamp",
       "to_utc_timestamp(timestamp, zone)",
       "The timestamp of UTC at a clock of a time zone.",
       {{"to_utc_timestamp('2016-08-31', 'Asia/Seoul')", "2016-08-30 15:00:00"}},
       {moved<false>()}},
      {"convert_timezone",
       "convert_timezone([from, ]to, timestamp_ntz)",
       "A clock of one time zone, or of UTC, as the clock of another.",
       {{"convert_timezone('Europe/Brussels', 'America/Los_Angeles', TIMESTAMP_NTZ'2021-12-06 00:00:00')",
         "2021-12-05 15:00:00"}},
       {},
       bind_convert},
      {"current_timezone",
       "current_timezone()",
       "The time zone of the session: UTC.",
       {{"current_timezone()", "UTC"}},
       {},
       bind_current_timezone},
  };
  return all;
}

}  // namespace streamops::sql
