#include "cql/grammar/unserved.h"

#include <array>

#include "base/text.h"
#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

/// The statements by their first words.
constexpr std::array kStatements = std::to_array<std::string_view>({
    "create role",
    "create user",
    "create function",
    "create aggregate",
    "create materialized view",
    "create trigger",
    "create or replace function",
    "create or replace aggregate",
    "alter role",
    "alter user",
    "alter materialized view",
    "drop role",
    "drop user",
    "drop function",
    "drop aggregate",
    "drop materialized view",
    "drop trigger",
    "drop identity",
    "add identity",
    "grant",
    "revoke",
    "list roles",
    "list users",
    "list superusers",
    "list all permissions",
    "list all",
    "list",
});

bool accept_words(Parser& parser, std::string_view words) {
  const std::vector<std::string_view> pieces = split(words, ' ');
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Token& token = parser.peek(i);
    if (token.kind != TokenKind::word || !equals_ignore_case(token.raw, pieces[i])) return false;
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) parser.advance();
  return true;
}

}  // namespace

Result<Unserved> parse_unserved(Parser& parser) {
  for (const std::string_view words : kStatements) {
    if (!accept_words(parser, words)) continue;
    Unserved out{to_upper(words), {}};
    if (!parser.accept_if_not_exists()) parser.accept_if_exists();
    if (parser.is_name()) {
      STREAMOPS_ASSIGN(const QualifiedName name, parser.qualified_name());
      out.name = name.keyspace.empty() ? name.name : name.keyspace + "." + name.name;
    }
    while (!parser.at_end() && !parser.is_symbol(";")) parser.advance();
    return out;
  }
  return parser.unexpected();
}

}  // namespace streamops::cql
