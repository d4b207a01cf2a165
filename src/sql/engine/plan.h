// sql/engine/plan.h — a compiled query: steps that hand rows up to a root.
//
//   source | one_row -> project -> group -> project …      union_all joins several
//
//   project -+                        project = columns | keys | eligible: one side of a JOIN
//            +-> lookup | join -> project …
//   project -+   lookup: one side is a table; join: both are streams
//
// A subtree without `group` and `join` is stateless: it runs when rows arrive. The rest runs at the end of an epoch.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "sql/engine/group_operator.h"
#include "sql/engine/join.h"
#include "sql/engine/lookup_index.h"
#include "sql/engine/projection.h"
#include "sql/engine/query.h"

namespace streamops::sql {

struct PlanNode {
  enum class Kind : std::uint8_t { source, one_row, project, group, union_all, table, lookup, join };

  Kind kind = Kind::source;
  std::vector<std::unique_ptr<PlanNode>> inputs;
  Projection projection;  // project
  GroupSpec group;        // group
  JoinSpec join;          // lookup, join
  std::size_t input = 0;  // source, table: which; lookup: that of its table
  std::size_t index =
      0;  // group, join, lookup: which operator; a stateless subtree below a stateful step: which of them
  data::SchemaPtr output;
  std::vector<bool> event_time;  // by column of the output
  bool stateful = false;
};
using PlanPtr = std::unique_ptr<PlanNode>;

/// A batch, and which input it is of.
struct InputBatch {
  const data::Batch& batch;
  std::size_t input = 0;
};
struct Query::Plan {
  std::string text;
  Place at;
  std::string source_name;
  CompileOptions options;
  data::SchemaPtr source;
  std::vector<std::optional<std::size_t>> time_columns;  // of the watermarks, by input
  PlanPtr root;
  std::vector<const PlanNode*> groups;                 // by index, inputs before what reads them
  std::vector<const PlanNode*> leaves;                 // stateless subtrees below a stateful step, by index
  std::vector<const PlanNode*> joins;                  // by index, inputs before what reads them
  std::vector<const PlanNode*> lookups;                // by index
  std::vector<std::unique_ptr<LookupIndex>> constant;  // by lookup: the table, where it never changes; else null
  std::vector<const LookupIndex*> constant_views;
  std::vector<std::vector<bool>> needed;  // by input and column
  std::vector<bool> reads;                // by input

  Result<void> fill_tables();
  QueryResult run(const InputBatch& from, const EvaluationContext& context,
                  std::span<const LookupIndex* const> tables) const;
  bool has_changing_tables() const {
    return std::find(constant_views.begin(), constant_views.end(), nullptr) != constant_views.end();
  }
  const data::SchemaPtr& schema(std::size_t input) const {
    return input == 0 ? source : options.inputs[input - 1].schema;
  }
  const std::optional<Watermark>& watermark(std::size_t input) const {
    return input == 0 ? options.watermark : options.inputs[input - 1].watermark;
  }
};

/// Runs a stateless subtree; other inputs have no rows.
Rows run_stateless(const PlanNode& node, const InputBatch& source, const RunContext& context);

}  // namespace streamops::sql
