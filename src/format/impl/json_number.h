// format/impl/json_number.h — where a JSON number ends, and what kind it is (RFC 8259 §6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace streamops::format {

enum class NumberKind : std::uint8_t { malformed, integer, real };

struct NumberToken {
  NumberKind kind = NumberKind::malformed;
  std::size_t length = 0;  // up to the first byte that does not belong to it, or to the fault
};

/// Reads the number at the front of [at, end). Leading zeros, a bare sign and a point without digits are malformed.
NumberToken scan_number(const char* at, const char* end);
/// The nearest double of a well-formed number; infinite when it is out of range.
double number_value(std::string_view token);

}  // namespace streamops::format
