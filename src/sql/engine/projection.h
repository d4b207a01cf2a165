// sql/engine/projection.h — the part of a SELECT that looks at one row at a time.
//
//   rows -> plain filter -> LATERAL VIEW -> rest of WHERE (or HAVING) -> window -> list of columns -> rows
//
// Rows that fail stay, with unspecified values, until drop_struck_rows(): the failures tell which.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sql/engine/evaluation.h"
#include "sql/engine/generator.h"
#include "sql/engine/window.h"

namespace streamops::sql {

/// What goes from one step of a plan to the next.
struct Rows {
  std::vector<data::ColumnPtr> columns;
  std::size_t rows = 0;
  /// Source row of each row, and which one of that source row's rows it is. Empty: row i is source row i's only one.
  std::vector<std::int32_t> origin;
  std::vector<std::int32_t> ordinal;

  std::size_t source_row(std::size_t row) const { return origin.empty() ? row : static_cast<std::size_t>(origin[row]); }
};

class LookupIndex;

struct RunContext {
  const EvaluationContext& evaluation;
  const SourceText& text;
  Failures& failures;
  /// One byte a source row, set to 1 for those that move the watermark; may be null.
  std::vector<std::uint8_t>* moves_watermark = nullptr;
  /// By lookup of the plan: what its table holds.
  std::span<const LookupIndex* const> tables = {};
};

struct Projection {
  /// Conditions on columns other than the event time, which Spark judges before it looks at the event time: rows that
  /// they drop do not move the watermark. May be null, as `where` may.
  NodePtr plain_where;
  std::vector<Generator> generators;
  NodePtr where;
  std::optional<WindowStep> window;
  std::vector<NodePtr> items;
  data::SchemaPtr output;
  std::vector<bool> used;           // by slot: read anywhere
  std::vector<bool> used_by_items;  // by slot: read behind the filters
  bool marks_watermark = false;     // here RunContext::moves_watermark is set ...
  NodePtr mark_where;               // ... for the rows of which this is true; may be null

  Rows run(Rows input, const RunContext& context) const;
};

/// Takes out the rows whose source row failed.
void drop_struck_rows(Rows& rows, const Failures& failures);
/// All rows of `parts`, which have the columns of `schema`, one behind another; without their origin.
Rows joined(const std::vector<Rows>& parts, const data::Schema& schema);

}  // namespace streamops::sql
