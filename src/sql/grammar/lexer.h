// sql/grammar/lexer.h — SQL text into tokens, by the rules of Spark 4.0.
//
//   name          a _x 1a café         letters, digits, underscores; keywords are names that the parser knows
//   quoted name   `any ``name`         always a name
//   text          'it\'s' "or" r'\d'   escapes resolved, except in r'...'; 'a''b' are two texts, as in Spark
//   number        1 2.5 .5 1e3 7L 1.5BD
//   symbol        <=> :: || ...        the longest that fits
//
// Comments (-- to the end of the line, /* nested */, hints) are read over.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sql/grammar/source_text.h"

namespace streamops::sql {

enum class TokenKind : std::uint8_t { name, quoted_name, text, number, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  Span span;
  std::string value;  // name or text without quotes; number and symbol as they stand
};

/// All tokens; the last one is of kind `end`. Errors: SO-S001 (a character or a quote that does not belong), SO-S002
/// (too long).
Result<std::vector<Token>> tokenize(const SourceText& source);

}  // namespace streamops::sql
