#include "sql/grammar/parser.h"

#include "base/text.h"
#include "errors/sql.h"
#include "sql/grammar/expression_parser.h"

namespace streamops::sql {
namespace {

/// Words that may follow a select item or a table and so are no alias without AS.
constexpr std::string_view words_after_item[] = {
    "FROM",   "WHERE",      "LATERAL", "GROUP",   "HAVING",      "ORDER", "LIMIT",   "UNION",
    "EXCEPT", "INTERSECT",  "MINUS",   "JOIN",    "INNER",       "LEFT",  "RIGHT",   "FULL",
    "CROSS",  "NATURAL",    "SEMI",    "ANTI",    "ON",          "USING", "WINDOW",  "CLUSTER",
    "SORT",   "DISTRIBUTE", "OFFSET",  "QUALIFY", "TABLESAMPLE", "PIVOT", "UNPIVOT", "AS"};

struct Clause {
  std::string_view word;
  std::string_view construct;
};
constexpr Clause later_clauses[] = {
    {"GROUP", "GROUP BY"},
    {"HAVING", "HAVING"},
    {"ORDER", "ORDER BY"},
    {"LIMIT", "LIMIT"},
    {"OFFSET", "OFFSET"},
    {"UNION", "UNION"},
    {"EXCEPT", "EXCEPT"},
    {"INTERSECT", "INTERSECT"},
    {"MINUS", "MINUS"},
    {"JOIN", "JOIN"},
    {"INNER", "INNER JOIN"},
    {"LEFT", "LEFT JOIN"},
    {"RIGHT", "RIGHT JOIN"},
    {"FULL", "FULL JOIN"},
    {"CROSS", "CROSS JOIN"},
    {"NATURAL", "NATURAL JOIN"},
    {"SEMI", "SEMI JOIN"},
    {"ANTI", "ANTI JOIN"},
    {"WINDOW", "WINDOW"},
    {"CLUSTER", "CLUSTER BY"},
    {"SORT", "SORT BY"},
    {"DISTRIBUTE", "DISTRIBUTE BY"},
    {"TABLESAMPLE", "TABLESAMPLE"},
    {"PIVOT", "PIVOT"},
    {"UNPIVOT", "UNPIVOT"},
};
constexpr std::string_view other_statements[] = {"WITH",   "VALUES", "INSERT",   "CREATE", "TABLE",
                                                 "UPDATE", "DELETE", "MERGE",    "DROP",   "SET",
                                                 "FROM",   "ALTER",  "DESCRIBE", "SHOW",   "EXPLAIN"};

class QueryParser {
 public:
  explicit QueryParser(TokenStream& in) : in_(in), expressions_(in) {}

  bool read(SelectQuery& query) {
    for (std::string_view word : other_statements) {
      if (in_.is_word(word))
        return in_.fail_not_served(in_.peek().span, fmt::format("a statement that begins with {}", word));
    }
    if (!in_.expect_word("SELECT")) return false;
    if (in_.is_word("DISTINCT")) return in_.fail_not_served(in_.peek().span, "SELECT DISTINCT");
    if (in_.is_word("ALL") && !in_.is_symbol(",", 1)) in_.next();
    if (!items(query) || !from(query) || !views(query)) return false;
    if (in_.eat_word("WHERE")) {
      query.where = expressions_.expression();
      if (!query.where) return false;
    }
    if (in_.is_word("LATERAL")) return in_.fail_expected("the end of the text");
    return end();
  }

 private:
  bool items(SelectQuery& query) {
    do {
      SelectItem item;
      item.expression = expressions_.expression();
      if (!item.expression) return false;
      if (in_.eat_word("AS")) {
        if (in_.is_symbol("(")) return in_.fail_not_served(in_.peek().span, "several names for one expression");
        item.alias = expressions_.name("a name for the column");
        if (!item.alias) return false;
      } else {
        item.alias = implicit_alias();
      }
      query.items.push_back(std::move(item));
    } while (in_.eat_symbol(","));
    return true;
  }

  std::optional<Name> implicit_alias() {
    if (!in_.is_name() || (in_.peek().kind == TokenKind::name && in_.is_any_word(words_after_item)))
      return std::nullopt;
    const Token& token = in_.next();
    return Name{token.value, token.span};
  }

  bool from(SelectQuery& query) {
    if (!in_.eat_word("FROM")) return true;
    if (in_.is_symbol("(")) return in_.fail_not_served(in_.peek().span, "a subquery in FROM");
    if (in_.is_word("LATERAL") || in_.is_word("VALUES")) {
      return in_.fail_not_served(in_.peek().span, fmt::format("FROM {}", to_upper(in_.peek().value)));
    }
    query.source = expressions_.name("the name of the source");
    if (!query.source) return false;
    if (in_.is_symbol(".")) return in_.fail_not_served(in_.peek().span, "a table name of several parts");
    if (in_.is_symbol("(")) return in_.fail_not_served(query.source->span, "a table function in FROM");
    if (in_.eat_word("AS")) {
      query.source_alias = expressions_.name("an alias");
      if (!query.source_alias) return false;
    } else {
      query.source_alias = implicit_alias();
    }
    if (in_.is_symbol(",")) return in_.fail_not_served(in_.peek().span, "more than one table in FROM");
    return true;
  }

  bool views(SelectQuery& query) {
    while (in_.is_word("LATERAL")) {
      if (!in_.is_word("VIEW", 1)) return in_.fail_not_served(in_.peek().span, "LATERAL other than LATERAL VIEW");
      in_.next();
      in_.next();
      LateralView view;
      view.outer = in_.is_word("OUTER") && !in_.is_symbol("(", 1) && (in_.next(), true);
      if (!in_.is_name() || !in_.is_symbol("(", 1)) return in_.fail_expected("a function such as explode(…)");
      view.generator = expressions_.call();
      if (!view.generator || !view_names(view)) return false;
      query.views.push_back(std::move(view));
    }
    return true;
  }

  /// "t AS a, b", "t a, b", "AS a", "t".
  bool view_names(LateralView& view) {
    if (!in_.is_word("AS")) {
      const auto table = implicit_alias();
      if (!table) return in_.fail_expected("an alias for the view");
      view.table = *table;
    }
    const bool names_follow = in_.eat_word("AS") || (in_.is_name() && !in_.is_any_word(words_after_item));
    if (!names_follow) return true;
    do {
      const auto column = expressions_.name("a name for the column");
      if (!column) return false;
      view.columns.push_back(*column);
    } while (in_.eat_symbol(","));
    return true;
  }

  bool end() {
    in_.eat_symbol(";");
    if (in_.peek().kind == TokenKind::end) return true;
    for (const Clause& clause : later_clauses) {
      if (in_.is_word(clause.word)) return in_.fail_not_served(in_.peek().span, clause.construct);
    }
    return in_.fail_expected("the end of the text");
  }

  TokenStream& in_;
  ExpressionParser expressions_;
};

}  // namespace

Result<SelectQuery> parse_query(const SourceText& source) {
  STREAMOPS_ASSIGN(std::vector<Token> tokens, tokenize(source));
  TokenStream in(source, std::move(tokens));
  SelectQuery query;
  if (!QueryParser(in).read(query)) return in.error();
  return query;
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
