// sql/grammar/token_stream.h — the parser's cursor over tokens, and the first error that it met.
//
// A reading function that fails records an error and returns something empty; callers stop when failed().
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sql/grammar/lexer.h"

namespace streamops::sql {

class TokenStream {
 public:
  TokenStream(const SourceText& source, std::vector<Token> tokens) : source_(source), tokens_(std::move(tokens)) {}

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& next() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  /// The token before the cursor.
  const Token& last() const { return tokens_[at_ == 0 ? 0 : at_ - 1]; }

  /// An unquoted name equal to `word` (upper case given) without regard to case.
  bool is_word(std::string_view word, std::size_t ahead = 0) const;
  bool is_any_word(std::span<const std::string_view> words, std::size_t ahead = 0) const;
  bool is_any_word(std::initializer_list<std::string_view> words, std::size_t ahead = 0) const {
    return is_any_word(std::span(words.begin(), words.size()), ahead);
  }
  bool is_symbol(std::string_view symbol, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::symbol && peek(ahead).value == symbol;
  }
  bool is_name(std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::name || peek(ahead).kind == TokenKind::quoted_name;
  }
  bool eat_word(std::string_view word) { return is_word(word) && (next(), true); }
  bool eat_symbol(std::string_view symbol) { return is_symbol(symbol) && (next(), true); }
  /// Takes it or records "… is expected".
  bool expect_word(std::string_view word);
  bool expect_symbol(std::string_view symbol);
  /// `>` where the lexer may have read `>>`: takes one sign of it.
  bool expect_closing_angle();

  bool failed() const { return error_.has_value(); }
  const Error& error() const { return *error_; }
  /// Records the first error; always false.
  bool fail(Span span, const Error& error);
  /// "`x` is expected here, not `y`" at the cursor; always false.
  bool fail_expected(std::string_view what);
  /// "… is not served"; always false.
  bool fail_not_served(Span span, std::string_view construct);

  const SourceText& source() const { return source_; }

  /// Counts nested calls of reading functions; records SO-S002 when there are too many.
  class Level {
   public:
    explicit Level(TokenStream& stream);
    ~Level() { --stream_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    TokenStream& stream_;
  };

 private:
  const SourceText& source_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::optional<Error> error_;
};

/// Trees deeper than this are refused: everything that walks a tree recurses.
constexpr int deepest_tree = 500;

}  // namespace streamops::sql
