#include "sql/engine/watermark_conditions.h"

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "sql/engine/aggregate.h"
#include "sql/engine/select_list.h"
#include "sql/grammar/token_stream.h"

namespace streamops::sql {
namespace {

/// The expression that stands for a name; null when there is none.
using Meaning = std::function<ExpressionPtr(const Name&)>;

ExpressionPtr replaced_column(const Expression& column, const Meaning& meaning) {
  ExpressionPtr base = meaning(column.parts[0]);
  if (!base || column.parts.size() == 1) return base;
  if (base->kind == ExpressionKind::column) {
    Expression longer = *base;
    longer.parts.insert(longer.parts.end(), column.parts.begin() + 1, column.parts.end());
    return std::make_shared<const Expression>(std::move(longer));
  }
  ExpressionPtr value = base;
  for (std::size_t i = 1; i < column.parts.size(); ++i) {
    Expression member;
    member.kind = ExpressionKind::member;
    member.span = column.span;
    member.head = column.head;
    member.depth = value->depth + 1;
    member.children = {value};
    member.parts = {column.parts[i]};
    value = std::make_shared<const Expression>(std::move(member));
  }
  return value;
}

/// `expression` with each column replaced; null when one has no meaning, or the expression is more than one row's.
ExpressionPtr replaced(const ExpressionPtr& expression, const Meaning& meaning) {
  if (expression->kind == ExpressionKind::literal) return expression;
  if (expression->kind == ExpressionKind::column) return replaced_column(*expression, meaning);
  if (expression->kind == ExpressionKind::star || expression->kind == ExpressionKind::lambda) return nullptr;
  Expression copy = *expression;
  for (ExpressionPtr& child : copy.children) {
    child = replaced(child, meaning);
    if (!child) return nullptr;
    copy.depth = std::max(copy.depth, child->depth + 1);
  }
  return copy.depth > deepest_tree ? nullptr : std::make_shared<const Expression>(std::move(copy));
}

bool is_named(const SelectItem& item, std::string_view name) {
  if (item.alias) return equals_ignore_case(item.alias->text, name);
  const ExpressionKind kind = item.expression->kind;
  return (kind == ExpressionKind::column || kind == ExpressionKind::member) &&
         equals_ignore_case(item.expression->parts.back().text, name);
}

bool has_star(const SelectQuery& query) {
  for (const SelectItem& item : query.items) {
    if (item.expression->kind == ExpressionKind::star) return true;
  }
  return false;
}

ExpressionPtr same_column(const Name& name) {
  Expression column;
  column.kind = ExpressionKind::column;
  column.span = column.head = name.span;
  column.parts = {name};
  return std::make_shared<const Expression>(std::move(column));
}

/// What `query` makes of the column that the relation calls `name`.
ExpressionPtr output_column(const SelectQuery& query, const Name& name, const RelationNames& names) {
  const bool renamed = names.renamed != nullptr && !names.renamed->empty();
  const bool by_place = renamed || names.first != &query;
  if (by_place && (has_star(query) || has_star(*names.first))) return nullptr;
  for (std::size_t i = 0; i < names.first->items.size() && i < query.items.size(); ++i) {
    const bool hit = renamed ? i < names.renamed->size() && equals_ignore_case((*names.renamed)[i].text, name.text)
                             : is_named(names.first->items[i], name.text);
    if (hit) return query.items[i].expression;
  }
  return !by_place && has_star(query) ? same_column(name) : nullptr;
}

bool is_of_one_row(const Expression& expression) {
  return !has_aggregate(expression) && find_window(expression) == nullptr;
}

/// Names put in for names can double a condition at each SELECT; one that grew too large is left out.
bool fits(const Expression& expression, int& room) {
  if (--room < 0) return false;
  for (const ExpressionPtr& child : expression.children) {
    if (!fits(*child, room)) return false;
  }
  return true;
}

void add(Conditions& out, const ExpressionPtr& condition) {
  constexpr int largest = 10'000;
  int room = largest;
  if (condition && fits(*condition, room) && is_of_one_row(*condition)) out.push_back(condition);
}

}  // namespace

void split_conjuncts(const ExpressionPtr& condition, Conditions& out) {
  if (condition->kind != ExpressionKind::call || condition->function != "and") {
    out.push_back(condition);
    return;
  }
  for (const ExpressionPtr& child : condition->children) split_conjuncts(child, out);
}

Conditions conditions_on_rows(const SelectQuery& query, const Conditions& above, const RelationNames& names) {
  Conditions out;
  for (const ExpressionPtr& condition : above)
    add(out, replaced(condition, [&](const Name& name) { return output_column(query, name, names); }));
  if (!query.having) return out;
  Conditions parts;
  split_conjuncts(query.having, parts);
  for (const ExpressionPtr& part : parts) {
    add(out, replaced(part, [&](const Name& name) {
          for (const SelectItem& item : query.items) {
            if (item.alias && equals_ignore_case(item.alias->text, name.text)) return item.expression;
          }
          return same_column(name);
        }));
  }
  return out;
}

Conditions conditions_on_input(const SelectQuery& query, const Conditions& on_rows) {
  Conditions all = on_rows, out;
  if (query.where) split_conjuncts(query.where, all);
  std::string own;
  if (query.source) own = query.source->text;
  if (query.source_alias) own = query.source_alias->text;
  const auto is_view = [&](std::string_view name) {
    for (const LateralView& view : query.views) {
      if (equals_ignore_case(view.table.text, name)) return true;
      for (const Name& column : view.columns) {
        if (equals_ignore_case(column.text, name)) return true;
      }
    }
    return false;
  };
  for (const ExpressionPtr& condition : all) {
    // A qualifier is a name, too; it falls off where the name behind it is looked at.
    std::function<ExpressionPtr(const ExpressionPtr&)> strip = [&](const ExpressionPtr& from) -> ExpressionPtr {
      if (from->kind == ExpressionKind::column) {
        if (is_view(from->parts[0].text)) return nullptr;
        if (from->parts.size() == 1 || own.empty() || !equals_ignore_case(from->parts[0].text, own)) return from;
        Expression bare = *from;
        bare.parts.erase(bare.parts.begin());
        return std::make_shared<const Expression>(std::move(bare));
      }
      if (from->kind == ExpressionKind::star || from->kind == ExpressionKind::lambda) return nullptr;
      Expression copy = *from;
      for (ExpressionPtr& child : copy.children) {
        child = strip(child);
        if (!child) return nullptr;
      }
      return std::make_shared<const Expression>(std::move(copy));
    };
    add(out, strip(condition));
  }
  return out;
}

}  // namespace streamops::sql
