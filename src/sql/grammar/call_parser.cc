// Calls: their arguments, lambda functions among them, and what may follow them.
#include "base/text.h"
#include "errors/sql.h"
#include "sql/grammar/expression_parser.h"

namespace streamops::sql {

ExpressionPtr ExpressionParser::call() {
  const auto function = name("the name of a function");
  if (!function || !in_.expect_symbol("(")) return nullptr;
  return arguments(to_lower(function->text), function->span);
}

/// What stands behind `x` or `(x, y)`: an arrow and a body.
ExpressionPtr ExpressionParser::lambda(std::vector<Name> parameters, Span start) {
  const Span arrow = in_.next().span;
  ExpressionPtr body = expression();
  if (!body) return nullptr;
  Expression lambda;
  lambda.kind = ExpressionKind::lambda;
  lambda.head = arrow;
  lambda.parts = std::move(parameters);
  lambda.children = {std::move(body)};
  return finish(std::move(lambda), start);
}

/// An argument of a call: an expression, `x -> …` or `(x, y) -> …`.
ExpressionPtr ExpressionParser::argument() {
  const Span start = in_.peek().span;
  if (in_.is_name() && in_.is_symbol("->", 1)) {
    const Token& token = in_.next();
    return lambda({Name{token.value, token.span}}, start);
  }
  std::size_t behind = 1;
  while (in_.is_symbol("(") && in_.is_name(behind) && in_.is_symbol(",", behind + 1)) behind += 2;
  if (!in_.is_symbol("(") || !in_.is_name(behind) || !in_.is_symbol(")", behind + 1) ||
      !in_.is_symbol("->", behind + 2))
    return expression();
  std::vector<Name> parameters;
  do {
    in_.next();
    const Token& token = in_.next();
    parameters.push_back({token.value, token.span});
  } while (in_.is_symbol(","));
  in_.next();
  return lambda(std::move(parameters), start);
}

/// FILTER (WHERE …), IGNORE NULLS; OVER is refused.
bool ExpressionParser::behind_call(Expression& call) {
  if (in_.is_word("FILTER") && in_.is_symbol("(", 1)) {
    in_.next();
    in_.next();
    if (!in_.expect_word("WHERE")) return false;
    call.filter = expression();
    if (!call.filter || !in_.expect_symbol(")")) return false;
  }
  if (in_.is_any_word({"IGNORE", "RESPECT"}) && in_.is_word("NULLS", 1)) {
    Expression ignore;
    ignore.head = in_.peek().span;
    ignore.literal.number = in_.is_word("IGNORE") ? 1 : 0;
    ignore.literal.type = data::Type::scalar(data::TypeId::boolean);
    in_.next();
    in_.next();
    const Span start = ignore.head;
    call.children.push_back(finish(std::move(ignore), start));
  }
  if (in_.is_word("OVER") && (in_.is_symbol("(", 1) || in_.is_name(1)))
    return in_.fail_not_served(in_.peek().span, "a window function (OVER)");
  return true;
}

ExpressionPtr ExpressionParser::text_literal(std::string text, Span span) {
  Expression literal;
  literal.literal.type = data::Type::scalar(data::TypeId::string);
  literal.literal.text = std::move(text);
  literal.head = span;
  return finish(std::move(literal), span);
}

/// A unit of time in front of other arguments, as a text; the functions with one are timestampadd and timestampdiff,
/// whatever their name. Null when there is none.
ExpressionPtr ExpressionParser::time_unit(std::string& function) {
  const bool adds = function == "timestampadd" || function == "dateadd" || function == "date_add";
  const bool subtracts = function == "timestampdiff" || function == "datediff" || function == "date_diff";
  const bool unit = in_.is_any_word({"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "DAYOFYEAR",
                                     "WEEK", "MONTH", "QUARTER", "YEAR"});
  if ((!adds && !subtracts) || !unit || !in_.is_symbol(",", 1)) return nullptr;
  function = adds ? "timestampadd" : "timestampdiff";
  const Token& token = in_.next();
  return text_literal(token.value, token.span);
}

/// Behind the opening parenthesis.
ExpressionPtr ExpressionParser::arguments(std::string function, Span head) {
  Expression call;
  call.kind = ExpressionKind::call;
  call.head = head;
  const bool words_between = function == "substring" || function == "substr";  // SUBSTRING(x FROM 2 FOR 3)
  const bool placing = function == "overlay";                                  // OVERLAY(x PLACING y FROM 2 FOR 3)
  if (const ExpressionPtr unit = time_unit(function)) {
    call.children.push_back(unit);
    if (!in_.expect_symbol(",")) return nullptr;
  }
  call.function = std::move(function);
  const bool lone_word = !in_.is_symbol(")", 1) && !in_.is_symbol(",", 1) && !in_.is_symbol(".", 1);
  if (in_.is_word("DISTINCT") && lone_word) {
    in_.next();
    call.distinct = true;
  }
  if (!in_.eat_symbol(")")) {
    do {
      if (in_.is_name() && in_.is_symbol("=>", 1)) {
        in_.fail_not_served(in_.peek().span, "an argument given by name");
        return nullptr;
      }
      call.children.push_back(argument());
      if (!call.children.back()) return nullptr;
    } while (in_.eat_symbol(",") || (placing && in_.eat_word("PLACING")) ||
             ((words_between || placing) && (in_.eat_word("FROM") || in_.eat_word("FOR"))));
    if (!in_.expect_symbol(")")) return nullptr;
  }
  if (!behind_call(call)) return nullptr;
  return finish(std::move(call), head);
}

}  // namespace streamops::sql
