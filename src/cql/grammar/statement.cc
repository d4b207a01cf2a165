#include "cql/grammar/statement.h"

#include "base/text.h"
#include "cql/grammar/parser.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

template <typename T>
Result<Statement> lift(Result<T> result) {
  if (!result) return result.error();
  return Statement{std::move(result).value()};
}

Result<Statement> parse_create_keyspace(Parser& parser) {
  CreateKeyspace out;
  out.if_not_exists = parser.accept_if_not_exists();
  STREAMOPS_ASSIGN(out.name, parser.name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect("with"));
  STREAMOPS_ASSIGN(out.properties, parse_properties(parser));
  return Statement{std::move(out)};
}

Result<Statement> parse_alter_keyspace(Parser& parser) {
  AlterKeyspace out;
  out.if_exists = parser.accept_if_exists();
  STREAMOPS_ASSIGN(out.name, parser.name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect("with"));
  STREAMOPS_ASSIGN(out.properties, parse_properties(parser));
  return Statement{std::move(out)};
}

bool accept_keyspace(Parser& parser, std::string_view verb) {
  return parser.accept({verb, "keyspace"}) || parser.accept({verb, "schema"});
}
bool accept_table(Parser& parser, std::string_view verb) {
  return parser.accept({verb, "table"}) || parser.accept({verb, "columnfamily"});
}

Result<Statement> parse_use(Parser& parser) {
  parser.advance();
  Use out;
  STREAMOPS_ASSIGN(out.keyspace, parser.name());
  return Statement{std::move(out)};
}

Result<Statement> parse_truncate(Parser& parser) {
  parser.advance();
  if (!parser.accept("table")) parser.accept("columnfamily");
  Truncate out;
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  return Statement{std::move(out)};
}

Result<Statement> parse_any(Parser& parser) {
  if (parser.is("select")) return lift(parse_select(parser));
  if (parser.is("insert")) return lift(parse_insert(parser));
  if (parser.is("update")) return lift(parse_update(parser));
  if (parser.is("delete")) return lift(parse_delete(parser));
  if (parser.is("begin")) return lift(parse_batch(parser));
  if (parser.is("use")) return parse_use(parser);
  if (parser.is("truncate")) return parse_truncate(parser);
  if (parser.is("create")) return parse_create(parser);
  if (parser.is("alter")) return parse_alter(parser);
  if (parser.is("drop")) return parse_drop(parser);
  if (parser.is("describe") || parser.is("desc")) return lift(parse_describe(parser));
  return lift(parse_unserved(parser));
}

Result<Parser> start(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.max_length) {
    return Error(errors::cql_protocol::too_deep, "a statement of {} bytes is longer than the limit of {}", text.size(),
                 limits.max_length);
  }
  STREAMOPS_ASSIGN(std::vector<Token> tokens, tokenize(text, limits.max_items));
  return Parser(text, std::move(tokens), limits);
}

}  // namespace

Result<Statement> parse_create(Parser& parser) {
  if (accept_keyspace(parser, "create")) return parse_create_keyspace(parser);
  if (accept_table(parser, "create")) return lift(parse_create_table(parser));
  if (parser.accept({"create", "type"})) return lift(parse_create_type(parser));
  if (parser.is({"create", "index"}) || parser.is({"create", "custom"})) {
    parser.advance();
    return lift(parse_create_index(parser));
  }
  return lift(parse_unserved(parser));
}

Result<Statement> parse_alter(Parser& parser) {
  if (accept_keyspace(parser, "alter")) return parse_alter_keyspace(parser);
  if (accept_table(parser, "alter")) return lift(parse_alter_table(parser));
  if (parser.accept({"alter", "type"})) return lift(parse_alter_type(parser));
  return lift(parse_unserved(parser));
}

Result<Statement> parse_drop(Parser& parser) {
  Drop out;
  if (accept_keyspace(parser, "drop")) {
    out.kind = Drop::Kind::keyspace;
  } else if (accept_table(parser, "drop")) {
    out.kind = Drop::Kind::table;
  } else if (parser.accept({"drop", "type"})) {
    out.kind = Drop::Kind::type;
  } else if (parser.accept({"drop", "index"})) {
    out.kind = Drop::Kind::index;
  } else {
    return lift(parse_unserved(parser));
  }
  out.if_exists = parser.accept_if_exists();
  if (out.kind == Drop::Kind::keyspace) {
    STREAMOPS_ASSIGN(out.name.name, parser.name());
  } else {
    STREAMOPS_ASSIGN(out.name, parser.qualified_name());
  }
  return Statement{std::move(out)};
}

Result<ParsedStatement> parse_statement(std::string_view text, const ParseLimits& limits) {
  STREAMOPS_ASSIGN(Parser parser, start(text, limits));
  STREAMOPS_ASSIGN(Statement statement, parse_any(parser));
  while (parser.accept_symbol(";")) {
  }
  if (!parser.at_end()) return parser.unexpected("EOF");
  return ParsedStatement{std::move(statement), parser.take_markers()};
}

Result<Term> parse_term(std::string_view text) {
  STREAMOPS_ASSIGN(Parser parser, start(text, {}));
  STREAMOPS_ASSIGN(Term term, parse_term(parser));
  if (!parser.at_end()) return parser.unexpected("EOF");
  return term;
}

Result<std::vector<ScriptStatement>> split_script(std::string_view script) {
  STREAMOPS_ASSIGN(const std::vector<Token> tokens, tokenize(script, ParseLimits{}.max_items));
  std::vector<ScriptStatement> out;
  const auto is_word = [&](std::size_t i, std::string_view word) {
    return i < tokens.size() && tokens[i].kind == TokenKind::word && equals_ignore_case(tokens[i].raw, word);
  };
  const auto is_batch = [&](std::size_t first) {
    return is_word(first, "begin") && (is_word(first + 1, "batch") || is_word(first + 2, "batch"));
  };
  std::size_t first = 0;
  bool in_batch = is_batch(0);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool ends = tokens[i].kind == TokenKind::end || tokens[i].raw == ";";
    if (is_word(i, "apply") && is_word(i + 1, "batch")) in_batch = false;
    if (!ends || (in_batch && tokens[i].kind != TokenKind::end)) continue;
    if (i > first) {
      const std::size_t start_at = tokens[first].offset;
      const std::size_t end_at = tokens[i - 1].offset + tokens[i - 1].raw.size();
      out.push_back({script.substr(start_at, end_at - start_at), start_at});
    }
    first = i + 1;
    in_batch = is_batch(first);
  }
  return out;
}

}  // namespace streamops::cql
