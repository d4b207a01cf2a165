// + and - between dates, timestamps and intervals.
#include <algorithm>

#include "data/calendar.h"
#include "sql/engine/functions/arithmetic.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

bool is_interval(TypeId id) {
  return id == TypeId::interval_day || id == TypeId::interval_month;
}
bool is_stamp(TypeId id) {
  return id == TypeId::timestamp || id == TypeId::timestamp_ntz;
}
bool is_time(TypeId id) {
  return is_stamp(id) || id == TypeId::date;
}

Error overflow() {
  return Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] the result leaves the range of its type");
}

/// Intervals know no columns: they are constants, so their value is at hand.
std::optional<std::int64_t> interval_value(const Binding& binding, std::size_t index) {
  const data::ColumnPtr value = binding[index]->constant();
  if (!value || value->is_null(0)) return std::nullopt;
  return value->type()->id() == TypeId::interval_day ? value->values<std::int64_t>()[0]
                                                     : value->values<std::int32_t>()[0];
}

NodePtr shifted_date(const Binding& binding, const NodePtr& time, std::int64_t amount, bool months) {
  return call_node(time->type(), time->nullable(), binding.span(), {time}, [=](const Call& call) {
    return rows<Date(Date)>(call, [&](auto& out, Date value) {
      const std::int64_t days = months ? add_months_to_date(value.days, amount) : value.days + amount;
      if (days < INT32_MIN || days > INT32_MAX) return out.fail(overflow());
      out.set(static_cast<std::int32_t>(days));
    });
  });
}

NodePtr shifted_stamp(const Binding& binding, const NodePtr& time, std::int64_t amount, bool months) {
  return call_node(time->type(), time->nullable(), binding.span(), {time}, [=](const Call& call) {
    return rows<std::int64_t(std::int64_t)>(call, [&](auto& out, std::int64_t micros) {
      std::int64_t result = 0;
      if (months) {
        const std::int64_t days = data::floor_divide(micros, data::micros_per_day);
        const std::int64_t moved = add_months_to_date(static_cast<std::int32_t>(days), amount);
        const bool beyond = __builtin_mul_overflow(moved, data::micros_per_day, &result) ||
                            __builtin_add_overflow(result, data::floor_modulo(micros, data::micros_per_day), &result);
        return beyond ? out.fail(overflow()) : out.set(result);
      }
      if (__builtin_add_overflow(micros, amount, &result)) return out.fail(overflow());
      out.set(result);
    });
  });
}

/// Only an interval of days leaves a date a date; one of hours makes it a timestamp, even INTERVAL 24 HOURS.
bool days_only(const Binding& binding, std::size_t index) {
  const Expression& tree = *binding.tree().children[index];
  return tree.kind == ExpressionKind::literal && tree.literal.text == "day";
}

Result<NodePtr> shift(const Binding& binding, std::size_t time, std::size_t interval, std::int64_t sign) {
  const auto amount = interval_value(binding, interval);
  if (!amount) return Error(errors::sql::not_served, "an interval that is no literal is not served");
  NodePtr moved = binding[time];
  const bool months = binding.id(interval) == TypeId::interval_month;
  const bool date = moved->type()->id() == TypeId::date;
  if (date && months) return shifted_date(binding, moved, sign * *amount, true);
  if (date && days_only(binding, interval))
    return shifted_date(binding, moved, sign * (*amount / data::micros_per_day), false);
  if (date) {
    STREAMOPS_ASSIGN(moved, cast_node(moved, Type::scalar(TypeId::timestamp), CastMode::strict, binding.span()));
  }
  return shifted_stamp(binding, moved, sign * *amount, months);
}

bool is_days(TypeId id) {
  return id == TypeId::int8 || id == TypeId::int16 || id == TypeId::int32;
}

/// date ± whole number of days.
Result<NodePtr> shift_days(const Binding& binding, std::size_t date, std::size_t days, std::int64_t sign) {
  STREAMOPS_ASSIGN(NodePtr number,
                   cast_node(binding[days], Type::scalar(TypeId::int32), CastMode::strict, binding.span()));
  const bool nullable = binding.any_nullable();
  return call_node(binding[date]->type(), nullable, binding.span(), {binding[date], number}, [sign](const Call& call) {
    return rows<Date(Date, std::int32_t)>(call, [sign](auto& out, Date value, std::int32_t amount) {
      // Spark adds days without looking for an overflow.
      out.set(static_cast<std::int32_t>(static_cast<std::uint32_t>(value.days + sign * amount)));
    });
  });
}

}  // namespace

std::int64_t add_months_to_date(std::int32_t days, std::int64_t months) {
  const data::CivilDate date = data::civil_from_days(days);
  const std::int64_t total = date.year * 12 + date.month - 1 + months;
  const std::int64_t year = data::floor_divide(total, 12);
  const int month = static_cast<int>(data::floor_modulo(total, 12)) + 1;
  return data::days_from_civil(year, month, std::min(date.day, data::days_in_month(year, month)));
}

Result<NodePtr> bind_plus(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  for (std::size_t time : {std::size_t{0}, std::size_t{1}}) {
    const std::size_t other = 1 - time;
    if (is_interval(binding.id(other)) && is_time(binding.id(time))) return shift(binding, time, other, 1);
    if (binding.id(time) == TypeId::date && is_days(binding.id(other))) return shift_days(binding, time, other, 1);
    if (is_interval(binding.id(other)) && !is_time(binding.id(time))) {
      return Error(errors::sql::not_served, "an interval added to {} is not served", binding.type(time).to_sql());
    }
  }
  return bind_arithmetic(binding, Arithmetic::add, false);
}

Result<NodePtr> bind_minus(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  if (is_interval(binding.id(1)) && is_time(binding.id(0))) return shift(binding, 0, 1, -1);
  if (binding.id(0) == TypeId::date && is_days(binding.id(1))) return shift_days(binding, 0, 1, -1);
  if (is_interval(binding.id(1)) || (is_time(binding.id(0)) && is_time(binding.id(1)))) {
    return Error(errors::sql::not_served, "{} minus {} is not served", binding.type(0).to_sql(),
                 binding.type(1).to_sql())
        .with_hint("datediff(a, b) counts days; unix_micros(a) - unix_micros(b) counts microseconds");
  }
  return bind_arithmetic(binding, Arithmetic::subtract, false);
}

}  // namespace streamops::sql
