// Keys of a whole batch: sizes first, then each column writes its part of every row.
#include <algorithm>

#include "base/check.h"
#include "sql/engine/key_table.h"
#include "sql/engine/state_bytes.h"

namespace streamops::sql {
namespace {

using data::TypeId;

/// One column's part: how long it is in each row, and its bytes. Row i here is row `first` + i of the column.
class Part {
 public:
  Part(const data::Column& column, std::size_t first) : column_(column), first_(first), id_(column.type()->id()) {
    width_ = id_ == TypeId::boolean ? 1 : static_cast<std::size_t>(column.type()->width());
  }

  void add_sizes(std::vector<std::uint32_t>& sizes) {
    if (plain_structure()) {
      for (std::uint32_t& size : sizes) ++size;
      for (const data::ColumnPtr& child : column_.children()) members_.emplace_back(*child, first_);
      for (Part& member : members_) member.add_sizes(sizes);
    } else if (id_ == TypeId::string || id_ == TypeId::binary) {
      const auto at = column_.offsets();
      for (std::size_t i = 0; i < sizes.size(); ++i)
        sizes[i] += is_null(i) ? 1 : 5 + static_cast<std::uint32_t>(at[first_ + i + 1] - at[first_ + i]);
    } else if (width_ == 0) {
      encode_rest(sizes);
    } else if (!column_.has_nulls()) {
      for (std::uint32_t& size : sizes) size += 1 + static_cast<std::uint32_t>(width_);
    } else {
      for (std::size_t i = 0; i < sizes.size(); ++i)
        sizes[i] += is_null(i) ? 1 : 1 + static_cast<std::uint32_t>(width_);
    }
  }

  /// Writes at each row's cursor, which moves behind.
  void write(std::vector<char*>& cursors) const {
    if (plain_structure()) {
      for (char*& cursor : cursors) *cursor++ = 1;
      for (const Part& member : members_) member.write(cursors);
      return;
    }
    switch (id_) {
      case TypeId::string:
      case TypeId::binary:
        return write_texts(cursors);
      case TypeId::boolean:
        return write_each(cursors,
                          [&](std::size_t i) { return static_cast<char>(column_.boolean(first_ + i) ? 1 : 0); });
      case TypeId::float32:
        return write_each(cursors, [&](std::size_t i) { return normal(column_.values<float>()[first_ + i]); });
      case TypeId::float64:
        return write_each(cursors, [&](std::size_t i) { return normal(column_.values<double>()[first_ + i]); });
      default:
        return write_fixed(cursors);
    }
  }

 private:
  bool is_null(std::size_t i) const { return column_.is_null(first_ + i); }
  bool plain_structure() const { return id_ == TypeId::structure && !column_.has_nulls(); }

  void encode_rest(std::vector<std::uint32_t>& sizes) {
    ends_.reserve(sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::size_t before = encoded_.size();
      append_value(column_, first_ + i, Floats::normalised, encoded_);
      ends_.push_back(encoded_.size());
      sizes[i] += static_cast<std::uint32_t>(encoded_.size() - before);
    }
  }

  template <typename F>
  void write_each(std::vector<char*>& cursors, F value_of) const {
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      if (is_null(i)) {
        *cursors[i]++ = 0;
        continue;
      }
      const auto value = value_of(i);
      *cursors[i]++ = 1;
      std::memcpy(cursors[i], &value, sizeof value);
      cursors[i] += sizeof value;
    }
  }

  template <typename T>
  void write_values(std::vector<char*>& cursors) const {
    const T* values = column_.values<T>().data() + first_;
    write_each(cursors, [values](std::size_t i) { return values[i]; });
  }

  void write_texts(std::vector<char*>& cursors) const {
    for (std::size_t i = 0; i < cursors.size(); ++i) {
      if (is_null(i)) {
        *cursors[i]++ = 0;
        continue;
      }
      const std::string_view text = column_.text(first_ + i);
      const auto length = static_cast<std::uint32_t>(text.size());
      *cursors[i]++ = 1;
      std::memcpy(cursors[i], &length, sizeof length);
      cursors[i] += sizeof length;
      if (length > 0) std::memcpy(cursors[i], text.data(), length);
      cursors[i] += length;
    }
  }

  void write_fixed(std::vector<char*>& cursors) const {
    switch (width_) {
      case 1:
        return write_values<std::int8_t>(cursors);
      case 2:
        return write_values<std::int16_t>(cursors);
      case 4:
        return write_values<std::int32_t>(cursors);
      case 8:
        return write_values<std::int64_t>(cursors);
      case 16:
        return write_values<data::Int128>(cursors);
      default:
        break;
    }
    std::size_t begin = 0;
    for (std::size_t i = 0; i < cursors.size(); begin = ends_[i++]) {
      std::memcpy(cursors[i], encoded_.data() + begin, ends_[i] - begin);
      cursors[i] += ends_[i] - begin;
    }
  }

  const data::Column& column_;
  std::size_t first_;
  TypeId id_;
  std::size_t width_;
  std::vector<Part> members_;      // of a structure that is never null
  std::string encoded_;            // of what has no fixed width
  std::vector<std::size_t> ends_;  // ... where each row's part ends
};

}  // namespace

void encode_keys(const std::vector<data::ColumnPtr>& columns, std::size_t rows, KeyBatch& out) {
  encode_keys(columns, 0, rows, out);
}

void encode_keys(const std::vector<data::ColumnPtr>& columns, std::size_t first, std::size_t rows, KeyBatch& out) {
  std::vector<Part> parts;
  parts.reserve(columns.size());
  std::vector<std::uint32_t> sizes(rows, 0);
  for (const data::ColumnPtr& column : columns) parts.emplace_back(*column, first).add_sizes(sizes);

  out.starts.resize(rows + 1);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    out.starts[i] = static_cast<std::uint32_t>(total);
    total += sizes[i];
  }
  STREAMOPS_CHECK(total < UINT32_MAX, "the keys of one batch take less than 4 GiB");
  out.starts[rows] = static_cast<std::uint32_t>(total);
  out.bytes.resize(total);

  std::vector<char*> cursors(rows);
  for (std::size_t i = 0; i < rows; ++i) cursors[i] = out.bytes.data() + out.starts[i];
  for (const Part& part : parts) part.write(cursors);
}

}  // namespace streamops::sql
