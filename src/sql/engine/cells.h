// sql/engine/cells.h — the accumulators of one GROUP BY side by side: what a group has of each aggregate.
#pragma once

#include "sql/engine/accumulator.h"

namespace streamops::sql {

/// One aggregate of a GROUP BY. Numbers of columns count in the rows that the operator is given.
struct AggregateSpec {
  MakeAccumulator make;
  std::vector<std::size_t> arguments;
  std::vector<data::TypePtr> argument_types;
  std::optional<std::size_t> filter;  // BOOLEAN: rows where it is not true do not count
  bool distinct = false;
  data::TypePtr type;
};

using Columns = std::vector<data::ColumnPtr>;

class Cells {
 public:
  explicit Cells(const std::vector<AggregateSpec>& specs);

  void grow(std::size_t groups);
  /// True when some row might not be addable: then use add_row().
  bool may_fail(const Columns& columns) const;
  /// Row i counts for groups[i].
  void add(const Columns& columns, std::span<const std::uint32_t> groups);
  /// An error: the row cannot be added; the group then holds what snapshot() told before, once it is put_back().
  std::optional<Error> add_row(const Columns& columns, std::size_t row, std::uint32_t group);
  std::optional<Error> merge(std::uint32_t into, std::uint32_t from);
  void clear(std::uint32_t group);

  std::string snapshot(std::uint32_t group) const;
  void put_back(std::uint32_t group, std::string_view snapshot);

  /// One column an aggregate, one row a group. Rows without a result are noted in `failed` with their errors.
  struct Failed {
    std::size_t row;
    Error error;
  };
  Columns results(std::span<const std::uint32_t> groups, std::vector<Failed>& failed) const;

  void save(std::uint32_t group, std::string& out) const;
  void load(std::uint32_t group, StateReader& in);
  std::size_t bytes() const;

 private:
  Columns arguments(const Columns& columns, std::size_t aggregate) const;
  bool counts(const Columns& columns, std::size_t aggregate, std::size_t row) const;

  const std::vector<AggregateSpec>& specs_;
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
};

}  // namespace streamops::sql
