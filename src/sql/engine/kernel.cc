#include "sql/engine/kernel.h"

namespace streamops::sql {
namespace {

class CallNode : public Node {
 public:
  CallNode(data::TypePtr type, bool nullable, Span span, std::vector<NodePtr> children, Kernel kernel)
      : Node(std::move(type), nullable, span), children_(std::move(children)), kernel_(std::move(kernel)) {}

  Vector evaluate(const Frame& frame, Mask active) const override {
    std::vector<Vector> arguments;
    arguments.reserve(children_.size());
    for (const NodePtr& child : children_) arguments.push_back(child->evaluate(frame, active));
    return kernel_(Call{frame, active, arguments, type(), span()});
  }

 private:
  std::vector<NodePtr> children_;
  Kernel kernel_;
};

void and_bits(Bytes& bits, BytesView with) {
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] &= with[i];
}

}  // namespace

NodePtr call_node(data::TypePtr type, bool nullable, Span span, std::vector<NodePtr> children, Kernel kernel) {
  return std::make_shared<const CallNode>(std::move(type), nullable, span, std::move(children), std::move(kernel));
}

Presence::Presence(const Call& call) {
  const std::size_t bytes = (call.frame.rows + 7) / 8;
  for (const Vector& argument : call.arguments) {
    if (!argument.column->has_nulls()) continue;
    if (argument.constant) {
      none_ = none_ || argument.column->is_null(0);
      continue;
    }
    if (bits_.empty()) bits_.assign(bytes, 0xFF);
    and_bits(bits_, argument.column->validity());
  }
  if (call.active.empty() || none_) return;
  if (bits_.empty()) bits_.assign(bytes, 0xFF);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (call.active[row] == 0) bits_[row >> 3] = static_cast<std::uint8_t>(bits_[row >> 3] & ~(1U << (row & 7)));
  }
}

}  // namespace streamops::sql
