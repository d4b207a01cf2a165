// cql/grammar/select.h — SELECT.
//
//   SELECT [JSON] [DISTINCT] selectors FROM table [WHERE …] [GROUP BY …] [ORDER BY …] [PER PARTITION LIMIT n] [LIMIT n]
//   [ALLOW FILTERING]
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cql/grammar/relation.h"

namespace streamops::cql {

struct Selector;

struct ColumnSelector {
  std::string column;
};
/// count(*) and count(1).
struct CountSelector {};
struct FunctionSelector {
  QualifiedName function;
  std::vector<Selector> arguments;
};
/// writetime(c), maxwritetime(c), ttl(c): of a column or of a part of it.
struct CellInfoSelector {
  enum class Kind : std::uint8_t { writetime, maxwritetime, ttl };
  Kind kind = Kind::writetime;
  std::vector<Selector> operand;  // exactly one
};
struct CastSelector {
  std::vector<Selector> operand;  // exactly one
  TypeName type;
};
/// s.field of a user-defined type.
struct FieldSelector {
  std::vector<Selector> operand;  // exactly one
  std::string field;
};
/// m['key'], s['element'].
struct ElementSelector {
  std::vector<Selector> operand;  // exactly one
  Term element;
};
/// m['a'..'b'], either side may be missing.
struct SliceSelector {
  std::vector<Selector> operand;  // exactly one
  std::optional<Term> from;
  std::optional<Term> to;
};
/// A literal or marker, as in toJson(?) or (int) 1.
struct TermSelector {
  Term term;
};
/// a + b of selectors; a lone minus has one operand.
struct ArithmeticSelector {
  char sign = '+';
  std::vector<Selector> operands;
};
/// (a, b), [a, b], {a, b} of selectors: kept to be refused clearly by a store that does not serve them.
struct GroupSelector {
  char bracket = '(';
  std::vector<Selector> items;
};

struct Selector {
  std::variant<ColumnSelector, CountSelector, FunctionSelector, CellInfoSelector, CastSelector, FieldSelector,
               ElementSelector, SliceSelector, TermSelector, ArithmeticSelector, GroupSelector>
      node;

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&node);
  }
};
/// The selector as Cassandra names its result column: "count", "writetime(a)", "system.token(id)" without the keyspace,
/// "cast(a as int)".
std::string result_name(const Selector& selector);

struct SelectedColumn {
  Selector selector;
  std::optional<std::string> alias;
};

struct Ordering {
  std::string column;
  bool descending = false;
  std::optional<Term> ann_of;  // ORDER BY v ANN OF [1, 2]
};

struct Select {
  QualifiedName table;
  bool json = false;
  bool distinct = false;
  std::vector<SelectedColumn> columns;  // empty: *
  std::vector<Relation> where;
  std::vector<Selector> group_by;
  std::vector<Ordering> order_by;
  std::optional<Term> per_partition_limit;
  std::optional<Term> limit;
  bool allow_filtering = false;
};

}  // namespace streamops::cql
