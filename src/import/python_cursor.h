// import/python_cursor.h — the parser's cursor over tokens, and the reading of expressions.
//
// A reading function that fails returns null and has recorded a mistake; the statement around it is given up.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "import/python_token.h"

namespace streamops::importer::python {

class Cursor {
 public:
  Cursor(std::vector<Token> tokens, const Limits& limits, std::vector<Mistake>& mistakes, int depth = 0)
      : tokens_(std::move(tokens)), limits_(limits), mistakes_(mistakes), depth_(depth) {}

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  const Token& next() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  std::size_t position() const { return at_; }
  bool is(TokenKind kind) const { return peek().kind == kind; }
  bool is_symbol(std::string_view text, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::symbol && peek(ahead).text == text;
  }
  bool is_word(std::string_view text, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::name && peek(ahead).text == text;
  }
  bool eat_symbol(std::string_view text) { return is_symbol(text) && (next(), true); }
  bool eat_word(std::string_view text) { return is_word(text) && (next(), true); }
  /// Takes it or records a mistake.
  bool expect_symbol(std::string_view text);
  /// Records what was expected at the cursor; always false.
  bool fail(std::string_view expected);

  const Limits& limits() const { return limits_; }
  std::vector<Mistake>& mistakes() { return mistakes_; }

  /// Counts nested calls; false when there are too many, which is a mistake.
  class Level {
   public:
    explicit Level(Cursor& cursor) : cursor_(cursor), fits_(++cursor.depth_ <= cursor.limits_.max_depth) {
      if (!fits_) cursor.fail("something simpler (this is nested too deep)");
    }
    ~Level() { --cursor_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    explicit operator bool() const { return fits_; }

   private:
    Cursor& cursor_;
    bool fits_;
  };
  int depth() const { return depth_; }

 private:
  std::vector<Token> tokens_;
  const Limits& limits_;
  std::vector<Mistake>& mistakes_;
  std::size_t at_ = 0;
  int depth_;
};

/// One expression, with lambda and `a if b else c`.
ExpressionPtr read_expression(Cursor& in);
/// Expressions separated by commas: a tuple when there is a comma. Stars are allowed.
ExpressionPtr read_expressions(Cursor& in);
/// What can be assigned to: names, attributes, subscripts, tuples of them; stops before `in` and `=`.
ExpressionPtr read_targets(Cursor& in);
/// Parameters up to `closing`, which is left.
std::vector<Parameter> read_parameters(Cursor& in, std::string_view closing);

}  // namespace streamops::importer::python
