// format/impl/json_layout.h — how the members of an object followed each other last time.
//
//   {"id": "7", "n": 5}   ->   `"id": ` is member 0    `, "n": ` is member 1
//
// Each step holds the bytes between two values. Invariant: the steps were read from objects without a name twice, but
// several objects may have left steps here: who uses them looks out for names twice himself. Steps are ASCII.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace streamops::format {

class JsonLayout {
 public:
  static constexpr std::size_t longest = 32;  // bytes of a step

  struct Step {
    char bytes[longest] = {};
    std::uint32_t mask = 0;  // one bit a byte; 0: nothing is known of this step
    std::uint8_t length = 0;
    int member = -1;  // of the schema; -1: one that it does not name

    /// Reads 32 bytes from `at` on.
    bool matches(const char* at) const {
#if defined(__SSE2__)
      const auto equal = [&](std::size_t offset) {
        const __m128i mine = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + offset));
        const __m128i there = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + offset));
        return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(mine, there)));
      };
      return mask != 0 && ((equal(0) | equal(16) << 16) & mask) == mask;
#else
      return mask != 0 && std::memcmp(bytes, at, length) == 0;
#endif
    }
  };

  /// The step that stands at `at`, counting from step `next`, which moves on; null when none does. One step may be
  /// missing in between, but not the first, which alone has no comma.
  const Step* find(const char* at, std::size_t& next) const {
    if (next < steps_.size() && steps_[next].matches(at)) return &steps_[next++];
    if (next == 0 || next + 1 >= steps_.size() || !steps_[next + 1].matches(at)) return nullptr;
    next += 2;
    return &steps_[next - 1];
  }

  /// Notes that the bytes [from, to) lead to `member`, as step `next`, which moves on.
  void note(const char* from, const char* to, int member, std::size_t& next) {
    const auto length = static_cast<std::size_t>(to - from);
    const bool ascii = std::all_of(from, to, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (length > longest || next > most_steps || !ascii) {
      ++next;
      return;
    }
    if (next >= steps_.size()) steps_.resize(next + 1);
    Step& step = steps_[next++];
    step = {};
    std::memcpy(step.bytes, from, length);
    step.length = static_cast<std::uint8_t>(length);
    step.mask = length == longest ? UINT32_MAX : (std::uint32_t{1} << length) - 1;
    step.member = member;
  }

 private:
  static constexpr std::size_t most_steps = 1000;  // objects used as maps have any number of names

  std::vector<Step> steps_;
};

}  // namespace streamops::format
