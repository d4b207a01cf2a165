// cql/store/restrictions.h — a WHERE clause against a table: which partitions, which ranges in them, and what is left
// to filter.
//
//   WHERE k1 = ? AND k2 IN (…)     AND c1 = ? AND (c2, c3) > (…)      AND v = ?
//         └── partitions ──────┘       └── clustering ranges ───┘         └── filters
//
// The same for SELECT, UPDATE and DELETE; each then refuses what it cannot use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cql/grammar/relation.h"
#include "cql/store/evaluation.h"
#include "cql/store/schema/schema.h"

namespace streamops::cql::store {

/// Rows whose encoded clustering c has lower <= c < upper; an empty upper bound is open.
struct ClusteringRange {
  std::string lower;
  std::string upper;
  friend bool operator==(const ClusteringRange&, const ClusteringRange&) = default;
};

/// Tokens from..to, both included; nothing when from > to.
struct TokenRange {
  std::int64_t from = INT64_MIN;
  std::int64_t to = INT64_MAX;
};

/// True for <, <=, > and >=.
constexpr bool is_slice(Operator op) {
  return op == Operator::lt || op == Operator::le || op == Operator::gt || op == Operator::ge;
}

/// column op value, or several values for IN.
struct Restriction {
  const Column* column = nullptr;
  std::optional<ValueSource> element;  // column[element] op value
  Operator op = Operator::eq;
  std::vector<ValueSource> values;  // one; for IN one an item
  bool list_marker = false;         // IN ?: values[0] is a list
};

/// (c1, c2) op (v1, v2).
struct TupleRestriction {
  std::vector<const Column*> columns;
  Operator op = Operator::eq;
  std::vector<std::vector<ValueSource>> tuples;  // one; for IN one an item
};

/// A condition on a value that was read; everything bound.
struct Filter {
  const Column* column = nullptr;
  Operator op = Operator::eq;
  std::optional<Bytes> element;
  std::vector<Bytes> values;

  bool accepts(const std::optional<BytesView>& value) const;
};

class Restrictions {
 public:
  /// Errors: SO-C001 (unknown column, wrong operator, mixed kinds), SO-C005 (LIKE, ANN).
  static Result<Restrictions> compile(const std::vector<Relation>& where, const Table& table, MarkerSpecs& markers);

  bool has_whole_partition_key() const { return partition_.size() == partition_size_ && token_.empty(); }
  bool has_any_partition_column() const { return !partition_.empty(); }
  bool has_token() const { return !token_.empty(); }
  bool has_clustering() const { return !clustering_.empty() || !tuples_.empty(); }
  bool has_filters() const { return !filters_.empty(); }
  bool has_in_partition() const;
  /// Every clustering column has one value.
  bool selects_one_row(const Table& table) const;
  /// The names of partition key columns without = or IN, joined for messages; empty when none is missing.
  std::string missing_partition(const Table& table) const;
  std::string missing_clustering(const Table& table) const;
  /// Makes everything a filter: what virtual tables, read from memory, and ALLOW FILTERING on parts of a key need.
  void filter_everything();
  /// What is wrong with the clustering columns, in Cassandra's words: one is restricted though those before it are not,
  /// or not by =.
  std::optional<std::string> clustering_gap(const Table& table) const;
  /// Which columns are restricted by filters: for checks.
  const std::vector<Restriction>& filters() const { return filters_; }
  const std::vector<Restriction>& clustering() const { return clustering_; }
  bool has_tuples() const { return !tuples_.empty(); }

  /// The serialized keys of the partitions asked for, in the order of tokens. Errors: SO-C001, SO-C120.
  Result<std::vector<std::string>> partitions(Evaluation& evaluation) const;
  /// Sorted ranges that do not overlap; one open range without restrictions. Errors: SO-C001, SO-C120.
  Result<std::vector<ClusteringRange>> ranges(const Table& table, Evaluation& evaluation) const;
  Result<TokenRange> tokens(Evaluation& evaluation) const;
  Result<std::vector<Filter>> bind_filters(Evaluation& evaluation) const;
  /// Which markers are the partition key; empty unless every column of it is compared with a lone marker.
  std::vector<std::uint16_t> partition_markers() const;

 private:
  Result<void> add(const ColumnRelation& relation, const Table& table, MarkerSpecs& markers);
  Result<void> add(const ElementRelation& relation, const Table& table, MarkerSpecs& markers);
  Result<void> add(const TokenRelation& relation, const Table& table, MarkerSpecs& markers);
  Result<void> add(const TupleRelation& relation, const Table& table, MarkerSpecs& markers);
  Result<void> place(Restriction restriction);

  std::size_t partition_size_ = 0;
  std::vector<Restriction> partition_;   // by position
  std::vector<Restriction> clustering_;  // by position; two for a slice
  std::vector<TupleRestriction> tuples_;
  std::vector<std::pair<Operator, ValueSource>> token_;
  std::vector<Restriction> filters_;
};

/// A restriction as a condition on values. Errors: SO-C001, SO-C120.
Result<Filter> bind_filter(const Restriction& restriction, Evaluation& evaluation);
/// The key of one partition out of the values of its columns. Errors: SO-C001 (empty or too long).
Result<std::string> join_partition_key(std::span<const BytesView> values);
/// The column or SO-C001 "Undefined column name x in table ks.t".
Result<const Column*> require_column(const Table& table, std::string_view name);

}  // namespace streamops::cql::store
