// cql/store/aggregates.h — count, min, max, sum and avg over the rows of a SELECT.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "cql/store/selection.h"

namespace streamops::cql::store {

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  /// One row's value; nothing for null (not counted, but by count(*)).
  virtual void add(const std::optional<BytesView>& value) = 0;
  virtual std::optional<Bytes> result() const = 0;
};

/// none when `name` is no aggregate.
Expression::Aggregate aggregate_by_name(std::string_view name);
/// The result's type. Errors: SO-C001 (sum of texts), SO-C005 (sum and avg of decimals).
Result<CqlTypePtr> aggregate_type(Expression::Aggregate aggregate, const CqlTypePtr& operand);
std::unique_ptr<Accumulator> make_accumulator(const Expression& expression);

}  // namespace streamops::cql::store
