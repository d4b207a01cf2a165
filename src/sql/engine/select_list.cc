#include "sql/engine/select_list.h"

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/window.h"

namespace streamops::sql {

using data::TypeId;

Result<void> SelectList::add(const SelectItem& item) {
  if (item.expression->kind == ExpressionKind::star) return add_star(item);
  STREAMOPS_ASSIGN(NodePtr node, binder_.bind(*item.expression));
  STREAMOPS_ASSIGN(const std::string name, name_of(item));
  return finish(name, std::move(node), item.alias.has_value(), item.expression->span);
}

Result<void> SelectList::add_star(const SelectItem& item) {
  if (item.alias) return text_.at(item.alias->span, Error(errors::sql::syntax, "`*` takes no alias"));
  STREAMOPS_ASSIGN(std::vector<NamedNode> all, binder_.expand(*item.expression));
  for (NamedNode& one : all)
    STREAMOPS_RETURN_IF_ERROR(finish(one.name, std::move(one.node), false, item.expression->span));
  return Ok();
}

Result<void> SelectList::finish(const std::string& name, NodePtr node, bool usable_by_alias, Span span) {
  const TypeId type = node->type()->id();
  if (type == TypeId::interval_day || type == TypeId::interval_month)
    return text_.at(span, Error(errors::sql::not_served, "an interval as a column of the result is not served"));
  fields.push_back({name, node->type(), node->nullable()});
  if (usable_by_alias) binder_.add_item({name, nodes.size(), node->type(), node->nullable()});
  nodes.push_back(std::move(node));
  return Ok();
}

Result<std::string> SelectList::name_of(const SelectItem& item) const {
  if (item.alias) return item.alias->text;
  const Expression& expression = *item.expression;
  const bool named = expression.kind == ExpressionKind::column || expression.kind == ExpressionKind::member;
  if (named) return expression.parts.back().text;
  if (is_window_call(expression)) return expression.function;
  if (!names_columns_) return std::string();
  return text_.at(expression.span, Error(errors::sql::unnamed_column, "this column of the result has no name"))
      .with_label("put `AS name` behind it");
}

/// The select list's item that a key names by its place or its alias; null when it names none.
const SelectItem* named_item(const SelectQuery& query, const Expression& key) {
  if (key.kind == ExpressionKind::literal && key.literal.type->is_integer() && !key.literal.is_null) {
    const data::Int128 place = key.literal.number;
    return place >= 1 && place <= static_cast<data::Int128>(query.items.size())
               ? &query.items[static_cast<std::size_t>(place - 1)]
               : nullptr;
  }
  if (key.kind != ExpressionKind::column || key.parts.size() != 1) return nullptr;
  for (const SelectItem& item : query.items) {
    if (item.alias && equals_ignore_case(item.alias->text, key.parts[0].text)) return &item;
  }
  return nullptr;
}

const Expression* find_window(const Expression& expression) {
  if (is_window_call(expression)) return &expression;
  for (const ExpressionPtr& child : expression.children) {
    if (const Expression* found = find_window(*child)) return found;
  }
  return nullptr;
}

void WindowResolver::set(const Expression& call, std::size_t slot) {
  fingerprint_ = binder_.fingerprint(call);
  slot_ = slot;
  binder_.stands_for(fingerprint_, slot);
  as_column_ = binder_.fingerprint(call);
}

Result<NodePtr> WindowResolver::resolve(const Expression& expression) {
  if (!slot_ || !is_window_call(expression)) return NodePtr();
  if (binder_.fingerprint(expression) == as_column_) return binder_.column(*slot_, expression.span);
  return text_.at(expression.span,
                  Error(errors::sql::not_served, "two different windows in one SELECT are not served"));
}

}  // namespace streamops::sql
