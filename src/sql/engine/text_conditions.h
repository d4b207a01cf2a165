// sql/engine/text_conditions.h — conditions "this column is this text", which whoever reads rows can judge himself.
#pragma once

#include <optional>
#include <vector>

#include "format/record_reader.h"
#include "sql/engine/evaluation.h"

namespace streamops::sql {

/// A condition that may say itself in such terms.
class ConditionNode : public Node {
 public:
  using Node::Node;
  /// Appends conditions that hold where this is true: those that are looked at first and cannot fail. True: they say
  /// it all.
  virtual bool add_text_conditions(std::vector<format::TextCondition>& out) const = 0;
};

/// As ConditionNode's; false for any other node.
bool add_text_conditions(const Node& condition, std::vector<format::TextCondition>& out);

/// The slot of the input column that the node is; nothing for anything else.
std::optional<std::size_t> slot_of(const Node& node);

/// column = text; `column` is one of STRING.
NodePtr text_equals_node(NodePtr column, std::string text, bool nullable, Span span);

}  // namespace streamops::sql
