// cql/protocol/constant.cc — from a constant of CQL text to the wire bytes of a scalar.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "base/uuid.h"
#include "cql/protocol/value.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

constexpr std::array<std::string_view, 7> kKindNames = {"STRING", "INTEGER", "FLOAT",   "BOOLEAN",
                                                        "UUID",   "HEX",     "DURATION"};

Error cannot_make(std::string_view what, std::string_view text) {
  return {errors::cql_protocol::bad_value, "Unable to make {} from '{}'", what, text.substr(0, 100)};
}

template <typename T>
Result<Bytes> integer(std::string_view text, std::string_view what) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  T value{};
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (problem != std::errc() || end != digits.data() + digits.size()) return cannot_make(what, text);
  Bytes out;
  append_big_endian(out, value);
  return out;
}

template <typename Float, typename Bits>
Result<Bytes> floating(std::string_view text, std::string_view what) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  Float value{};
  if (equals_ignore_case(rest, "nan")) {
    value = std::numeric_limits<Float>::quiet_NaN();
  } else if (equals_ignore_case(rest, "infinity")) {
    value = std::numeric_limits<Float>::infinity();
  } else {
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    // Too large and too small become infinity and zero, as in Java.
    if (problem == std::errc::result_out_of_range)
      value = rest.find("e-") == std::string_view::npos && rest.find("E-") == std::string_view::npos
                  ? std::numeric_limits<Float>::infinity()
                  : Float{};
    else if (problem != std::errc())
      return cannot_make(what, text);
    if (end != rest.data() + rest.size()) return cannot_make(what, text);
  }
  Bytes out;
  append_big_endian(out, std::bit_cast<Bits>(negative ? -value : value));
  return out;
}

Result<Bytes> hex(std::string_view text) {
  const std::string_view digits = text.starts_with("0x") || text.starts_with("0X") ? text.substr(2) : text;
  if (digits.size() % 2 != 0) return cannot_make("blob", text);
  Bytes out(digits.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto [end, problem] = std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, out[i], 16);
    if (problem != std::errc() || end != digits.data() + 2 * i + 2) return cannot_make("blob", text);
  }
  return out;
}

Result<Bytes> uuid(std::string_view text, bool time_based) {
  const std::optional<Uuid> parsed = parse_uuid(text);
  if (!parsed) return cannot_make("UUID", text);
  if (time_based && parsed->version() != 1)
    return Error(errors::cql_protocol::bad_value, "TimeUUID supports only version 1 UUIDs, not {}", text);
  return Bytes(parsed->bytes.begin(), parsed->bytes.end());
}

Result<Bytes> boolean(std::string_view text) {
  if (equals_ignore_case(text, "true")) return Bytes{1};
  if (equals_ignore_case(text, "false")) return Bytes{0};
  return cannot_make("boolean", text);
}

template <typename T>
Result<Bytes> of_number(const Result<std::int64_t>& value, std::int64_t offset = 0) {
  if (!value) return value.error();
  Bytes out;
  append_big_endian(out, static_cast<T>(*value + offset));
  return out;
}

Result<Bytes> text_bytes(std::string_view text, const CqlType& type) {
  Bytes out(text.begin(), text.end());
  STREAMOPS_RETURN_IF_ERROR(validate(type, out));
  return out;
}

Result<Bytes> duration(std::string_view text) {
  STREAMOPS_ASSIGN(const Duration value, duration_from_text(text));
  Bytes out;
  append_duration(out, value);
  return out;
}

Result<Bytes> inet(std::string_view text) {
  STREAMOPS_ASSIGN(const InetAddress address, inet_from_text(text));
  return Bytes(address.view().begin(), address.view().end());
}

Result<Bytes> encode(std::string_view text, const CqlType& type) {
  switch (type.id()) {
    case TypeId::ascii:
    case TypeId::text:
      return text_bytes(text, type);
    case TypeId::bigint:
    case TypeId::counter:
      return integer<std::int64_t>(text, "long");
    case TypeId::int_:
      return integer<std::int32_t>(text, "int");
    case TypeId::smallint:
      return integer<std::int16_t>(text, "short");
    case TypeId::tinyint:
      return integer<std::int8_t>(text, "byte");
    case TypeId::float_:
      return floating<float, std::uint32_t>(text, "float");
    case TypeId::double_:
      return floating<double, std::uint64_t>(text, "double");
    case TypeId::varint:
      return varint_from_text(text);
    case TypeId::decimal:
      return decimal_from_text(text);
    case TypeId::boolean:
      return boolean(text);
    case TypeId::blob:
      return hex(text);
    case TypeId::uuid:
      return uuid(text, false);
    case TypeId::timeuuid:
      return uuid(text, true);
    case TypeId::timestamp:
      return of_number<std::int64_t>(timestamp_from_text(text));
    case TypeId::date:
      return of_number<std::uint32_t>(date_from_text(text), std::int64_t{1} << 31);
    case TypeId::time:
      return of_number<std::int64_t>(time_from_text(text));
    case TypeId::inet:
      return inet(text);
    case TypeId::duration:
      return duration(text);
    default:
      return cannot_make(type.to_cql(), text);
  }
}

}  // namespace

std::string_view to_string(ConstantKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

bool constant_fits(ConstantKind kind, const CqlType& type) {
  const TypeId id = type.id();
  switch (kind) {
    case ConstantKind::string:
      return id == TypeId::ascii || id == TypeId::text || id == TypeId::inet || id == TypeId::date ||
             id == TypeId::time || id == TypeId::timestamp;
    case ConstantKind::integer:
      switch (id) {
        case TypeId::bigint:
        case TypeId::counter:
        case TypeId::date:
        case TypeId::decimal:
        case TypeId::double_:
        case TypeId::duration:
        case TypeId::float_:
        case TypeId::int_:
        case TypeId::smallint:
        case TypeId::time:
        case TypeId::timestamp:
        case TypeId::tinyint:
        case TypeId::varint:
          return true;
        default:
          return false;
      }
    case ConstantKind::floating:
      return id == TypeId::decimal || id == TypeId::double_ || id == TypeId::float_;
    case ConstantKind::boolean:
      return id == TypeId::boolean;
    case ConstantKind::uuid:
      return id == TypeId::uuid || id == TypeId::timeuuid;
    case ConstantKind::blob:
      return id == TypeId::blob || id == TypeId::custom;
    case ConstantKind::duration:
      return id == TypeId::duration;
  }
  return false;
}

Result<Bytes> encode_constant(ConstantKind kind, std::string_view text, const CqlType& type) {
  if (!constant_fits(kind, type)) {
    return Error(errors::cql_protocol::bad_value, "Invalid {} constant ({}) for a value of type {}", to_string(kind),
                 text.substr(0, 100), type.to_cql());
  }
  if (type.id() == TypeId::custom) return hex(text);
  return encode(text, type);
}

Result<InetAddress> inet_from_text(std::string_view text) {
  const std::string copy(text);
  InetAddress out;
  if (inet_pton(AF_INET, copy.c_str(), out.bytes.data()) == 1) return out;
  out.size = 16;
  if (inet_pton(AF_INET6, copy.c_str(), out.bytes.data()) == 1) return out;
  return cannot_make("inet address", text);
}

// As Java writes addresses: IPv6 in eight groups, none left out.
std::string inet_to_text(BytesView bytes) {
  std::string out;
  if (bytes.size() == 4) return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    out += fmt::format("{}{:x}", i > 0 ? ":" : "", load_big_endian<std::uint16_t>(bytes.data() + i));
  }
  return out;
}

}  // namespace streamops::cql
