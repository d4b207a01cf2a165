// cql/grammar/lexer.h — CQL text to tokens. Comments (--, // and /* */) and blanks are dropped.
//
// A number has no sign here: `a-1` is a, -, 1. Words keep their case; the parser folds names. A UUID, a blob and a
// duration are one token each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamops::cql {

enum class TokenKind : std::uint8_t { word, quoted_name, string, integer, floating, uuid, blob, duration, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view raw;    // as it stands in the text, quotes included
  std::size_t offset = 0;  // bytes from the start of the text
};

/// Cuts `text` into tokens; the last one is of kind `end`.
/// Errors: SO-C110 with place (a string, name or comment without an end; a character that starts nothing), SO-C111
/// (more than `max_items`).
Result<std::vector<Token>> tokenize(std::string_view text, std::size_t max_items);

/// The content of a string or quoted name: without quotes, doubled quotes undone; $$ strings as they stand.
std::string unquote(std::string_view raw);

/// An SO-C110 at a place of the text: "line 1:7 <what>" with line from 1 and column from 0, as Cassandra counts.
Error syntax_error(std::string_view text, std::size_t offset, std::size_t width, std::string_view what);

}  // namespace streamops::cql
