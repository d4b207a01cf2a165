// sql/engine/generator.h — LATERAL VIEW: one source row becomes as many as an array or a map has elements.
#pragma once

#include "base/result.h"
#include "sql/engine/binder.h"

namespace streamops::sql {

/// What one LATERAL VIEW makes of a frame.
struct Generated {
  std::vector<std::int32_t> parents;     // for each new row, the row of the frame that it stems from
  std::vector<data::ColumnPtr> columns;  // the view's own columns, one value a new row
};

class Generator {
 public:
  /// explode, posexplode, inline, each also with _outer. Errors: SO-S003 (another generator), SO-S009, SO-S010.
  static Result<Generator> bind(const LateralView& view, Binder& binder, const SourceText& source);

  /// The view's columns with their default names ("col", "pos", "key", "value").
  const std::vector<ScopeColumn>& columns() const { return columns_; }
  const Node& value() const { return *value_; }
  /// Rows that would have more elements than one batch may take fail with SO-S026.
  Generated run(const Frame& frame) const;

 private:
  NodePtr value_;
  bool outer_ = false;
  bool positions_ = false;
  bool inline_ = false;
  std::vector<ScopeColumn> columns_;
};

}  // namespace streamops::sql
