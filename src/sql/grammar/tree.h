// sql/grammar/tree.h — what a query says, before any name or type is known.
//
// Operators are calls too: `a + b` is a call of "+", `a IS NULL` of "isnull", CASE of "case". So the binder has one way
// for all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/column.h"
#include "data/type.h"
#include "sql/grammar/source_text.h"

namespace streamops::sql {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

struct Name {
  std::string text;
  Span span;
};

/// A constant. Which member holds the value follows from the type.
struct Literal {
  data::TypePtr type;
  data::Int128 number = 0;  // boolean, integers, decimal (unscaled), date, timestamps, intervals
  double real = 0;          // float, double
  std::string text;         // string, binary; "day" for an interval of whole days only
  bool is_null = false;
};

enum class ExpressionKind : std::uint8_t {
  literal,
  column,  // parts: a, a.b, a.b.c: qualifier, column and members are told apart by the binder
  star,    // parts: the qualifier, empty for a bare *
  member,  // children[0] . parts[0]
  call,    // function of children
  cast,    // children[0] as type; `lenient` for TRY_CAST
  lambda   // parts: the parameters; children[0]: the body. Only an argument of a call.
};

struct Expression {
  ExpressionKind kind = ExpressionKind::literal;
  Span span;  // the whole expression
  Span head;  // the word or sign that names it: what a message points at
  std::vector<ExpressionPtr> children;
  std::vector<Name> parts;
  std::string function;   // call: lower case
  bool distinct = false;  // call: f(DISTINCT …)
  ExpressionPtr filter;   // call: f(…) FILTER (WHERE …), may be null
  Literal literal;
  data::TypePtr type;
  bool lenient = false;
  int depth = 1;
};

struct SelectItem {
  ExpressionPtr expression;
  std::optional<Name> alias;
};

/// LATERAL VIEW [OUTER] generator(...) table AS columns
struct LateralView {
  bool outer = false;
  ExpressionPtr generator;  // a call
  Name table;
  std::vector<Name> columns;
};

struct QueryTree;
using QueryTreePtr = std::shared_ptr<const QueryTree>;

/// What FROM and JOIN name: a table, or a query in parentheses.
struct Relation {
  std::optional<Name> source;
  QueryTreePtr subquery;  // FROM (SELECT …): then `source` is nothing
  std::optional<Name> source_alias;
  std::vector<Name> source_columns;  // … AS t(a, b)
};

enum class JoinType : std::uint8_t { inner, left, right, full, semi, anti };

/// … JOIN relation ON condition
struct Join {
  Span head;  // the words of the join
  JoinType type = JoinType::inner;
  Relation relation;
  ExpressionPtr on;  // null: every row with every row
};

struct SelectQuery : Relation {
  Span head;  // the word SELECT
  bool distinct = false;
  std::vector<SelectItem> items;
  std::vector<Join> joins;  // in the order of the text: each joins what stands before it
  std::vector<LateralView> views;
  ExpressionPtr where;  // may be null
  std::vector<ExpressionPtr> group_by;
  bool group_by_all = false;
  ExpressionPtr having;  // may be null
};

/// WITH name (columns) AS (query)
struct CommonTable {
  Name name;
  std::vector<Name> columns;
  QueryTreePtr query;
};

/// What stands in parentheses, or alone: SELECT … UNION ALL SELECT …
struct QueryTree {
  std::vector<CommonTable> with;
  std::vector<SelectQuery> selects;  // at least one
};

}  // namespace streamops::sql
