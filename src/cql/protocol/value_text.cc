// cql/protocol/value_text.cc — values as text: CQL literals, plain text and JSON.
#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>

#include "base/json_writer.h"
#include "base/uuid.h"
#include "cql/protocol/value.h"

namespace streamops::cql {

namespace {

/// As Java's Double.toString: plain between 10^-3 and 10^7, else "1.5E10"; always with a digit behind the point.
template <typename Float>
std::string float_text(Float value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  char buffer[64];
  const Float size = std::fabs(value);
  const bool plain = size >= Float(1e-3) && size < Float(1e7);
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  std::string out(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, form).ptr);
  if (plain) return out.find('.') == std::string::npos ? out + ".0" : out;
  const std::size_t mark = out.find('e');
  std::string digits = out.substr(0, mark);
  if (digits.find('.') == std::string::npos) digits += ".0";
  int exponent = 0;
  const char* power = out.c_str() + mark + 1;
  std::from_chars(*power == '+' ? power + 1 : power, out.c_str() + out.size(), exponent);
  return fmt::format("{}E{}", digits, exponent);
}

Uuid uuid_of(BytesView bytes) {
  Uuid out;
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

/// The value without any quotes; scalars only.
std::string scalar_text(const CqlType& type, BytesView bytes) {
  switch (type.id()) {
    case TypeId::ascii:
    case TypeId::text:
      return std::string(as_text(bytes));
    case TypeId::blob:
    case TypeId::custom:
      return "0x" + to_hex(bytes);
    default:
      break;
  }
  if (bytes.empty()) return "";
  switch (type.id()) {
    case TypeId::tinyint:
      return std::to_string(static_cast<std::int8_t>(bytes[0]));
    case TypeId::smallint:
      return std::to_string(load_big_endian<std::int16_t>(bytes.data()));
    case TypeId::int_:
      return std::to_string(load_big_endian<std::int32_t>(bytes.data()));
    case TypeId::bigint:
    case TypeId::counter:
      return std::to_string(load_big_endian<std::int64_t>(bytes.data()));
    case TypeId::boolean:
      return bytes[0] != 0 ? "true" : "false";
    case TypeId::float_:
      return float_text(std::bit_cast<float>(load_big_endian<std::uint32_t>(bytes.data())));
    case TypeId::double_:
      return float_text(std::bit_cast<double>(load_big_endian<std::uint64_t>(bytes.data())));
    case TypeId::varint:
      return varint_to_text(bytes);
    case TypeId::decimal:
      return decimal_to_text(bytes);
    case TypeId::uuid:
    case TypeId::timeuuid:
      return to_string(uuid_of(bytes));
    case TypeId::inet:
      return inet_to_text(bytes);
    case TypeId::timestamp:
      return timestamp_to_text(load_big_endian<std::int64_t>(bytes.data()));
    case TypeId::date:
      return date_to_text(std::int64_t{load_big_endian<std::uint32_t>(bytes.data())} - (std::int64_t{1} << 31));
    case TypeId::time:
      return time_to_text(load_big_endian<std::int64_t>(bytes.data()));
    case TypeId::duration:
      return duration_to_text(read_duration(bytes).value_or(Duration{}));
    default:
      return "";
  }
}

bool is_quoted_in_cql(TypeId id) {
  switch (id) {
    case TypeId::ascii:
    case TypeId::text:
    case TypeId::inet:
    case TypeId::timestamp:
    case TypeId::date:
    case TypeId::time:
      return true;
    default:
      return false;
  }
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string member_literal(const CqlType& type, const std::optional<BytesView>& bytes) {
  return bytes ? to_cql_literal(type, *bytes) : "null";
}

std::string collection_literal(const CqlType& type, BytesView bytes) {
  const std::vector<BytesView> items = split_collection(type, bytes);
  const bool is_map = type.id() == TypeId::map;
  std::string out(1, type.id() == TypeId::list ? '[' : '{');
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_value = is_map && i % 2 == 1;
    if (i > 0) out += is_value ? ": " : ", ";
    out += to_cql_literal(*type.children()[is_value ? 1 : 0], items[i]);
  }
  out += type.id() == TypeId::list ? ']' : '}';
  return out;
}

std::string members_literal(const CqlType& type, BytesView bytes) {
  const auto items = split_members(type, bytes);
  const std::string_view brackets = type.id() == TypeId::tuple ? "()" : type.id() == TypeId::udt ? "{}" : "[]";
  std::string out(1, brackets[0]);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    if (type.id() == TypeId::udt) out += quote_identifier(type.field_names()[i]) + ": ";
    out += member_literal(type.id() == TypeId::vector ? *type.element() : *type.children()[i], items[i]);
  }
  out += brackets[1];
  return out;
}

bool is_bare_in_json(TypeId id) {
  switch (id) {
    case TypeId::tinyint:
    case TypeId::smallint:
    case TypeId::int_:
    case TypeId::bigint:
    case TypeId::counter:
    case TypeId::boolean:
    case TypeId::float_:
    case TypeId::double_:
    case TypeId::varint:
    case TypeId::decimal:
      return true;
    default:
      return false;
  }
}

void append_scalar_json(std::string& out, const CqlType& type, BytesView bytes) {
  const std::string text = scalar_text(type, bytes);
  if (!is_bare_in_json(type.id()) || text.empty() || text.starts_with("0x")) return append_json_string(out, text);
  // JSON has no word for them.
  const bool odd = text == "NaN" || text == "Infinity" || text == "-Infinity";
  out += odd ? "null" : text;
}

void append_collection_json(std::string& out, const CqlType& type, BytesView bytes) {
  const std::vector<BytesView> items = split_collection(type, bytes);
  const bool is_map = type.id() == TypeId::map;
  out += is_map ? '{' : '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool is_value = is_map && i % 2 == 1;
    if (i > 0) out += is_value ? ": " : ", ";
    if (!is_map || is_value) {
      append_json(out, *type.children()[is_value ? 1 : 0], items[i]);
      continue;
    }
    std::string key;
    append_json(key, *type.children()[0], items[i]);
    if (key.starts_with('"')) {
      out += key;
    } else {
      append_json_string(out, key);
    }
  }
  out += is_map ? '}' : ']';
}

void append_members_json(std::string& out, const CqlType& type, BytesView bytes) {
  const auto items = split_members(type, bytes);
  const bool is_udt = type.id() == TypeId::udt;
  out += is_udt ? '{' : '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    if (is_udt) {
      append_json_string(out, quote_identifier(type.field_names()[i]));
      out += ": ";
    }
    if (items[i]) {
      append_json(out, type.id() == TypeId::vector ? *type.element() : *type.children()[i], *items[i]);
    } else {
      out += "null";
    }
  }
  out += is_udt ? '}' : ']';
}

}  // namespace

std::string to_cql_literal(const CqlType& type, BytesView bytes) {
  if (type.is_collection()) return collection_literal(type, bytes);
  if (!type.is_scalar()) return members_literal(type, bytes);
  std::string text = scalar_text(type, bytes);
  return is_quoted_in_cql(type.id()) || text.empty() ? quoted(text) : text;
}

std::string to_plain_text(const CqlType& type, BytesView bytes) {
  return type.is_scalar() ? scalar_text(type, bytes) : to_cql_literal(type, bytes);
}

void append_json(std::string& out, const CqlType& type, BytesView bytes) {
  if (type.is_collection()) return append_collection_json(out, type, bytes);
  if (!type.is_scalar()) return append_members_json(out, type, bytes);
  append_scalar_json(out, type, bytes);
}

}  // namespace streamops::cql
