// data/column.h — one column of values, in Arrow's memory layout.
//
//   type            validity   offsets             values               children
//   boolean         bits       -                   bits                 -
//   int8 … decimal  bits       -                   little-endian T      -
//   string, binary  bits       int32 × (length+1)  bytes                -
//   array           bits       int32 × (length+1)  -                    element
//   map             bits       int32 × (length+1)  -                    key, value
//   structure       bits       -                   -                    one a member, each of the same length
//
// validity: bit i (least significant first) is 1 when value i is not null; an empty buffer means that none is null.
// Invariants: immutable once built; offsets start at 0 and never fall; where a structure is null, its members are null
// too. Columns are shared between batches freely, across threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "data/type.h"

namespace streamops::data {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

class Column;
using ColumnPtr = std::shared_ptr<const Column>;

class Column {
 public:
  Column(TypePtr type, std::size_t length, Bytes validity, Bytes offsets, Bytes values,
         std::vector<ColumnPtr> children);

  const TypePtr& type() const { return type_; }
  std::size_t length() const { return length_; }
  bool has_nulls() const { return !validity_.empty(); }
  bool is_null(std::size_t row) const { return has_nulls() && (validity_[row >> 3] >> (row & 7) & 1) == 0; }
  BytesView validity() const { return validity_; }

  /// The fixed-width values; T must have the type's width.
  template <typename T>
  std::span<const T> values() const {
    return {reinterpret_cast<const T*>(values_.data()), values_.size() / sizeof(T)};
  }
  bool boolean(std::size_t row) const { return (values_[row >> 3] >> (row & 7) & 1) != 0; }
  std::span<const std::int32_t> offsets() const {
    return {reinterpret_cast<const std::int32_t*>(offsets_.data()), offsets_.size() / sizeof(std::int32_t)};
  }
  /// The text or bytes of one row of a string or binary column.
  std::string_view text(std::size_t row) const {
    const auto at = offsets();
    return {reinterpret_cast<const char*>(values_.data()) + at[row], static_cast<std::size_t>(at[row + 1] - at[row])};
  }
  const std::vector<ColumnPtr>& children() const { return children_; }
  /// Bytes held by this column and its children.
  std::size_t memory() const;

 private:
  TypePtr type_;
  std::size_t length_;
  Bytes validity_;
  Bytes offsets_;
  Bytes values_;
  std::vector<ColumnPtr> children_;
};

/// Builds a column value by value.
///
/// Nested values: append the members through child(i), then close the value here:
///   structure: one value into every child, then append_present();
///   array, map: any number of values into the child(ren), then append_present(), which ends the list.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(TypePtr type);

  void reserve(std::size_t rows);
  /// Null; for a structure also into every child.
  void append_null();
  void append_boolean(bool value);
  /// For int8 … int64, date, timestamps and intervals; the value must fit (checked in debug builds).
  void append_integer(std::int64_t value);
  void append_float(double value);
  void append_decimal(Int128 unscaled);
  /// string, binary.
  void append_text(std::string_view value) {
    values_.insert(values_.end(), value.begin(), value.end());
    check_text_size();
    append_offset(static_cast<std::int32_t>(values_.size()));
    mark(true);
  }
  /// Closes a nested value; see above.
  void append_present();
  ColumnBuilder& child(std::size_t index) { return children_[index]; }
  const ColumnBuilder& child(std::size_t index) const { return children_[index]; }
  /// Appends row `row` of `from`, which has the same type.
  void append_from(const Column& from, std::size_t row);

  const TypePtr& type() const { return type_; }
  std::size_t length() const { return length_; }
  /// The column; the builder is empty afterwards and can be used again.
  ColumnPtr finish();

 private:
  void start();
  void mark_with_bits(bool valid);
  void check_text_size() const;
  /// Counts one more row; bits are kept only from the first null on.
  void mark(bool valid) {
    if (any_null_ || !valid) mark_with_bits(valid);
    ++length_;
  }
  template <typename T>
  void append_raw(T value) {
    const std::size_t at = values_.size();
    values_.resize(at + sizeof(T));
    std::memcpy(values_.data() + at, &value, sizeof(T));
  }
  void append_offset(std::int32_t value) {
    const std::size_t at = offsets_.size();
    offsets_.resize(at + sizeof(value));
    std::memcpy(offsets_.data() + at, &value, sizeof(value));
  }

  TypePtr type_;
  TypeId id_;
  std::uint8_t width_;
  std::size_t length_ = 0;
  bool any_null_ = false;
  Bytes validity_;
  Bytes offsets_;
  Bytes values_;
  std::vector<ColumnBuilder> children_;
};

/// The rows `rows` of `column`, in that order (rows may repeat); -1 gives a null.
ColumnPtr take(const ColumnPtr& column, std::span<const std::int32_t> rows);
/// A column of `length` nulls.
ColumnPtr nulls(const TypePtr& type, std::size_t length);

}  // namespace streamops::data
