// Functions with lambda functions over maps: map_filter, transform_keys, transform_values.
#include <unordered_set>

#include "sql/engine/functions/higher_order.h"
#include "sql/engine/nested.h"
#include "sql/engine/state_bytes.h"

namespace streamops::sql {
namespace {

using data::ColumnPtr;
using data::Type;
using data::TypeId;
using data::TypePtr;

std::vector<ScopeColumn> key_and_value(const Type& map) {
  return {{"", map.fields()[0].type, false}, {"", map.fields()[1].type, map.fields()[1].nullable}};
}

/// The entries that count, and both their columns.
struct Entries {
  Elements elements;
  ColumnPtr keys, values;
  std::vector<std::int32_t> counts;

  explicit Entries(const Call& call) : elements(elements_of(call, call.arguments[0])) { gather(call); }
  void gather(const Call& call) {
    const data::Column& map = *call.arguments[0].column;
    keys = data::take(map.children()[0], elements.members);
    values = data::take(map.children()[1], elements.members);
    counts.assign(call.frame.rows, 0);
    for (const std::int32_t row : elements.rows) ++counts[static_cast<std::size_t>(row)];
  }
};

Vector filter_entries(const Call& call, const Lambda& lambda) {
  Entries entries(call);
  const ColumnPtr kept = apply(call, lambda, entries.elements, {entries.keys, entries.values});
  keep_true(entries.elements, *kept);
  entries.gather(call);
  return lists(call, call.arguments[0], entries.counts, {entries.keys, entries.values});
}

Vector change_values(const Call& call, const Lambda& lambda) {
  const Entries entries(call);
  const ColumnPtr values = apply(call, lambda, entries.elements, {entries.keys, entries.values});
  return lists(call, call.arguments[0], entries.counts, {entries.keys, values});
}

/// Rows with a null key or two equal ones fail.
void check_keys(const Call& call, const Elements& elements, const data::Column& keys) {
  std::unordered_set<std::string> known;
  std::string bytes;
  for (std::size_t i = 0; i < elements.rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(elements.rows[i]);
    if (i == 0 || elements.rows[i] != elements.rows[i - 1]) known.clear();
    if (keys.is_null(i)) {
      call.frame.fail(row, call.span,
                      Error(errors::sql::invalid_input, "[NULL_MAP_KEY] a key of a map cannot be null"));
      continue;
    }
    bytes.clear();
    append_value(keys, i, Floats::normalised, bytes);
    if (known.insert(bytes).second) continue;
    call.frame.fail(row, call.span,
                    Error(errors::sql::invalid_input, "[DUPLICATED_MAP_KEY] two keys of the map are equal"));
  }
}

Vector change_keys(const Call& call, const Lambda& lambda) {
  Entries entries(call);
  ColumnPtr keys = apply(call, lambda, entries.elements, {entries.keys, entries.values});
  check_keys(call, entries.elements, *keys);
  if (call.frame.failures->any()) {
    // Without the rows that failed just now.
    const Elements left = elements_of(call, call.arguments[0]);
    std::vector<std::int32_t> kept;
    for (std::size_t i = 0; i < entries.elements.rows.size(); ++i) {
      if (is_present(call, call.arguments[0], static_cast<std::size_t>(entries.elements.rows[i])))
        kept.push_back(static_cast<std::int32_t>(i));
    }
    keys = data::take(keys, kept);
    entries.elements = left;
    entries.gather(call);
  }
  return lists(call, call.arguments[0], entries.counts, {keys, entries.values});
}

Result<NodePtr> bind_map_filter(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 1, 1));
  STREAMOPS_ASSIGN(NodePtr map, parts.map(0));
  STREAMOPS_ASSIGN(const Lambda lambda, parts.condition(0, key_and_value(*map->type())));
  return call_node(map->type(), map->nullable(), call.span, {map},
                   [lambda](const Call& evaluated) { return filter_entries(evaluated, lambda); });
}

Result<NodePtr> bind_values(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 1, 1));
  STREAMOPS_ASSIGN(NodePtr map, parts.map(0));
  STREAMOPS_ASSIGN(const Lambda lambda, parts.lambda(0, key_and_value(*map->type())));
  const TypePtr type = Type::map(map->type()->fields()[0].type, lambda.body->type(), lambda.body->nullable());
  return call_node(type, map->nullable(), call.span, {map},
                   [lambda](const Call& evaluated) { return change_values(evaluated, lambda); });
}

Result<NodePtr> bind_keys(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 1, 1));
  STREAMOPS_ASSIGN(NodePtr map, parts.map(0));
  STREAMOPS_ASSIGN(const Lambda lambda, parts.lambda(0, key_and_value(*map->type())));
  if (lambda.body->type()->id() == TypeId::map || lambda.body->type()->id() == TypeId::null)
    return Error(errors::sql::type_mismatch, "a key of a map cannot be {}", lambda.body->type()->to_sql());
  const data::Field& value = map->type()->fields()[1];
  return call_node(Type::map(lambda.body->type(), value.type, value.nullable), map->nullable(), call.span, {map},
                   [lambda](const Call& evaluated) { return change_keys(evaluated, lambda); });
}

}  // namespace

const std::vector<HigherOrder>& map_higher_orders() {
  static const std::vector<HigherOrder> entries = {
      {"map_filter", bind_map_filter}, {"transform_values", bind_values}, {"transform_keys", bind_keys}};
  return entries;
}

const HigherOrder* find_higher_order(const Expression& call) {
  bool any = false;
  for (const ExpressionPtr& child : call.children) any = any || child->kind == ExpressionKind::lambda;
  if (!any) return nullptr;
  for (const std::vector<HigherOrder>* entries : {&array_higher_orders(), &map_higher_orders()}) {
    for (const HigherOrder& entry : *entries) {
      if (entry.name == call.function) return &entry;
    }
  }
  return nullptr;
}

Result<LambdaCall> LambdaCall::read(Binder& binder, const Expression& call, std::size_t values, std::size_t lambdas) {
  LambdaCall parts(binder, call);
  bool fits = call.children.size() == values + lambdas;
  for (std::size_t i = 0; i < call.children.size() && fits; ++i)
    fits = (call.children[i]->kind == ExpressionKind::lambda) == (i >= values);
  if (!fits) {
    const Function* function = find_function(call.function);
    return Error(errors::sql::wrong_arguments, "{} takes other arguments: {}", call.function,
                 function == nullptr ? std::string_view() : function->signature);
  }
  for (std::size_t i = 0; i < values; ++i) {
    STREAMOPS_ASSIGN(NodePtr value, binder.bind(*call.children[i]));
    parts.values_.push_back(std::move(value));
  }
  return parts;
}

Result<NodePtr> LambdaCall::of_type(std::size_t index, TypeId type, std::string_view wanted) const {
  const NodePtr& value = values_[index];
  if (value->type()->id() == type) return value;
  return Error(errors::sql::type_mismatch, "{} takes {} as argument {}, not {}", call_->function, wanted, index + 1,
               value->type()->to_sql());
}

Result<Lambda> LambdaCall::lambda(std::size_t index, std::vector<ScopeColumn> parameters) const {
  return binder_->bind_lambda(*call_->children[values_.size() + index], std::move(parameters));
}

Result<Lambda> LambdaCall::condition(std::size_t index, std::vector<ScopeColumn> parameters) const {
  STREAMOPS_ASSIGN(Lambda bound, lambda(index, std::move(parameters)));
  const TypePtr& type = bound.body->type();
  if (type->id() == TypeId::boolean) return bound;
  return Error(errors::sql::type_mismatch, "the lambda function of {} gives BOOLEAN, not {}", call_->function,
               type->to_sql());
}

void keep_true(Elements& elements, const data::Column& condition) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < elements.rows.size(); ++i) {
    if (condition.is_null(i) || !condition.boolean(i)) continue;
    elements.rows[kept] = elements.rows[i];
    elements.members[kept] = elements.members[i];
    elements.positions[kept] = elements.positions[i];
    ++kept;
  }
  elements.rows.resize(kept);
  elements.members.resize(kept);
  elements.positions.resize(kept);
}

}  // namespace streamops::sql
