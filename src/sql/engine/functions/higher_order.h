// sql/engine/functions/higher_order.h — what the functions with lambda functions share.
#pragma once

#include "sql/engine/binder.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/lambda.h"

namespace streamops::sql {

const std::vector<HigherOrder>& array_higher_orders();
const std::vector<HigherOrder>& map_higher_orders();

/// A call's arguments: values first, lambda functions behind them.
class LambdaCall {
 public:
  /// Errors: SO-S009 unless there are so many of each.
  static Result<LambdaCall> read(Binder& binder, const Expression& call, std::size_t values, std::size_t lambdas);

  const std::vector<NodePtr>& values() const { return values_; }
  /// Value `index`, an ARRAY (MAP). Errors: SO-S010.
  Result<NodePtr> array(std::size_t index) const { return of_type(index, data::TypeId::array, "an ARRAY"); }
  Result<NodePtr> map(std::size_t index) const { return of_type(index, data::TypeId::map, "a MAP"); }
  Result<Lambda> lambda(std::size_t index, std::vector<ScopeColumn> parameters) const;
  /// A lambda function that gives BOOLEAN. Errors: SO-S010.
  Result<Lambda> condition(std::size_t index, std::vector<ScopeColumn> parameters) const;

 private:
  LambdaCall(Binder& binder, const Expression& call) : binder_(&binder), call_(&call) {}
  Result<NodePtr> of_type(std::size_t index, data::TypeId type, std::string_view wanted) const;

  Binder* binder_;
  const Expression* call_;
  std::vector<NodePtr> values_;
};

/// Drops the elements for which the condition is not true.
void keep_true(Elements& elements, const data::Column& condition);

}  // namespace streamops::sql
