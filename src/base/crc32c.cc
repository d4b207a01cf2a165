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
// Hot path: once per record batch, over all its bytes. Eight bytes an instruction.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(const std::uint8_t* data, std::size_t size,
                                                               std::uint32_t state) {
  std::uint64_t wide = state;
  while (size >= 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    wide = _mm_crc32_u64(wide, word);
    data += 8;
    size -= 8;
  }
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
