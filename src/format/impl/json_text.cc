#include "format/impl/json_text.h"

#include <simdjson.h>

namespace streamops::format {
namespace {

/// What stands for a backslash and `c`; 0 for everything else, u among it.
char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

/// Four hexadecimal digits, or -1.
int hex4(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const char letter = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      value = value * 16 + (c - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      value = value * 16 + (letter - 'a' + 10);
    } else {
      return -1;
    }
  }
  return value;
}

void put_utf8(char*& to, std::uint32_t code) {
  const auto put = [&to](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

}  // namespace

bool resolve_escape(const char*& from, const char* end, char*& to) {
  if (end - from < 2) return false;
  if (from[1] != 'u') {
    const char plain = simple_escape(from[1]);
    if (plain == 0) return false;
    *to++ = plain;
    from += 2;
    return true;
  }
  const int unit = hex4(from + 2, end);
  if (unit < 0) return false;
  from += 6;
  if (unit < 0xD800 || unit > 0xDFFF) {
    put_utf8(to, static_cast<std::uint32_t>(unit));
    return true;
  }
  // Half of a pair: only a whole pair is usual.
  if (unit > 0xDBFF || end - from < 6 || from[0] != '\\' || from[1] != 'u') return false;
  const int low = hex4(from + 2, end);
  if (low < 0xDC00 || low > 0xDFFF) return false;
  from += 6;
  put_utf8(to,
           0x10000 + ((static_cast<std::uint32_t>(unit) - 0xD800) << 10) + (static_cast<std::uint32_t>(low) - 0xDC00));
  return true;
}

bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace streamops::format
