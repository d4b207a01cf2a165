// sql/engine/functions/utf8.h — which bytes are UTF-8, and which characters are letters or digits as Java tells.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace streamops::sql {

/// Bytes of the well-formed character that begins at `at`, or 0; `bad` is how many bytes one replacement stands for.
std::size_t well_formed_bytes(std::string_view text, std::size_t at, std::size_t& bad);
bool valid_utf8(std::string_view text);
/// The text with U+FFFD for each maximal part that is no UTF-8 (Unicode 15 §3.9).
void append_valid_utf8(std::string& out, std::string_view text);
void append_utf8(std::string& out, std::uint32_t code_point);

bool is_upper_letter(std::uint32_t code_point);
bool is_lower_letter(std::uint32_t code_point);
/// Decimal digits of any script.
bool is_digit(std::uint32_t code_point);

}  // namespace streamops::sql
