#include "sql/grammar/expression_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "errors/sql.h"

namespace streamops::sql {
namespace {

constexpr int precedence_not = 3;
constexpr int precedence_predicate = 4;
constexpr int precedence_unary = 12;

struct InfixOperator {
  std::string_view sign;
  int precedence;
  std::string_view function;
};

constexpr std::array<InfixOperator, 23> infix_operators = {{
    {"=", 5, "="},   {"==", 5, "="},   {"<=>", 5, "<=>"}, {"<>", 5, "<>"},   {"!=", 5, "<>"}, {"<", 5, "<"},
    {"<=", 5, "<="}, {">", 5, ">"},    {">=", 5, ">="},   {"!<", 5, ">="},   {"!>", 5, "<="}, {"|", 6, "|"},
    {"^", 7, "^"},   {"&", 8, "&"},    {"<<", 9, "<<"},   {">>>", 9, ">>>"}, {">>", 9, ">>"}, {"+", 10, "+"},
    {"-", 10, "-"},  {"||", 10, "||"}, {"*", 11, "*"},    {"/", 11, "/"},    {"%", 11, "%"},
}};

/// Words that end an expression, so they are no column's name unless in backticks.
constexpr std::string_view clause_words[] = {"FROM",  "WHERE",   "LATERAL",   "GROUP", "HAVING", "ORDER", "LIMIT",
                                             "UNION", "EXCEPT",  "INTERSECT", "MINUS", "JOIN",   "ON",    "WHEN",
                                             "THEN",  "ELSE",    "END",       "AND",   "OR",     "AS",    "SELECT",
                                             "IN",    "BETWEEN", "IS",        "LIKE"};

}  // namespace

ExpressionPtr ExpressionParser::finish(Expression expression, Span start) {
  expression.span = join(start, in_.last().span);
  for (const ExpressionPtr& child : expression.children)
    expression.depth = std::max(expression.depth, child->depth + 1);
  if (expression.filter) expression.depth = std::max(expression.depth, expression.filter->depth + 1);
  if (expression.depth > deepest_tree) {
    in_.fail(expression.head, Error(errors::sql::too_large, "an expression more than {} levels deep", deepest_tree));
    return nullptr;
  }
  return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr ExpressionParser::make_call(std::string function, Span head, std::vector<ExpressionPtr> children,
                                          Span start) {
  for (const ExpressionPtr& child : children) {
    if (!child) return nullptr;
  }
  Expression call;
  call.kind = ExpressionKind::call;
  call.head = head;
  call.function = std::move(function);
  call.children = std::move(children);
  return finish(std::move(call), start);
}

ExpressionPtr ExpressionParser::make_cast(ExpressionPtr value, data::TypePtr type, bool lenient, Span head,
                                          Span start) {
  if (!value || !type) return nullptr;
  Expression cast;
  cast.kind = ExpressionKind::cast;
  cast.head = head;
  cast.children = {std::move(value)};
  cast.type = std::move(type);
  cast.lenient = lenient;
  return finish(std::move(cast), start);
}

std::optional<Name> ExpressionParser::name(std::string_view what) {
  if (!in_.is_name()) {
    in_.fail_expected(what);
    return std::nullopt;
  }
  const Token& token = in_.next();
  return Name{token.value, token.span};
}

ExpressionPtr ExpressionParser::climb(int least) {
  const TokenStream::Level level(in_);
  if (in_.failed()) return nullptr;
  ExpressionPtr left = prefix();
  while (left && !in_.failed()) {
    const Token sign = in_.peek();
    if (sign.kind == TokenKind::name) {
      const bool disjunction = in_.is_word("OR");
      if (disjunction || in_.is_word("AND")) {
        const int precedence = disjunction ? 1 : 2;
        if (precedence < least) return left;
        in_.next();
        left = make_call(disjunction ? "or" : "and", sign.span, {left, climb(precedence + 1)}, left->span);
      } else if (in_.is_word("DIV")) {
        if (11 < least) return left;
        in_.next();
        left = make_call("div", sign.span, {left, climb(12)}, left->span);
      } else if (in_.is_any_word({"NOT", "BETWEEN", "IN", "LIKE", "ILIKE", "RLIKE", "REGEXP", "IS"})) {
        const bool stray_not =
            in_.is_word("NOT") && !in_.is_any_word({"BETWEEN", "IN", "LIKE", "ILIKE", "RLIKE", "REGEXP"}, 1);
        if (precedence_predicate < least || stray_not) return left;
        left = predicate(left);
      } else {
        return left;
      }
      continue;
    }
    if (sign.kind != TokenKind::symbol) return left;
    const auto found = std::find_if(infix_operators.begin(), infix_operators.end(),
                                    [&](const InfixOperator& candidate) { return candidate.sign == sign.value; });
    if (found == infix_operators.end() || found->precedence < least) return left;
    in_.next();
    left = make_call(std::string(found->function), sign.span, {left, climb(found->precedence + 1)}, left->span);
  }
  return in_.failed() ? nullptr : left;
}

ExpressionPtr ExpressionParser::prefix() {
  const Token token = in_.peek();
  const bool not_word = in_.is_word("NOT") && !in_.is_symbol(".", 1);
  if (not_word || in_.is_symbol("!")) {
    in_.next();
    return make_call("not", token.span, {climb(precedence_not)}, token.span);
  }
  const bool minus = in_.is_symbol("-");
  if (minus && in_.peek(1).kind == TokenKind::number) {
    in_.next();
    const Token number = in_.next();
    return postfix(number_literal(in_, number, true, join(token.span, number.span)));
  }
  if (minus || in_.is_symbol("+") || in_.is_symbol("~")) {
    in_.next();
    const std::string function = minus ? "negative" : token.value == "+" ? "positive" : "~";
    return make_call(function, token.span, {climb(precedence_unary)}, token.span);
  }
  return postfix(primary());
}

ExpressionPtr ExpressionParser::postfix(ExpressionPtr base) {
  while (base && !in_.failed()) {
    const Token sign = in_.peek();
    if (in_.eat_symbol("[")) {
      ExpressionPtr index = expression();
      if (!index || !in_.expect_symbol("]")) return nullptr;
      base = make_call("[]", sign.span, {base, index}, base->span);
    } else if (in_.is_symbol(".") && base->kind != ExpressionKind::literal) {
      in_.next();
      const auto member = name("the name of a member");
      if (!member) return nullptr;
      Expression access;
      access.kind = ExpressionKind::member;
      access.head = member->span;
      access.children = {base};
      access.parts = {*member};
      base = finish(std::move(access), base->span);
    } else if (in_.eat_symbol("::")) {
      base = make_cast(base, read_type(in_), false, sign.span, base->span);
    } else {
      return base;
    }
  }
  return nullptr;
}

ExpressionPtr ExpressionParser::parenthesized() {
  const Span start = in_.next().span;
  if (in_.is_any_word({"SELECT", "WITH", "VALUES"})) {
    in_.fail_not_served(in_.peek().span, "a subquery");
    return nullptr;
  }
  ExpressionPtr first = expression();
  if (!first) return nullptr;
  if (in_.eat_symbol(")")) return first;
  std::vector<ExpressionPtr> members = {first};
  while (in_.eat_symbol(",")) {
    members.push_back(expression());
    if (!members.back()) return nullptr;
  }
  if (!in_.expect_symbol(")")) return nullptr;
  return make_call("struct", start, std::move(members), start);
}

ExpressionPtr ExpressionParser::primary() {
  const Token token = in_.peek();
  switch (token.kind) {
    case TokenKind::number:
      in_.next();
      return number_literal(in_, token, false, token.span);
    case TokenKind::text: {
      Expression literal;
      literal.literal.type = data::Type::scalar(data::TypeId::string);
      while (in_.peek().kind == TokenKind::text) literal.literal.text += in_.next().value;  // 'a' 'b' is one text
      literal.head = token.span;
      return finish(std::move(literal), token.span);
    }
    case TokenKind::symbol:
      if (token.value == "(") return parenthesized();
      if (token.value == "*") return in_.next(), star({}, token.span);
      if (token.value == "?" || token.value == ":") {
        in_.fail_not_served(token.span, "a parameter marker");
        return nullptr;
      }
      in_.fail_expected("an expression");
      return nullptr;
    case TokenKind::end:
      in_.fail_expected("an expression");
      return nullptr;
    default:
      break;
  }
  if (starts_typed_literal(in_)) return typed_literal(in_);
  if (starts_interval(in_)) return interval_literal(in_);
  ExpressionPtr special;
  if (token.kind == TokenKind::name && special_call(special)) return special;
  if (in_.is_symbol("(", 1)) return call();
  return column();
}

/// NULL, TRUE, CASE, CAST and the functions whose arguments have words between them.
bool ExpressionParser::special_call(ExpressionPtr& out) {
  const Span span = in_.peek().span;
  const bool call = in_.is_symbol("(", 1);
  if (!call && !in_.is_symbol(".", 1) && in_.is_any_word({"NULL", "TRUE", "FALSE"})) {
    Expression literal;
    literal.head = span;
    literal.literal.is_null = in_.is_word("NULL");
    literal.literal.number = in_.is_word("TRUE") ? 1 : 0;
    literal.literal.type = data::Type::scalar(literal.literal.is_null ? data::TypeId::null : data::TypeId::boolean);
    in_.next();
    out = finish(std::move(literal), span);
    return true;
  }
  if (in_.is_word("CASE") && !in_.is_symbol(".", 1) && !in_.is_symbol(",", 1)) return out = case_expression(), true;
  if (!call) {
    for (std::string_view bare : {"CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP"}) {
      if (!in_.is_word(bare)) continue;
      in_.next();
      return out = make_call(to_lower(bare), span, {}, span), true;
    }
    return false;
  }
  if (in_.is_word("CAST")) return out = cast(false), true;
  if (in_.is_word("TRY_CAST")) return out = cast(true), true;
  if (in_.is_word("EXTRACT")) return out = extract(), true;
  if (in_.is_word("TRIM") && in_.is_any_word({"BOTH", "LEADING", "TRAILING"}, 2)) return out = trim(), true;
  if (in_.is_word("POSITION")) return out = position(), true;
  if (in_.is_word("EXISTS") && in_.is_any_word({"SELECT", "WITH"}, 2)) {
    in_.fail_not_served(span, "EXISTS (subquery)");
    return true;
  }
  return false;
}

ExpressionPtr ExpressionParser::column() {
  const Token token = in_.peek();
  if (token.kind == TokenKind::name && in_.is_any_word(clause_words)) {
    in_.fail_expected("an expression");
    return nullptr;
  }
  Expression column;
  column.kind = ExpressionKind::column;
  column.head = token.span;
  column.parts.push_back({token.value, token.span});
  in_.next();
  while (in_.is_symbol(".")) {
    in_.next();
    if (in_.is_symbol("*")) return in_.next(), star(std::move(column.parts), token.span);
    const auto part = name("the name of a member");
    if (!part) return nullptr;
    column.parts.push_back(*part);
  }
  column.head = join(token.span, in_.last().span);
  return finish(std::move(column), token.span);
}

ExpressionPtr ExpressionParser::star(std::vector<Name> qualifier, Span start) {
  if (in_.is_word("EXCEPT") && in_.is_symbol("(", 1)) {
    in_.fail_not_served(in_.peek().span, "* EXCEPT (…)");
    return nullptr;
  }
  Expression star;
  star.kind = ExpressionKind::star;
  star.head = join(start, in_.last().span);
  star.parts = std::move(qualifier);
  return finish(std::move(star), start);
}

}  // namespace streamops::sql
