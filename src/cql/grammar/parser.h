// cql/grammar/parser.h — the hands of the parser: a cursor over tokens, and one function a construct. Internal to
// cql/grammar.
//
// A parse_… function is called with the cursor on its first token (parse_select: on SELECT) and leaves it behind its
// last one.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "cql/grammar/lexer.h"
#include "cql/grammar/statement.h"

namespace streamops::cql {

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens, const ParseLimits& limits);

  const Token& peek(std::size_t ahead = 0) const;
  const Token& advance();
  bool at_end() const { return peek().kind == TokenKind::end; }

  /// Whether the next tokens are these words (in any case, never in quotes).
  bool is(std::initializer_list<std::string_view> words) const;
  bool is(std::string_view word) const { return is({word}); }
  bool is_symbol(std::string_view symbol, std::size_t ahead = 0) const;
  /// Takes them when they are there.
  bool accept(std::initializer_list<std::string_view> words);
  bool accept(std::string_view word) { return accept({word}); }
  bool accept_symbol(std::string_view symbol);
  /// Takes them or fails.
  Result<void> expect(std::initializer_list<std::string_view> words);
  Result<void> expect(std::string_view word) { return expect({word}); }
  Result<void> expect_symbol(std::string_view symbol);

  /// A name: a word that is not reserved, folded to lower case, or a quoted one as it stands.
  Result<std::string> name();
  /// [keyspace.]name
  Result<QualifiedName> qualified_name();
  /// "IF NOT EXISTS" / "IF EXISTS".
  bool accept_if_not_exists() { return accept({"if", "not", "exists"}); }
  bool accept_if_exists() { return accept({"if", "exists"}); }
  bool is_name(std::size_t ahead = 0) const;

  /// item {separator item}.
  template <typename Item>
  Result<void> separated(Item item, std::string_view separator = ",") {
    do {
      STREAMOPS_RETURN_IF_ERROR(item());
    } while (accept_symbol(separator));
    return Ok();
  }

  /// The error at the next token, as Cassandra words it.
  Error unexpected() const;
  Error unexpected(std::string_view expected) const;
  /// An SO-C112 at a token.
  Error contradiction(const Token& at, const std::string& message) const;

  std::size_t add_marker(std::string name);
  std::vector<std::string> take_markers() { return std::move(markers_); }

  /// Counts one more level of brackets; fails beyond the limit. Leave it with Depth's destructor.
  Result<void> enter();
  void leave() { --depth_; }

 private:
  std::string snippet() const;

  std::string_view text_;
  std::vector<Token> tokens_;
  ParseLimits limits_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::string> markers_;
};

/// Leaves a level when it goes out of scope.
class Depth {
 public:
  explicit Depth(Parser& parser) : parser_(parser) {}
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;
  ~Depth() { parser_.leave(); }

 private:
  Parser& parser_;
};

Result<Term> parse_term(Parser& parser);
/// A literal, marker or call without arithmetic around it.
Result<Term> parse_simple_term(Parser& parser);
Result<TypeName> parse_type_name(Parser& parser);
Result<std::vector<Relation>> parse_where(Parser& parser);  // behind WHERE
Result<Operator> parse_operator(Parser& parser);
/// What stands behind an operator.
Result<Term> parse_operand(Parser& parser, Operator op);
Result<std::vector<Condition>> parse_conditions(Parser& parser);  // behind IF
/// WHERE … [IF EXISTS | IF conditions], the end of UPDATE and DELETE.
template <typename Statement>
Result<void> parse_which_rows(Parser& parser, Statement& out) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect("where"));
  STREAMOPS_ASSIGN(out.where, parse_where(parser));
  out.if_exists = parser.accept_if_exists();
  if (out.if_exists || !parser.accept("if")) return Ok();
  STREAMOPS_ASSIGN(out.conditions, parse_conditions(parser));
  return Ok();
}
Result<Using> parse_using(Parser& parser, bool ttl_allowed);  // with USING, if it is there
Result<Properties> parse_properties(Parser& parser);          // behind WITH
Result<Property> parse_property(Parser& parser);
Result<Selector> parse_selector(Parser& parser);

Result<Select> parse_select(Parser& parser);
Result<Insert> parse_insert(Parser& parser);
Result<Update> parse_update(Parser& parser);
Result<Delete> parse_delete(Parser& parser);
Result<BatchStatement> parse_batch(Parser& parser);
Result<Statement> parse_create(Parser& parser);
Result<Statement> parse_alter(Parser& parser);
Result<Statement> parse_drop(Parser& parser);
Result<CreateTable> parse_create_table(Parser& parser);  // behind CREATE TABLE
Result<AlterTable> parse_alter_table(Parser& parser);    // behind ALTER TABLE
Result<CreateType> parse_create_type(Parser& parser);    // behind CREATE TYPE
Result<AlterType> parse_alter_type(Parser& parser);      // behind ALTER TYPE
Result<CreateIndex> parse_create_index(Parser& parser);  // behind CREATE
Result<Describe> parse_describe(Parser& parser);
/// A statement that is known and not served; the cursor is on its first word. An error when it is none of these either.
Result<Unserved> parse_unserved(Parser& parser);

}  // namespace streamops::cql
