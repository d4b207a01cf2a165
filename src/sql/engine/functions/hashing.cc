// hash and xxhash64: Spark's hashes of any values, equal to those that its shuffles use.
#include <cmath>
#include <cstring>

#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/members.h"

namespace streamops::sql {
namespace {

using data::Column;
using data::Int128;
using data::Type;
using data::TypeId;

constexpr std::uint32_t rotate(std::uint32_t value, int by) {
  return value << by | value >> (32 - by);
}
constexpr std::uint64_t rotate(std::uint64_t value, int by) {
  return value << by | value >> (64 - by);
}
template <typename T>
T word_at(std::string_view bytes, std::size_t at) {
  T out{};
  std::memcpy(&out, bytes.data() + at, sizeof(T));
  return out;
}

/// MurmurHash3 of 32 bits; the bytes behind the last whole word are taken one by one, with their sign, as Spark does.
struct Murmur {
  using Hash = std::uint32_t;

  static Hash mixed(Hash hash, std::uint32_t word) {
    word = rotate(word * 0xCC9E2D51U, 15) * 0x1B873593U;
    return rotate(hash ^ word, 13) * 5 + 0xE6546B64U;
  }
  static Hash finished(Hash hash, std::uint32_t length) {
    hash ^= length;
    hash = (hash ^ hash >> 16) * 0x85EBCA6BU;
    hash = (hash ^ hash >> 13) * 0xC2B2AE35U;
    return hash ^ hash >> 16;
  }
  static Hash of_int(std::int32_t value, Hash seed) {
    return finished(mixed(seed, static_cast<std::uint32_t>(value)), 4);
  }
  static Hash of_long(std::int64_t value, Hash seed) {
    const auto bits = static_cast<std::uint64_t>(value);
    return finished(mixed(mixed(seed, static_cast<std::uint32_t>(bits)), static_cast<std::uint32_t>(bits >> 32)), 8);
  }
  static Hash of_bytes(std::string_view bytes, Hash seed) {
    std::size_t at = 0;
    for (; at + 4 <= bytes.size(); at += 4) seed = mixed(seed, word_at<std::uint32_t>(bytes, at));
    for (; at < bytes.size(); ++at) {
      seed = mixed(seed, static_cast<std::uint32_t>(std::int32_t{static_cast<signed char>(bytes[at])}));
    }
    return finished(seed, static_cast<std::uint32_t>(bytes.size()));
  }
};

/// xxHash of 64 bits.
struct Xx {
  using Hash = std::uint64_t;
  static constexpr Hash prime1 = 0x9E3779B185EBCA87U, prime2 = 0xC2B2AE3D27D4EB4FU, prime3 = 0x165667B19E3779F9U,
                        prime4 = 0x85EBCA77C2B2AE63U, prime5 = 0x27D4EB2F165667C5U;

  static Hash finished(Hash hash) {
    hash = (hash ^ hash >> 33) * prime2;
    hash = (hash ^ hash >> 29) * prime3;
    return hash ^ hash >> 32;
  }
  static Hash round(Hash lane, Hash word) { return rotate(lane + word * prime2, 31) * prime1; }
  static Hash with_int(Hash hash, std::uint32_t word) { return rotate(hash ^ word * prime1, 23) * prime2 + prime3; }
  static Hash with_long(Hash hash, Hash word) { return rotate(hash ^ round(0, word), 27) * prime1 + prime4; }
  static Hash of_int(std::int32_t value, Hash seed) {
    return finished(with_int(seed + prime5 + 4, static_cast<std::uint32_t>(value)));
  }
  static Hash of_long(std::int64_t value, Hash seed) {
    return finished(with_long(seed + prime5 + 8, static_cast<Hash>(value)));
  }
  static Hash of_bytes(std::string_view bytes, Hash seed) {
    std::size_t at = 0;
    Hash hash = seed + prime5;
    if (bytes.size() >= 32) {
      Hash lanes[] = {seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
      for (; at + 32 <= bytes.size(); at += 32) {
        for (std::size_t i = 0; i < 4; ++i) lanes[i] = round(lanes[i], word_at<Hash>(bytes, at + 8 * i));
      }
      hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
      for (const Hash lane : lanes) hash = (hash ^ round(0, lane)) * prime1 + prime4;
    }
    hash += bytes.size();
    for (; at + 8 <= bytes.size(); at += 8) hash = with_long(hash, word_at<Hash>(bytes, at));
    if (at + 4 <= bytes.size()) {
      hash = with_int(hash, word_at<std::uint32_t>(bytes, at));
      at += 4;
    }
    for (; at < bytes.size(); ++at) hash = rotate(hash ^ static_cast<unsigned char>(bytes[at]) * prime5, 11) * prime1;
    return finished(hash);
  }
};

/// Two's complement with as few bytes as hold the value, the greatest first: Java's BigInteger.
std::string shortest_bytes(Int128 value) {
  std::string out;
  for (int shift = 120; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
  std::size_t start = 0;
  while (start + 1 < out.size() && ((out[start] == 0 && (out[start + 1] & 0x80) == 0) ||
                                    (out[start] == '\xFF' && (out[start + 1] & 0x80) != 0))) {
    ++start;
  }
  return out.substr(start);
}

std::int64_t double_bits(double value) {
  if (std::isnan(value)) return 0x7FF8000000000000;
  return value == 0 ? 0 : std::bit_cast<std::int64_t>(value);
}
std::int32_t float_bits(float value) {
  if (std::isnan(value)) return 0x7FC00000;
  return value == 0 ? 0 : std::bit_cast<std::int32_t>(value);
}

template <typename H>
typename H::Hash hash_of(const Column& column, std::size_t row, typename H::Hash seed) {
  if (column.is_null(row)) return seed;
  switch (column.type()->id()) {
    case TypeId::null:
      return seed;
    case TypeId::boolean:
      return H::of_int(column.boolean(row) ? 1 : 0, seed);
    case TypeId::int8:
      return H::of_int(column.values<std::int8_t>()[row], seed);
    case TypeId::int16:
      return H::of_int(column.values<std::int16_t>()[row], seed);
    case TypeId::int32:
    case TypeId::date:
    case TypeId::interval_month:
      return H::of_int(column.values<std::int32_t>()[row], seed);
    case TypeId::float32:
      return H::of_int(float_bits(column.values<float>()[row]), seed);
    case TypeId::float64:
      return H::of_long(double_bits(column.values<double>()[row]), seed);
    case TypeId::decimal: {
      const Int128 value = column.values<Int128>()[row];
      if (column.type()->precision() <= 18) return H::of_long(static_cast<std::int64_t>(value), seed);
      return H::of_bytes(shortest_bytes(value), seed);
    }
    case TypeId::string:
    case TypeId::binary:
      return H::of_bytes(column.text(row), seed);
    case TypeId::structure:
      for (const data::ColumnPtr& member : column.children()) seed = hash_of<H>(*member, row, seed);
      return seed;
    case TypeId::array:
      for (std::int32_t k = column.offsets()[row]; k < column.offsets()[row + 1]; ++k)
        seed = hash_of<H>(*column.children()[0], static_cast<std::size_t>(k), seed);
      return seed;
    default:
      return H::of_long(column.values<std::int64_t>()[row], seed);
  }
}

bool holds_map(const Type& type) {
  if (type.id() == TypeId::map) return true;
  for (const data::Field& field : type.fields()) {
    if (holds_map(*field.type)) return true;
  }
  return false;
}

template <typename H, TypeId result>
Result<NodePtr> bind_hash(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, SIZE_MAX));
  for (std::size_t i = 0; i < binding.size(); ++i) {
    if (holds_map(binding.type(i))) return binding.mismatch(i, "anything but a MAP");
  }
  return binding.node(Type::scalar(result), false,
                      built_rows_with_nulls([count = binding.size()](const RowAt& at, data::ColumnBuilder& out) {
                        typename H::Hash hash = 42;
                        for (std::size_t i = 0; i < count; ++i) hash = hash_of<H>(at.column(i), at.index(i), hash);
                        out.append_integer(static_cast<std::make_signed_t<typename H::Hash>>(hash));
                      }));
}

}  // namespace

const std::vector<Function>& hashing_functions() {
  static const std::vector<Function> all = {
      {"hash",
       "hash(a, b, ...)",
       "Murmur3 of the values with seed 42, an INT: what Spark's shuffles use.",
       {{"hash('Spark', array(123), 2)", "-1321691492"}},
       {},
       bind_hash<Murmur, TypeId::int32>},
      {"xxhash64",
       "xxhash64(a, b, ...)",
       "xxHash of the values with seed 42, a BIGINT.",
       {{"xxhash64('Spark', array(123), 2)", "5602566077635097486"}},
       {},
       bind_hash<Xx, TypeId::int64>},
  };
  return all;
}

}  // namespace streamops::sql
