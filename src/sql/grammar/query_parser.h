// sql/grammar/query_parser.h — whole queries: WITH, SELECT … FROM … JOIN … WHERE … GROUP BY … HAVING, UNION.
#pragma once

#include "sql/grammar/expression_parser.h"

namespace streamops::sql {

class QueryParser {
 public:
  explicit QueryParser(TokenStream& in) : in_(in), expressions_(in) {}

  /// Everything up to the end of the text; false when it failed.
  bool read(QueryTree& tree);

 private:
  bool tree(QueryTree& tree);
  static SelectQuery without_duplicates(std::vector<SelectQuery> selects);
  bool with(QueryTree& tree);
  /// A SELECT, or a query in parentheses as one.
  bool term(SelectQuery& query);
  bool select(SelectQuery& query);
  bool items(SelectQuery& query);
  bool from(SelectQuery& query);
  bool relation(Relation& relation);
  bool table(Relation& relation);
  bool joins(SelectQuery& query);
  /// The words up to JOIN; nothing when no join begins here, or after a failure.
  std::optional<JoinType> join_words(Span& head);
  bool views(SelectQuery& query);
  bool view_names(LateralView& view);
  bool grouping(SelectQuery& query);
  bool names(std::vector<Name>& out);
  QueryTreePtr subquery();
  std::optional<Name> implicit_alias();
  bool refuse_what_follows();

  TokenStream& in_;
  ExpressionParser expressions_;
};

}  // namespace streamops::sql
