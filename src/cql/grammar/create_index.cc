#include "cql/grammar/create_index.h"

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

Result<IndexTarget> parse_target(Parser& parser) {
  IndexTarget out;
  constexpr std::pair<std::string_view, IndexTarget::Kind> kKinds[] = {{"keys", IndexTarget::Kind::keys},
                                                                       {"values", IndexTarget::Kind::values},
                                                                       {"entries", IndexTarget::Kind::entries},
                                                                       {"full", IndexTarget::Kind::full}};
  for (const auto& [word, kind] : kKinds) {
    if (!parser.is(word) || !parser.is_symbol("(", 1)) continue;
    out.kind = kind;
    parser.advance();
    parser.advance();
    STREAMOPS_ASSIGN(out.column, parser.name());
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
    return out;
  }
  STREAMOPS_ASSIGN(out.column, parser.name());
  return out;
}

}  // namespace

Result<CreateIndex> parse_create_index(Parser& parser) {
  CreateIndex out;
  out.custom = parser.accept("custom");
  STREAMOPS_RETURN_IF_ERROR(parser.expect("index"));
  out.if_not_exists = parser.accept_if_not_exists();
  if (!parser.is("on")) {
    STREAMOPS_ASSIGN(out.name, parser.name());
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect("on"));
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(IndexTarget target, parse_target(parser));
    out.targets.push_back(std::move(target));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  if (parser.accept("using")) {
    if (parser.peek().kind != TokenKind::string) return parser.unexpected();
    out.implementation = unquote(parser.advance().raw);
  }
  if (parser.accept("with")) {
    STREAMOPS_ASSIGN(out.properties, parse_properties(parser));
  }
  return out;
}

}  // namespace streamops::cql
