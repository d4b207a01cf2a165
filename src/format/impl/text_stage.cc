#include "format/impl/text_stage.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace streamops::format {
namespace {

constexpr std::size_t arena_piece = 64 * 1024;
constexpr std::size_t step = 32;

/// Copies in whole steps, so up to 31 bytes more on both sides: records have 64 readable bytes behind them, arenas and
/// columns as much room.
void copy_in_steps(char* to, const char* from, std::size_t size) {
  std::size_t at = 0;
  do {
    std::memcpy(to + at, from + at, step);
    at += step;
  } while (at < size);
}

}  // namespace

char* TextStage::room(std::size_t size) {
  const std::size_t wanted = size + step;
  if (left_ < wanted) {
    last_size_ = std::max(arena_piece, wanted);
    arena_.push_back(std::make_unique<char[]>(last_size_));
    left_ = last_size_;
  }
  char* const at = arena_.back().get() + (last_size_ - left_);
  left_ -= size;
  return at;
}

std::string_view TextStage::copy(std::string_view text) {
  char* const to = room(text.size());
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

data::ColumnPtr TextStage::column(std::size_t index, const data::TypePtr& type) const {
  Bytes offsets((rows_ + 1) * sizeof(std::int32_t));
  auto* const ends = reinterpret_cast<std::int32_t*>(offsets.data());
  std::size_t total = 0, nulls = 0;
  const Cell* cell = cells_.data() + index;
  for (std::size_t i = 0; i < rows_; ++i, cell += columns_) {
    total += cell->size;
    nulls += cell->data == nullptr ? 1 : 0;
    ends[i + 1] = static_cast<std::int32_t>(total);
  }
  STREAMOPS_CHECK(total <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()),
                  "a column holds less than 2 GiB");
  Bytes values(total + step);
  char* to = reinterpret_cast<char*>(values.data());
  cell = cells_.data() + index;
  for (std::size_t i = 0; i < rows_; ++i, cell += columns_) {
    if (cell->size == 0) continue;
    copy_in_steps(to, cell->data, cell->size);
    to += cell->size;
  }
  values.resize(total);
  Bytes validity;
  if (nulls > 0) {
    validity.assign((rows_ + 7) / 8, 0);
    for (std::size_t i = 0; i < rows_; ++i) {
      const unsigned present = cells_[i * columns_ + index].data != nullptr ? 1 : 0;
      validity[i >> 3] = static_cast<std::uint8_t>(validity[i >> 3] | present << (i & 7));
    }
  }
  return std::make_shared<const data::Column>(type, rows_, std::move(validity), std::move(offsets), std::move(values),
                                              std::vector<data::ColumnPtr>());
}

void TextStage::clear() {
  rows_ = 0;
  // One piece serves the next batch too; after a batch with much to unescape the others are given back.
  if (arena_.size() > 1 || last_size_ > arena_piece) {
    arena_.clear();
    last_size_ = 0;
  }
  left_ = last_size_;
  constexpr std::size_t most_cells = 64 * 1024;
  if (cells_.size() > most_cells) {
    cells_.resize(columns_);
    cells_.shrink_to_fit();
  }
  row_ = cells_.data();
}

}  // namespace streamops::format
