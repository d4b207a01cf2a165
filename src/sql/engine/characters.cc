#include "sql/engine/characters.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>

#include "sql/unicode_case.h"

namespace streamops::sql {
namespace {

constexpr std::uint32_t capital_sigma = 0x3A3;

const char* find_mapping(std::span<const CaseMapping> table, std::uint32_t code_point) {
  const auto found =
      std::lower_bound(table.begin(), table.end(), code_point,
                       [](const CaseMapping& mapping, std::uint32_t wanted) { return mapping.code_point < wanted; });
  return found != table.end() && found->code_point == code_point ? found->text : nullptr;
}

bool is_cased(std::string_view text, std::size_t at) {
  std::size_t length = 0;
  const std::uint32_t point = code_point_at(text, at, length);
  if (point < 0x80) return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z');
  return find_mapping(upper_case, point) != nullptr || find_mapping(lower_case, point) != nullptr;
}

/// A sigma at the end of a word has its own small form.
bool ends_word(std::string_view text, std::size_t at, std::size_t length) {
  std::size_t before = at;
  while (before > 0 && (text[before - 1] & 0xC0) == 0x80) --before;
  const bool letter_before = at > 0 && is_cased(text, before == 0 ? 0 : before - 1);
  const bool letter_behind = at + length < text.size() && is_cased(text, at + length);
  return letter_before && !letter_behind;
}

void append_mapped(std::string& out, std::string_view text, std::size_t at, std::size_t length,
                   std::span<const CaseMapping> table) {
  std::size_t read = 0;
  const char* mapped = find_mapping(table, code_point_at(text, at, read));
  mapped != nullptr ? out.append(mapped) : out.append(text.substr(at, length));
}

char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::size_t step(std::string_view text, std::size_t at) {
  return std::min(character_bytes(text[at]), text.size() - at);
}

void append_lower_at(std::string& out, std::string_view text, std::size_t at, std::size_t length) {
  std::size_t read = 0;
  if (code_point_at(text, at, read) == capital_sigma && ends_word(text, at, length)) {
    out += "ς";
  } else {
    append_mapped(out, text, at, length, lower_case);
  }
}

}  // namespace

bool is_ascii(std::string_view text) {
  std::uint64_t all = 0, word = 0;
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    all |= word;
  }
  for (; left > 0; --left, ++at) all |= static_cast<unsigned char>(*at);
  return (all & 0x8080808080808080ULL) == 0;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += character_bytes(text[at])) ++count;
  return count;
}

std::size_t byte_of_character(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += character_bytes(text[at]);
  return std::min(at, text.size());
}

std::string_view character_range(std::string_view text, std::int64_t start, std::int64_t end) {
  if (end <= start || end <= 0) return {};
  start = std::max<std::int64_t>(start, 0);
  const std::size_t first = byte_of_character(text, static_cast<std::size_t>(start));
  const std::string_view rest = text.substr(first);
  return rest.substr(0, byte_of_character(rest, static_cast<std::size_t>(end - start)));
}

std::uint32_t code_point_at(std::string_view text, std::size_t at, std::size_t& length) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  length = character_bytes(text[at]);
  if (length == 1 || at + length > text.size()) {
    length = 1;
    return byte(0);
  }
  std::uint32_t point = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (byte(i) & 0x3FU);
  return point;
}

void append_upper(std::string& out, std::string_view text) {
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    length = step(text, at);
    length == 1 ? out.push_back(ascii_upper(text[at])) : append_mapped(out, text, at, length, upper_case);
  }
}

void append_lower(std::string& out, std::string_view text) {
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    length = step(text, at);
    length == 1 ? out.push_back(ascii_lower(text[at])) : append_lower_at(out, text, at, length);
  }
}

void append_title(std::string& out, std::string_view text) {
  bool first = true;
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    length = step(text, at);
    if (length == 1) {
      out.push_back(first ? ascii_upper(text[at]) : ascii_lower(text[at]));
    } else if (first) {
      append_mapped(out, text, at, length, title_case);
    } else {
      append_lower_at(out, text, at, length);
    }
    first = text[at] == ' ';
  }
}

}  // namespace streamops::sql
