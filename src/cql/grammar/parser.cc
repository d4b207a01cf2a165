#include "cql/grammar/parser.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cql/protocol/keywords.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

Parser::Parser(std::string_view text, std::vector<Token> tokens, const ParseLimits& limits)
    : text_(text), tokens_(std::move(tokens)), limits_(limits) {}

const Token& Parser::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

const Token& Parser::advance() {
  const Token& token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::is(std::initializer_list<std::string_view> words) const {
  std::size_t ahead = 0;
  for (const std::string_view word : words) {
    const Token& token = peek(ahead++);
    if (token.kind != TokenKind::word || !equals_ignore_case(token.raw, word)) return false;
  }
  return true;
}

bool Parser::is_symbol(std::string_view symbol, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::symbol && peek(ahead).raw == symbol;
}

bool Parser::accept(std::initializer_list<std::string_view> words) {
  if (!is(words)) return false;
  at_ += words.size();
  return true;
}

bool Parser::accept_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  ++at_;
  return true;
}

Result<void> Parser::expect(std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (!accept(word)) return unexpected("K_" + to_upper(word));
  }
  return Ok();
}

Result<void> Parser::expect_symbol(std::string_view symbol) {
  if (accept_symbol(symbol)) return Ok();
  return unexpected(fmt::format("'{}'", symbol));
}

bool Parser::is_name(std::size_t ahead) const {
  const Token& token = peek(ahead);
  return token.kind == TokenKind::quoted_name || (token.kind == TokenKind::word && !is_reserved_word(token.raw));
}

Result<std::string> Parser::name() {
  if (!is_name()) return unexpected();
  const Token& token = advance();
  return token.kind == TokenKind::quoted_name ? unquote(token.raw) : to_lower(token.raw);
}

Result<QualifiedName> Parser::qualified_name() {
  QualifiedName out;
  STREAMOPS_ASSIGN(out.name, name());
  if (!accept_symbol(".")) return out;
  out.keyspace = std::move(out.name);
  STREAMOPS_ASSIGN(out.name, name());
  return out;
}

std::string Parser::snippet() const {
  constexpr std::size_t kAround = 10;
  std::string out;
  const std::size_t first = at_ > kAround ? at_ - kAround : 0;
  if (first > 0) out += "...";
  const std::size_t start = tokens_[first].offset;
  out += text_.substr(start, peek().offset - start);
  out += fmt::format("[{}]", peek().raw.substr(0, 100));
  return "(" + out + "...)";
}

Error Parser::unexpected() const {
  const Token& token = peek();
  if (token.kind == TokenKind::end)
    return syntax_error(text_, token.offset, 1, "no viable alternative at input '<EOF>'");
  const std::string_view raw = token.raw.substr(0, 100);
  return syntax_error(text_, token.offset, raw.size(),
                      fmt::format("no viable alternative at input '{}' {}", raw, snippet()));
}

Error Parser::unexpected(std::string_view expected) const {
  const Token& token = peek();
  if (token.kind == TokenKind::end) {
    return syntax_error(text_, token.offset, 1, fmt::format("mismatched input '<EOF>' expecting {}", expected));
  }
  const std::string_view raw = token.raw.substr(0, 100);
  return syntax_error(text_, token.offset, raw.size(),
                      fmt::format("mismatched input '{}' expecting {} {}", raw, expected, snippet()));
}

Error Parser::contradiction(const Token& at, const std::string& message) const {
  const Error placed = syntax_error(text_, at.offset, at.raw.size(), message);
  return Error(errors::cql_protocol::bad_statement, message).with_place(*placed.place());
}

std::size_t Parser::add_marker(std::string marker) {
  markers_.push_back(std::move(marker));
  return markers_.size() - 1;
}

Result<void> Parser::enter() {
  if (++depth_ <= limits_.max_depth) return Ok();
  --depth_;
  return Error(errors::cql_protocol::too_deep, "a statement has more than {} brackets within brackets",
               limits_.max_depth);
}

}  // namespace streamops::cql
