// What joins need beside their compiler: names of their inputs, and afterwards the columns that nobody reads.
#include <fmt/format.h>

#include <algorithm>

#include "errors/sql.h"
#include "sql/engine/join_compiler.h"
#include "sql/engine/key_table.h"

namespace streamops::sql {
namespace {

constexpr std::size_t left = JoinSpec::left, right = JoinSpec::right;

/// Columns of the join's inputs that nobody behind it reads become nulls.
void prune_join(PlanNode& node, const std::vector<bool>& used) {
  JoinSpec& spec = node.join;
  std::vector<bool> wanted = used;
  note_reads(wanted, spec.condition_reads);
  wanted.resize(spec.sides[left].types.size() + spec.sides[right].types.size());
  std::string layout = fmt::format("{}", static_cast<int>(spec.type));
  std::size_t slot = 0;
  for (const std::size_t side : {left, right}) {
    const JoinSide& own = spec.sides[side];
    Projection& step = node.inputs[side]->projection;
    for (std::size_t i = 0; i < own.types.size(); ++i, ++slot) {
      const bool reads = wanted[slot] || own.event_time == i || own.ends_by == i;
      if (reads) step.used[i] = true;
      if (!reads) step.items[i] = null_node(own.types[i], step.items[i]->span());
      layout += fmt::format(";{}{}", reads ? "" : "-", own.types[i]->to_sql());
    }
    step.used_by_items = step.used;
    layout += fmt::format("|{}", own.ends_by.value_or(SIZE_MAX));
  }
  for (const data::TypePtr& key : spec.keys) layout += "=" + key->to_sql();
  spec.layout = KeyTable::hash(layout);
}

}  // namespace

bool is_table(const PlanNode& node) {
  if (node.kind == PlanNode::Kind::table) return true;
  if (node.inputs.empty()) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(), [](const PlanPtr& input) { return is_table(*input); });
}

bool has_one_row(const PlanNode& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(), [](const PlanPtr& input) {
    return input->kind == PlanNode::Kind::one_row || has_one_row(*input);
  });
}

bool passes_null(const Expression& expression) {
  if (expression.kind == ExpressionKind::literal || expression.kind == ExpressionKind::column) return true;
  constexpr std::string_view strict[] = {"=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "isnotnull"};
  if (expression.kind != ExpressionKind::call ||
      std::find(std::begin(strict), std::end(strict), expression.function) == std::end(strict))
    return false;
  return std::all_of(expression.children.begin(), expression.children.end(),
                     [](const ExpressionPtr& child) { return passes_null(*child); });
}

void note_reads(std::vector<bool>& used, const std::vector<bool>& reads) {
  if (used.size() < reads.size()) used.resize(reads.size());
  for (std::size_t slot = 0; slot < reads.size(); ++slot) used[slot] = used[slot] || reads[slot];
}

Result<ScopeTable> scope_of(const Relation& relation, const PlanNode& input, const SourceText& text) {
  ScopeTable table;
  // An alias hides the table's own name.
  if (relation.source_alias) table.names = {relation.source_alias->text};
  if (!relation.source_alias && relation.source) table.names = {relation.source->text};
  for (std::size_t i = 0; i < input.output->size(); ++i) {
    const data::Field& field = (*input.output)[i];
    table.columns.push_back({field.name, field.type, field.nullable, input.event_time[i]});
  }
  const std::vector<Name>& names = relation.source_columns;
  if (names.empty()) return table;
  if (names.size() != table.columns.size()) {
    return text.at(names[0].span, Error(errors::sql::wrong_arguments, "the table has {} column{}, but {} names follow",
                                        table.columns.size(), table.columns.size() == 1 ? "" : "s", names.size()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) table.columns[i].name = names[i].text;
  return table;
}

void prune_joins(PlanNode& node) {
  for (PlanPtr& input : node.inputs) {
    const bool joins = input->kind == PlanNode::Kind::join || input->kind == PlanNode::Kind::lookup;
    if (joins) prune_join(*input, node.projection.used);
    prune_joins(*input);
  }
}

bool is_deterministic(const Expression& expression) {
  if (expression.kind == ExpressionKind::call) {
    const Function* function = find_function(expression.function);
    if (function == nullptr || !function->deterministic) return false;
  }
  for (const ExpressionPtr& child : expression.children) {
    if (!is_deterministic(*child)) return false;
  }
  return true;
}

}  // namespace streamops::sql
