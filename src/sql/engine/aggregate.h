// sql/engine/aggregate.h — aggregate functions: one entry each, as for scalar functions (function.h).
#pragma once

#include "sql/engine/accumulator.h"
#include "sql/engine/function.h"

namespace streamops::sql {

/// A call of an aggregate with its types known.
struct BoundAggregate {
  data::TypePtr type;
  bool nullable = true;
  std::vector<NodePtr> arguments;  // what the accumulator is given; may be none
  MakeAccumulator make;
};

using BindAggregate = Result<BoundAggregate> (*)(Binding&);

struct AggregateFunction {
  /// Name, signature, summary, aliases, and examples over the rows of example_rows(); no overloads.
  Function entry;
  BindAggregate bind = nullptr;
};

/// An aggregate by its name or alias in lower case; null when there is none.
const AggregateFunction* find_aggregate(std::string_view name);
/// All of them, by family, for the documentation and the tests.
struct AggregateFamily {
  std::string_view title;
  const std::vector<AggregateFunction>* functions;
};
const std::vector<AggregateFamily>& aggregate_families();

/// The table that examples are evaluated over: a query that gives it.
std::string_view example_rows();

/// True when the call is one of an aggregate, or contains one.
bool has_aggregate(const Expression& expression);

}  // namespace streamops::sql
