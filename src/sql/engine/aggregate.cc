#include "sql/engine/aggregate.h"

#include <unordered_map>

#include "sql/engine/functions/aggregate_families.h"

namespace streamops::sql {

const std::vector<AggregateFamily>& aggregate_families() {
  static const std::vector<AggregateFamily> families = {
      {"Aggregates: counting and logic", &counting_aggregates()},
      {"Aggregates: sums and means", &sum_aggregates()},
      {"Aggregates: extremes and picks", &extreme_aggregates()},
      {"Aggregates: spread", &moment_aggregates()},
      {"Aggregates: two variables", &covariance_aggregates()},
      {"Aggregates: collecting", &collecting_aggregates()},
      {"Aggregates: bits", &bit_aggregates()},
  };
  return families;
}

const AggregateFunction* find_aggregate(std::string_view name) {
  static const std::unordered_map<std::string_view, const AggregateFunction*> index = [] {
    std::unordered_map<std::string_view, const AggregateFunction*> made;
    for (const AggregateFamily& family : aggregate_families()) {
      for (const AggregateFunction& function : *family.functions) {
        made.emplace(function.entry.name, &function);
        for (std::string_view alias : function.entry.aliases) made.emplace(alias, &function);
      }
    }
    return made;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

std::string_view example_rows() {
  return "SELECT 1 AS n, 1.5D AS x, 2.50 AS d, 'b' AS s, true AS b UNION ALL "
         "SELECT 2, 2.5D, 1.25, 'a', false UNION ALL SELECT NULL, NULL, NULL, NULL, NULL UNION ALL "
         "SELECT 2, 5.0D, 10.00, 'b', true";
}

bool has_aggregate(const Expression& expression) {
  if (expression.kind == ExpressionKind::call && find_aggregate(expression.function) != nullptr) return true;
  for (const ExpressionPtr& child : expression.children) {
    if (has_aggregate(*child)) return true;
  }
  return false;
}

}  // namespace streamops::sql
