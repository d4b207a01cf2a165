#include "sql/engine/cast.h"

#include <cmath>

#include "base/check.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "sql/engine/cast_failure.h"
#include "sql/engine/cast_number.h"
#include "sql/engine/coercion.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::ColumnPtr;
using data::Type;
using data::TypeId;
using data::TypePtr;

bool is_interval(TypeId id) {
  return id == TypeId::interval_day || id == TypeId::interval_month;
}

std::string shortened(std::string_view value) {
  constexpr std::size_t most = 100;
  return value.size() <= most ? std::string(value) : std::string(value.substr(0, most)) + "…";
}

bool can_cast_scalar(TypeId from, TypeId to, bool from_numeric, bool to_numeric) {
  if (is_interval(from) || is_interval(to)) return false;
  if (to == TypeId::string) return true;
  if (from == TypeId::string) return true;
  if (from == TypeId::binary || to == TypeId::binary) return false;
  switch (to) {
    case TypeId::boolean:
      return from_numeric;
    case TypeId::date:
      return from == TypeId::timestamp || from == TypeId::timestamp_ntz;
    case TypeId::timestamp:
      return from_numeric || from == TypeId::date || from == TypeId::timestamp_ntz;
    case TypeId::timestamp_ntz:
      return from == TypeId::date || from == TypeId::timestamp;
    default:
      return to_numeric && (from_numeric || from == TypeId::boolean || from == TypeId::timestamp);
  }
}

Vector cast_to_text(const Call& call, const Vector& value) {
  std::string text;
  const data::Column& column = *value.column;
  const Presence present(call);
  if (present.none()) return {data::nulls(call.type, 1), true};
  Output<Text> out(call);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (!present[row]) {
      out.skip(row);
      continue;
    }
    out.begin(row);
    text.clear();
    append_text_form(column, value.index(row), text);
    out.append(text);
    out.end();
  }
  return out.finish();
}

template <typename Parse>
auto text_parser(const Call& call, CastMode mode, Parse parse) {
  return [&call, mode, parse](auto& out, Text text) {
    const auto value = parse(text);
    if (value) return out.set(*value);
    if (mode == CastMode::lenient) return out.null();
    out.fail(invalid_input(text, *call.type));
  };
}

Vector cast_to_date(const Call& call, const Type& from, CastMode mode) {
  const auto from_micros = [](auto& out, auto value) {
    out.set(static_cast<std::int32_t>(data::floor_divide(value.micros, data::micros_per_day)));
  };
  if (from.id() == TypeId::timestamp) return rows<Date(Timestamp)>(call, from_micros);
  if (from.id() == TypeId::timestamp_ntz) return rows<Date(TimestampNtz)>(call, from_micros);
  return rows<Date(Text)>(call, text_parser(call, mode, [](Text text) { return data::parse_date(text); }));
}

std::int64_t saturated(data::Int128 micros) {
  if (micros > INT64_MAX) return INT64_MAX;
  return micros < INT64_MIN ? INT64_MIN : static_cast<std::int64_t>(micros);
}

Vector cast_to_timestamp(const Call& call, const Type& from, CastMode mode) {
  const auto seconds = [](auto& out, auto value) {
    out.set(saturated(static_cast<data::Int128>(value) * data::micros_per_second));
  };
  const auto real = [&](auto& out, auto value) {
    const auto wide = static_cast<double>(value);
    constexpr double limit = 9223372036854775808.0;
    const double micros = wide * 1e6;
    if (std::isfinite(wide) && micros < limit && micros >= -limit) return out.set(static_cast<std::int64_t>(micros));
    if (mode == CastMode::lenient) return out.null();
    std::string text;
    data::append_double(text, wide);
    out.fail(std::isfinite(wide) ? cast_overflow(text, *call.type) : invalid_input(text, *call.type));
  };
  switch (from.id()) {
    case TypeId::date:
      return rows<Timestamp(Date)>(call, [](auto& out, Date value) {
        std::int64_t micros = 0;
        const bool beyond = __builtin_mul_overflow(std::int64_t{value.days}, data::micros_per_day, &micros);
        beyond ? out.fail(Error(errors::sql::arithmetic_overflow,
                                "[ARITHMETIC_OVERFLOW] the date is beyond the range of TIMESTAMP"))
               : out.set(micros);
      });
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      return rows<std::int64_t(std::int64_t)>(call, [](auto& out, auto value) { out.set(value); });
    case TypeId::int8:
      return rows<Timestamp(std::int8_t)>(call, seconds);
    case TypeId::int16:
      return rows<Timestamp(std::int16_t)>(call, seconds);
    case TypeId::int32:
      return rows<Timestamp(std::int32_t)>(call, seconds);
    case TypeId::int64:
      return rows<Timestamp(std::int64_t)>(call, seconds);
    case TypeId::float32:
      return rows<Timestamp(float)>(call, real);
    case TypeId::float64:
      return rows<Timestamp(double)>(call, real);
    case TypeId::decimal:
      return rows<Timestamp(data::Int128)>(call, [&](auto& out, data::Int128 value) {
        // Digits behind the microsecond are cut off, not rounded; beyond 64 bits the lowest count, as Spark has it.
        const int scale = from.scale();
        const data::Int128 most = data::power_of_ten(34);  // the digits that Spark computes with
        if (scale <= 6 ? value >= most / data::power_of_ten(6 - scale) || value <= -most / data::power_of_ten(6 - scale)
                       : value >= most || value <= -most) {
          return out.fail(
              Error(errors::sql::not_served, "a DECIMAL of more than 34 digits as TIMESTAMP is not served"));
        }
        const data::Int128 micros =
            scale > 6 ? value / data::power_of_ten(scale - 6) : value * data::power_of_ten(6 - scale);
        out.set(static_cast<std::int64_t>(static_cast<data::UInt128>(micros)));
      });
    default:
      break;
  }
  if (call.type->id() == TypeId::timestamp_ntz) {
    return rows<Timestamp(Text)>(call,
                                 text_parser(call, mode, [](Text text) { return data::parse_timestamp_ntz(text); }));
  }
  return rows<Timestamp(Text)>(
      call, text_parser(call, mode, [](Text text) { return data::parse_timestamp(text, zone_offset); }));
}

Vector cast_values(const Call& call, const Type& from, CastMode mode);

/// Casts the members of lists: each member's failures are those of the row that holds it.
ColumnPtr cast_members(const Call& call, const data::Column& list, std::size_t child, const TypePtr& to,
                       CastMode mode) {
  const ColumnPtr& members = list.children()[child];
  std::vector<std::int32_t> origin(members->length(), 0);
  std::vector<std::uint8_t> active(members->length(), 0);
  const auto at = list.offsets();
  for (std::size_t row = 0; row < list.length(); ++row) {
    const bool counts = !list.is_null(row) && (call.active.empty() || call.active[row] != 0);
    for (std::int32_t k = at[row]; k < at[row + 1]; ++k) {
      origin[static_cast<std::size_t>(k)] = static_cast<std::int32_t>(call.frame.source_row(row));
      active[static_cast<std::size_t>(k)] = counts ? 1 : 0;
    }
  }
  Frame frame = call.frame;
  frame.rows = members->length();
  frame.origin = origin;
  const Vector argument{members, false};
  if (frame.rows == 0) return data::nulls(to, 0);
  const Vector result = cast_values(Call{frame, active, {&argument, 1}, to, call.span}, *members->type(), mode);
  return result.constant ? data::nulls(to, frame.rows) : result.column;
}

Vector cast_nested(const Call& call, const Type& from, CastMode mode) {
  const ColumnPtr column = flat(call.arguments[0], call.frame.rows);
  std::vector<ColumnPtr> children;
  Bytes offsets;
  if (from.id() == TypeId::structure) {
    for (std::size_t i = 0; i < column->children().size(); ++i) {
      const Vector argument{column->children()[i], false};
      const Call member{call.frame, call.active, {&argument, 1}, call.type->fields()[i].type, call.span};
      children.push_back(flat(cast_values(member, *argument.column->type(), mode), call.frame.rows));
    }
  } else {
    const auto raw = std::as_bytes(column->offsets());
    offsets.resize(raw.size());
    std::memcpy(offsets.data(), raw.data(), raw.size());
    for (std::size_t i = 0; i < column->children().size(); ++i) {
      children.push_back(cast_members(call, *column, i, call.type->fields()[i].type, mode));
    }
  }
  const BytesView validity = column->validity();
  return {std::make_shared<const data::Column>(call.type, column->length(), Bytes(validity.begin(), validity.end()),
                                               std::move(offsets), Bytes(), std::move(children)),
          false};
}

/// The same bytes under another type's name: STRING and BINARY, TIMESTAMP and TIMESTAMP_NTZ in UTC.
Vector relabeled(const Call& call) {
  return rows<Text(Text)>(call, [](auto& out, Text text) { out.append(text); });
}

Vector cast_values(const Call& call, const Type& from, CastMode mode) {
  if (same_layout(from, *call.type)) return call.arguments[0];
  if (from.id() == TypeId::null) return {data::nulls(call.type, 1), true};
  switch (call.type->id()) {
    case TypeId::string:
      return from.id() == TypeId::binary ? relabeled(call) : cast_to_text(call, call.arguments[0]);
    case TypeId::binary:
      return relabeled(call);
    case TypeId::boolean:
      return cast_to_boolean(call, from, mode);
    case TypeId::date:
      return cast_to_date(call, from, mode);
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      return cast_to_timestamp(call, from, mode);
    case TypeId::decimal:
      return cast_to_decimal(call, from, mode);
    case TypeId::float32:
    case TypeId::float64:
      return cast_to_real(call, from, mode);
    case TypeId::array:
    case TypeId::map:
    case TypeId::structure:
      return cast_nested(call, from, mode);
    default:
      return cast_to_integer(call, from, mode);
  }
}

}  // namespace

Error invalid_input(std::string_view value, const Type& to) {
  return Error(errors::sql::cast_invalid_input, "[CAST_INVALID_INPUT] the text '{}' is no {}", shortened(value),
               to.to_sql());
}
Error cast_overflow(std::string_view value, const Type& to) {
  return Error(errors::sql::cast_overflow, "[CAST_OVERFLOW] {} does not fit into {}", value, to.to_sql());
}
Error decimal_overflow(std::string_view value, const Type& to) {
  return Error(errors::sql::cast_overflow, "[NUMERIC_VALUE_OUT_OF_RANGE] {} does not fit into {}", shortened(value),
               to.to_sql());
}

bool can_cast(const Type& from, const Type& to) {
  if (from.id() == TypeId::null || same_layout(from, to)) return true;
  if (to.id() == TypeId::null) return false;
  if (to.id() == TypeId::string && from.is_nested()) return true;
  if (!from.is_nested() && !to.is_nested())
    return can_cast_scalar(from.id(), to.id(), from.is_numeric(), to.is_numeric());
  if (from.id() != to.id() || from.fields().size() != to.fields().size()) return false;
  for (std::size_t i = 0; i < from.fields().size(); ++i) {
    if (!can_cast(*from.fields()[i].type, *to.fields()[i].type)) return false;
  }
  return true;
}

Result<NodePtr> cast_node(NodePtr value, const TypePtr& to, CastMode mode, Span span) {
  const TypePtr from = value->type();
  if (same_layout(*from, *to)) return value;
  if (!can_cast(*from, *to)) {
    return Error(errors::sql::type_mismatch, "{} cannot be cast to {}", from->to_sql(), to->to_sql());
  }
  const bool may_give_null = mode == CastMode::lenient || value->nullable() || to->id() == TypeId::decimal;
  return call_node(to, may_give_null, span, {std::move(value)},
                   [from, mode](const Call& call) { return cast_values(call, *from, mode); });
}

}  // namespace streamops::sql
