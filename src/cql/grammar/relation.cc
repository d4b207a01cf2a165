#include "cql/grammar/relation.h"

#include <array>

#include "base/text.h"
#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

constexpr std::array<std::string_view, 13> kOperators = {
    "=", "!=", "<", "<=", ">", ">=", "IN", "NOT IN", "CONTAINS", "CONTAINS KEY", "LIKE", "IS NOT NULL", "ANN"};

Result<std::vector<std::string>> parse_names(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  std::vector<std::string> out;
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(std::string name, parser.name());
    out.push_back(std::move(name));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  return out;
}

/// The right side of IN: a list in parentheses or one marker.
Result<Term> parse_in_list(Parser& parser) {
  if (!parser.is_symbol("(")) return parse_simple_term(parser);
  parser.advance();
  TupleTerm out;
  if (!parser.accept_symbol(")")) {
    STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
      STREAMOPS_ASSIGN(Term item, parse_term(parser));
      out.items.push_back(std::move(item));
      return Ok();
    }));
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  }
  return Term{std::move(out)};
}

template <typename T>
Result<Relation> finish(Parser& parser, T relation) {
  STREAMOPS_ASSIGN(relation.op, parse_operator(parser));
  STREAMOPS_ASSIGN(relation.value, parse_operand(parser, relation.op));
  return Relation{std::move(relation)};
}

Result<Relation> parse_relation(Parser& parser) {
  if (parser.is("token") && parser.is_symbol("(", 1)) {
    parser.advance();
    TokenRelation out;
    STREAMOPS_ASSIGN(out.columns, parse_names(parser));
    return finish(parser, std::move(out));
  }
  if (parser.is_symbol("(")) {
    // Cassandra takes superfluous parentheres around one relation: ((a = 1)).
    const bool is_tuple = parser.is_name(1) && (parser.is_symbol(",", 2) || parser.is_symbol(")", 2));
    if (!is_tuple) {
      STREAMOPS_RETURN_IF_ERROR(parser.enter());
      const Depth depth(parser);
      parser.advance();
      STREAMOPS_ASSIGN(Relation inner, parse_relation(parser));
      STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
      return inner;
    }
    TupleRelation out;
    STREAMOPS_ASSIGN(out.columns, parse_names(parser));
    return finish(parser, std::move(out));
  }
  STREAMOPS_ASSIGN(std::string column, parser.name());
  if (parser.accept_symbol("[")) {
    ElementRelation out;
    out.column = std::move(column);
    STREAMOPS_ASSIGN(out.key, parse_term(parser));
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("]"));
    return finish(parser, std::move(out));
  }
  ColumnRelation out;
  out.column = std::move(column);
  return finish(parser, std::move(out));
}

Result<Condition> parse_condition(Parser& parser) {
  Condition out;
  STREAMOPS_ASSIGN(out.column, parser.name());
  if (parser.accept_symbol("[")) {
    STREAMOPS_ASSIGN(Term element, parse_term(parser));
    out.element = std::move(element);
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("]"));
  } else if (parser.accept_symbol(".")) {
    STREAMOPS_ASSIGN(out.field, parser.name());
  }
  STREAMOPS_ASSIGN(out.op, parse_operator(parser));
  STREAMOPS_ASSIGN(out.value, parse_operand(parser, out.op));
  return out;
}

/// An integer or a marker.
Result<Term> parse_amount(Parser& parser) {
  const bool right = parser.peek().kind == TokenKind::integer || parser.is_symbol("?") || parser.is_symbol(":") ||
                     parser.is_symbol("-");
  if (!right) return parser.unexpected();
  return parse_simple_term(parser);
}

}  // namespace

std::string_view to_string(Operator op) {
  return kOperators[static_cast<std::size_t>(op)];
}

Result<Operator> parse_operator(Parser& parser) {
  constexpr std::size_t kSymbols = 6;
  for (std::size_t i = 0; i < kSymbols; ++i) {
    if (parser.accept_symbol(kOperators[i])) return static_cast<Operator>(i);
  }
  if (parser.accept("in")) return Operator::in;
  if (parser.accept({"not", "in"})) return Operator::not_in;
  if (parser.accept({"contains", "key"})) return Operator::contains_key;
  if (parser.accept("contains")) return Operator::contains;
  if (parser.accept("like")) return Operator::like;
  if (parser.accept({"is", "not", "null"})) return Operator::is_not_null;
  return parser.unexpected();
}

Result<Term> parse_operand(Parser& parser, Operator op) {
  if (op == Operator::is_not_null) return Term{NullTerm{}};
  if (op == Operator::in || op == Operator::not_in) return parse_in_list(parser);
  return parse_term(parser);
}

Result<std::vector<Relation>> parse_where(Parser& parser) {
  std::vector<Relation> out;
  do {
    STREAMOPS_ASSIGN(Relation relation, parse_relation(parser));
    out.push_back(std::move(relation));
  } while (parser.accept("and"));
  return out;
}

Result<std::vector<Condition>> parse_conditions(Parser& parser) {
  std::vector<Condition> out;
  do {
    STREAMOPS_ASSIGN(Condition condition, parse_condition(parser));
    out.push_back(std::move(condition));
  } while (parser.accept("and"));
  return out;
}

Result<Using> parse_using(Parser& parser, bool ttl_allowed) {
  Using out;
  if (!parser.accept("using")) return out;
  do {
    const Token at = parser.peek();
    const bool is_ttl = ttl_allowed && parser.accept("ttl");
    if (!is_ttl) STREAMOPS_RETURN_IF_ERROR(parser.expect("timestamp"));
    STREAMOPS_ASSIGN(Term amount, parse_amount(parser));
    std::optional<Term>& target = is_ttl ? out.ttl : out.timestamp;
    if (target) return parser.contradiction(at, "TIMESTAMP and TTL can be given once each");
    target = std::move(amount);
  } while (parser.accept("and"));
  return out;
}

}  // namespace streamops::cql
