#include "sql/grammar/query_parser.h"

#include <fmt/format.h>

#include "base/text.h"
#include "errors/sql.h"

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
    {"ORDER", "ORDER BY"},
    {"LIMIT", "LIMIT"},
    {"OFFSET", "OFFSET"},
    {"EXCEPT", "EXCEPT"},
    {"INTERSECT", "INTERSECT"},
    {"MINUS", "MINUS"},
    {"NATURAL", "NATURAL JOIN"},
    {"WINDOW", "WINDOW"},
    {"CLUSTER", "CLUSTER BY"},
    {"SORT", "SORT BY"},
    {"DISTRIBUTE", "DISTRIBUTE BY"},
    {"TABLESAMPLE", "TABLESAMPLE"},
    {"PIVOT", "PIVOT"},
    {"UNPIVOT", "UNPIVOT"},
};
constexpr std::string_view other_statements[] = {"VALUES", "INSERT",   "CREATE", "TABLE",  "UPDATE",
                                                 "DELETE", "MERGE",    "DROP",   "SET",    "FROM",
                                                 "ALTER",  "DESCRIBE", "SHOW",   "EXPLAIN"};

}  // namespace

bool QueryParser::read(QueryTree& out) {
  for (std::string_view word : other_statements) {
    if (in_.is_word(word))
      return in_.fail_not_served(in_.peek().span, fmt::format("a statement that begins with {}", word));
  }
  if (!tree(out)) return false;
  in_.eat_symbol(";");
  return in_.peek().kind == TokenKind::end || refuse_what_follows();
}

bool QueryParser::refuse_what_follows() {
  for (const Clause& clause : later_clauses) {
    if (in_.is_word(clause.word)) return in_.fail_not_served(in_.peek().span, clause.construct);
  }
  return in_.fail_expected("the end of the text");
}

bool QueryParser::tree(QueryTree& out) {
  constexpr int most_unions = 256;
  const TokenStream::Level level(in_);
  if (in_.failed() || !with(out)) return false;
  bool distinct = false;
  for (int unions = 0;; ++unions) {
    if (!term(out.selects.emplace_back())) return false;
    if (distinct) out.selects = {without_duplicates(std::move(out.selects))};
    if (!in_.is_word("UNION")) return true;
    const Span word = in_.next().span;
    if (unions == most_unions) return in_.fail_not_served(word, fmt::format("more than {} UNIONs", most_unions));
    distinct = !in_.eat_word("ALL");
    if (distinct) in_.eat_word("DISTINCT");
  }
}

/// a UNION b: SELECT DISTINCT * FROM (a UNION ALL b)
SelectQuery QueryParser::without_duplicates(std::vector<SelectQuery> selects) {
  SelectQuery query;
  query.distinct = true;
  query.head = selects[0].head;
  Expression star;
  star.kind = ExpressionKind::star;
  star.head = star.span = query.head;
  query.items.push_back({std::make_shared<const Expression>(std::move(star)), {}});
  QueryTree inner;
  inner.selects = std::move(selects);
  query.subquery = std::make_shared<const QueryTree>(std::move(inner));
  return query;
}

bool QueryParser::with(QueryTree& out) {
  if (!in_.eat_word("WITH")) return true;
  if (in_.is_word("RECURSIVE")) return in_.fail_not_served(in_.peek().span, "WITH RECURSIVE");
  do {
    CommonTable table;
    const auto name = expressions_.name("a name for the table");
    if (!name) return false;
    table.name = *name;
    if (in_.is_symbol("(") && !names(table.columns)) return false;
    in_.eat_word("AS");
    table.query = subquery();
    if (!table.query) return false;
    out.with.push_back(std::move(table));
  } while (in_.eat_symbol(","));
  return true;
}

/// (query)
QueryTreePtr QueryParser::subquery() {
  if (!in_.expect_symbol("(")) return nullptr;
  QueryTree inner;
  if (!tree(inner)) return nullptr;
  if (!in_.is_symbol(")")) return refuse_what_follows(), nullptr;
  in_.next();
  return std::make_shared<const QueryTree>(std::move(inner));
}

bool QueryParser::term(SelectQuery& query) {
  if (!in_.is_symbol("(")) return select(query);
  const Span start = in_.peek().span;
  query.subquery = subquery();
  if (!query.subquery) return false;
  Expression star;
  star.kind = ExpressionKind::star;
  star.head = star.span = query.head = join(start, in_.last().span);
  query.items.push_back({std::make_shared<const Expression>(std::move(star)), {}});
  return true;
}

bool QueryParser::select(SelectQuery& query) {
  query.head = in_.peek().span;
  if (!in_.expect_word("SELECT")) return false;
  if (in_.is_word("DISTINCT")) {
    in_.next();
    query.distinct = true;
  } else if (in_.is_word("ALL") && !in_.is_symbol(",", 1)) {
    in_.next();
  }
  if (!items(query) || !from(query) || !views(query)) return false;
  if (in_.eat_word("WHERE")) {
    query.where = expressions_.expression();
    if (!query.where) return false;
  }
  if (in_.is_word("LATERAL")) return in_.fail_expected("the end of the text");
  if (!grouping(query)) return false;
  if (!in_.eat_word("HAVING")) return true;
  query.having = expressions_.expression();
  return query.having != nullptr;
}

bool QueryParser::items(SelectQuery& query) {
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

std::optional<Name> QueryParser::implicit_alias() {
  if (!in_.is_name() || (in_.peek().kind == TokenKind::name && in_.is_any_word(words_after_item))) return std::nullopt;
  const Token& token = in_.next();
  return Name{token.value, token.span};
}

bool QueryParser::from(SelectQuery& query) {
  if (!in_.eat_word("FROM")) return true;
  if (in_.is_word("LATERAL") || in_.is_word("VALUES")) {
    return in_.fail_not_served(in_.peek().span, fmt::format("FROM {}", to_upper(in_.peek().value)));
  }
  if (!relation(query) || !joins(query)) return false;
  if (in_.is_symbol(",")) return in_.fail_not_served(in_.peek().span, "more than one table in FROM");
  return true;
}

bool QueryParser::relation(Relation& relation) {
  if (!table(relation)) return false;
  if (in_.eat_word("AS")) {
    relation.source_alias = expressions_.name("an alias");
    if (!relation.source_alias) return false;
  } else {
    relation.source_alias = implicit_alias();
  }
  return !relation.source_alias || !in_.is_symbol("(") || names(relation.source_columns);
}

bool QueryParser::table(Relation& relation) {
  if (in_.is_symbol("(")) {
    if (!in_.is_any_word({"SELECT", "WITH"}, 1) && !in_.is_symbol("(", 1))
      return in_.fail_not_served(in_.peek(1).span, "a table in parentheses");
    relation.subquery = subquery();
    return relation.subquery != nullptr;
  }
  relation.source = expressions_.name("the name of the source");
  if (!relation.source) return false;
  if (in_.is_symbol(".")) return in_.fail_not_served(in_.peek().span, "a table name of several parts");
  if (in_.is_symbol("(")) return in_.fail_not_served(relation.source->span, "a table function in FROM");
  return true;
}

std::optional<JoinType> QueryParser::join_words(Span& head) {
  struct Words {
    std::string_view first;
    JoinType type;
  };
  constexpr Words kinds[] = {{"INNER", JoinType::inner}, {"CROSS", JoinType::inner}, {"LEFT", JoinType::left},
                             {"RIGHT", JoinType::right}, {"FULL", JoinType::full},   {"SEMI", JoinType::semi},
                             {"ANTI", JoinType::anti}};
  const Span start = head = in_.peek().span;
  if (in_.eat_word("JOIN")) return JoinType::inner;
  for (const Words& kind : kinds) {
    if (!in_.eat_word(kind.first)) continue;
    JoinType type = kind.type;
    const bool outer = type == JoinType::left || type == JoinType::right || type == JoinType::full;
    if (type == JoinType::left && in_.eat_word("SEMI")) {
      type = JoinType::semi;
    } else if (type == JoinType::left && in_.eat_word("ANTI")) {
      type = JoinType::anti;
    } else if (outer) {
      in_.eat_word("OUTER");
    }
    if (!in_.expect_word("JOIN")) return std::nullopt;
    head = join(start, in_.last().span);
    return type;
  }
  return std::nullopt;
}

bool QueryParser::joins(SelectQuery& query) {
  Span head;
  while (!in_.failed()) {
    const bool cross = in_.is_word("CROSS");
    const std::optional<JoinType> type = join_words(head);
    if (!type) return !in_.failed();
    constexpr std::size_t most_joins = 16;
    if (query.joins.size() == most_joins)
      return in_.fail_not_served(head, fmt::format("more than {} joins in one SELECT", most_joins));
    if (in_.is_word("LATERAL")) return in_.fail_not_served(in_.peek().span, "JOIN LATERAL");
    Join& one = query.joins.emplace_back();
    one.head = head;
    one.type = *type;
    if (!relation(one.relation)) return false;
    if (in_.is_word("USING")) return in_.fail_not_served(in_.peek().span, "JOIN … USING (write ON a.x = b.x)");
    if (cross || !in_.eat_word("ON")) continue;
    one.on = expressions_.expression();
    if (!one.on) return false;
  }
  return false;
}

bool QueryParser::names(std::vector<Name>& out) {
  in_.next();
  do {
    const auto name = expressions_.name("a name for the column");
    if (!name) return false;
    out.push_back(*name);
  } while (in_.eat_symbol(","));
  return in_.expect_symbol(")");
}

bool QueryParser::views(SelectQuery& query) {
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
bool QueryParser::view_names(LateralView& view) {
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

bool QueryParser::grouping(SelectQuery& query) {
  if (!in_.eat_word("GROUP")) return true;
  if (!in_.expect_word("BY")) return false;
  const bool lone_word = !in_.is_symbol(",", 1) && !in_.is_symbol(".", 1) && !in_.is_symbol("(", 1);
  if (in_.is_word("ALL") && lone_word) {
    in_.next();
    return query.group_by_all = true;
  }
  do {
    for (std::string_view word : {"ROLLUP", "CUBE"}) {
      if (in_.is_word(word) && in_.is_symbol("(", 1))
        return in_.fail_not_served(in_.peek().span, fmt::format("GROUP BY {}", word));
    }
    if (in_.is_word("GROUPING") && in_.is_word("SETS", 1)) return in_.fail_not_served(in_.peek().span, "GROUPING SETS");
    query.group_by.push_back(expressions_.expression());
    if (!query.group_by.back()) return false;
  } while (in_.eat_symbol(","));
  if (in_.is_word("WITH")) return in_.fail_not_served(in_.peek().span, "GROUP BY … WITH ROLLUP or CUBE");
  return !in_.is_word("GROUPING") || in_.fail_not_served(in_.peek().span, "GROUPING SETS");
}

}  // namespace streamops::sql
