#include "sql/grammar/parser.h"

#include "errors/sql.h"
#include "sql/grammar/query_parser.h"

namespace streamops::sql {

Result<QueryTree> parse_query(const SourceText& source) {
  STREAMOPS_ASSIGN(std::vector<Token> tokens, tokenize(source));
  TokenStream in(source, std::move(tokens));
  QueryTree tree;
  if (!QueryParser(in).read(tree)) return in.error();
  return tree;
}

Result<ExpressionPtr> parse_expression(const SourceText& source) {
  STREAMOPS_ASSIGN(std::vector<Token> tokens, tokenize(source));
  TokenStream in(source, std::move(tokens));
  ExpressionPtr expression = ExpressionParser(in).expression();
  if (expression && in.peek().kind != TokenKind::end) in.fail_expected("the end of the text");
  if (in.failed()) return in.error();
  return expression;
}

}  // namespace streamops::sql
