#include "sql/engine/projection.h"

#include "errors/sql.h"
#include "sql/engine/branches.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::TypeId;

/// Where the rows of a frame come from; a frame's spans point in here.
struct Lineage {
  std::vector<std::int32_t> origin;
  std::vector<std::int32_t> ordinal;
};

/// About how many bytes the values `begin` to `end` of a column take.
std::size_t range_bytes(const data::Column& column, std::size_t begin, std::size_t end) {
  std::size_t bytes = (end - begin) * static_cast<std::size_t>(column.type()->width() + 1);
  const auto at = column.offsets();
  if (column.type()->id() == TypeId::string || column.type()->id() == TypeId::binary) {
    return bytes + static_cast<std::size_t>(at[end] - at[begin]);
  }
  for (const data::ColumnPtr& child : column.children()) {
    bytes += column.type()->id() == TypeId::structure
                 ? range_bytes(*child, begin, end)
                 : range_bytes(*child, static_cast<std::size_t>(at[begin]), static_cast<std::size_t>(at[end]));
  }
  return bytes;
}

/// LATERAL VIEW repeats the other columns of its row. Rows that would make the batch grow beyond a gibibyte fail.
void limit_growth(const Frame& frame, Generated& generated, const Node& item, const std::vector<bool>& used) {
  constexpr std::size_t most_bytes = 1 << 30;
  std::size_t total = 0;
  std::vector<std::int32_t> kept, parents;
  for (std::size_t i = 0; i < generated.parents.size();) {
    const std::int32_t parent = generated.parents[i];
    const auto row = static_cast<std::size_t>(parent);
    std::size_t end = i, bytes = 0;
    while (end < generated.parents.size() && generated.parents[end] == parent) ++end;
    for (std::size_t slot = 0; slot < frame.columns.size(); ++slot) {
      if (frame.columns[slot] && slot < used.size() && used[slot])
        bytes += range_bytes(*frame.columns[slot], row, row + 1);
    }
    bytes *= end - i;
    const bool fits = total + bytes <= most_bytes;
    if (fits) {
      total += bytes;
    } else {
      frame.fail(row, item.span(),
                 Error(errors::sql::value_too_large,
                       "LATERAL VIEW or window would repeat more than 1 GiB of other columns in one batch"));
    }
    for (; i < end; ++i) {
      if (!fits) continue;
      kept.push_back(static_cast<std::int32_t>(i));
      parents.push_back(parent);
    }
  }
  if (kept.size() == generated.parents.size()) return;
  generated.parents = std::move(parents);
  for (data::ColumnPtr& column : generated.columns) column = data::take(column, kept);
}

/// Keeps the rows `rows` of the frame; columns that nobody will read are dropped.
void keep_rows(Frame& frame, Lineage& lineage, std::span<const std::int32_t> rows, const std::vector<bool>& used) {
  for (std::size_t slot = 0; slot < frame.columns.size(); ++slot) {
    if (slot >= used.size() || !used[slot]) {
      frame.columns[slot] = nullptr;
    } else if (frame.columns[slot]) {
      frame.columns[slot] = data::take(frame.columns[slot], rows);
    }
  }
  Lineage moved;
  for (std::int32_t row : rows) {
    const auto from = static_cast<std::size_t>(row);
    moved.origin.push_back(static_cast<std::int32_t>(frame.source_row(from)));
    moved.ordinal.push_back(frame.ordinal.empty() ? 0 : frame.ordinal[from]);
  }
  lineage = std::move(moved);
  frame.origin = lineage.origin;
  frame.ordinal = lineage.ordinal;
  frame.rows = rows.size();
}

/// Numbers the rows of each source row from 0.
void number_rows(Frame& frame, Lineage& lineage) {
  if (lineage.origin.empty()) return;  // one row each still
  std::int32_t last = -1, next = 0;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (lineage.origin[row] != last) next = 0;
    last = lineage.origin[row];
    lineage.ordinal[row] = next++;
  }
  frame.ordinal = lineage.ordinal;
}

void filter(Frame& frame, Lineage& lineage, const Node& where, const std::vector<bool>& used) {
  const Vector condition = where.evaluate(frame, {});
  std::vector<std::int32_t> kept;
  kept.reserve(frame.rows);
  const bool failures = frame.failures->any();
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (is_true(condition, row) && !(failures && frame.failures->has(frame.source_row(row))))
      kept.push_back(static_cast<std::int32_t>(row));
  }
  if (kept.size() < frame.rows) keep_rows(frame, lineage, kept, used);
}

/// The generated rows take the place of the frame's; their own columns stand behind.
void multiply(Frame& frame, Lineage& lineage, Generated generated, const Node& item, const std::vector<bool>& used) {
  bool same = generated.parents.size() == frame.rows;
  for (std::size_t i = 0; i < frame.rows && same; ++i) same = generated.parents[i] == static_cast<std::int32_t>(i);
  // Often each row is in one window: then nothing moves.
  if (!same) {
    limit_growth(frame, generated, item, used);
    keep_rows(frame, lineage, generated.parents, used);
  }
  for (data::ColumnPtr& column : generated.columns) frame.columns.push_back(std::move(column));
}

/// A condition that fails here drops the row from the watermark's view, and no more.
void mark(const Frame& frame, const NodePtr& where, std::vector<std::uint8_t>& marks) {
  Failures apart(marks.size());
  Frame looked_at = frame;
  looked_at.failures = &apart;
  const Vector condition = where ? where->evaluate(looked_at, {}) : Vector{};
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (!where || (is_true(condition, row) && !apart.has(frame.source_row(row)))) marks[frame.source_row(row)] = 1;
  }
}

}  // namespace

Rows Projection::run(Rows input, const RunContext& context) const {
  Lineage lineage{std::move(input.origin), std::move(input.ordinal)};
  Frame frame;
  frame.rows = input.rows;
  frame.context = &context.evaluation;
  frame.source = &context.text;
  frame.failures = &context.failures;
  frame.columns = std::move(input.columns);
  frame.origin = lineage.origin;
  frame.ordinal = lineage.ordinal;

  if (plain_where) filter(frame, lineage, *plain_where, used);
  if (marks_watermark && context.moves_watermark != nullptr) mark(frame, mark_where, *context.moves_watermark);
  for (const Generator& generator : generators) multiply(frame, lineage, generator.run(frame), generator.value(), used);
  if (!generators.empty()) number_rows(frame, lineage);
  if (where) filter(frame, lineage, *where, used_by_items);
  if (window) {
    multiply(frame, lineage, window->run(frame), window->time(), used_by_items);
    if (window->multiplies()) number_rows(frame, lineage);
  }
  for (const NodePtr& item : items) frame.items.push_back(item->evaluate(frame, {}));

  Rows out;
  out.rows = frame.rows;
  for (std::size_t i = 0; i < frame.items.size(); ++i)
    out.columns.push_back(with_type(flat(frame.items[i], frame.rows), (*output)[i].type));
  out.origin.assign(frame.origin.begin(), frame.origin.end());
  out.ordinal.assign(frame.ordinal.begin(), frame.ordinal.end());
  return out;
}

void drop_struck_rows(Rows& rows, const Failures& failures) {
  if (!failures.any()) return;
  std::vector<std::int32_t> kept, origin, ordinal;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (failures.has(rows.source_row(row))) continue;
    kept.push_back(static_cast<std::int32_t>(row));
    origin.push_back(static_cast<std::int32_t>(rows.source_row(row)));
    ordinal.push_back(rows.ordinal.empty() ? 0 : rows.ordinal[row]);
  }
  for (data::ColumnPtr& column : rows.columns) column = data::take(column, kept);
  rows.rows = kept.size();
  rows.origin = std::move(origin);
  rows.ordinal = std::move(ordinal);
}

Rows joined(const std::vector<Rows>& parts, const data::Schema& schema) {
  Rows out;
  for (const Rows& part : parts) out.rows += part.rows;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const Rows* only = nullptr;
    for (const Rows& part : parts) {
      if (part.rows == out.rows) only = &part;
    }
    if (only != nullptr && only->columns.size() == schema.size()) {
      out.columns.push_back(only->columns[i]);
      continue;
    }
    data::ColumnBuilder builder(schema[i].type);
    for (const Rows& part : parts) {
      for (std::size_t row = 0; row < part.rows; ++row) builder.append_from(*part.columns[i], row);
    }
    out.columns.push_back(builder.finish());
  }
  return out;
}

}  // namespace streamops::sql
