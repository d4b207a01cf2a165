// format/impl/text_stage.h — the texts of a batch before they are columns: views into the records, row by row. A row
// that is dropped costs nothing, one that stays is copied once, column by column, at the end of the batch.
//
//   row 0 | view view ... |  row 1 | view view ... |  the row being read | view ... |
//
// Invariant: what a view points to lives until finish(): the records themselves, or an arena of ours for texts that do
// not stand in them as they are. Hot path: set() once a value. Threads: one owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "data/column.h"

namespace streamops::format {

class TextStage {
 public:
  explicit TextStage(std::size_t columns) : columns_(columns), cells_(columns), row_(cells_.data()) {}

  std::size_t columns() const { return columns_; }
  /// The value of a column in the row being read.
  void set(std::size_t column, std::string_view text) { row_[column] = {text.data(), text.size()}; }
  void set_null(std::size_t column) { row_[column] = {}; }
  std::string_view at(std::size_t column) const { return {row_[column].data, row_[column].size}; }
  bool is_null(std::size_t column) const { return row_[column].data == nullptr; }
  /// The row being read stays; without it the next one takes its place.
  void keep_row() {
    ++rows_;
    if (cells_.size() < (rows_ + 1) * columns_) cells_.resize((rows_ + 1) * columns_ * 2);
    row_ = cells_.data() + rows_ * columns_;
  }
  std::size_t rows() const { return rows_; }

  /// Room for a text of up to `size` bytes.
  char* room(std::size_t size);
  /// Keeps a copy of `text`.
  std::string_view copy(std::string_view text);

  /// The column of all rows kept.
  data::ColumnPtr column(std::size_t index, const data::TypePtr& type) const;
  /// Forgets all rows.
  void clear();

 private:
  struct Cell {
    const char* data = nullptr;  // null: SQL's null
    std::size_t size = 0;
  };

  std::size_t columns_;
  std::size_t rows_ = 0;
  std::vector<Cell> cells_;
  Cell* row_;  // the row being read
  std::vector<std::unique_ptr<char[]>> arena_;
  std::size_t left_ = 0;  // in the last piece of the arena
  std::size_t last_size_ = 0;
};

}  // namespace streamops::format
