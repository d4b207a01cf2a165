#include "sql/engine/reference.h"

#include <fmt/format.h>

#include "sql/engine/function.h"

namespace streamops::sql {
namespace {

/// A bar would end a cell of the table.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void append_function(std::string& out, const Function& function) {
  out += fmt::format("### `{}`\n\n{}", function.signature, function.summary);
  if (!function.aliases.empty()) {
    out += " Also:";
    for (std::string_view alias : function.aliases) out += fmt::format(" `{}`", alias);
    out += '.';
  }
  out += "\n\n| example | result |\n| --- | --- |\n";
  for (const Example& example : function.examples)
    out += fmt::format("| `{}` | `{}` |\n", cell(example.expression), cell(example.result));
  out += '\n';
}

}  // namespace

std::string function_reference() {
  std::string out =
      "# Functions and operators of SQL\n\n"
      "Spark SQL 4.0 with ANSI mode on, session time zone UTC. This page is generated from the function table in "
      "`src/sql/engine/functions`; a test "
      "evaluates every example. What is not listed is refused with its place, never approximated. Functions that are "
      "not algebraic (`exp`, `pow`, "
      "`sin`, ...) may differ from Spark in the last digit of a DOUBLE.\n\n";
  for (const Family& family : function_families()) {
    out += fmt::format("## {}\n\n", family.title);
    for (const Function& function : *family.functions) append_function(out, function);
  }
  out.pop_back();
  return out;
}

}  // namespace streamops::sql
