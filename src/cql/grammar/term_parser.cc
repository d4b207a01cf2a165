// cql/grammar/term_parser.cc — terms: literals, markers, calls, casts and arithmetic.
#include <fmt/format.h>

#include "base/text.h"
#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

Result<std::vector<Term>> parse_items(Parser& parser, std::string_view close) {
  std::vector<Term> out;
  if (parser.accept_symbol(close)) return out;
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(Term item, parse_term(parser));
    out.push_back(std::move(item));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(close));
  return out;
}

/// Behind the opening brace of {field: value}.
Result<Term> parse_udt(Parser& parser) {
  UdtTerm out;
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(std::string field, parser.name());
    if (auto taken = parser.expect_symbol(":"); !taken) return taken.error();
    STREAMOPS_ASSIGN(Term value, parse_term(parser));
    out.fields.push_back({std::move(field), std::move(value)});
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("}"));
  return Term{std::move(out)};
}

Result<Term> parse_map_rest(Parser& parser, Term first_key) {
  MapTerm out;
  STREAMOPS_ASSIGN(Term first_value, parse_term(parser));
  out.entries.push_back({std::move(first_key), std::move(first_value)});
  while (parser.accept_symbol(",")) {
    STREAMOPS_ASSIGN(Term key, parse_term(parser));
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(":"));
    STREAMOPS_ASSIGN(Term value, parse_term(parser));
    out.entries.push_back({std::move(key), std::move(value)});
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("}"));
  return Term{std::move(out)};
}

/// Behind an opening brace: set, map or UDT.
Result<Term> parse_braces(Parser& parser) {
  if (parser.accept_symbol("}")) return Term{SetTerm{}};
  const bool is_udt = parser.is_name() && parser.is_symbol(":", 1);
  if (is_udt) return parse_udt(parser);
  STREAMOPS_ASSIGN(Term first, parse_term(parser));
  if (parser.accept_symbol(":")) return parse_map_rest(parser, std::move(first));
  SetTerm out;
  out.items.push_back(std::move(first));
  while (parser.accept_symbol(",")) {
    STREAMOPS_ASSIGN(Term item, parse_term(parser));
    out.items.push_back(std::move(item));
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("}"));
  return Term{std::move(out)};
}

/// Whether "(…)" ahead is a cast: a type in parentheses, then the start of a term.
bool is_cast_ahead(const Parser& parser) {
  std::size_t ahead = 1;  // behind the parenthesis
  const bool type_like =
      parser.peek(ahead).kind == TokenKind::word || parser.peek(ahead).kind == TokenKind::quoted_name;
  if (!type_like) return false;
  ++ahead;
  int angles = 0;
  for (;; ++ahead) {
    const Token& token = parser.peek(ahead);
    if (token.kind == TokenKind::end) return false;
    if (parser.is_symbol("<", ahead)) ++angles;
    if (parser.is_symbol(">", ahead)) --angles;
    if (angles == 0 && !parser.is_symbol(">", ahead) && !parser.is_symbol(".", ahead) && token.kind != TokenKind::word)
      break;
  }
  if (!parser.is_symbol(")", ahead)) return false;
  const Token& next = parser.peek(ahead + 1);
  if (next.kind == TokenKind::symbol)
    return next.raw == "(" || next.raw == "?" || next.raw == "[" || next.raw == "{" || next.raw == ":";
  return next.kind == TokenKind::word ? !parser.is_symbol(")", ahead + 1) && parser.is_name(ahead + 1)
                                      : next.kind != TokenKind::end;
}

Result<Term> parse_parentheses(Parser& parser) {
  const bool cast = is_cast_ahead(parser);
  parser.advance();
  if (!cast) {
    STREAMOPS_ASSIGN(std::vector<Term> items, parse_items(parser, ")"));
    return Term{TupleTerm{std::move(items)}};
  }
  CastTerm out;
  STREAMOPS_ASSIGN(out.type, parse_type_name(parser));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  STREAMOPS_ASSIGN(Term operand, parse_simple_term(parser));
  out.operand.push_back(std::move(operand));
  return Term{std::move(out)};
}

/// Behind a minus: the sign belongs to a number or a duration, else it negates.
Result<Term> parse_negative(Parser& parser) {
  const bool not_finite = parser.is("nan") || parser.is("infinity");
  STREAMOPS_ASSIGN(Term operand, parse_simple_term(parser));
  auto* constant = std::get_if<Constant>(&operand.node);
  const bool number =
      constant != nullptr && (not_finite || constant->kind == ConstantKind::integer ||
                              constant->kind == ConstantKind::floating || constant->kind == ConstantKind::duration);
  if (number && !constant->text.starts_with('-')) {
    constant->text.insert(0, "-");
    return operand;
  }
  ArithmeticTerm out{'-', {}};
  out.operands.push_back(std::move(operand));
  return Term{std::move(out)};
}

Result<Term> parse_word(Parser& parser) {
  if (parser.accept("null")) return Term{NullTerm{}};
  if (parser.is("true") || parser.is("false"))
    return Term{Constant{ConstantKind::boolean, to_lower(parser.advance().raw)}};
  if (parser.accept("nan")) return Term{Constant{ConstantKind::floating, "NaN"}};
  if (parser.accept("infinity")) return Term{Constant{ConstantKind::floating, "Infinity"}};
  FunctionTerm out;
  if (parser.is("token") && parser.is_symbol("(", 1)) {
    parser.advance();
    out.function.name = "token";
  } else {
    const bool call =
        parser.is_name() && (parser.is_symbol("(", 1) || (parser.is_symbol(".", 1) && parser.is_symbol("(", 3)));
    if (!call) return parser.unexpected();
    STREAMOPS_ASSIGN(out.function, parser.qualified_name());
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_ASSIGN(out.arguments, parse_items(parser, ")"));
  return Term{std::move(out)};
}

Result<Term> parse_symbol(Parser& parser) {
  if (parser.accept_symbol("?")) return Term{Marker{parser.add_marker({}), {}}};
  if (parser.accept_symbol(":")) {
    STREAMOPS_ASSIGN(std::string name, parser.name());
    const std::size_t index = parser.add_marker(name);
    return Term{Marker{index, std::move(name)}};
  }
  if (parser.accept_symbol("-")) return parse_negative(parser);
  if (parser.accept_symbol("[")) {
    STREAMOPS_ASSIGN(std::vector<Term> items, parse_items(parser, "]"));
    return Term{ListTerm{std::move(items)}};
  }
  if (parser.accept_symbol("{")) return parse_braces(parser);
  if (parser.is_symbol("(")) return parse_parentheses(parser);
  return parser.unexpected();
}

/// Products bind closer than sums; both from the left.
Result<Term> parse_level(Parser& parser, int level) {
  if (level == 2) return parse_simple_term(parser);
  STREAMOPS_ASSIGN(Term left, parse_level(parser, level + 1));
  const std::string_view signs = level == 0 ? "+-" : "*/%";
  while (parser.peek().kind == TokenKind::symbol && parser.peek().raw.size() == 1 &&
         signs.find(parser.peek().raw[0]) != std::string_view::npos) {
    ArithmeticTerm out{parser.advance().raw[0], {}};
    STREAMOPS_ASSIGN(Term right, parse_level(parser, level + 1));
    out.operands.push_back(std::move(left));
    out.operands.push_back(std::move(right));
    left = Term{std::move(out)};
  }
  return left;
}

}  // namespace

Result<Term> parse_simple_term(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.enter());
  const Depth depth(parser);
  const auto constant = [&](ConstantKind kind) { return Term{Constant{kind, std::string(parser.advance().raw)}}; };
  switch (parser.peek().kind) {
    case TokenKind::string:
      return Term{Constant{ConstantKind::string, unquote(parser.advance().raw)}};
    case TokenKind::integer:
      return constant(ConstantKind::integer);
    case TokenKind::floating:
      return constant(ConstantKind::floating);
    case TokenKind::uuid:
      return constant(ConstantKind::uuid);
    case TokenKind::blob:
      return constant(ConstantKind::blob);
    case TokenKind::duration:
      return constant(ConstantKind::duration);
    case TokenKind::word:
      return parse_word(parser);
    case TokenKind::quoted_name:
      return parse_word(parser);
    case TokenKind::symbol:
      return parse_symbol(parser);
    case TokenKind::end:
      break;
  }
  return parser.unexpected();
}

Result<Term> parse_term(Parser& parser) {
  return parse_level(parser, 0);
}

}  // namespace streamops::cql
