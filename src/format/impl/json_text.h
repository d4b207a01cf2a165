// format/impl/json_text.h — the inside of JSON's quotes, many bytes at once: where a text ends, and its escapes
// resolved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace streamops::format {

/// Looks through one document. Reads up to 31 bytes behind its end.
class JsonTextScan {
 public:
  explicit JsonTextScan(const char* end) : end_(end) {}

  /// The first quote, backslash or control character from `at` on; the document's end when there is none.
  const char* find_special(const char* at) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1F);
    const auto special = [&](__m128i bytes) {
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
      return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)), control);
    };
    for (; at < end_; at += 32) {
      const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16));
      seen_ = _mm_or_si128(seen_, _mm_or_si128(low, high));
      const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(special(low))) |
                        static_cast<std::uint32_t>(_mm_movemask_epi8(special(high))) << 16;
      if (mask != 0) return at + __builtin_ctz(mask) < end_ ? at + __builtin_ctz(mask) : end_;
    }
    return end_;
#else
    for (; at < end_ && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20; ++at) {
      seen_ |= static_cast<unsigned char>(*at);
    }
    return at;
#endif
  }

  /// True when all that was looked through so far is ASCII.
  bool only_ascii() const {
#if defined(__SSE2__)
    return _mm_movemask_epi8(seen_) == 0;
#else
    return seen_ < 0x80;
#endif
  }

 private:
  const char* end_;
#if defined(__SSE2__)
  __m128i seen_ = _mm_setzero_si128();
#else
  unsigned char seen_ = 0;
#endif
};

/// Resolves the escape at `from` (a backslash) into `to`, which has room for 4 bytes, and moves both on. False for one
/// that is damaged or unusual: the lenient parser knows better.
bool resolve_escape(const char*& from, const char* end, char*& to);

/// True when `text` is UTF-8.
bool is_valid_utf8(std::string_view text);

}  // namespace streamops::format
