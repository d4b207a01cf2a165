// The parts of expressions that are written with words: predicates, CASE, CAST, EXTRACT, TRIM, POSITION.
#include "base/text.h"
#include "errors/sql.h"
#include "sql/grammar/expression_parser.h"

namespace streamops::sql {
namespace {

constexpr int precedence_operand = 5;  // the operands of BETWEEN, LIKE, ... hold no predicates of their own

}  // namespace

ExpressionPtr ExpressionParser::negate(ExpressionPtr value, bool negated, Span head) {
  if (!value || !negated) return value;
  const Span start = value->span;
  return make_call("not", head, {std::move(value)}, start);
}

ExpressionPtr ExpressionParser::predicate(ExpressionPtr left) {
  const Span start = in_.peek().span;
  if (in_.eat_word("IS")) return is(std::move(left), start);
  const bool negated = in_.eat_word("NOT");
  const Span head = in_.peek().span;
  if (in_.eat_word("BETWEEN")) return negate(between(std::move(left), head), negated, start);
  if (in_.eat_word("IN")) return negate(in_list(std::move(left), head), negated, start);
  return negate(like(std::move(left), head), negated, start);
}

ExpressionPtr ExpressionParser::between(ExpressionPtr left, Span head) {
  ExpressionPtr low = climb(precedence_operand);
  if (!low || !in_.expect_word("AND")) return nullptr;
  ExpressionPtr high = climb(precedence_operand);
  const Span start = left->span;
  ExpressionPtr above = make_call(">=", head, {left, low}, start);
  ExpressionPtr below = make_call("<=", head, {std::move(left), high}, start);
  return make_call("and", head, {above, below}, start);
}

ExpressionPtr ExpressionParser::in_list(ExpressionPtr left, Span head) {
  if (!in_.expect_symbol("(")) return nullptr;
  if (in_.is_any_word({"SELECT", "WITH"})) {
    in_.fail_not_served(in_.peek().span, "IN (subquery)");
    return nullptr;
  }
  const Span start = left->span;
  std::vector<ExpressionPtr> children = {std::move(left)};
  do {
    children.push_back(expression());
    if (!children.back()) return nullptr;
  } while (in_.eat_symbol(","));
  if (!in_.expect_symbol(")")) return nullptr;
  return make_call("in", head, std::move(children), start);
}

ExpressionPtr ExpressionParser::like(ExpressionPtr left, Span head) {
  const std::string word = to_lower(in_.next().value);
  if (in_.is_any_word({"ANY", "SOME", "ALL"}) && in_.is_symbol("(", 1)) {
    in_.fail_not_served(in_.peek().span, fmt::format("{} {}", to_upper(word), to_upper(in_.peek().value)));
    return nullptr;
  }
  const Span start = left->span;
  ExpressionPtr pattern = climb(precedence_operand);
  if (word == "rlike" || word == "regexp")
    return make_call("rlike", head, {std::move(left), std::move(pattern)}, start);
  std::vector<ExpressionPtr> children = {std::move(left), std::move(pattern)};
  if (in_.eat_word("ESCAPE")) {
    if (in_.peek().kind != TokenKind::text) return in_.fail_expected("a text of one character"), nullptr;
    children.push_back(primary());
  }
  return make_call(word, head, std::move(children), start);
}

ExpressionPtr ExpressionParser::is(ExpressionPtr left, Span head) {
  const bool negated = in_.eat_word("NOT");
  const Span start = left->span;
  if (in_.eat_word("NULL")) return make_call(negated ? "isnotnull" : "isnull", head, {std::move(left)}, start);
  if (in_.eat_word("DISTINCT")) {
    if (!in_.expect_word("FROM")) return nullptr;
    ExpressionPtr right = climb(precedence_operand);
    return negate(make_call("<=>", head, {std::move(left), std::move(right)}, start), !negated, head);
  }
  if (in_.eat_word("UNKNOWN"))
    return make_call(negated ? "is not unknown" : "is unknown", head, {std::move(left)}, start);
  const bool is_true = in_.eat_word("TRUE");
  if (!is_true && !in_.eat_word("FALSE")) {
    in_.fail_expected("`NULL`, `TRUE`, `FALSE`, `UNKNOWN` or `DISTINCT FROM`");
    return nullptr;
  }
  return negate(make_call(is_true ? "is true" : "is false", head, {std::move(left)}, start), negated, head);
}

ExpressionPtr ExpressionParser::case_expression() {
  const Span start = in_.next().span;
  ExpressionPtr operand;
  if (!in_.is_word("WHEN")) {
    operand = expression();
    if (!operand) return nullptr;
  }
  std::vector<ExpressionPtr> children;
  while (in_.is_word("WHEN")) {
    const Span head = in_.next().span;
    ExpressionPtr condition = expression();
    if (operand) condition = make_call("=", head, {operand, condition}, head);
    if (!condition || !in_.expect_word("THEN")) return nullptr;
    children.push_back(condition);
    children.push_back(expression());
    if (!children.back()) return nullptr;
  }
  if (children.empty()) return in_.fail_expected("`WHEN`"), nullptr;
  if (in_.eat_word("ELSE")) children.push_back(expression());
  if (in_.failed() || !in_.expect_word("END")) return nullptr;
  return make_call("case", start, std::move(children), start);
}

ExpressionPtr ExpressionParser::cast(bool lenient) {
  const Span start = in_.next().span;
  in_.next();
  ExpressionPtr value = expression();
  if (!value || !in_.expect_word("AS")) return nullptr;
  data::TypePtr type = read_type(in_);
  if (!type || !in_.expect_symbol(")")) return nullptr;
  return make_cast(std::move(value), std::move(type), lenient, start, start);
}

/// EXTRACT(field FROM value) is date_part('field', value).
ExpressionPtr ExpressionParser::extract() {
  const Span start = in_.next().span;
  in_.next();
  const auto field = name("a field such as YEAR");
  if (!field || !in_.expect_word("FROM")) return nullptr;
  ExpressionPtr value = expression();
  if (!value || !in_.expect_symbol(")")) return nullptr;
  return make_call("date_part", start, {text_literal(field->text, field->span), std::move(value)}, start);
}

/// TRIM(BOTH 'x' FROM y) and its kin.
ExpressionPtr ExpressionParser::trim() {
  const Span start = in_.next().span;
  in_.next();
  const std::string side = to_upper(in_.next().value);
  const std::string function = side == "BOTH" ? "btrim" : side == "LEADING" ? "ltrim" : "rtrim";
  ExpressionPtr characters;
  if (!in_.is_word("FROM")) {
    characters = expression();
    if (!characters) return nullptr;
  }
  if (!in_.expect_word("FROM")) return nullptr;
  ExpressionPtr value = expression();
  if (!value || !in_.expect_symbol(")")) return nullptr;
  if (!characters) return make_call(function, start, {std::move(value)}, start);
  // ltrim and rtrim take the characters first.
  if (side == "BOTH") return make_call(function, start, {std::move(value), std::move(characters)}, start);
  return make_call(function, start, {std::move(characters), std::move(value)}, start);
}

/// POSITION(a IN b), POSITION(a, b[, start]) are locate.
ExpressionPtr ExpressionParser::position() {
  const Span start = in_.next().span;
  in_.next();
  ExpressionPtr part = climb(precedence_operand);
  if (!part) return nullptr;
  if (!in_.eat_word("IN") && !in_.expect_symbol(",")) return nullptr;
  std::vector<ExpressionPtr> children = {std::move(part), expression()};
  if (in_.eat_symbol(",")) children.push_back(expression());
  if (in_.failed() || !in_.expect_symbol(")")) return nullptr;
  return make_call("locate", start, std::move(children), start);
}

}  // namespace streamops::sql
