#include "sql/engine/plan.h"

#include <algorithm>
#include <numeric>

namespace streamops::sql {
namespace {

/// The branches' rows together, those of one source row next to each other.
Rows interleaved(const std::vector<Rows>& parts, const data::Schema& schema) {
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

namespace {

Rows no_rows(const data::Schema& schema) {
  Rows rows;
  for (const data::Field& field : schema.fields()) rows.columns.push_back(data::nulls(field.type, 0));
  return rows;
}

}  // namespace

Rows run_stateless(const PlanNode& node, const InputBatch& source, const RunContext& context) {
  Rows rows;
  switch (node.kind) {
    case PlanNode::Kind::source:
    case PlanNode::Kind::table:
      if (node.input != source.input) return no_rows(*node.output);
      rows.columns = source.batch.columns;
      rows.rows = source.batch.rows;
      return rows;
    case PlanNode::Kind::one_row:
      rows.rows = source.input == 0 ? 1 : 0;  // once, though the query may have several inputs
      return rows;
    case PlanNode::Kind::union_all: {
      std::vector<Rows> parts;
      parts.reserve(node.inputs.size());
      for (const PlanPtr& input : node.inputs) parts.push_back(run_stateless(*input, source, context));
      return interleaved(parts, *node.output);
    }
    case PlanNode::Kind::lookup:
      return look_up(node, run_stateless(*node.inputs[node.join.stream_side], source, context), context);
    default:
      return node.projection.run(run_stateless(*node.inputs[0], source, context), context);
  }
}

}  // namespace streamops::sql
