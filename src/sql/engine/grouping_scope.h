// sql/engine/grouping_scope.h — what may stand behind GROUP BY: keys, aggregates, and expressions over them.
//
//   below: rows -> keys | arguments | filters        above: keys | results -> HAVING, select list
//
// Expressions above are bound through this resolver: what equals a key becomes the key's column, a call of an aggregate
// becomes its result's column; any other name of a column is an error.
#pragma once

#include <map>

#include "sql/engine/binder.h"
#include "sql/engine/cells.h"

namespace streamops::sql {

class GroupingScope : public WholeResolver {
 public:
  /// `below` binds what is computed before grouping.
  GroupingScope(Binder& below, const SourceText& text) : below_(below), above_(text), text_(text) {
    above_.set_resolver(this);
  }

  Result<void> add_key(const Expression& expression);
  /// Keys are complete: aggregates may follow. An alias of the select list, for HAVING.
  void add_alias(const std::string& name, const Expression& expression) { aliases_.emplace_back(name, &expression); }
  void begin_having() { having_ = true; }
  void end_having() { having_ = false; }

  Result<NodePtr> resolve(const Expression& expression) override;
  Binder& above() { return above_; }

  /// What is computed below, in the order of the operator's columns.
  std::vector<NodePtr> below_items() const;
  const std::vector<NodePtr>& keys() const { return keys_; }
  std::vector<AggregateSpec> aggregates() const;
  /// The type and nullability of each result.
  const std::vector<data::Field>& results() const { return results_; }
  /// Tells one GROUP BY from another.
  std::string layout() const;

  /// The key that the expression is.
  std::optional<std::size_t> key_of(const Expression& expression) const {
    return find_key(below_.fingerprint(expression));
  }

 private:
  struct Aggregate {
    MakeAccumulator make;
    std::vector<std::size_t> arguments;  // in extra_
    std::optional<std::size_t> filter;   // in extra_
    bool distinct;
  };

  std::optional<std::size_t> find_key(const std::string& fingerprint) const;
  NodePtr key_column(std::size_t key, Span span) const;
  Result<NodePtr> aggregate(const Expression& call, const std::string& fingerprint);
  Result<NodePtr> column(const Expression& expression);
  Result<void> check_distinct(const Node& argument) const;

  Binder& below_;
  Binder above_;
  const SourceText& text_;
  std::vector<NodePtr> keys_;
  std::vector<std::string> key_prints_;
  std::vector<NodePtr> extra_;  // arguments and filters
  std::vector<Aggregate> aggregates_;
  std::vector<data::Field> results_;
  std::map<std::string, std::size_t> known_;  // fingerprint of a call -> aggregate
  std::vector<std::pair<std::string, const Expression*>> aliases_;
  bool having_ = false;
};

/// Maps have no defined equality, so nothing groups by them.
bool contains_map(const data::Type& type);

}  // namespace streamops::sql
