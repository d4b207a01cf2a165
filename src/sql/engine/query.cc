#include "sql/engine/query.h"

#include <numeric>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/compiler.h"
#include "sql/engine/join_compiler.h"
#include "sql/engine/plan.h"
#include "sql/engine/query_state.h"
#include "sql/grammar/parser.h"

namespace streamops::sql {
namespace {

/// Numbers the operators, inputs first, and the stateless subtrees that feed stateful steps.
void number(PlanNode& node, std::vector<const PlanNode*>& groups, std::vector<const PlanNode*>& joins,
            std::vector<const PlanNode*>& leaves) {
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    PlanNode& input = *node.inputs[i];
    if (node.kind == PlanNode::Kind::lookup && i != node.join.stream_side) continue;
    if (node.stateful && !input.stateful) {
      input.index = leaves.size();
      leaves.push_back(&input);
    } else {
      number(input, groups, joins, leaves);
    }
  }
  if (node.kind != PlanNode::Kind::group && node.kind != PlanNode::Kind::join) return;
  std::vector<const PlanNode*>& all = node.kind == PlanNode::Kind::group ? groups : joins;
  node.index = all.size();
  all.push_back(&node);
}

/// Which columns of which inputs are read, and which lookups there are.
void survey(PlanNode& node, std::vector<std::vector<bool>>& needed, std::vector<bool>& reads,
            std::vector<const PlanNode*>& lookups) {
  for (const PlanPtr& input : node.inputs) {
    survey(*input, needed, reads, lookups);
    if (input->kind != PlanNode::Kind::source && input->kind != PlanNode::Kind::table) continue;
    reads[input->input] = true;
    std::vector<bool>& columns = needed[input->input];
    for (std::size_t i = 0; i < columns.size() && i < node.projection.used.size(); ++i)
      columns[i] = columns[i] || node.projection.used[i];
  }
  if (node.kind != PlanNode::Kind::lookup) return;
  node.index = lookups.size();
  lookups.push_back(&node);
  const PlanNode* table = node.inputs[1 - node.join.stream_side].get();
  while (!table->inputs.empty()) table = table->inputs[0].get();
  node.input = table->input;
}

/// A stream's rows may not come from a table alone: nothing would ever let them go.
bool has_only_tables(const PlanNode& node) {
  if (node.kind == PlanNode::Kind::table) return true;
  if (node.kind == PlanNode::Kind::lookup) return false;
  for (const PlanPtr& input : node.inputs) {
    if (has_only_tables(*input)) return true;
  }
  return false;
}

bool every_path_groups(const PlanNode& node) {
  if (node.kind == PlanNode::Kind::group) return true;
  if (node.inputs.empty()) return false;
  if (node.kind == PlanNode::Kind::lookup) return every_path_groups(*node.inputs[node.join.stream_side]);
  for (const PlanPtr& input : node.inputs) {
    if (!every_path_groups(*input)) return false;
  }
  return true;
}

/// What Spark refuses of grouping in a stream, and for the same reasons.
Result<void> check_mode(const std::vector<const PlanNode*>& groups, bool joins, const PlanNode& root, OutputMode mode) {
  if (joins && mode != OutputMode::append) {
    return Error(errors::sql::bad_output_mode, "a join of streams has output mode append only")
        .with_hint("each pair of rows comes out once: mode append");
  }
  if (mode == OutputMode::complete && !every_path_groups(root)) {
    return Error(errors::sql::bad_output_mode, "output mode complete needs a GROUP BY over every row")
        .with_hint("a query without GROUP BY gives each row once: mode append");
  }
  if (groups.size() > 1 && mode != OutputMode::append) {
    return Error(errors::sql::bad_output_mode, "a query that groups more than once has output mode append only")
        .with_hint("groups of groups are right only when the first ones are final");
  }
  for (const PlanNode* group : groups) {
    if (mode == OutputMode::append && !group->group.event_time) {
      return Error(errors::sql::bad_output_mode,
                   "output mode append needs a watermark, and its column or a window of "
                   "it among the keys of GROUP BY")
          .with_hint("declare the watermark at the source and group by window(column, …), or use mode update");
    }
    if (mode == OutputMode::update && group->group.session) {
      return Error(errors::sql::bad_output_mode, "session_window does not go with output mode update")
          .with_hint("a session that grows would have to take back what it was: use append or complete");
    }
  }
  return Ok();
}

}  // namespace

Query::Query(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)) {}
Query::~Query() = default;

Result<std::shared_ptr<const Query>> Query::compile(std::string_view sql, const data::SchemaPtr& source,
                                                    const CompileOptions& options) {
  auto plan = std::make_unique<Plan>();
  plan->text = std::string(sql);
  plan->at = options.at;
  plan->options = options;
  plan->source = source;
  const SourceText text(plan->text, plan->at);
  STREAMOPS_ASSIGN(const QueryTree tree, parse_query(text));
  Compiler compiler(text, source, options);
  const std::size_t inputs = 1 + options.inputs.size();
  for (std::size_t input = 0; input < inputs; ++input) {
    STREAMOPS_ASSIGN(const auto time, compiler.time_column(input));
    plan->time_columns.push_back(time);
    plan->needed.emplace_back(plan->schema(input)->size());
  }
  plan->reads.resize(inputs);
  STREAMOPS_ASSIGN(plan->root, compiler.tree(tree, nullptr, {}, {}));
  prune_joins(*plan->root);
  plan->source_name = compiler.source_name();
  number(*plan->root, plan->groups, plan->joins, plan->leaves);
  survey(*plan->root, plan->needed, plan->reads, plan->lookups);
  if (has_only_tables(*plan->root)) {
    return text.at(tree.selects[0].head,
                   Error(errors::sql::not_served, "a SELECT of a table alone is not served")
                       .with_hint("a table is joined with a stream: FROM source JOIN table ON …"));
  }
  if (const auto checked = check_mode(plan->groups, !plan->joins.empty(), *plan->root, options.mode); !checked)
    return text.at(tree.selects[0].head, checked.error());
  if (plan->root->stateful && plan->source_name.empty())
    return text.at(tree.selects[0].head, Error(errors::sql::not_served, "grouping without FROM is not served"));
  for (std::size_t input = 0; input < inputs; ++input) {
    if (plan->time_columns[input] && plan->root->stateful) plan->needed[input][*plan->time_columns[input]] = true;
    // A table outlives a change of the select, which may read more of it.
    if (input > 0 && options.inputs[input - 1].is_table) plan->needed[input].assign(plan->needed[input].size(), true);
  }
  STREAMOPS_RETURN_IF_ERROR(plan->fill_tables());
  return std::shared_ptr<const Query>(new Query(std::move(plan)));
}

/// The tables that never change are looked up in from the beginning.
Result<void> Query::Plan::fill_tables() {
  const SourceText where(text, at);
  for (const PlanNode* lookup : lookups) {
    constant.push_back(nullptr);
    constant_views.push_back(nullptr);
    const std::optional<data::Batch>& rows = options.inputs[lookup->input - 1].rows;
    if (!rows) continue;
    Failures failures(rows->rows + 1);
    const Rows side = run_stateless(*lookup->inputs[1 - lookup->join.stream_side], {*rows, lookup->input},
                                    {EvaluationContext{}, where, failures});
    if (failures.any()) return std::move(failures).take_sorted()[0].error;
    std::vector<std::size_t> all(side.rows);
    std::iota(all.begin(), all.end(), std::size_t{0});
    constant.back() = std::make_unique<LookupIndex>(lookup->join);
    constant.back()->add("", side, all);
    constant_views.back() = constant.back().get();
  }
  for (FurtherInput& input : options.inputs) {
    if (input.rows) input.rows = data::Batch();  // the indexes have them
  }
  return Ok();
}

const data::SchemaPtr& Query::output() const {
  return plan_->root->output;
}
const std::vector<bool>& Query::needed(std::size_t input) const {
  return plan_->needed[input];
}
bool Query::reads(std::size_t input) const {
  return plan_->reads[input];
}
const std::string& Query::source_name() const {
  return plan_->source_name;
}
bool Query::keeps_state() const {
  return collects() || plan_->has_changing_tables();
}
bool Query::collects() const {
  return plan_->root->stateful;
}

QueryResult Query::run(const data::Batch& source, const EvaluationContext& context, std::size_t input) const {
  STREAMOPS_CHECK(!keeps_state(), "a query that keeps state is not run, but opened");
  return plan_->run({source, input}, context, plan_->constant_views);
}

QueryResult Query::Plan::run(const InputBatch& from, const EvaluationContext& context,
                             std::span<const LookupIndex* const> tables) const {
  const SourceText where(text, at);
  // Without FROM there is one row, whatever the batch holds.
  Failures failures(std::max<std::size_t>(from.batch.rows, 1));
  Rows rows = run_stateless(*root, from, {context, where, failures, nullptr, tables});
  drop_struck_rows(rows, failures);

  QueryResult result;
  result.batch.schema = root->output;
  result.batch.rows = rows.rows;
  result.batch.columns = std::move(rows.columns);
  result.batch.origin = std::move(rows.origin);
  if (result.batch.origin.empty()) {
    result.batch.origin.resize(rows.rows);
    std::iota(result.batch.origin.begin(), result.batch.origin.end(), 0);
  }
  result.failures = std::move(failures).take_sorted();
  return result;
}

}  // namespace streamops::sql
