#include "sql/engine/query.h"

#include <numeric>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/compiler.h"
#include "sql/engine/plan.h"
#include "sql/engine/query_state.h"
#include "sql/grammar/parser.h"

namespace streamops::sql {
namespace {

/// Numbers the operators, inputs first, and the stateless subtrees that feed stateful steps.
void number(PlanNode& node, std::vector<const PlanNode*>& groups, std::vector<const PlanNode*>& leaves) {
  for (PlanPtr& input : node.inputs) {
    if (node.stateful && !input->stateful) {
      input->index = leaves.size();
      leaves.push_back(input.get());
    } else {
      number(*input, groups, leaves);
    }
  }
  if (node.kind != PlanNode::Kind::group) return;
  node.index = groups.size();
  groups.push_back(&node);
}

void find_needed(const PlanNode& node, std::vector<bool>& needed) {
  for (const PlanPtr& input : node.inputs) {
    find_needed(*input, needed);
    if (input->kind != PlanNode::Kind::source) continue;
    for (std::size_t i = 0; i < needed.size() && i < node.projection.used.size(); ++i)
      needed[i] = needed[i] || node.projection.used[i];
  }
}

bool every_path_groups(const PlanNode& node) {
  if (node.kind == PlanNode::Kind::group) return true;
  if (node.inputs.empty()) return false;
  for (const PlanPtr& input : node.inputs) {
    if (!every_path_groups(*input)) return false;
  }
  return true;
}

/// What Spark refuses of grouping in a stream, and for the same reasons.
Result<void> check_mode(const std::vector<const PlanNode*>& groups, const PlanNode& root, OutputMode mode) {
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
  STREAMOPS_ASSIGN(const auto time, compiler.time_column());
  STREAMOPS_ASSIGN(plan->root, compiler.tree(tree, nullptr, {}, {}));
  plan->source_name = compiler.source_name();
  number(*plan->root, plan->groups, plan->leaves);
  if (const auto checked = check_mode(plan->groups, *plan->root, options.mode); !checked)
    return text.at(tree.selects[0].head, checked.error());
  if (plan->root->stateful && plan->source_name.empty())
    return text.at(tree.selects[0].head, Error(errors::sql::not_served, "grouping without FROM is not served"));
  plan->needed.assign(source->size(), false);
  find_needed(*plan->root, plan->needed);
  plan->time_column = time.value_or(0);
  if (time && plan->root->stateful) plan->needed[*time] = true;
  return std::shared_ptr<const Query>(new Query(std::move(plan)));
}

const data::SchemaPtr& Query::output() const {
  return plan_->root->output;
}
const std::vector<bool>& Query::needed() const {
  return plan_->needed;
}
const std::string& Query::source_name() const {
  return plan_->source_name;
}
bool Query::keeps_state() const {
  return plan_->root->stateful;
}

QueryResult Query::run(const data::Batch& source, const EvaluationContext& context) const {
  STREAMOPS_CHECK(!keeps_state(), "a query that keeps state is not run, but opened");
  const SourceText text(plan_->text, plan_->at);
  // Without FROM there is one row, whatever the batch holds.
  Failures failures(std::max<std::size_t>(source.rows, 1));
  Rows rows = run_stateless(*plan_->root, source, {context, text, failures, nullptr});
  drop_struck_rows(rows, failures);

  QueryResult result;
  result.batch.schema = plan_->root->output;
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
