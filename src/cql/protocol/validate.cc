// cql/protocol/validate.cc — whether bytes are a value of a type, all the way down.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cql/protocol/value.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

Error bad(const std::string& message) {
  return {errors::cql_protocol::bad_value, message};
}

Result<void> expect(bool right, const char* form, BytesView bytes) {
  if (right) return Ok();
  return bad(fmt::format(fmt::runtime(form), bytes.size()));
}

Result<void> validate_text(TypeId id, BytesView bytes) {
  if (id == TypeId::text) {
    if (is_utf8(as_text(bytes))) return Ok();
    return bad("String didn't validate.");
  }
  const auto* odd =
      std::find_if(bytes.data(), bytes.data() + bytes.size(), [](std::uint8_t byte) { return byte > 127; });
  if (odd == bytes.data() + bytes.size()) return Ok();
  return bad(fmt::format("Invalid byte for ascii: {}", static_cast<int>(static_cast<std::int8_t>(*odd))));
}

Result<void> validate_timeuuid(BytesView bytes) {
  STREAMOPS_RETURN_IF_ERROR(expect(bytes.size() == 16 || bytes.empty(), "UUID should be 16 or 0 bytes ({})", bytes));
  if (!bytes.empty() && bytes[6] >> 4 != 1) return bad("Invalid version for TimeUUID type.");
  return Ok();
}

Result<void> validate_time(BytesView bytes) {
  STREAMOPS_RETURN_IF_ERROR(expect(bytes.size() == 8, "Expected 8 byte long for time ({})", bytes));
  const auto nanos = load_big_endian<std::int64_t>(bytes.data());
  if (nanos < 0 || nanos >= 86'400'000'000'000) return bad(fmt::format("Input long out of bounds: {}", nanos));
  return Ok();
}

Result<void> validate_scalar(const CqlType& type, BytesView bytes) {
  const std::size_t size = bytes.size();
  switch (type.id()) {
    case TypeId::int_:
      return expect(size == 4 || size == 0, "Expected 4 or 0 byte int ({})", bytes);
    case TypeId::bigint:
    case TypeId::counter:
      return expect(size == 8 || size == 0, "Expected 8 or 0 byte long ({})", bytes);
    case TypeId::smallint:
      return expect(size == 2, "Expected 2 bytes for a smallint ({})", bytes);
    case TypeId::tinyint:
      return expect(size == 1, "Expected 1 byte for a tinyint ({})", bytes);
    case TypeId::boolean:
      return expect(size <= 1, "Expected 1 or 0 byte value ({})", bytes);
    case TypeId::float_:
      return expect(size == 4 || size == 0, "Expected 4 or 0 byte value for a float ({})", bytes);
    case TypeId::double_:
      return expect(size == 8 || size == 0, "Expected 8 or 0 byte value for a double ({})", bytes);
    case TypeId::timestamp:
      return expect(size == 8 || size == 0, "Expected 8 or 0 byte long for date ({})", bytes);
    case TypeId::date:
      return expect(size == 4, "Expected 4 byte long for date ({})", bytes);
    case TypeId::time:
      return validate_time(bytes);
    case TypeId::uuid:
      return expect(size == 16 || size == 0, "UUID should be 16 or 0 bytes ({})", bytes);
    case TypeId::timeuuid:
      return validate_timeuuid(bytes);
    case TypeId::inet:
      return expect(size == 4 || size == 16 || size == 0, "Expected 4 or 16 byte inetaddress; got {}", bytes);
    case TypeId::decimal:
      return expect(size == 0 || size > 4, "Expected 0 or at least 4 bytes ({})", bytes);
    case TypeId::duration:
      return expect(read_duration(bytes).has_value(), "Expected three vints of equal sign for a duration ({} bytes)",
                    bytes);
    case TypeId::ascii:
    case TypeId::text:
      return validate_text(type.id(), bytes);
    default:
      return Ok();
  }
}

Result<void> validate_collection(const CqlType& type, BytesView bytes) {
  Reader reader(bytes);
  const std::size_t step = type.children().size();
  const std::size_t entries = reader.count32(4 * step);
  for (std::size_t i = 0; i < entries * step; ++i) {
    const std::optional<BytesView> item = reader.bytes();
    if (!reader.ok()) break;
    if (!item) return bad("null is not supported inside collections");
    STREAMOPS_RETURN_IF_ERROR(validate(*type.children()[i % step], *item));
  }
  if (!reader.ok()) return bad(fmt::format("Not enough bytes to read a {}", type.to_cql()));
  if (reader.left() != 0) return bad(fmt::format("Unexpected extraneous bytes after {} value", type.to_cql()));
  return Ok();
}

Result<void> validate_members(const CqlType& type, BytesView bytes) {
  Reader reader(bytes);
  for (const CqlTypePtr& member : type.children()) {
    if (reader.left() == 0) return Ok();
    const std::optional<BytesView> item = reader.bytes();
    if (!reader.ok()) return bad(fmt::format("Not enough bytes to read a {}", type.to_cql()));
    if (item) STREAMOPS_RETURN_IF_ERROR(validate(*member, *item));
  }
  if (reader.left() != 0) return bad(fmt::format("Unexpected extraneous bytes after {} value", type.to_cql()));
  return Ok();
}

Result<void> validate_vector(const CqlType& type, BytesView bytes) {
  const int fixed = type.element()->fixed_length();
  for (std::uint32_t i = 0; i < type.dimension(); ++i) {
    std::optional<std::uint64_t> size = static_cast<std::uint64_t>(fixed);
    if (fixed < 0) size = take_unsigned_vint(bytes);
    if (!size || *size > bytes.size()) return bad(fmt::format("Not enough bytes to read a {}", type.to_cql()));
    STREAMOPS_RETURN_IF_ERROR(validate(*type.element(), bytes.first(*size)));
    bytes = bytes.subspan(*size);
  }
  if (!bytes.empty())
    return bad(fmt::format("Unexpected {} extraneous bytes after {} value", bytes.size(), type.to_cql()));
  return Ok();
}

}  // namespace

Result<void> validate(const CqlType& type, BytesView bytes) {
  switch (type.id()) {
    case TypeId::list:
    case TypeId::set:
    case TypeId::map:
      return validate_collection(type, bytes);
    case TypeId::tuple:
    case TypeId::udt:
      return validate_members(type, bytes);
    case TypeId::vector:
      return validate_vector(type, bytes);
    default:
      return validate_scalar(type, bytes);
  }
}

}  // namespace streamops::cql
