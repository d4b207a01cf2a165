#include "sql/engine/reference.h"

#include <fmt/format.h>

#include "sql/engine/aggregate.h"
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

constexpr std::string_view windows_text =
    "## Windows of time\n\n"
    "### `window(time, duration[, slide[, start]])`\n\n"
    "In `GROUP BY` or the select list: the windows that a TIMESTAMP is in, each a `STRUCT<start, end>` whose end is "
    "not "
    "part of it. With a slide shorter than the duration a row is in several windows. `window.start` and `window.end` "
    "name their ends. Lengths are texts such as `'5 minutes'`; a row without a time is in no window.\n\n"
    "### `session_window(time, gap)`\n\n"
    "In `GROUP BY` beside at least one other key: the session that a row belongs to, which ends when nothing came for "
    "`gap`. The gap may differ from row to row: `session_window(at, CASE WHEN kind = 'bot' THEN '5 seconds' ELSE '5 "
    "minutes' END)`.\n\n"
    "### `window_time(window)`\n\n"
    "The last microsecond of a window: the event time of a group, by which an outer query can group again.\n";

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
  out += fmt::format(
      "## Aggregates\n\nOf the rows of a group. `DISTINCT` before the arguments lets each value count once, `FILTER "
      "(WHERE "
      "condition)` behind the call lets only some rows count. The examples are over these rows:\n\n```sql\n{}\n```\n\n",
      example_rows());
  for (const AggregateFamily& family : aggregate_families()) {
    out += fmt::format("## {}\n\n", family.title);
    for (const AggregateFunction& function : *family.functions) append_function(out, function.entry);
  }
  out += windows_text;
  return out;
}

}  // namespace streamops::sql
