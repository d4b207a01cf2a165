// import/python_token.h — Python text into tokens: logical lines, indentation, strings with their prefixes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "import/python.h"

namespace streamops::importer::python {

enum class TokenKind : std::uint8_t { name, number, text, symbol, newline, indent, dedent, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;  // as written; of a text: between its quotes
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool raw = false;        // r'…'
  bool formatted = false;  // f'…'
};

/// Views into `source`. Always ends with newline, the open dedents, end. What is no token is told in `mistakes` and
/// left out.
std::vector<Token> tokenize(std::string_view source, const Limits& limits, std::vector<Mistake>& mistakes);

/// The value of a text that is not raw: escapes resolved.
std::string unescape(std::string_view text);

}  // namespace streamops::importer::python
