#include "cql/grammar/insert.h"

#include <fmt/format.h>

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

/// (a, b) VALUES (1, 2)
Result<void> parse_values(Parser& parser, Insert& out) {
  const Token start = parser.peek();
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(std::string column, parser.name());
    out.columns.push_back(std::move(column));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  STREAMOPS_RETURN_IF_ERROR(parser.expect("values"));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(Term value, parse_term(parser));
    out.values.push_back(std::move(value));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  if (out.columns.size() != out.values.size()) return parser.contradiction(start, "Unmatched column names/values");
  return Ok();
}

/// JSON '…' [DEFAULT NULL | UNSET]
Result<void> parse_json(Parser& parser, Insert& out) {
  const bool right = parser.peek().kind == TokenKind::string || parser.is_symbol("?") || parser.is_symbol(":");
  if (!right) return parser.unexpected();
  STREAMOPS_ASSIGN(Term json, parse_simple_term(parser));
  out.json = std::move(json);
  if (!parser.accept("default")) return Ok();
  out.json_default_unset = parser.accept("unset");
  return out.json_default_unset ? Result<void>() : parser.expect("null");
}

}  // namespace

Result<Insert> parse_insert(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect({"insert", "into"}));
  Insert out;
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  if (parser.accept("json")) {
    STREAMOPS_RETURN_IF_ERROR(parse_json(parser, out));
  } else {
    STREAMOPS_RETURN_IF_ERROR(parse_values(parser, out));
  }
  out.if_not_exists = parser.accept_if_not_exists();
  STREAMOPS_ASSIGN(out.parameters, parse_using(parser, true));
  return out;
}

}  // namespace streamops::cql
