#include "base/crc32c.h"

#include <array>
#include <cstring>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace streamops {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0x82F63B78U : value >> 1;
    table[i] = value;
  }
  return table;
}

constexpr auto table = make_table();

std::uint32_t by_table(const std::uint8_t* data, std::size_t size, std::uint32_t state) {
  for (std::size_t i = 0; i < size; ++i) state = table[(state ^ data[i]) & 0xFF] ^ state >> 8;
  return state;
}

#if defined(__x86_64__)
constexpr std::size_t lane_words = 128;
constexpr std::size_t lane_bytes = lane_words * 8;

/// What lane_bytes zeros do to a state: a linear map, so one table for each byte of the state says it.
class ZerosBehind {
 public:
  ZerosBehind() {
    static constexpr std::array<std::uint8_t, lane_bytes> zeros{};
    for (std::size_t byte = 0; byte < 4; ++byte) {
      std::array<std::uint32_t, 256>& of_byte = tables_[byte];
      for (std::uint32_t bit = 0; bit < 8; ++bit) {
        const std::uint32_t value = 1U << bit;
        of_byte[value] = by_table(zeros.data(), zeros.size(), value << (8 * byte));
        for (std::uint32_t lower = 1; lower < value; ++lower) of_byte[value | lower] = of_byte[value] ^ of_byte[lower];
      }
    }
  }
  std::uint32_t operator()(std::uint32_t state) const {
    return tables_[0][state & 0xFF] ^ tables_[1][state >> 8 & 0xFF] ^ tables_[2][state >> 16 & 0xFF] ^
           tables_[3][state >> 24];
  }

 private:
  std::array<std::array<std::uint32_t, 256>, 4> tables_{};
};

// Hot path: once per record batch, over all its bytes. Eight bytes an instruction, which takes three cycles and can be
// begun in each: so three lanes at once.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(const std::uint8_t* data, std::size_t size,
                                                               std::uint32_t state) {
  static const ZerosBehind zeros_behind;
  const auto word = [](const std::uint8_t* at) {
    std::uint64_t value;
    std::memcpy(&value, at, 8);
    return value;
  };
  for (; size >= 3 * lane_bytes; size -= 3 * lane_bytes, data += 3 * lane_bytes) {
    std::uint64_t first = state;
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t at = 0; at < lane_bytes; at += 8) {
      first = _mm_crc32_u64(first, word(data + at));
      second = _mm_crc32_u64(second, word(data + lane_bytes + at));
      third = _mm_crc32_u64(third, word(data + 2 * lane_bytes + at));
    }
    state = zeros_behind(static_cast<std::uint32_t>(first)) ^ static_cast<std::uint32_t>(second);
    state = zeros_behind(state) ^ static_cast<std::uint32_t>(third);
  }
  std::uint64_t wide = state;
  for (; size >= 8; size -= 8, data += 8) wide = _mm_crc32_u64(wide, word(data));
  state = static_cast<std::uint32_t>(wide);
  for (; size > 0; --size) state = _mm_crc32_u8(state, *data++);
  return state;
}
#endif

}  // namespace

std::uint32_t crc32c(BytesView bytes, std::uint32_t crc) {
  const std::uint32_t state = ~crc;
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~by_instruction(bytes.data(), bytes.size(), state);
#endif
  return ~by_table(bytes.data(), bytes.size(), state);
}

}  // namespace streamops
