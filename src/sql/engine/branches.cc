#include "sql/engine/branches.h"

#include <algorithm>

#include "sql/engine/text_conditions.h"

namespace streamops::sql {
namespace {

using data::TypeId;

std::vector<std::uint8_t> owned(Mask active, std::size_t rows) {
  if (active.empty()) return std::vector<std::uint8_t>(rows, 1);
  return {active.begin(), active.end()};
}

/// AND with `stop` false, OR with `stop` true: the left operand decides alone where it is `stop`.
class ShortCircuit : public ConditionNode {
 public:
  ShortCircuit(bool stop, NodePtr left, NodePtr right, Span span)
      : ConditionNode(data::Type::scalar(TypeId::boolean), left->nullable() || right->nullable(), span),
        stop_(stop),
        left_(std::move(left)),
        right_(std::move(right)) {}

  Vector evaluate(const Frame& frame, Mask active) const override {
    Vector left = left_->evaluate(frame, active);
    std::vector<std::uint8_t> open = owned(active, frame.rows);
    for (std::size_t row = 0; row < frame.rows; ++row) {
      if (open[row] != 0 && decides(left, row)) open[row] = 0;
    }
    if (!any_active(open, frame.rows)) return left;
    const Vector right = right_->evaluate(frame, open);
    data::ColumnBuilder out(type());
    out.reserve(frame.rows);
    for (std::size_t row = 0; row < frame.rows; ++row) {
      if (decides(left, row) || (open[row] != 0 && decides(right, row))) {
        out.append_boolean(stop_);
      } else if (left.is_null(row) || right.is_null(row)) {
        out.append_null();
      } else {
        out.append_boolean(!stop_);
      }
    }
    return {out.finish(), false};
  }

  bool add_text_conditions(std::vector<format::TextCondition>& out) const override {
    return !stop_ && sql::add_text_conditions(*left_, out) && sql::add_text_conditions(*right_, out);
  }

 private:
  bool decides(const Vector& value, std::size_t row) const {
    return !value.is_null(row) && value.column->boolean(value.index(row)) == stop_;
  }

  bool stop_;
  NodePtr left_;
  NodePtr right_;
};

constexpr std::int32_t no_choice = -1;

/// One value a row, from the vector chosen for the row; null where none was.
Vector merge(const data::TypePtr& type, const std::vector<Vector>& vectors, const std::vector<std::int32_t>& choice) {
  data::ColumnBuilder out(type);
  out.reserve(choice.size());
  for (std::size_t row = 0; row < choice.size(); ++row) {
    if (choice[row] == no_choice) {
      out.append_null();
      continue;
    }
    const Vector& from = vectors[static_cast<std::size_t>(choice[row])];
    out.append_from(*from.column, from.index(row));
  }
  return {out.finish(), false};
}

class CaseNode : public Node {
 public:
  CaseNode(std::vector<Branch> branches, NodePtr otherwise, data::TypePtr type, bool nullable, Span span)
      : Node(std::move(type), nullable, span), branches_(std::move(branches)), otherwise_(std::move(otherwise)) {}

  Vector evaluate(const Frame& frame, Mask active) const override {
    std::vector<std::uint8_t> open = owned(active, frame.rows);
    std::vector<std::int32_t> choice(frame.rows, no_choice);
    std::vector<Vector> vectors;
    std::vector<std::uint8_t> taken(frame.rows);
    for (const Branch& branch : branches_) {
      if (!any_active(open, frame.rows)) break;
      const Vector condition = branch.condition->evaluate(frame, open);
      bool any = false;
      for (std::size_t row = 0; row < frame.rows; ++row) {
        taken[row] = open[row] != 0 && is_true(condition, row) ? 1 : 0;
        if (taken[row] == 0) continue;
        any = true;
        open[row] = 0;
        choice[row] = static_cast<std::int32_t>(vectors.size());
      }
      if (any) vectors.push_back(branch.value->evaluate(frame, taken));
    }
    if (otherwise_ && any_active(open, frame.rows)) {
      for (std::size_t row = 0; row < frame.rows; ++row) {
        if (open[row] != 0) choice[row] = static_cast<std::int32_t>(vectors.size());
      }
      vectors.push_back(otherwise_->evaluate(frame, open));
    }
    return merge(type(), vectors, choice);
  }

 private:
  std::vector<Branch> branches_;
  NodePtr otherwise_;
};

class CoalesceNode : public Node {
 public:
  CoalesceNode(std::vector<NodePtr> values, data::TypePtr type, bool nullable, Span span)
      : Node(std::move(type), nullable, span), values_(std::move(values)) {}

  Vector evaluate(const Frame& frame, Mask active) const override {
    std::vector<std::uint8_t> open = owned(active, frame.rows);
    std::vector<std::int32_t> choice(frame.rows, no_choice);
    std::vector<Vector> vectors;
    for (const NodePtr& node : values_) {
      if (!any_active(open, frame.rows)) break;
      Vector value = node->evaluate(frame, open);
      if (vectors.empty() && !value.column->has_nulls()) return value;
      for (std::size_t row = 0; row < frame.rows; ++row) {
        if (open[row] == 0 || value.is_null(row)) continue;
        open[row] = 0;
        choice[row] = static_cast<std::int32_t>(vectors.size());
      }
      vectors.push_back(std::move(value));
    }
    return merge(type(), vectors, choice);
  }

 private:
  std::vector<NodePtr> values_;
};

}  // namespace

NodePtr and_node(NodePtr left, NodePtr right, Span span) {
  return std::make_shared<const ShortCircuit>(false, std::move(left), std::move(right), span);
}

NodePtr or_node(NodePtr left, NodePtr right, Span span) {
  return std::make_shared<const ShortCircuit>(true, std::move(left), std::move(right), span);
}

NodePtr case_node(std::vector<Branch> branches, NodePtr otherwise, const data::TypePtr& type, Span span) {
  const bool nullable =
      !otherwise || otherwise->nullable() ||
      std::any_of(branches.begin(), branches.end(), [](const Branch& branch) { return branch.value->nullable(); });
  return std::make_shared<const CaseNode>(std::move(branches), std::move(otherwise), type, nullable, span);
}

NodePtr coalesce_node(std::vector<NodePtr> values, const data::TypePtr& type, Span span) {
  const bool nullable =
      std::all_of(values.begin(), values.end(), [](const NodePtr& value) { return value->nullable(); });
  return std::make_shared<const CoalesceNode>(std::move(values), type, nullable, span);
}

}  // namespace streamops::sql
