// cql/grammar/relation.h — the conditions behind WHERE and IF, and what USING carries.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/grammar/term.h"

namespace streamops::cql {

enum class Operator : std::uint8_t {
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  in,
  not_in,
  contains,
  contains_key,
  like,
  is_not_null,
  ann
};
/// "=", "!=", …, "CONTAINS KEY".
std::string_view to_string(Operator op);

/// column op value. For IN the value is a TupleTerm of the items, or a Marker that stands for the whole list.
struct ColumnRelation {
  std::string column;
  Operator op = Operator::eq;
  Term value;
};
/// column[key] op value.
struct ElementRelation {
  std::string column;
  Term key;
  Operator op = Operator::eq;
  Term value;
};
/// token(a, b) op value.
struct TokenRelation {
  std::vector<std::string> columns;
  Operator op = Operator::eq;
  Term value;
};
/// (a, b) op (1, 2). For IN the value is a TupleTerm of TupleTerms or Markers, or one Marker.
struct TupleRelation {
  std::vector<std::string> columns;
  Operator op = Operator::eq;
  Term value;
};
using Relation = std::variant<ColumnRelation, ElementRelation, TokenRelation, TupleRelation>;

/// One of IF a = 1 AND b['k'] > 2: a column, an element or a field of it.
struct Condition {
  std::string column;
  std::optional<Term> element;       // column[element]
  std::optional<std::string> field;  // column.field
  Operator op = Operator::eq;
  Term value;  // for IN: as in ColumnRelation
};

/// USING TIMESTAMP t AND TTL n.
struct Using {
  std::optional<Term> timestamp;  // microseconds since the epoch
  std::optional<Term> ttl;        // seconds
};

}  // namespace streamops::cql
