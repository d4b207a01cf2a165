// When two expressions of one SELECT are the same: GROUP BY finds its keys again by this.
#include <fmt/format.h>

#include "base/text.h"
#include "data/text_form.h"
#include "sql/engine/binder.h"

namespace streamops::sql {
namespace {

std::string literal_text(const Literal& literal) {
  if (literal.is_null) return "null";
  std::string out = literal.type->to_sql() + ":";
  data::append_decimal(out, literal.number, 0);
  data::append_double(out, literal.real);
  return out + fmt::format("'{}:{}'", literal.text.size(), literal.text);
}

std::string column_print(std::size_t slot) {
  return fmt::format("#{}", slot);
}

}  // namespace

std::string Binder::fingerprint(const Expression& expression) {
  std::string out;
  switch (expression.kind) {
    case ExpressionKind::literal:
      return literal_text(expression.literal);
    case ExpressionKind::column: {
      const auto found = find_column(expression);
      const std::size_t used = found && *found ? (*found)->parts : 0;
      out = used > 0 ? column_print((*found)->slot) : "?";
      for (std::size_t i = used; i < expression.parts.size(); ++i) out += "." + to_lower(expression.parts[i].text);
      return out;
    }
    case ExpressionKind::member:
      return fingerprint(*expression.children[0]) + "." + to_lower(expression.parts[0].text);
    case ExpressionKind::cast:
      return fmt::format("{}cast({} {})", expression.lenient ? "try_" : "", fingerprint(*expression.children[0]),
                         expression.type->to_sql());
    case ExpressionKind::star:
    case ExpressionKind::lambda:
      for (const Name& part : expression.parts) out += to_lower(part.text) + ",";
      out += expression.kind == ExpressionKind::star ? "*" : "->";
      break;
    case ExpressionKind::call:
      out = expression.function + (expression.distinct ? "(distinct " : "");
      break;
  }
  out += "(";
  for (const ExpressionPtr& child : expression.children) out += fingerprint(*child) + ",";
  out += ")";
  if (expression.filter) out += "filter " + fingerprint(*expression.filter);
  return out == stand_in_.first ? column_print(stand_in_.second) : out;
}

}  // namespace streamops::sql
