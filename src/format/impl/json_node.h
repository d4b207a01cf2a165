// format/impl/json_node.h — a schema made ready for reading: a tree of members with their names and the builders that
// they fill.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/column.h"
#include "data/type.h"
#include "format/impl/json_layout.h"

namespace streamops::format {

/// One type of the schema. `out` is where its values go; null when they are checked only.
struct JsonNode {
  data::TypePtr type;
  data::TypeId id;
  data::ColumnBuilder* out = nullptr;
  /// A text that goes into this column of the stage instead; -1: into `out`.
  int staged = -1;
  /// The columns of a schema: a structure without a builder of its own, whose children have theirs.
  bool root = false;
  /// structure: its members; array: the element; map: the value (keys are texts and go to out->child(0)).
  std::vector<JsonNode> children;

  // structures only
  std::vector<std::string> names;
  std::unordered_map<std::string_view, std::size_t> by_name;
  /// seen[i] == round: member i has its value in the object that is being read.
  std::vector<std::uint32_t> seen;
  std::uint32_t round = 0;
  JsonLayout layout;

  JsonNode(data::TypePtr of, data::ColumnBuilder* to);
  JsonNode(JsonNode&&) = default;
  JsonNode& operator=(JsonNode&&) = default;

  /// Starts a new object: nothing seen yet.
  void next_round();
  /// The member's index, or -1.
  int find(std::string_view name) const;
};

/// The columns of a schema as one structure; `outs` has one builder, or null, a column.
JsonNode json_root(const data::Schema& schema, const std::vector<data::ColumnBuilder*>& outs);

}  // namespace streamops::format
