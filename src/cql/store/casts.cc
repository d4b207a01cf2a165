// CAST(x AS t): numbers into numbers, times into times, everything simple into text.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "cql/protocol/value.h"
#include "cql/store/functions.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

bool is_number(TypeId id) {
  switch (id) {
    case TypeId::tinyint:
    case TypeId::smallint:
    case TypeId::int_:
    case TypeId::bigint:
    case TypeId::counter:
    case TypeId::varint:
    case TypeId::float_:
    case TypeId::double_:
    case TypeId::decimal:
      return true;
    default:
      return false;
  }
}
bool is_floating(TypeId id) {
  return id == TypeId::float_ || id == TypeId::double_ || id == TypeId::decimal;
}
bool is_text(TypeId id) {
  return id == TypeId::text || id == TypeId::ascii;
}
bool is_time(TypeId id) {
  return id == TypeId::timestamp || id == TypeId::date || id == TypeId::timeuuid;
}

std::optional<double> as_double(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::optional<Bytes>> cast_number(const CqlType& from, const CqlType& to, BytesView value) {
  std::string text = to_plain_text(from, value);
  if (!is_floating(to.id()) && is_floating(from.id())) {
    const std::optional<double> number = as_double(text);
    if (!number || !std::isfinite(*number))
      return Error(errors::cql::invalid_request, "cannot cast {} to {}", text, to.to_cql());
    text = fmt::format("{:.0f}", std::trunc(*number));
  }
  const ConstantKind kind =
      is_floating(to.id()) && is_floating(from.id()) ? ConstantKind::floating : ConstantKind::integer;
  STREAMOPS_ASSIGN(Bytes out, encode_constant(kind, text, to));
  return std::optional<Bytes>(std::move(out));
}

}  // namespace

bool can_cast(const CqlType& from, const CqlType& to) {
  if (from == to) return true;
  if (is_number(from.id()) && is_number(to.id())) return true;
  if (is_text(to.id())) return from.is_scalar() && from.id() != TypeId::blob && from.id() != TypeId::custom;
  return (is_time(from.id()) && (to.id() == TypeId::timestamp || to.id() == TypeId::date));
}

Result<std::optional<Bytes>> cast_value(const CqlType& from, const CqlType& to, BytesView value) {
  if (from == to) return std::optional<Bytes>(Bytes(value.begin(), value.end()));
  if (!can_cast(from, to)) {
    return Error(errors::cql::invalid_request, "{} cannot be cast to {}", from.to_cql(), to.to_cql());
  }
  if (is_text(to.id())) {
    const std::string text = to_plain_text(from, value);
    return std::optional<Bytes>(Bytes(text.begin(), text.end()));
  }
  if (is_number(to.id())) return cast_number(from, to, value);
  std::int64_t millis = 0;
  if (from.id() == TypeId::timestamp) millis = load_big_endian<std::int64_t>(value.data());
  if (from.id() == TypeId::timeuuid) millis = timeuuid_to_millis(value);
  if (from.id() == TypeId::date)
    millis = (static_cast<std::int64_t>(load_big_endian<std::uint32_t>(value.data())) - 2'147'483'648) * 86'400'000;
  STREAMOPS_ASSIGN(
      Bytes out,
      to.id() == TypeId::timestamp
          ? encode_constant(ConstantKind::integer, std::to_string(millis), to)
          : encode_constant(
                ConstantKind::string,
                date_to_text(static_cast<std::int64_t>(std::floor(static_cast<double>(millis) / 86'400'000.0))), to));
  return std::optional<Bytes>(std::move(out));
}

}  // namespace streamops::cql::store
