// sql/engine/plan.h — a compiled query: steps that hand rows up to a root.
//
//   source | one_row -> project -> group -> project …      union_all joins several
//
// A subtree without `group` is stateless: it runs when rows arrive. The rest runs at the end of an epoch.
#pragma once

#include <memory>

#include "sql/engine/group_operator.h"
#include "sql/engine/projection.h"
#include "sql/engine/query.h"

namespace streamops::sql {

struct PlanNode {
  enum class Kind : std::uint8_t { source, one_row, project, group, union_all };

  Kind kind = Kind::source;
  std::vector<std::unique_ptr<PlanNode>> inputs;
  Projection projection;  // project
  GroupSpec group;        // group
  std::size_t index = 0;  // group: which operator; a stateless subtree below a stateful step: which of them
  data::SchemaPtr output;
  std::vector<bool> event_time;  // by column of the output
  bool stateful = false;
};
using PlanPtr = std::unique_ptr<PlanNode>;

struct Query::Plan {
  std::string text;
  Place at;
  std::string source_name;
  CompileOptions options;
  data::SchemaPtr source;
  std::size_t time_column = 0;  // of the watermark
  PlanPtr root;
  std::vector<const PlanNode*> groups;  // by index, inputs before what reads them
  std::vector<const PlanNode*> leaves;  // stateless subtrees below a stateful step, by index
  std::vector<bool> needed;             // by column of the source
};

/// Runs a stateless subtree.
Rows run_stateless(const PlanNode& node, const data::Batch& source, const RunContext& context);

}  // namespace streamops::sql
