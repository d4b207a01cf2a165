// sql/engine/evaluation.h — what a compiled expression is made of, and what it works on.
//
//   Node     one operation; evaluates over all rows of a frame at once
//   Frame    the rows at hand: input columns by slot, the context, and where failures are noted
//   Mask     which rows count; a branch of CASE sees only the rows that take it, so an error in it strikes only those
//   Vector   the outcome: one value a row, or one for all
//
// Invariant: a row outside of the mask never fails; its value is unspecified (mostly null) and nobody reads it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "data/column.h"
#include "sql/engine/query.h"
#include "sql/grammar/source_text.h"

namespace streamops::sql {

/// One byte a row, 1 where the row counts. Empty: every row counts.
using Mask = std::span<const std::uint8_t>;

struct Vector {
  data::ColumnPtr column;
  bool constant = false;  // the column has one row, which stands for all

  std::size_t index(std::size_t row) const { return constant ? 0 : row; }
  bool is_null(std::size_t row) const { return column->is_null(index(row)); }
};

/// The errors of one run, by source row; the first of a row is kept.
class Failures {
 public:
  explicit Failures(std::size_t source_rows) : failed_(source_rows, 0) {}

  void add(std::size_t source_row, Error error) {
    if (failed_[source_row] != 0) return;
    failed_[source_row] = 1;
    errors_.push_back({static_cast<std::int32_t>(source_row), std::move(error)});
  }
  bool any() const { return !errors_.empty(); }
  bool has(std::size_t source_row) const { return failed_[source_row] != 0; }
  std::vector<RowError> take_sorted() &&;

 private:
  std::vector<std::uint8_t> failed_;
  std::vector<RowError> errors_;
};

struct Frame {
  std::size_t rows = 0;
  std::vector<data::ColumnPtr> columns;  // by slot; a slot that no node reads may be null
  std::vector<Vector> items;             // the select list so far: later items may use earlier ones by their alias
  /// Source row of each row, and which one of that source row's rows it is. Empty: row i is source row i's only one.
  std::span<const std::int32_t> origin;
  std::span<const std::int32_t> ordinal;
  const EvaluationContext* context = nullptr;
  const SourceText* source = nullptr;
  Failures* failures = nullptr;
  /// Inside a lambda function: the frame that it is written in, and for each row here the row there. What is no
  /// parameter is read from it.
  const Frame* outer = nullptr;
  std::span<const std::int32_t> parents;
  /// The lambda function's parameters; those around have the numbers below `first_parameter`.
  std::vector<data::ColumnPtr> parameters;
  std::size_t first_parameter = 0;

  Vector parameter(std::size_t index) const;
  Vector column(std::size_t slot) const;
  Vector item(std::size_t index) const;

  std::size_t source_row(std::size_t row) const { return origin.empty() ? row : static_cast<std::size_t>(origin[row]); }
  /// Notes that `row` fails at `span` of the SQL text.
  void fail(std::size_t row, Span span, const Error& error) const {
    failures->add(source_row(row), source->at(span, error));
  }
};

class Node;
using NodePtr = std::shared_ptr<const Node>;

class Node {
 public:
  Node(data::TypePtr type, bool nullable, Span span) : type_(std::move(type)), nullable_(nullable), span_(span) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const data::TypePtr& type() const { return type_; }
  bool nullable() const { return nullable_; }
  Span span() const { return span_; }

  virtual Vector evaluate(const Frame& frame, Mask active) const = 0;
  /// True where the values are the source's event time, or windows of it: what the watermark passes.
  virtual bool event_time() const { return false; }
  /// The one value of a constant; null for anything else.
  virtual data::ColumnPtr constant() const { return nullptr; }

 private:
  data::TypePtr type_;
  bool nullable_;
  Span span_;
};

/// True when at least one row counts.
bool any_active(Mask active, std::size_t rows);

/// The input column at a slot.
NodePtr column_node(std::size_t slot, data::TypePtr type, bool nullable, Span span, bool event_time = false);
/// A parameter of a lambda function.
NodePtr parameter_node(std::size_t index, data::TypePtr type, bool nullable, Span span);
/// An earlier item of the select list.
NodePtr item_node(std::size_t index, data::TypePtr type, bool nullable, Span span);
/// `value` has one row.
NodePtr constant_node(data::ColumnPtr value, Span span);
/// NULL of a type.
NodePtr null_node(const data::TypePtr& type, Span span);

}  // namespace streamops::sql
