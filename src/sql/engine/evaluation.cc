#include "sql/engine/evaluation.h"

#include <algorithm>

#include "sql/engine/text_conditions.h"

namespace streamops::sql {
namespace {

class ColumnNode : public Node {
 public:
  ColumnNode(std::size_t slot, data::TypePtr type, bool nullable, Span span, bool event_time)
      : Node(std::move(type), nullable, span), slot_(slot), event_time_(event_time) {}
  bool event_time() const override { return event_time_; }
  std::size_t slot() const { return slot_; }
  Vector evaluate(const Frame& frame, Mask) const override { return frame.column(slot_); }

 private:
  std::size_t slot_;
  bool event_time_;
};

class ItemNode : public Node {
 public:
  ItemNode(std::size_t index, data::TypePtr type, bool nullable, Span span)
      : Node(std::move(type), nullable, span), index_(index) {}
  Vector evaluate(const Frame& frame, Mask) const override { return frame.item(index_); }

 private:
  std::size_t index_;
};

class ParameterNode : public Node {
 public:
  ParameterNode(std::size_t index, data::TypePtr type, bool nullable, Span span)
      : Node(std::move(type), nullable, span), index_(index) {}
  Vector evaluate(const Frame& frame, Mask) const override { return frame.parameter(index_); }

 private:
  std::size_t index_;
};

class ConstantNode : public Node {
 public:
  ConstantNode(data::ColumnPtr value, Span span)
      : Node(value->type(), value->is_null(0), span), value_(std::move(value)) {}
  Vector evaluate(const Frame&, Mask) const override { return {value_, true}; }
  data::ColumnPtr constant() const override { return value_; }

 private:
  data::ColumnPtr value_;
};

}  // namespace

Vector Frame::parameter(std::size_t index) const {
  if (index >= first_parameter) return {parameters[index - first_parameter], false};
  return {data::take(outer->parameter(index).column, parents), false};
}

Vector Frame::column(std::size_t slot) const {
  if (outer == nullptr) return {columns[slot], false};
  return {data::take(outer->column(slot).column, parents), false};
}

Vector Frame::item(std::size_t index) const {
  if (outer == nullptr) return items[index];
  const Vector value = outer->item(index);
  return value.constant ? value : Vector{data::take(value.column, parents), false};
}

std::vector<RowError> Failures::take_sorted() && {
  std::sort(errors_.begin(), errors_.end(),
            [](const RowError& a, const RowError& b) { return a.source_row < b.source_row; });
  return std::move(errors_);
}

bool any_active(Mask active, std::size_t rows) {
  if (active.empty()) return rows > 0;
  return std::find(active.begin(), active.end(), std::uint8_t{1}) != active.end();
}

NodePtr column_node(std::size_t slot, data::TypePtr type, bool nullable, Span span, bool event_time) {
  return std::make_shared<const ColumnNode>(slot, std::move(type), nullable, span, event_time);
}

std::optional<std::size_t> slot_of(const Node& node) {
  const auto* const column = dynamic_cast<const ColumnNode*>(&node);
  return column == nullptr ? std::nullopt : std::optional<std::size_t>(column->slot());
}

NodePtr parameter_node(std::size_t index, data::TypePtr type, bool nullable, Span span) {
  return std::make_shared<const ParameterNode>(index, std::move(type), nullable, span);
}

NodePtr item_node(std::size_t index, data::TypePtr type, bool nullable, Span span) {
  return std::make_shared<const ItemNode>(index, std::move(type), nullable, span);
}

NodePtr constant_node(data::ColumnPtr value, Span span) {
  return std::make_shared<const ConstantNode>(std::move(value), span);
}

NodePtr null_node(const data::TypePtr& type, Span span) {
  return constant_node(data::nulls(type, 1), span);
}

}  // namespace streamops::sql
