// cql/protocol/compare.cc — Cassandra's order of the values of one type.
#include <algorithm>
#include <bit>
#include <cmath>

#include "cql/protocol/value.h"

namespace streamops::cql {

namespace {

using Order = std::strong_ordering;

Order compare_bytes(BytesView a, BytesView b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
}

template <typename T>
Order compare_as(BytesView a, BytesView b) {
  return load_big_endian<T>(a.data()) <=> load_big_endian<T>(b.data());
}

/// Java's order: -0 before 0, NaN after everything.
template <typename Float, typename Bits>
Order compare_floats(BytesView a, BytesView b) {
  const auto x = std::bit_cast<Float>(load_big_endian<Bits>(a.data()));
  const auto y = std::bit_cast<Float>(load_big_endian<Bits>(b.data()));
  if (std::isnan(x) || std::isnan(y)) return std::isnan(x) <=> std::isnan(y);
  if (x < y) return Order::less;
  if (x > y) return Order::greater;
  return std::signbit(y) <=> std::signbit(x);
}

/// The time of a version 1 UUID, most significant part first.
std::uint64_t uuid_time(std::uint64_t high) {
  return high << 48 | (high << 16 & 0xFFFF00000000ULL) | high >> 32;
}

Order compare_timeuuids(BytesView a, BytesView b) {
  const Order time =
      uuid_time(load_big_endian<std::uint64_t>(a.data())) <=> uuid_time(load_big_endian<std::uint64_t>(b.data()));
  if (time != 0) return time;
  // The rest compares byte by byte as signed numbers, for the sake of old data.
  const auto low = [](BytesView uuid) {
    return static_cast<std::int64_t>(load_big_endian<std::uint64_t>(uuid.data() + 8) ^ 0x0080808080808080ULL);
  };
  return low(a) <=> low(b);
}

Order compare_uuids(BytesView a, BytesView b) {
  const auto high_a = load_big_endian<std::uint64_t>(a.data());
  const auto high_b = load_big_endian<std::uint64_t>(b.data());
  const std::uint64_t version = high_a >> 12 & 0xF;
  if (version != (high_b >> 12 & 0xF)) return version <=> (high_b >> 12 & 0xF);
  const Order high = version == 1 ? uuid_time(high_a) <=> uuid_time(high_b) : high_a <=> high_b;
  return high != 0 ? high : compare_as<std::uint64_t>(a.subspan(8), b.subspan(8));
}

Order compare_varints(BytesView a, BytesView b) {
  const bool negative_a = a[0] >= 0x80;
  const bool negative_b = b[0] >= 0x80;
  if (negative_a != negative_b) return negative_b <=> negative_a;
  const auto strip = [](BytesView bytes, std::uint8_t filler) {
    while (bytes.size() > 1 && bytes[0] == filler && (bytes[1] >= 0x80) == (filler == 0xFF)) bytes = bytes.subspan(1);
    return bytes;
  };
  a = strip(a, negative_a ? 0xFF : 0x00);
  b = strip(b, negative_b ? 0xFF : 0x00);
  if (a.size() != b.size()) return negative_a ? b.size() <=> a.size() : a.size() <=> b.size();
  return compare_bytes(a, b);
}

/// Sign, digits without leading and trailing zeros, and the power of ten of the first digit.
struct Decimal {
  int sign = 0;
  std::string digits;
  std::int64_t first_power = 0;
};

Decimal take_apart(BytesView bytes) {
  Decimal out;
  out.digits = varint_to_text(bytes.subspan(4));
  out.sign = out.digits.starts_with('-') ? -1 : 1;
  if (out.sign < 0) out.digits.erase(0, 1);
  out.first_power = static_cast<std::int64_t>(out.digits.size()) - load_big_endian<std::int32_t>(bytes.data());
  const std::size_t last = out.digits.find_last_not_of('0');
  out.digits.resize(last == std::string::npos ? 0 : last + 1);
  if (out.digits.empty()) out = {};
  return out;
}

Order compare_decimals(BytesView a, BytesView b) {
  const Decimal x = take_apart(a);
  const Decimal y = take_apart(b);
  if (x.sign != y.sign) return x.sign <=> y.sign;
  Order order = x.first_power <=> y.first_power;
  if (order == 0) order = x.digits.compare(y.digits) <=> 0;
  return x.sign < 0 ? 0 <=> order : order;
}

Order compare_collections(const CqlType& type, BytesView a, BytesView b) {
  const std::vector<BytesView> x = split_collection(type, a);
  const std::vector<BytesView> y = split_collection(type, b);
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    const Order order = compare_values(*type.children()[i % type.children().size()], x[i], y[i]);
    if (order != 0) return order;
  }
  return x.size() <=> y.size();
}

Order compare_members(const CqlType& type, BytesView a, BytesView b) {
  const auto x = split_members(type, a);
  const auto y = split_members(type, b);
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!x[i] || !y[i]) {
      if (x[i].has_value() != y[i].has_value()) return x[i].has_value() <=> y[i].has_value();
      continue;
    }
    const CqlType& member = type.id() == TypeId::vector ? *type.element() : *type.children()[i];
    const Order order = compare_values(member, *x[i], *y[i]);
    if (order != 0) return order;
  }
  return x.size() <=> y.size();
}

}  // namespace

std::strong_ordering compare_values(const CqlType& type, BytesView a, BytesView b) {
  if (a.empty() || b.empty()) return a.size() <=> b.size();
  switch (type.id()) {
    case TypeId::tinyint:
    case TypeId::boolean:
      return compare_as<std::int8_t>(a, b);
    case TypeId::smallint:
      return compare_as<std::int16_t>(a, b);
    case TypeId::int_:
      return compare_as<std::int32_t>(a, b);
    case TypeId::bigint:
    case TypeId::counter:
    case TypeId::timestamp:
    case TypeId::time:
      return compare_as<std::int64_t>(a, b);
    case TypeId::float_:
      return compare_floats<float, std::uint32_t>(a, b);
    case TypeId::double_:
      return compare_floats<double, std::uint64_t>(a, b);
    case TypeId::uuid:
      return compare_uuids(a, b);
    case TypeId::timeuuid:
      return compare_timeuuids(a, b);
    case TypeId::varint:
      return compare_varints(a, b);
    case TypeId::decimal:
      return compare_decimals(a, b);
    case TypeId::list:
    case TypeId::set:
    case TypeId::map:
      return compare_collections(type, a, b);
    case TypeId::tuple:
    case TypeId::udt:
    case TypeId::vector:
      return compare_members(type, a, b);
    default:
      return compare_bytes(a, b);
  }
}

}  // namespace streamops::cql
