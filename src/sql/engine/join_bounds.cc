#include "sql/engine/join_bounds.h"

namespace streamops::sql {
namespace {

constexpr std::int64_t least_step_us = 1000;  // event time counts in milliseconds

/// plus - minus + constant
struct Sum {
  std::optional<std::size_t> plus;
  std::optional<std::size_t> minus;
  std::int64_t constant = 0;
};

bool add_slot(std::size_t slot, bool positive, Sum& sum) {
  std::optional<std::size_t>& place = positive ? sum.plus : sum.minus;
  if (place) return false;
  place = slot;
  return true;
}

bool add_constant(const Expression& expression, Binder& binder, bool positive, Sum& sum) {
  const auto node = binder.bind(expression);
  if (!node) return false;
  const data::ColumnPtr value = (*node)->constant();
  if (!value || value->type()->id() != data::TypeId::interval_day || value->is_null(0)) return false;
  const std::int64_t micros = value->values<std::int64_t>()[0];
  return !(positive ? __builtin_add_overflow(sum.constant, micros, &sum.constant)
                    : __builtin_sub_overflow(sum.constant, micros, &sum.constant));
}

/// False: it is no such sum.
bool add(const Expression& expression, Binder& binder, bool positive, Sum& sum) {
  if (expression.kind == ExpressionKind::column) {
    const auto found = binder.find_column(expression);
    if (!found || !*found || (*found)->parts != expression.parts.size()) return false;
    return binder.column((*found)->slot, expression.span)->event_time() && add_slot((*found)->slot, positive, sum);
  }
  const bool is_call = expression.kind == ExpressionKind::call;
  const bool is_sum = is_call && (expression.function == "+" || expression.function == "-");
  if (is_sum && expression.children.size() == 2 && !add_constant(expression, binder, positive, sum)) {
    const bool second = expression.function == "+" ? positive : !positive;
    return add(*expression.children[0], binder, positive, sum) && add(*expression.children[1], binder, second, sum);
  }
  return is_sum || add_constant(expression, binder, positive, sum);
}

}  // namespace

std::optional<TimeBound> time_bound(const Expression& condition, Binder& binder) {
  if (condition.kind != ExpressionKind::call || condition.children.size() != 2) return std::nullopt;
  const std::string& op = condition.function;
  const bool less = op == "<" || op == "<=";
  if (!less && op != ">" && op != ">=") return std::nullopt;
  // smaller - greater < 0: with the other side's time in front, greater than that is what is wanted.
  Sum sum;
  if (!add(*condition.children[less ? 0 : 1], binder, true, sum) ||
      !add(*condition.children[less ? 1 : 0], binder, false, sum) || !sum.plus || !sum.minus) {
    return std::nullopt;
  }
  const bool strict = op == "<" || op == ">";
  std::int64_t after = 0;
  if (__builtin_sub_overflow(sum.constant, strict ? 0 : least_step_us, &after)) return std::nullopt;
  return TimeBound{*sum.minus, *sum.plus, after};
}

}  // namespace streamops::sql
