// sql/engine/lambda.h — functions that take a function: transform(list, x -> x + 1).
//
//   list column -> its elements as rows of an inner frame -> body, once for all elements -> results put together by
//   list
//
// The inner frame's rows know their row in the outer frame, from which the body reads what is no parameter.
#pragma once

#include "base/result.h"
#include "sql/engine/kernel.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

class Binder;

struct Lambda {
  NodePtr body;
  std::size_t first_parameter = 0;  // the parameters of the functions around come before
  std::size_t parameters = 0;
};

/// One entry of functions/higher_order.cc.
struct HigherOrder {
  std::string_view name;
  Result<NodePtr> (*bind)(Binder&, const Expression&);
};
/// The entry for a call that has a lambda function among its arguments; null for other calls.
const HigherOrder* find_higher_order(const Expression& call);

/// The elements of all lists of a column that count: not null, their row being active and without failure.
struct Elements {
  std::vector<std::int32_t> rows;       // for each element the row of the frame
  std::vector<std::int32_t> members;    // ... its index in the children of the list column
  std::vector<std::int32_t> positions;  // ... its place in the list, from 0
};
Elements elements_of(const Call& call, const Vector& list);
/// True when the row counts and `value` is not null there.
bool is_present(const Call& call, const Vector& value, std::size_t row);

/// The body's values, one an element; `arguments` are the parameters' columns (more than it has may be given).
data::ColumnPtr apply(const Call& call, const Lambda& lambda, const Elements& elements,
                      const std::vector<data::ColumnPtr>& arguments);
/// Lists of the call's type: list i is null where `value` is not present, else has counts[i] of the children's values.
Vector lists(const Call& call, const Vector& value, const std::vector<std::int32_t>& counts,
             std::vector<data::ColumnPtr> children);

}  // namespace streamops::sql
