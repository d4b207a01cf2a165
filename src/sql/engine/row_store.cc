#include "sql/engine/row_store.h"

#include "base/check.h"
#include "sql/engine/state_bytes.h"

namespace streamops::sql {

std::uint32_t RowStore::put(std::string bytes) {
  bytes.shrink_to_fit();
  held_ += bytes.capacity();
  if (free_.empty()) {
    rows_.push_back(std::move(bytes));
    return static_cast<std::uint32_t>(rows_.size() - 1);
  }
  const std::uint32_t row = free_.back();
  free_.pop_back();
  rows_[row] = std::move(bytes);
  return row;
}

std::uint32_t RowStore::add(std::span<const data::ColumnPtr> columns, std::size_t row) {
  std::string bytes;
  for (std::size_t i = 0; i < types_.size(); ++i) append_value(*columns[i], row, Floats::kept, bytes);
  return put(std::move(bytes));
}

bool RowStore::add_bytes(std::string_view bytes, std::uint32_t& row) {
  StateReader in(bytes);
  for (const data::TypePtr& type : types_) {
    data::ColumnBuilder builder(type);
    if (!read_value(in, builder)) return false;
  }
  if (!in.done()) return false;
  row = put(std::string(bytes));
  return true;
}

void RowStore::remove(std::uint32_t row) {
  held_ -= rows_[row].capacity();
  rows_[row] = {};
  free_.push_back(row);
}

std::vector<data::ColumnPtr> RowStore::read(std::span<const std::uint32_t> rows) const {
  std::vector<data::ColumnBuilder> builders;
  for (const data::TypePtr& type : types_) builders.emplace_back(type);
  for (const std::uint32_t row : rows) {
    if (row == none) {
      for (data::ColumnBuilder& builder : builders) builder.append_null();
      continue;
    }
    StateReader in(rows_[row]);
    for (data::ColumnBuilder& builder : builders)
      STREAMOPS_CHECK(read_value(in, builder), "a row that was kept can be read");
  }
  std::vector<data::ColumnPtr> columns;
  for (data::ColumnBuilder& builder : builders) columns.push_back(builder.finish());
  return columns;
}

}  // namespace streamops::sql
