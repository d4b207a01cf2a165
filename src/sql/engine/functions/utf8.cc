#include "sql/engine/functions/utf8.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "sql/unicode_classes.h"

namespace streamops::sql {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

/// The range of a second byte behind `lead`: surrogates, long forms and what lies beyond U+10FFFF are out.
struct Range {
  unsigned low = 0x80, high = 0xBF;
};
Range second_byte(unsigned lead) {
  if (lead == 0xE0) return {0xA0, 0xBF};
  if (lead == 0xED) return {0x80, 0x9F};
  if (lead == 0xF0) return {0x90, 0xBF};
  if (lead == 0xF4) return {0x80, 0x8F};
  return {};
}

bool in_ranges(std::span<const CodePointRange> ranges, std::uint32_t code_point) {
  const auto found =
      std::lower_bound(ranges.begin(), ranges.end(), code_point,
                       [](const CodePointRange& range, std::uint32_t wanted) { return range.last < wanted; });
  return found != ranges.end() && found->first <= code_point;
}

}  // namespace

std::size_t well_formed_bytes(std::string_view text, std::size_t at, std::size_t& bad) {
  const unsigned lead = byte_at(text, at);
  bad = 1;
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i) {
    const Range range = i == 1 ? second_byte(lead) : Range();
    const unsigned byte = byte_at(text, at + i);
    if (byte < range.low || byte > range.high) return 0;
    bad = i + 1;
  }
  return length;
}

bool valid_utf8(std::string_view text) {
  std::size_t bad = 0;
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    length = well_formed_bytes(text, at, bad);
    if (length == 0) return false;
  }
  return true;
}

void append_valid_utf8(std::string& out, std::string_view text) {
  std::size_t bad = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = well_formed_bytes(text, at, bad);
    length == 0 ? out.append("\xEF\xBF\xBD") : out.append(text.substr(at, length));
    at += length == 0 ? bad : length;
  }
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto push = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) return push(code_point);
  if (code_point < 0x800) {
    push(0xC0 | code_point >> 6);
  } else {
    code_point < 0x10000 ? push(0xE0 | code_point >> 12)
                         : (push(0xF0 | code_point >> 18), push(0x80 | (code_point >> 12 & 0x3F)));
    push(0x80 | (code_point >> 6 & 0x3F));
  }
  push(0x80 | (code_point & 0x3F));
}

bool is_upper_letter(std::uint32_t code_point) {
  return in_ranges(upper_letters, code_point);
}
bool is_lower_letter(std::uint32_t code_point) {
  return in_ranges(lower_letters, code_point);
}
bool is_digit(std::uint32_t code_point) {
  return in_ranges(decimal_digits, code_point);
}

}  // namespace streamops::sql
