// sql/engine/row_store.h — rows as bytes, by number: what joins and tables keep.
//
//   row    value | value | ...      as append_value() writes them, floats as they are
//
// Numbers of removed rows are given again. Threads: one owner.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/column.h"

namespace streamops::sql {

class RowStore {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  explicit RowStore(std::vector<data::TypePtr> types) : types_(std::move(types)) {}

  /// The first columns of `columns` are the store's.
  std::uint32_t add(std::span<const data::ColumnPtr> columns, std::size_t row);
  /// Bytes of a row that this or an equal store had. False: damaged, nothing was added.
  bool add_bytes(std::string_view bytes, std::uint32_t& row);
  void remove(std::uint32_t row);

  std::string_view bytes_of(std::uint32_t row) const { return rows_[row]; }
  /// One value a number; `none` gives a null.
  std::vector<data::ColumnPtr> read(std::span<const std::uint32_t> rows) const;

  /// Numbers are below this.
  std::size_t end() const { return rows_.size(); }
  std::size_t size() const { return rows_.size() - free_.size(); }
  /// Memory held.
  std::size_t bytes() const {
    return held_ + rows_.capacity() * sizeof(std::string) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::uint32_t put(std::string bytes);

  std::vector<data::TypePtr> types_;
  std::vector<std::string> rows_;
  std::vector<std::uint32_t> free_;
  std::size_t held_ = 0;  // by the texts
};

}  // namespace streamops::sql
