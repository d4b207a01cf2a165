#include "cql/protocol/murmur3.h"

#include <bit>
#include <cstring>
#include <limits>

namespace streamops::cql {

namespace {

constexpr std::uint64_t kC1 = 0x87c37b91114253d5ULL;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937fULL;

std::uint64_t load_little_endian(const std::uint8_t* from) {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = __builtin_bswap64(value);
  return value;
}

std::uint64_t mix_one(std::uint64_t word) {
  return std::rotl(word * kC1, 31) * kC2;
}
std::uint64_t mix_two(std::uint64_t word) {
  return std::rotl(word * kC2, 33) * kC1;
}

std::uint64_t finish(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  return hash ^ hash >> 33;
}

/// The tail's bytes as Cassandra takes them: sign-extended, then shifted, then xored together.
std::uint64_t signed_tail(const std::uint8_t* from, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto extended = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int8_t>(from[i])));
    word ^= extended << (8 * i);
  }
  return word;
}

}  // namespace

std::int64_t murmur3_token(BytesView key) {
  if (key.empty()) return std::numeric_limits<std::int64_t>::min();
  std::uint64_t one = 0;
  std::uint64_t two = 0;
  const std::size_t blocks = key.size() / 16;
  for (std::size_t i = 0; i < blocks; ++i) {
    one ^= mix_one(load_little_endian(key.data() + 16 * i));
    one = (std::rotl(one, 27) + two) * 5 + 0x52dce729;
    two ^= mix_two(load_little_endian(key.data() + 16 * i + 8));
    two = (std::rotl(two, 31) + one) * 5 + 0x38495ab5;
  }
  const BytesView tail = key.subspan(blocks * 16);
  if (tail.size() > 8) two ^= mix_two(signed_tail(tail.data() + 8, tail.size() - 8));
  if (!tail.empty()) one ^= mix_one(signed_tail(tail.data(), std::min<std::size_t>(tail.size(), 8)));
  one ^= key.size();
  two ^= key.size();
  one += two;
  two += one;
  one = finish(one);
  two = finish(two);
  const auto token = static_cast<std::int64_t>(one + two);
  return token == std::numeric_limits<std::int64_t>::min() ? std::numeric_limits<std::int64_t>::max() : token;
}

Bytes partition_key(std::span<const BytesView> columns) {
  Bytes out;
  if (columns.size() == 1) {
    append_bytes(out, columns[0]);
    return out;
  }
  for (const BytesView column : columns) {
    append_big_endian(out, static_cast<std::uint16_t>(column.size()));
    append_bytes(out, column);
    out.push_back(0);
  }
  return out;
}

}  // namespace streamops::cql
