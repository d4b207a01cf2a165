#include "cql/store/rows/clustering.h"

#include <algorithm>

#include "cql/protocol/value.h"
#include "cql/store/rows/key.h"

namespace streamops::cql::store {
namespace {

constexpr char kEmpty = 1;
constexpr char kValue = 2;

std::string_view text_of(BytesView bytes) {
  return as_text(bytes);
}
void push(std::string& out, BytesView bytes) {
  out.append(text_of(bytes));
}

bool is_signed_integer(TypeId id) {
  return id == TypeId::int_ || id == TypeId::bigint || id == TypeId::smallint || id == TypeId::tinyint ||
         id == TypeId::timestamp || id == TypeId::time;
}

void flip_first(std::string& out, std::size_t at) {
  out[at] = static_cast<char>(static_cast<unsigned char>(out[at]) ^ 0x80U);
}

void invert(std::string& out, std::size_t from) {
  for (std::size_t i = from; i < out.size(); ++i) out[i] = static_cast<char>(~static_cast<unsigned char>(out[i]));
}

void append_float(std::string& out, BytesView value) {
  const std::size_t at = out.size();
  push(out, value);
  if ((value[0] & 0x80U) != 0) {
    invert(out, at);
  } else {
    flip_first(out, at);
  }
}

void restore_float(Bytes& value) {
  if ((value[0] & 0x80U) != 0) {
    value[0] ^= 0x80U;
  } else {
    for (std::uint8_t& byte : value) byte = static_cast<std::uint8_t>(~byte);
  }
}

/// | version and time high | time mid | time low |: a version 1 UUID's first half in the order of its time.
void append_time_first(std::string& out, BytesView uuid) {
  push(out, uuid.subspan(6, 2));
  push(out, uuid.subspan(4, 2));
  push(out, uuid.subspan(0, 4));
}

void restore_time_first(Bytes& uuid) {
  std::rotate(uuid.begin(), uuid.begin() + 4, uuid.begin() + 8);  // low | high mid
  std::rotate(uuid.begin() + 4, uuid.begin() + 6, uuid.begin() + 8);
}

void append_uuid_order(std::string& out, BytesView uuid, bool time_uuid) {
  const int version = uuid[6] >> 4;
  if (!time_uuid) out.push_back(static_cast<char>(version));
  if (version == 1 || time_uuid) {
    append_time_first(out, uuid);
  } else {
    push(out, uuid.subspan(0, 8));
  }
  const std::size_t at = out.size();
  push(out, uuid.subspan(8, 8));
  if (!time_uuid) return;
  for (std::size_t i = at; i < out.size(); ++i) flip_first(out, i);
}

BytesView shortest(BytesView number) {
  const auto redundant = [](BytesView bytes) {
    return (bytes[0] == 0 && (bytes[1] & 0x80U) == 0) || (bytes[0] == 0xff && (bytes[1] & 0x80U) != 0);
  };
  while (number.size() > 1 && redundant(number)) number = number.subspan(1);
  return number;
}

void append_int(std::string& out, std::int32_t value) {
  const std::uint32_t flipped = to_big_endian(static_cast<std::uint32_t>(value) ^ 0x80000000U);
  out.append(reinterpret_cast<const char*>(&flipped), sizeof flipped);
}

bool read_raw(std::string_view from, std::size_t& at, std::size_t size, Bytes& out) {
  if (from.size() - at < size) return false;
  append_text(out, from.substr(at, size));
  at += size;
  return true;
}

bool read_int(std::string_view from, std::size_t& at, std::int32_t& out) {
  Bytes raw;
  if (!read_raw(from, at, sizeof(std::uint32_t), raw)) return false;
  out = static_cast<std::int32_t>(load_big_endian<std::uint32_t>(raw.data()) ^ 0x80000000U);
  return true;
}

void append_varint_order(std::string& out, BytesView value) {
  const BytesView number = shortest(value);
  const auto length = static_cast<std::int32_t>(number.size());
  append_int(out, (number[0] & 0x80U) != 0 ? -length : length);
  push(out, number);
}

/// value = ± 0.digits × 10^exponent; digits without zeros at either end.
struct DecimalParts {
  bool negative = false;
  std::int32_t exponent = 0;
  std::string digits;
};

DecimalParts take_apart(BytesView decimal) {
  DecimalParts out;
  const auto scale = load_big_endian<std::int32_t>(decimal.data());
  out.digits = varint_to_text(decimal.subspan(4));
  if (out.digits.starts_with('-')) {
    out.negative = true;
    out.digits.erase(0, 1);
  }
  out.digits.erase(0, std::min(out.digits.find_first_not_of('0'), out.digits.size()));
  out.exponent = static_cast<std::int32_t>(out.digits.size()) - scale;
  while (out.digits.ends_with('0')) out.digits.pop_back();
  if (out.digits.empty()) out = {};
  return out;
}

void append_decimal_order(std::string& out, BytesView value) {
  const DecimalParts parts = take_apart(value);
  if (parts.digits.empty()) {
    out.push_back(1);
    return;
  }
  out.push_back(parts.negative ? 0 : 2);
  const std::size_t at = out.size();
  append_int(out, parts.exponent);
  out.append(parts.digits);
  out.push_back('\0');
  if (parts.negative) invert(out, at);
}

bool read_decimal_order(std::string_view from, std::size_t& at, Bytes& out) {
  if (at >= from.size()) return false;
  const char sign = from[at++];
  DecimalParts parts;
  if (sign != 1) {
    std::string body(from.substr(at));
    if (sign == 0) invert(body, 0);
    std::size_t used = 0;
    if (!read_int(body, used, parts.exponent)) return false;
    const std::size_t end = body.find('\0', used);
    if (end == std::string::npos) return false;
    parts.digits = (sign == 0 ? "-" : "") + body.substr(used, end - used);
    at += end + 1;
  }
  auto size = static_cast<std::int32_t>(parts.digits.size() - (sign == 0 ? 1 : 0));
  // 100 comes back as 100, not as 1E+2.
  constexpr std::int32_t kLongestPlain = 38;
  if (size > 0 && size < parts.exponent && parts.exponent <= kLongestPlain) {
    parts.digits.append(static_cast<std::size_t>(parts.exponent - size), '0');
    size = parts.exponent;
  }
  append_big_endian(out, size - parts.exponent);
  const Result<Bytes> unscaled = varint_from_text(parts.digits.empty() ? "0" : parts.digits);
  if (!unscaled) return false;
  append_bytes(out, *unscaled);
  return true;
}

void append_body(std::string& out, const CqlType& type, BytesView value);
bool read_body(std::string_view from, std::size_t& at, const CqlType& type, Bytes& out);

void append_element(std::string& out, const CqlType& type, BytesView value) {
  out.push_back(value.empty() ? kEmpty : kValue);
  if (!value.empty()) append_body(out, type, value);
}

bool read_element(std::string_view from, std::size_t& at, const CqlType& type, Bytes& out) {
  if (at >= from.size()) return false;
  const char kind = from[at++];
  if (kind == kEmpty) return true;
  return kind == kValue && read_body(from, at, type, out);
}

const CqlType& collection_child(const CqlType& type, std::size_t index) {
  return *type.children()[type.id() == TypeId::map ? index % 2 : 0];
}

void append_collection_order(std::string& out, const CqlType& type, BytesView value) {
  const std::vector<BytesView> elements = split_collection(type, value);
  for (std::size_t i = 0; i < elements.size(); ++i) append_element(out, collection_child(type, i), elements[i]);
  out.push_back('\0');
}

bool read_collection_order(std::string_view from, std::size_t& at, const CqlType& type, Bytes& out) {
  const std::size_t count_at = begin_counted(out);
  std::size_t count = 0;
  for (; at < from.size() && from[at] != '\0'; ++count) {
    Bytes element;
    if (!read_element(from, at, collection_child(type, count), element)) return false;
    append_big_endian(out, static_cast<std::int32_t>(element.size()));
    append_bytes(out, element);
  }
  if (at++ >= from.size()) return false;
  end_counted(out, count_at, static_cast<std::int32_t>(type.id() == TypeId::map ? count / 2 : count));
  return true;
}

void append_members_order(std::string& out, const CqlType& type, BytesView value) {
  const std::vector<std::optional<BytesView>> members = split_members(type, value);
  for (std::size_t i = 0; i < type.children().size(); ++i) {
    if (i < members.size() && members[i]) {
      append_element(out, *type.children()[i], *members[i]);
    } else {
      out.push_back('\0');
    }
  }
}

bool read_members_order(std::string_view from, std::size_t& at, const CqlType& type, Bytes& out) {
  for (const CqlTypePtr& child : type.children()) {
    if (at >= from.size()) return false;
    if (from[at] == '\0') {
      ++at;
      append_big_endian(out, std::int32_t{-1});
      continue;
    }
    Bytes member;
    if (!read_element(from, at, *child, member)) return false;
    append_big_endian(out, static_cast<std::int32_t>(member.size()));
    append_bytes(out, member);
  }
  return true;
}

void append_body(std::string& out, const CqlType& type, BytesView value) {
  const TypeId id = type.id();
  if (is_signed_integer(id)) {
    push(out, value);
    return flip_first(out, out.size() - value.size());
  }
  switch (id) {
    case TypeId::date:
    case TypeId::boolean:
      return push(out, value);
    case TypeId::float_:
    case TypeId::double_:
      return append_float(out, value);
    case TypeId::uuid:
      return append_uuid_order(out, value, false);
    case TypeId::timeuuid:
      return append_uuid_order(out, value, true);
    case TypeId::varint:
      return append_varint_order(out, value);
    case TypeId::decimal:
      return append_decimal_order(out, value);
    case TypeId::list:
    case TypeId::set:
    case TypeId::map:
      return append_collection_order(out, type, value);
    case TypeId::tuple:
    case TypeId::udt:
      return append_members_order(out, type, value);
    case TypeId::vector:
      for (const std::optional<BytesView>& member : split_members(type, value))
        append_element(out, *type.element(), *member);
      return;
    default:
      return append_escaped(out, text_of(value));
  }
}

std::size_t fixed_size(TypeId id) {
  switch (id) {
    case TypeId::tinyint:
    case TypeId::boolean:
      return 1;
    case TypeId::smallint:
      return 2;
    case TypeId::int_:
    case TypeId::date:
    case TypeId::float_:
      return 4;
    default:
      return 8;
  }
}

bool read_uuid_order(std::string_view from, std::size_t& at, bool time_uuid, Bytes& out) {
  const bool time_first = time_uuid || (at < from.size() && from[at] == 1);
  if (!time_uuid) ++at;
  if (at > from.size() || !read_raw(from, at, 16, out)) return false;
  if (time_first) restore_time_first(out);
  if (!time_uuid) return true;
  for (std::size_t i = 8; i < 16; ++i) out[i] ^= 0x80U;
  return true;
}

bool read_varint_order(std::string_view from, std::size_t& at, Bytes& out) {
  std::int32_t length = 0;
  if (!read_int(from, at, length)) return false;
  const std::int64_t size = length < 0 ? -static_cast<std::int64_t>(length) : length;
  return read_raw(from, at, static_cast<std::size_t>(size), out);
}

bool read_vector_order(std::string_view from, std::size_t& at, const CqlType& type, Bytes& out) {
  for (std::uint32_t i = 0; i < type.dimension(); ++i) {
    Bytes element;
    if (!read_element(from, at, *type.element(), element)) return false;
    append_bytes(out, element);
  }
  return true;
}

bool read_body(std::string_view from, std::size_t& at, const CqlType& type, Bytes& out) {
  const TypeId id = type.id();
  if (is_signed_integer(id)) {
    if (!read_raw(from, at, fixed_size(id), out)) return false;
    out[0] ^= 0x80U;
    return true;
  }
  switch (id) {
    case TypeId::date:
    case TypeId::boolean:
      return read_raw(from, at, fixed_size(id), out);
    case TypeId::float_:
    case TypeId::double_:
      if (!read_raw(from, at, fixed_size(id), out)) return false;
      restore_float(out);
      return true;
    case TypeId::uuid:
      return read_uuid_order(from, at, false, out);
    case TypeId::timeuuid:
      return read_uuid_order(from, at, true, out);
    case TypeId::varint:
      return read_varint_order(from, at, out);
    case TypeId::decimal:
      return read_decimal_order(from, at, out);
    case TypeId::list:
    case TypeId::set:
    case TypeId::map:
      return read_collection_order(from, at, type, out);
    case TypeId::tuple:
    case TypeId::udt:
      return read_members_order(from, at, type, out);
    case TypeId::vector:
      return read_vector_order(from, at, type, out);
    default: {
      std::string text;
      if (!read_escaped(from, at, text)) return false;
      append_text(out, text);
      return true;
    }
  }
}

}  // namespace

bool can_cluster(const CqlType& type) {
  if (type.id() == TypeId::duration || type.id() == TypeId::counter || type.is_multi_cell()) return false;
  if (type.id() == TypeId::vector && type.element()->fixed_length() < 0) return false;
  return std::all_of(type.children().begin(), type.children().end(),
                     [](const CqlTypePtr& child) { return can_cluster(*child); });
}

void append_clustering(std::string& out, const CqlType& type, bool descending, BytesView value) {
  const std::size_t at = out.size();
  append_element(out, type, value);
  if (descending) invert(out, at);
}

std::optional<Bytes> read_clustering(std::string_view from, std::size_t& at, const CqlType& type, bool descending) {
  Bytes out;
  if (!descending) return read_element(from, at, type, out) ? std::optional<Bytes>(std::move(out)) : std::nullopt;
  std::string plain(from.substr(at));
  invert(plain, 0);
  std::size_t used = 0;
  if (!read_element(plain, used, type, out)) return std::nullopt;
  at += used;
  return out;
}

}  // namespace streamops::cql::store
