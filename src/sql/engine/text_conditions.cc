#include "sql/engine/text_conditions.h"

#include "sql/engine/kernel.h"

namespace streamops::sql {
namespace {

class TextEqualsNode final : public ConditionNode {
 public:
  TextEqualsNode(NodePtr column, std::string text, bool nullable, Span span)
      : ConditionNode(data::Type::scalar(data::TypeId::boolean), nullable, span),
        column_(std::move(column)),
        text_(std::move(text)) {}

  Vector evaluate(const Frame& frame, Mask active) const override {
    const Vector value = column_->evaluate(frame, active);
    const Reader<Text> read(value);
    Bytes bits((frame.rows + 7) / 8);
    for (std::size_t row = 0; row < frame.rows; ++row) {
      const unsigned same = read(row) == text_ ? 1 : 0;
      bits[row >> 3] = static_cast<std::uint8_t>(bits[row >> 3] | same << (row & 7));
    }
    const BytesView present = value.column->validity();
    return {std::make_shared<const data::Column>(type(), frame.rows, Bytes(present.begin(), present.end()), Bytes(),
                                                 std::move(bits), std::vector<data::ColumnPtr>()),
            false};
  }

  bool add_text_conditions(std::vector<format::TextCondition>& out) const override {
    const auto slot = slot_of(*column_);
    if (slot) out.push_back({*slot, text_});
    return slot.has_value();
  }

 private:
  NodePtr column_;
  std::string text_;
};

}  // namespace

bool add_text_conditions(const Node& condition, std::vector<format::TextCondition>& out) {
  const auto* const known = dynamic_cast<const ConditionNode*>(&condition);
  return known != nullptr && known->add_text_conditions(out);
}

NodePtr text_equals_node(NodePtr column, std::string text, bool nullable, Span span) {
  return std::make_shared<const TextEqualsNode>(std::move(column), std::move(text), nullable, span);
}

}  // namespace streamops::sql
