// sql/engine/characters.h — text by characters (code points of UTF-8), and case as Java maps it.
//
// Bytes that are no UTF-8 count as one character each, so that no function reads beyond a text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace streamops::sql {

/// Bytes of the character that begins with `lead`, 1 for what cannot begin one.
constexpr std::size_t character_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 1;
}

bool is_ascii(std::string_view text);
std::size_t count_characters(std::string_view text);
/// The byte at which character `index` begins; the size of the text when there are fewer.
std::size_t byte_of_character(std::string_view text, std::size_t index);
/// Characters `start` to `end` (from 0, end excluded); beyond the text is empty.
std::string_view character_range(std::string_view text, std::int64_t start, std::int64_t end);
/// The code point at a byte and its length; a byte that is no UTF-8 stands for itself.
std::uint32_t code_point_at(std::string_view text, std::size_t at, std::size_t& length);

void append_upper(std::string& out, std::string_view text);
void append_lower(std::string& out, std::string_view text);
/// Lower case, but the first letter behind each blank in title case.
void append_title(std::string& out, std::string_view text);

}  // namespace streamops::sql
