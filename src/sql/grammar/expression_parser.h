// sql/grammar/expression_parser.h — expressions by precedence climbing, with Spark's precedences.
//
//   1 OR   2 AND   3 NOT   4 BETWEEN IN LIKE RLIKE IS   5 = <=> <> < >   6 |   7 ^   8 &   9 + - ||   10 * / % DIV
//   11 unary + - ~   12 postfix: .name [index] ::type
#pragma once

#include "sql/grammar/token_stream.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& in) : in_(in) {}

  /// A whole expression; null when it failed.
  ExpressionPtr expression() { return climb(1); }
  /// Any name, keywords included.
  std::optional<Name> name(std::string_view what);
  /// name(arguments), the cursor being on the name.
  ExpressionPtr call();

 private:
  ExpressionPtr climb(int least);
  ExpressionPtr prefix();
  ExpressionPtr postfix(ExpressionPtr base);
  ExpressionPtr primary();
  ExpressionPtr parenthesized();
  ExpressionPtr predicate(ExpressionPtr left);
  ExpressionPtr between(ExpressionPtr left, Span head);
  ExpressionPtr in_list(ExpressionPtr left, Span head);
  ExpressionPtr like(ExpressionPtr left, Span head);
  ExpressionPtr is(ExpressionPtr left, Span head);
  ExpressionPtr case_expression();
  ExpressionPtr cast(bool lenient);
  ExpressionPtr extract();
  ExpressionPtr trim();
  ExpressionPtr position();
  ExpressionPtr arguments(std::string function, Span head);
  ExpressionPtr argument();
  ExpressionPtr lambda(std::vector<Name> parameters, Span start);
  bool behind_call(Expression& call);
  ExpressionPtr column();
  ExpressionPtr star(std::vector<Name> qualifier, Span start);
  bool special_call(ExpressionPtr& out);
  ExpressionPtr negate(ExpressionPtr value, bool negated, Span head);

  ExpressionPtr time_unit(std::string& function);
  ExpressionPtr text_literal(std::string text, Span span);
  ExpressionPtr make_call(std::string function, Span head, std::vector<ExpressionPtr> children, Span start);
  ExpressionPtr make_cast(ExpressionPtr value, data::TypePtr type, bool lenient, Span head, Span start);
  ExpressionPtr finish(Expression expression, Span start);

  TokenStream& in_;
};

// literal_parser.cc
/// A number token as Spark types it; null when it failed.
ExpressionPtr number_literal(TokenStream& in, const Token& token, bool negative, Span span);
/// DATE'…', TIMESTAMP'…', X'…': the cursor is on the word, a text follows.
bool starts_typed_literal(const TokenStream& in);
ExpressionPtr typed_literal(TokenStream& in);
/// INTERVAL '1' DAY, INTERVAL '1 02:03' DAY TO MINUTE, INTERVAL '1 day 2 hours', INTERVAL 1 DAY 2 HOURS.
bool starts_interval(const TokenStream& in);
ExpressionPtr interval_literal(TokenStream& in);

// type_parser.cc
/// One type; null when it failed.
data::TypePtr read_type(TokenStream& in);
/// "name type [NOT NULL] [COMMENT 'x'], ..." up to `closing` ("" for the end of the text); with an optional colon
/// behind the name.
std::vector<data::Field> read_fields(TokenStream& in, std::string_view closing);

}  // namespace streamops::sql
