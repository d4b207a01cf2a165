#include "format/impl/json_node.h"

#include <algorithm>

namespace streamops::format {
JsonNode::JsonNode(data::TypePtr of, data::ColumnBuilder* to) : type(std::move(of)), id(type->id()), out(to) {
  const auto child = [this](std::size_t i) { return out == nullptr ? nullptr : &out->child(i); };
  if (id == data::TypeId::array) children.emplace_back(type->element(), child(0));
  if (id == data::TypeId::map) children.emplace_back(type->fields()[1].type, child(1));
  if (id != data::TypeId::structure) return;
  const std::size_t count = type->fields().size();
  children.reserve(count);
  names.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    children.emplace_back(type->fields()[i].type, child(i));
    names.push_back(type->fields()[i].name);
  }
  // Views into `names`, which keeps its memory when a node moves. The first of two equal names gets the values.
  for (std::size_t i = 0; i < count; ++i) by_name.emplace(names[i], i);
  seen.assign(count, 0);
}

void JsonNode::next_round() {
  if (++round != 0) return;
  std::fill(seen.begin(), seen.end(), 0);
  round = 1;
}

int JsonNode::find(std::string_view name) const {
  const auto found = by_name.find(name);
  return found == by_name.end() ? -1 : static_cast<int>(found->second);
}

JsonNode json_root(const data::Schema& schema, const std::vector<data::ColumnBuilder*>& outs) {
  JsonNode root(data::Type::structure(schema.fields()), nullptr);
  root.root = true;
  for (std::size_t i = 0; i < schema.size(); ++i) root.children[i] = JsonNode(schema[i].type, outs[i]);
  return root;
}

}  // namespace streamops::format
