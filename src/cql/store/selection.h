// cql/store/selection.h — what stands between SELECT and FROM: columns, functions, aggregates, JSON.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cql/grammar/select.h"
#include "cql/store/functions.h"
#include "cql/store/plan.h"
#include "cql/store/read/row_view.h"

namespace streamops::cql::store {

/// One selected thing, compiled.
struct Expression {
  enum class Kind : std::uint8_t {
    column,
    term,
    function,
    cast,
    writetime,
    ttl,
    token,
    element,
    field,
    json,
    aggregate
  };
  enum class Aggregate : std::uint8_t { none, count_rows, count, min, max, sum, avg };
  Kind kind = Kind::column;
  CqlTypePtr type;
  const Column* column = nullptr;
  std::vector<Expression> operands;
  const ScalarFunction* function = nullptr;
  std::optional<ValueSource> term;
  std::size_t field = 0;
  Aggregate aggregate = Aggregate::none;
};

/// Folds the rows of one aggregate.
class Accumulator;

class Selection {
 public:
  /// Errors: SO-C001, SO-C005.
  static Result<Selection> compile(const Select& statement, const Table& table, MarkerSpecs& markers);

  const ColumnSpecs& columns() const { return columns_; }
  bool is_aggregate() const { return aggregate_; }
  /// Columns of DISTINCT must be of the partition key or static. Errors: SO-C001.
  Result<void> check_distinct() const;

  /// Appends the [bytes] of every selected thing.
  Result<void> append(Bytes& cells, const RowView& row, const Table& table, Evaluation& evaluation) const;
  /// The selected things, for folding.
  const std::vector<Expression>& expressions() const { return expressions_; }

 private:
  std::vector<Expression> expressions_;
  std::vector<std::string> json_names_;
  ColumnSpecs columns_;
  bool aggregate_ = false;
  bool json_ = false;
};

/// The value of an expression for a row; nothing for null.
Result<std::optional<BytesView>> evaluate_expression(const Expression& expression, const RowView& row,
                                                     Evaluation& evaluation);

/// The state of a selection with aggregates.
class Aggregation {
 public:
  explicit Aggregation(const Selection& selection);
  ~Aggregation();
  Result<void> add(const RowView& row, Evaluation& evaluation);
  /// Appends the one row of the answer.
  Result<void> finish(Bytes& cells) const;

 private:
  const Selection& selection_;
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
};

}  // namespace streamops::cql::store
