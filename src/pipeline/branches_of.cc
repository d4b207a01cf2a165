#include "pipeline/branches_of.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "sql/grammar/parser.h"

namespace streamops::pipeline {

namespace {

using sql::Expression;
using sql::ExpressionKind;
using sql::ExpressionPtr;
using sql::Span;

constexpr std::size_t longest_text = 60;  // of an expression, in a report

bool is_call(const Expression& expression, std::string_view function) {
  return expression.kind == ExpressionKind::call && expression.function == function;
}

/// Walks one SELECT. A path is a condition that a row must fulfil to come here; evaluation goes along it, so that what
/// it guards never fails.
class Walk {
 public:
  Walk(const sql::SourceText& text, std::string from, std::vector<BranchText>& out)
      : text_(text), from_(std::move(from)), out_(out) {}

  void select(const sql::SelectQuery& select) {
    std::string path = "true";
    if (select.where) {
      std::vector<ExpressionPtr> parts;
      split_and(select.where, parts);
      for (const ExpressionPtr& part : parts) {
        expression(*part, path);
        const std::string condition = condition_of(*part);
        add(fmt::format("WHERE {}: a row passes", shown(*part)), part->span, path, condition);
        add(fmt::format("WHERE {}: a row falls out", shown(*part)), part->span, path, no(condition));
        path = both(path, condition);
      }
    }
    for (const sql::SelectItem& item : select.items) expression(*item.expression, path);
    for (const ExpressionPtr& key : select.group_by) expression(*key, path);
  }

 private:
  static std::string no(const std::string& condition) { return fmt::format("NOT coalesce({}, false)", condition); }
  /// `second` is looked at only where `first` holds.
  static std::string both(const std::string& first, const std::string& second) {
    if (first == "true") return second;
    return fmt::format("CASE WHEN {} THEN {} ELSE false END", first, second);
  }

  std::string words(const Expression& expression) const { return std::string(text_.text(expression.span)); }

  std::string shown(const Expression& expression) const {
    std::string out;
    for (const std::string_view line : split(text_.text(expression.span), '\n')) {
      if (!trim(line).empty()) out += fmt::format("{}{}", out.empty() ? "" : " ", trim(line));
    }
    return out.size() <= longest_text ? out : out.substr(0, longest_text) + "…";
  }

  /// An operand of CASE stands before its values: there the text of the comparison is put together.
  std::string condition_of(const Expression& condition) const {
    if (is_call(condition, "=") && condition.children.size() == 2) {
      return fmt::format("(({}) = ({}))", words(*condition.children[0]), words(*condition.children[1]));
    }
    return fmt::format("({})", words(condition));
  }

  static void split_and(const ExpressionPtr& condition, std::vector<ExpressionPtr>& parts) {
    if (!is_call(*condition, "and")) return parts.push_back(condition);
    for (const ExpressionPtr& child : condition->children) split_and(child, parts);
  }

  void add(std::string what, Span span, const std::string& path, const std::string& condition) {
    out_.push_back({std::move(what), span, fmt::format("SELECT {} AS reached {}", both(path, condition), from_)});
  }

  void expression(const Expression& expression, const std::string& path) {
    if (is_call(expression, "case") || is_call(expression, "if")) return choice(expression, path);
    // A lambda's parameters are no columns, and what follows AND, OR and COALESCE is not always looked at.
    if (expression.kind == ExpressionKind::lambda) return;
    for (const ExpressionPtr& child : expression.children) this->expression(*child, path);
    if (expression.kind == ExpressionKind::cast && !expression.lenient) cast(expression, path);
    const bool divides = is_call(expression, "/") || is_call(expression, "%") || is_call(expression, "div");
    if (divides && expression.children.size() == 2 && expression.children[1]->kind != ExpressionKind::literal) {
      add(fmt::format("{} divides by zero", shown(expression)), expression.span, path,
          fmt::format("(({}) = 0)", words(*expression.children[1])));
    }
  }

  void choice(const Expression& expression, const std::string& path) {
    const std::string_view name = is_call(expression, "if") ? "IF" : "CASE";
    std::string open = path;  // no arm so far
    const std::size_t arms = expression.children.size() / 2;
    for (std::size_t arm = 0; arm < arms; ++arm) {
      const Expression& when = *expression.children[2 * arm];
      this->expression(when, open);
      const std::string condition = condition_of(when);
      add(fmt::format("{} WHEN {}", name, arm_text(when)), when.span, open, condition);
      this->expression(*expression.children[2 * arm + 1], both(open, condition));
      open = both(open, no(condition));
    }
    const bool has_else = expression.children.size() % 2 == 1;
    const Span span = has_else ? expression.children.back()->span : expression.span;
    add(fmt::format("{} ELSE {}", name, has_else ? shown(*expression.children.back()) : "NULL"), span, open, "true");
    if (has_else) this->expression(*expression.children.back(), open);
  }

  std::string arm_text(const Expression& when) const {
    if (!is_call(when, "=") || when.children.size() != 2) return shown(when);
    return fmt::format("{} = {}", shown(*when.children[0]), shown(*when.children[1]));
  }

  void cast(const Expression& expression, const std::string& path) {
    const std::string value = words(*expression.children[0]);
    const std::string type = expression.type->to_sql();
    add(fmt::format("{} fails: a dead letter", shown(expression)), expression.span, path,
        fmt::format("(({}) IS NOT NULL AND try_cast(({}) AS {}) IS NULL)", value, value, type));
  }

  const sql::SourceText& text_;
  std::string from_;
  std::vector<BranchText>& out_;
};

/// FROM and LATERAL VIEW, as they are written.
std::string from_of(const sql::SelectQuery& select, const sql::SourceText& text) {
  std::string from = "FROM " + select.source->text;
  if (select.source_alias) from += " AS " + select.source_alias->text;
  for (const sql::LateralView& view : select.views) {
    from += fmt::format(" LATERAL VIEW {}{} {}", view.outer ? "OUTER " : "", text.text(view.generator->span),
                        view.table.text);
    for (std::size_t i = 0; i < view.columns.size(); ++i) {
      from += fmt::format("{} {}", i == 0 ? " AS" : ",", view.columns[i].text);
    }
  }
  return from;
}

void walk(const sql::QueryTree& tree, const sql::SourceText& text, std::vector<BranchText>& out, int& not_measured) {
  for (const sql::CommonTable& table : tree.with) walk(*table.query, text, out, not_measured);
  for (const sql::SelectQuery& select : tree.selects) {
    if (select.subquery) walk(*select.subquery, text, out, not_measured);
    const bool over_source =
        select.source && equals_ignore_case(select.source->text, "source") && select.source_columns.empty();
    if (over_source) {
      Walk(text, from_of(select, text), out).select(select);
    } else if (select.source || select.subquery) {
      ++not_measured;
    }
  }
}

}  // namespace

std::vector<BranchText> branches_of(std::string_view select, int& not_measured) {
  std::vector<BranchText> out;
  const sql::SourceText text(select, Place{"", 1, 1, {}, 1});
  if (const Result<sql::QueryTree> tree = sql::parse_query(text)) walk(*tree, text, out, not_measured);
  return out;
}

}  // namespace streamops::pipeline
