// base/bytes.h — raw bytes: views, big-endian loads and stores, a growing buffer.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamops {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <std::integral T>
constexpr T to_big_endian(T value) {
  if constexpr (sizeof(T) == 1 || std::endian::native == std::endian::big) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  } else {
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  }
}

/// Reads a big-endian integer; the caller has checked that sizeof(T) bytes are there.
template <std::integral T>
T load_big_endian(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return to_big_endian(value);
}

/// Writes a big-endian integer; the caller has checked that sizeof(T) bytes of room are there.
template <std::integral T>
void store_big_endian(std::uint8_t* to, T value) {
  value = to_big_endian(value);
  std::memcpy(to, &value, sizeof(T));
}

/// Appends a big-endian integer.
template <std::integral T>
void append_big_endian(Bytes& out, T value) {
  value = to_big_endian(value);
  const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
  out.insert(out.end(), raw, raw + sizeof(T));
}

inline void append_bytes(Bytes& out, BytesView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void append_text(Bytes& out, std::string_view text) {
  append_bytes(out, as_bytes(text));
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(BytesView bytes);

}  // namespace streamops
