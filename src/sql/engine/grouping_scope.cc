#include "sql/engine/grouping_scope.h"

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/aggregate.h"
#include "sql/engine/window.h"

namespace streamops::sql {

using data::TypeId;

std::optional<std::size_t> GroupingScope::find_key(const std::string& fingerprint) const {
  for (std::size_t i = 0; i < key_prints_.size(); ++i) {
    if (key_prints_[i] == fingerprint) return i;
  }
  return std::nullopt;
}

Result<void> GroupingScope::add_key(const Expression& expression) {
  std::string fingerprint = below_.fingerprint(expression);
  if (find_key(fingerprint)) return Ok();
  STREAMOPS_ASSIGN(NodePtr node, below_.bind(expression));
  keys_.push_back(std::move(node));
  key_prints_.push_back(std::move(fingerprint));
  return Ok();
}

NodePtr GroupingScope::key_column(std::size_t key, Span span) const {
  return column_node(key, keys_[key]->type(), keys_[key]->nullable(), span, keys_[key]->event_time());
}

Result<NodePtr> GroupingScope::resolve(const Expression& expression) {
  if (expression.kind == ExpressionKind::literal) return NodePtr();
  if (expression.kind == ExpressionKind::column) return column(expression);
  const std::string fingerprint = below_.fingerprint(expression);
  if (const auto key = find_key(fingerprint)) return key_column(*key, expression.span);
  if (expression.kind != ExpressionKind::call) return NodePtr();
  if (find_aggregate(expression.function) != nullptr) return aggregate(expression, fingerprint);
  if (is_window_call(expression)) {
    return text_.at(expression.span, Error(errors::sql::not_grouped, "this window is not what GROUP BY groups by"));
  }
  return NodePtr();
}

Result<NodePtr> GroupingScope::column(const Expression& expression) {
  const std::string& name = expression.parts[0].text;
  for (const auto& [alias, aliased] : aliases_) {
    if (!equals_ignore_case(alias, name)) continue;
    if (having_) {
      having_ = false;  // the alias itself stands for what the select list says
      auto node = above_.bind(*aliased);
      having_ = true;
      for (std::size_t i = 1; i < expression.parts.size() && node.ok(); ++i)
        node = above_.member(std::move(node).value(), expression.parts[i], expression.span);
      return node;
    }
  }
  STREAMOPS_ASSIGN(const auto found, below_.find_column(expression));
  if (!found) {
    for (const auto& [alias, aliased] : aliases_) {
      if (equals_ignore_case(alias, name)) return NodePtr();
    }
    return below_.unknown_column(expression);
  }
  // `w.start` may be a member of the key `w`, or a key itself.
  for (std::size_t parts = expression.parts.size(); parts >= found->parts; --parts) {
    Expression prefix = expression;
    prefix.parts.resize(parts);
    const auto key = find_key(below_.fingerprint(prefix));
    if (!key) continue;
    Result<NodePtr> node = key_column(*key, expression.span);
    for (; parts < expression.parts.size() && node.ok(); ++parts)
      node = above_.member(std::move(node).value(), expression.parts[parts], expression.span);
    return node;
  }
  return text_.at(
      expression.span,
      Error(errors::sql::not_grouped, "`{}` is neither grouped by nor inside an aggregate", text_.text(expression.span))
          .with_hint("add it to GROUP BY, or say which of the group's values is meant, as first(" +
                     std::string(text_.text(expression.span)) + ") does"));
}

Result<NodePtr> GroupingScope::aggregate(const Expression& call, const std::string& fingerprint) {
  const auto known = known_.find(fingerprint);
  if (known != known_.end()) {
    const data::Field& field = results_[known->second];
    return column_node(keys_.size() + known->second, field.type, field.nullable, call.span);
  }
  const bool counts_rows = call.function == "count" && call.children.size() == 1 && !call.distinct &&
                           call.children[0]->kind == ExpressionKind::star && call.children[0]->parts.empty();
  for (const ExpressionPtr& child : call.children) {
    if (child->kind != ExpressionKind::star || counts_rows) continue;
    return text_.at(child->span,
                    Error(errors::sql::not_served, "`*` as an argument of {} is not served", call.function));
  }
  STREAMOPS_ASSIGN(std::vector<NodePtr> arguments, below_.bind_all(call.children));
  const AggregateFunction& function = *find_aggregate(call.function);
  Aggregate made;
  made.distinct = call.distinct;
  Binding binding(function.entry, call, std::move(arguments));
  if (call.children.empty()) {
    return text_.at(call.head, Error(errors::sql::wrong_arguments, "{} does not take 0 arguments: {}",
                                     function.entry.name, function.entry.signature));
  }
  auto bound = function.bind(binding);
  if (!bound) return bound.error().place() ? bound.error() : text_.at(call.head, bound.error());
  made.make = bound->make;
  for (NodePtr& argument : bound->arguments) {
    if (call.distinct) STREAMOPS_RETURN_IF_ERROR(check_distinct(*argument));
    made.arguments.push_back(extra_.size());
    extra_.push_back(std::move(argument));
  }
  if (call.filter) {
    STREAMOPS_ASSIGN(NodePtr filter, below_.bind(*call.filter));
    if (filter->type()->id() != TypeId::boolean) {
      return text_.at(call.filter->span,
                      Error(errors::sql::type_mismatch, "FILTER takes BOOLEAN, not {}", filter->type()->to_sql()));
    }
    made.filter = extra_.size();
    extra_.push_back(std::move(filter));
  }
  known_.emplace(fingerprint, aggregates_.size());
  results_.push_back({std::string(call.function), bound->type, bound->nullable});
  aggregates_.push_back(std::move(made));
  return column_node(keys_.size() + aggregates_.size() - 1, bound->type, bound->nullable, call.span);
}

Result<void> GroupingScope::check_distinct(const Node& argument) const {
  const data::Type& type = *argument.type();
  if (!contains_map(type)) return Ok();
  return text_.at(argument.span(), Error(errors::sql::type_mismatch, "DISTINCT cannot compare {}", type.to_sql()));
}

bool contains_map(const data::Type& type) {
  if (type.id() == TypeId::map) return true;
  for (const data::Field& field : type.fields()) {
    if (contains_map(*field.type)) return true;
  }
  return false;
}

std::vector<NodePtr> GroupingScope::below_items() const {
  std::vector<NodePtr> items = keys_;
  items.insert(items.end(), extra_.begin(), extra_.end());
  return items;
}

std::vector<AggregateSpec> GroupingScope::aggregates() const {
  std::vector<AggregateSpec> specs;
  for (std::size_t i = 0; i < aggregates_.size(); ++i) {
    const Aggregate& from = aggregates_[i];
    AggregateSpec spec;
    spec.make = from.make;
    spec.distinct = from.distinct;
    spec.type = results_[i].type;
    for (const std::size_t argument : from.arguments) {
      spec.arguments.push_back(keys_.size() + argument);
      spec.argument_types.push_back(extra_[argument]->type());
    }
    if (from.filter) spec.filter = keys_.size() + *from.filter;
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::string GroupingScope::layout() const {
  std::string out;
  for (std::size_t i = 0; i < keys_.size(); ++i) out += key_prints_[i] + ":" + keys_[i]->type()->to_sql() + ";";
  std::vector<std::string> calls(aggregates_.size());
  for (const auto& [fingerprint, index] : known_) calls[index] = fingerprint;
  for (std::size_t i = 0; i < calls.size(); ++i) out += calls[i] + ":" + results_[i].type->to_sql() + ";";
  return out;
}

}  // namespace streamops::sql
