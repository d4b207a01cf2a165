// sql/engine/functions/build_rows.h — kernels that build one value of any type a row, and calls of other entries.
#pragma once

#include "sql/engine/function.h"

namespace streamops::sql {

/// One row of a kernel made by built_rows(): where its arguments lie, and how it fails.
class RowAt {
 public:
  RowAt(const Call& call, std::size_t row) : call_(call), row_(row) {}

  std::size_t row() const { return row_; }
  const data::Column& column(std::size_t argument) const { return *call_.arguments[argument].column; }
  std::size_t index(std::size_t argument) const { return call_.arguments[argument].index(row_); }
  bool is_null(std::size_t argument) const { return call_.arguments[argument].is_null(row_); }
  std::string_view text(std::size_t argument) const { return column(argument).text(index(argument)); }
  template <typename T>
  T value(std::size_t argument) const {
    return column(argument).values<T>()[index(argument)];
  }
  bool boolean(std::size_t argument) const { return column(argument).boolean(index(argument)); }
  void fail(const Error& error) const { call_.frame.fail(row_, call_.span, error); }

 private:
  const Call& call_;
  std::size_t row_;
};

/// Rows whose arguments are all present go to `build(row, out)`, which appends one value; the others are null.
template <typename Build>
Kernel built_rows(Build build) {
  return [build](const Call& call) {
    const Presence present(call);
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      present.none() || !present[row] ? out.append_null() : build(RowAt(call, row), out);
    }
    return Vector{out.finish(), false};
  };
}

/// As built_rows(), for functions that take null arguments themselves; only rows that count are built.
template <typename Build>
Kernel built_rows_with_nulls(Build build) {
  return [build](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      call.active.empty() || call.active[row] != 0 ? build(RowAt(call, row), out) : out.append_null();
    }
    return Vector{out.finish(), false};
  };
}

/// A call of another entry of the table, with arguments of its own.
Result<NodePtr> call_function(std::string_view name, const Binding& binding, std::vector<NodePtr> arguments);

/// Constants for arguments that a call leaves out.
NodePtr text_constant(std::string_view text, Span span);
NodePtr integer_constant(std::int64_t value, data::TypeId type, Span span);

}  // namespace streamops::sql
