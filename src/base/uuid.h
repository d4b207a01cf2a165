// base/uuid.h — 128-bit identifiers (RFC 4122) and their text form. Randomness comes from the caller: see
// runtime/random.h.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamops {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
  bool is_nil() const { return *this == Uuid{}; }
  /// 1 to 5 for the usual kinds.
  int version() const { return bytes[6] >> 4; }
};

/// Sixteen bytes made of two words, with version (4 for random, 5 for hashed, ...) and variant set.
Uuid make_uuid(std::uint64_t high, std::uint64_t low, int version);
/// "550e8400-e29b-41d4-a716-446655440000".
std::string to_string(const Uuid& uuid);
/// Reads the dashed form in any case; nothing when malformed.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace streamops
