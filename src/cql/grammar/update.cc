#include "cql/grammar/update.h"

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

/// Whether the next tokens are this column and a sign that continues: `c + …`, `c - …`.
bool is_column_then_sign(const Parser& parser) {
  return parser.is_name() && (parser.is_symbol("+", 1) || parser.is_symbol("-", 1));
}

/// Behind "column =".
Result<Assignment> parse_value(Parser& parser, std::string column) {
  if (is_column_then_sign(parser)) {
    const Token at = parser.peek();
    STREAMOPS_ASSIGN(const std::string other, parser.name());
    if (other != column) return parser.contradiction(at, "Only expressions of the form X = X + <value> are supported.");
    const bool adds = parser.advance().raw == "+";
    STREAMOPS_ASSIGN(Term value, parse_term(parser));
    if (adds) return Assignment{AddToColumn{std::move(column), std::move(value)}};
    return Assignment{SubtractFromColumn{std::move(column), std::move(value)}};
  }
  STREAMOPS_ASSIGN(Term value, parse_simple_term(parser));
  if (parser.is_symbol("+") && parser.is_name(1) && !parser.is_symbol("(", 2)) {
    parser.advance();
    const Token at = parser.peek();
    STREAMOPS_ASSIGN(const std::string other, parser.name());
    if (other != column) return parser.contradiction(at, "Only expressions of the form X = <value> + X are supported.");
    return Assignment{PrependToColumn{std::move(column), std::move(value)}};
  }
  // Arithmetic on the right: go on from the term already read.
  while (parser.is_symbol("+") || parser.is_symbol("-") || parser.is_symbol("*") || parser.is_symbol("/") ||
         parser.is_symbol("%")) {
    ArithmeticTerm sum{parser.advance().raw[0], {}};
    STREAMOPS_ASSIGN(Term right, parse_simple_term(parser));
    sum.operands.push_back(std::move(value));
    sum.operands.push_back(std::move(right));
    value = Term{std::move(sum)};
  }
  return Assignment{SetColumn{std::move(column), std::move(value)}};
}

Result<Assignment> parse_element(Parser& parser, std::string column) {
  SetElement out;
  out.column = std::move(column);
  STREAMOPS_ASSIGN(out.key, parse_term(parser));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("]"));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("="));
  STREAMOPS_ASSIGN(out.value, parse_term(parser));
  return Assignment{std::move(out)};
}

Result<Assignment> parse_field(Parser& parser, std::string column) {
  SetField out;
  out.column = std::move(column);
  STREAMOPS_ASSIGN(out.field, parser.name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("="));
  STREAMOPS_ASSIGN(out.value, parse_term(parser));
  return Assignment{std::move(out)};
}

Result<Assignment> parse_assignment(Parser& parser) {
  STREAMOPS_ASSIGN(std::string column, parser.name());
  if (parser.accept_symbol("[")) return parse_element(parser, std::move(column));
  if (parser.accept_symbol(".")) return parse_field(parser, std::move(column));
  if (parser.is_symbol("+=") || parser.is_symbol("-=")) {
    const bool adds = parser.advance().raw == "+=";
    STREAMOPS_ASSIGN(Term value, parse_term(parser));
    if (adds) return Assignment{AddToColumn{std::move(column), std::move(value)}};
    return Assignment{SubtractFromColumn{std::move(column), std::move(value)}};
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("="));
  return parse_value(parser, std::move(column));
}

}  // namespace

Result<Update> parse_update(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect("update"));
  Update out;
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  STREAMOPS_ASSIGN(out.parameters, parse_using(parser, true));
  STREAMOPS_RETURN_IF_ERROR(parser.expect("set"));
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(Assignment assignment, parse_assignment(parser));
    out.assignments.push_back(std::move(assignment));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parse_which_rows(parser, out));
  return out;
}

}  // namespace streamops::cql
