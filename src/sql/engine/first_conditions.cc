// Which rows of the source need not even be built.
#include "sql/engine/plan.h"
#include "sql/engine/text_conditions.h"

namespace streamops::sql {

std::vector<format::TextCondition> Query::first_conditions() const {
  const PlanNode* node = plan_->root.get();
  while (node->inputs.size() == 1 && node->inputs[0]->kind != PlanNode::Kind::source) node = node->inputs[0].get();
  const bool over_source = node->inputs.size() == 1 && node->inputs[0]->input == 0;
  if (node->kind != PlanNode::Kind::project || !over_source) return {};
  const Projection& lowest = node->projection;
  // Behind a generator, or behind the place where rows move the watermark, a row has had its effect already.
  const bool comes_later = lowest.marks_watermark || !lowest.generators.empty();
  const NodePtr& first = lowest.plain_where || comes_later ? lowest.plain_where : lowest.where;
  std::vector<format::TextCondition> conditions;
  if (first != nullptr) add_text_conditions(*first, conditions);
  return conditions;
}

}  // namespace streamops::sql
