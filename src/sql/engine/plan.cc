#include "sql/engine/plan.h"

#include <algorithm>
#include <numeric>

namespace streamops::sql {
namespace {

/// The branches' rows together, those of one source row next to each other.
Rows interleaved(std::vector<Rows> parts, const data::Schema& schema) {
  Rows all = joined(parts, schema);
  std::vector<std::int32_t> order(all.rows);
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::int32_t> origin;
  origin.reserve(all.rows);
  for (const Rows& part : parts) {
    for (std::size_t row = 0; row < part.rows; ++row) origin.push_back(static_cast<std::int32_t>(part.source_row(row)));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return origin[static_cast<std::size_t>(a)] < origin[static_cast<std::size_t>(b)];
  });
  for (data::ColumnPtr& column : all.columns) column = data::take(column, order);
  std::int32_t last = -1, next = 0;
  for (const std::int32_t row : order) {
    const std::int32_t source_row = origin[static_cast<std::size_t>(row)];
    next = source_row == last ? next + 1 : 0;
    last = source_row;
    all.origin.push_back(source_row);
    all.ordinal.push_back(next);
  }
  return all;
}

}  // namespace

Rows run_stateless(const PlanNode& node, const data::Batch& source, const RunContext& context) {
  Rows rows;
  switch (node.kind) {
    case PlanNode::Kind::source:
      rows.columns = source.columns;
      rows.rows = source.rows;
      return rows;
    case PlanNode::Kind::one_row:
      rows.rows = 1;
      return rows;
    case PlanNode::Kind::union_all: {
      std::vector<Rows> parts;
      for (const PlanPtr& input : node.inputs) parts.push_back(run_stateless(*input, source, context));
      return interleaved(std::move(parts), *node.output);
    }
    default:
      return node.projection.run(run_stateless(*node.inputs[0], source, context), context);
  }
}

}  // namespace streamops::sql
