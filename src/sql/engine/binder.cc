#include "sql/engine/binder.h"

#include <fmt/format.h>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/aggregate.h"
#include "sql/engine/nested.h"
#include "sql/engine/window.h"

namespace streamops::sql {
namespace {

using data::TypeId;

bool is_named(const ScopeTable& table, std::string_view name) {
  for (const std::string& own : table.names) {
    if (equals_ignore_case(own, name)) return true;
  }
  return false;
}

/// Functions that Spark knows and that are not served, so that the message need not guess.
constexpr std::string_view aggregates[] = {"approx_count_distinct",
                                           "percentile",
                                           "percentile_approx",
                                           "median",
                                           "mode",
                                           "row_number",
                                           "rank",
                                           "dense_rank",
                                           "lag",
                                           "lead"};
constexpr std::string_view generators[] = {"explode",          "posexplode",   "inline", "explode_outer",
                                           "posexplode_outer", "inline_outer", "stack",  "json_tuple"};

bool all_constant(const std::vector<NodePtr>& nodes) {
  for (const NodePtr& node : nodes) {
    if (!node->constant()) return false;
  }
  return true;
}

}  // namespace

Result<void> Binder::add_table(ScopeTable table, Span span) {
  for (const ScopeTable& other : tables_) {
    for (const std::string& name : table.names) {
      if (is_named(other, name)) {
        return source_.at(span, Error(errors::sql::duplicate_name, "the table name `{}` stands twice", name));
      }
    }
  }
  table.first_slot = slots_;
  slots_ += table.columns.size();
  tables_.push_back(std::move(table));
  return Ok();
}

void Binder::drop_last_table() {
  slots_ -= tables_.back().columns.size();
  tables_.pop_back();
}

void Binder::make_nullable(std::size_t begin, std::size_t end) {
  for (ScopeTable& table : tables_) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const std::size_t slot = table.first_slot + i;
      if (slot >= begin && slot < end) table.columns[i].nullable = true;
    }
  }
}

Result<NodePtr> Binder::bind(const Expression& expression) {
  if (resolver_ != nullptr && parameter(expression) == nullptr) {
    STREAMOPS_ASSIGN(NodePtr whole, resolver_->resolve(expression));
    if (whole) return whole;
  }
  return bind_parts(expression);
}

Result<NodePtr> Binder::bind_parts(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::literal:
      return bind_literal(expression);
    case ExpressionKind::column:
      return bind_column(expression);
    case ExpressionKind::call:
      return bind_call(expression);
    case ExpressionKind::cast:
      return bind_cast(expression);
    case ExpressionKind::member: {
      STREAMOPS_ASSIGN(NodePtr value, bind(*expression.children[0]));
      return member(std::move(value), expression.parts[0], expression.span);
    }
    case ExpressionKind::lambda:
      return source_.at(expression.head, Error(errors::sql::syntax,
                                               "a lambda function stands only where a function "
                                               "takes one, as in transform(list, x -> x + 1)"));
    case ExpressionKind::star:
      break;
  }
  return source_.at(expression.span,
                    Error(errors::sql::syntax, "`*` stands for columns only in the select list and in struct(*)"));
}

Result<std::vector<NodePtr>> Binder::bind_all(const std::vector<ExpressionPtr>& expressions) {
  std::vector<NodePtr> nodes;
  for (const ExpressionPtr& expression : expressions) {
    if (expression->kind == ExpressionKind::star) continue;
    STREAMOPS_ASSIGN(NodePtr node, bind(*expression));
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<NodePtr> Binder::bind_literal(const Expression& expression) {
  const Literal& literal = expression.literal;
  data::ColumnBuilder builder(literal.type);
  switch (literal.type->id()) {
    case TypeId::null:
      builder.append_null();
      break;
    case TypeId::boolean:
      builder.append_boolean(literal.number != 0);
      break;
    case TypeId::float32:
    case TypeId::float64:
      builder.append_float(literal.real);
      break;
    case TypeId::decimal:
      builder.append_decimal(literal.number);
      break;
    case TypeId::string:
    case TypeId::binary:
      builder.append_text(literal.text);
      break;
    default:
      builder.append_integer(static_cast<std::int64_t>(literal.number));
      break;
  }
  return constant_node(builder.finish(), expression.span);
}

NodePtr Binder::read(const Found& found, Span span) {
  const std::size_t slot = found.table->first_slot + found.column;
  if (used_ != nullptr) {
    if (used_->size() <= slot) used_->resize(slot + 1);
    (*used_)[slot] = true;
  }
  const ScopeColumn& column = found.table->columns[found.column];
  return column_node(slot, column.type, column.nullable, span, column.event_time);
}

NodePtr Binder::column(std::size_t slot, Span span) {
  for (const ScopeTable& table : tables_) {
    if (slot >= table.first_slot && slot < table.first_slot + table.columns.size())
      return read({&table, slot - table.first_slot, 1}, span);
  }
  STREAMOPS_CHECK(false, "a slot belongs to a table");
  return nullptr;
}

Result<std::optional<Binder::ColumnName>> Binder::find_column(const Expression& expression) {
  STREAMOPS_ASSIGN(const std::optional<Found> found, find(expression));
  if (!found) return std::optional<ColumnName>();
  return std::optional<ColumnName>({found->table->first_slot + found->column, found->parts});
}

Result<std::optional<Binder::Found>> Binder::find(const Expression& expression) {
  std::vector<Found> hits;
  // A qualifier before the column's name has precedence over a column with members.
  for (const std::size_t qualifier : {std::size_t{1}, std::size_t{0}}) {
    if (expression.parts.size() <= qualifier) continue;
    for (const ScopeTable& table : tables_) {
      if (qualifier == 1 && !is_named(table, expression.parts[0].text)) continue;
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (equals_ignore_case(table.columns[i].name, expression.parts[qualifier].text))
          hits.push_back({&table, i, qualifier + 1});
      }
    }
    if (hits.size() > 1) {
      std::erase_if(hits, [](const Found& hit) { return !hit.table->preferred; });
      if (hits.size() == 1) return std::optional<Found>(hits[0]);
      return source_.at(expression.span, Error(errors::sql::ambiguous_name, "`{}` fits more than one column",
                                               expression.parts[qualifier].text));
    }
    if (hits.size() == 1) return std::optional<Found>(hits[0]);
  }
  return std::optional<Found>();
}

Error Binder::unknown_column(const Expression& expression) const {
  std::vector<std::string> names;
  for (const ScopeTable& table : tables_) {
    for (const ScopeColumn& column : table.columns) names.push_back(column.name);
  }
  for (const ScopeItem& item : items_) names.push_back(item.name);
  const Name& wanted = expression.parts[0];
  const std::string hint =
      names.empty() ? "there is no FROM, so there are no columns" : "there are: " + streamops::join(names, ", ");
  Error error(errors::sql::unknown_column, "there is no column `{}`", wanted.text);
  return source_.at(wanted.span, error.with_label(did_you_mean(wanted.text, names)).with_hint(hint));
}

Result<NodePtr> Binder::bind_column(const Expression& expression) {
  NodePtr node;
  std::size_t used = 1;
  const Parameter* inner = parameter(expression);
  std::optional<Found> found;
  if (inner == nullptr) {
    STREAMOPS_ASSIGN(found, find(expression));
  }
  if (inner != nullptr) {
    node = parameter_node(inner->index, inner->type, inner->nullable, expression.span);
  } else if (found) {
    node = read(*found, expression.span);
    used = found->parts;
  } else {
    for (const ScopeItem& item : items_) {
      if (equals_ignore_case(item.name, expression.parts[0].text))
        node = item_node(item.index, item.type, item.nullable, expression.span);
    }
    if (!node) return unknown_column(expression);
  }
  for (; used < expression.parts.size(); ++used) {
    STREAMOPS_ASSIGN(node, member(std::move(node), expression.parts[used], expression.span));
  }
  return node;
}

Result<NodePtr> Binder::member(NodePtr value, const Name& name, Span span) {
  const bool constant = value->constant() != nullptr;
  auto node = member_node(std::move(value), name.text, span);
  if (!node) return at(name.span, node.error());
  return constant ? fold(std::move(node).value()) : std::move(node).value();
}

Result<NodePtr> Binder::bind_cast(const Expression& expression) {
  STREAMOPS_ASSIGN(NodePtr value, bind(*expression.children[0]));
  const bool constant = value->constant() != nullptr;
  auto node = cast_node(std::move(value), expression.type, expression.lenient ? CastMode::lenient : CastMode::strict,
                        expression.span);
  if (!node) return at(expression.span, node.error());
  return constant ? fold(std::move(node).value()) : std::move(node).value();
}

const Binder::Parameter* Binder::parameter(const Expression& expression) const {
  if (expression.kind != ExpressionKind::column) return nullptr;
  for (auto at = parameters_.rbegin(); at != parameters_.rend(); ++at) {
    if (equals_ignore_case(at->name, expression.parts[0].text)) return &*at;
  }
  return nullptr;
}

Result<Lambda> Binder::bind_lambda(const Expression& lambda, std::vector<ScopeColumn> parameters) {
  if (lambda.parts.size() > parameters.size()) {
    return source_.at(lambda.parts[parameters.size()].span,
                      Error(errors::sql::wrong_arguments, "this lambda function takes at most {} parameter{}",
                            parameters.size(), parameters.size() == 1 ? "" : "s"));
  }
  const std::size_t around = parameters_.size();
  Lambda bound;
  bound.first_parameter = around;
  bound.parameters = lambda.parts.size();
  for (std::size_t i = 0; i < bound.parameters; ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (equals_ignore_case(lambda.parts[i].text, lambda.parts[k].text)) {
        return source_.at(lambda.parts[i].span,
                          Error(errors::sql::duplicate_name, "the parameter `{}` stands twice", lambda.parts[i].text));
      }
    }
    parameters_.push_back({lambda.parts[i].text, around + i, parameters[i].type, parameters[i].nullable});
  }
  auto body = bind(*lambda.children[0]);
  parameters_.resize(around);
  if (!body) return body.error();
  bound.body = std::move(body).value();
  return bound;
}

Result<NodePtr> Binder::bind_call(const Expression& expression) {
  if (const HigherOrder* higher = find_higher_order(expression)) {
    auto node = higher->bind(*this, expression);
    return node ? std::move(node) : Result<NodePtr>(at(expression.head, node.error()));
  }
  if (expression.function == "window_time") return bind_window_time_call(expression);
  const Function* function = find_function(expression.function);
  if (function == nullptr) {
    if (find_aggregate(expression.function) != nullptr || is_window_call(expression)) {
      return source_.at(expression.head,
                        Error(errors::sql::misplaced_aggregate, "{} cannot stand here", expression.function));
    }
    for (std::string_view name : aggregates) {
      if (name == expression.function) {
        return source_.at(expression.head,
                          Error(errors::sql::not_served, "the aggregate or window function {} is not served", name));
      }
    }
    for (std::string_view name : generators) {
      if (name == expression.function) {
        return source_.at(expression.head,
                          Error(errors::sql::not_served, "{} outside of LATERAL VIEW is not served", name)
                              .with_hint("write FROM … LATERAL VIEW " + std::string(name) + "(…) t AS column"));
      }
    }
    if (const std::string_view reason = refusal_of(expression.function); !reason.empty()) {
      return source_.at(expression.head,
                        Error(errors::sql::not_served, "{} is not served: {}", expression.function, reason));
    }
    std::vector<std::string_view> names;
    for (const Family& family : function_families()) {
      for (const Function& known : *family.functions) names.push_back(known.name);
    }
    for (const AggregateFamily& family : aggregate_families()) {
      for (const AggregateFunction& known : *family.functions) names.push_back(known.entry.name);
    }
    return source_.at(expression.head,
                      Error(errors::sql::unknown_function, "there is no function `{}`", expression.function)
                          .with_label(did_you_mean(expression.function, names)));
  }
  if (expression.distinct || expression.filter) {
    return source_.at(expression.head, Error(errors::sql::wrong_arguments, "{} is no aggregate and takes no {}",
                                             expression.function, expression.distinct ? "DISTINCT" : "FILTER"));
  }
  std::vector<NodePtr> arguments;
  for (const ExpressionPtr& child : expression.children) {
    if (child->kind == ExpressionKind::star && expression.function == "struct") {
      STREAMOPS_ASSIGN(std::vector<NamedNode> all, expand(*child));
      if (expression.children.size() != 1) break;
      std::vector<data::Field> fields;
      for (NamedNode& one : all) {
        fields.push_back({one.name, one.node->type(), one.node->nullable()});
        arguments.push_back(std::move(one.node));
      }
      return structure_node(std::move(arguments), std::move(fields), expression.span);
    }
    STREAMOPS_ASSIGN(NodePtr argument, bind(*child));
    arguments.push_back(std::move(argument));
  }
  const bool constant = function->deterministic && all_constant(arguments);
  Binding binding(*function, expression, std::move(arguments));
  auto node = sql::bind_call(binding, *function);
  if (!node) return at(expression.head, node.error());
  return constant ? fold(std::move(node).value()) : std::move(node).value();
}

Result<NodePtr> Binder::bind_window_time_call(const Expression& expression) {
  if (expression.children.size() != 1)
    return source_.at(expression.head, Error(errors::sql::wrong_arguments, "window_time takes one argument"));
  STREAMOPS_ASSIGN(NodePtr window, bind(*expression.children[0]));
  auto node = bind_window_time(std::move(window), expression.span);
  return node ? std::move(node) : Result<NodePtr>(at(expression.children[0]->span, node.error()));
}

/// Evaluates a node over constants once. One that fails stays: its error strikes rows, and only those that reach it.
NodePtr Binder::fold(NodePtr node) const {
  if (node->constant()) return node;
  Failures failures(1);
  const EvaluationContext context;
  Frame frame;
  frame.rows = 1;
  frame.context = &context;
  frame.source = &source_;
  frame.failures = &failures;
  const Vector value = node->evaluate(frame, {});
  return failures.any() ? node : constant_node(value.column, node->span());
}

Result<std::vector<NamedNode>> Binder::expand(const Expression& star) {
  std::vector<NamedNode> all;
  const auto add_table = [&](const ScopeTable& table) {
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      all.push_back({table.columns[i].name, read({&table, i, 0}, star.span)});
  };
  if (star.parts.empty()) {
    for (const ScopeTable& table : tables_) add_table(table);
    if (all.empty())
      return source_.at(star.span,
                        Error(errors::sql::unknown_column, "`*` has no columns to stand for: there is no FROM"));
    return all;
  }
  for (const ScopeTable& table : tables_) {
    if (star.parts.size() == 1 && is_named(table, star.parts[0].text)) {
      add_table(table);
      return all;
    }
  }
  STREAMOPS_ASSIGN(NodePtr value, bind_column(star));
  if (value->type()->id() != TypeId::structure) {
    return source_.at(star.span, Error(errors::sql::type_mismatch, "`{}.*` needs a STRUCT, not {}",
                                       star.parts.back().text, value->type()->to_sql()));
  }
  for (const data::Field& field : value->type()->fields()) {
    STREAMOPS_ASSIGN(NodePtr node, member(value, {field.name, star.span}, star.span));
    all.push_back({field.name, std::move(node)});
  }
  return all;
}

}  // namespace streamops::sql
