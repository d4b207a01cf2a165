// sql/engine/state_bytes.h — values as bytes: keys of groups, and entries of a checkpoint.
//
//   value   0 for null; else 1, then: fixed width little-endian | u32 length, bytes | members of a structure in order |
//           u32 count, elements (of a map: key, value, key, value ...)
//
// Equal values have equal bytes when floats are normalised, so a key is found by its bytes. The order of bytes is no
// order of values.
#pragma once

#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "data/column.h"

namespace streamops::sql {

static_assert(std::endian::native == std::endian::little, "state is written as it lies in memory");

template <typename T>
void put_fixed(std::string& out, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.append(raw, sizeof(T));
}
void put_text(std::string& out, std::string_view text);

/// Reads what was put; after a failure everything read is empty.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T fixed() {
    T value{};
    const std::string_view raw = bytes(sizeof(T));
    if (!failed_) raw.copy(reinterpret_cast<char*>(&value), sizeof(T));
    return value;
  }
  std::string_view bytes(std::size_t count);
  std::string_view text() { return bytes(fixed<std::uint32_t>()); }
  bool flag();

  void fail() { failed_ = true; }
  bool failed() const { return failed_; }
  std::size_t left() const { return rest_.size(); }
  /// All read, and well.
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

enum class Floats : std::uint8_t {
  kept,
  normalised  // one NaN, one zero: what grouping compares by
};
void append_value(const data::Column& column, std::size_t row, Floats floats, std::string& out);
/// Appends the next value to a builder of its type. After false (damaged) the builder must not be used.
bool read_value(StateReader& in, data::ColumnBuilder& out);
/// A column of the one value in `bytes`, which append_value() wrote; null when damaged.
data::ColumnPtr value_column(std::string_view bytes, const data::TypePtr& type);

inline double normal(double value) {
  if (value != value) return std::bit_cast<double>(0x7FF8000000000000ULL);
  return value == 0 ? 0.0 : value;
}
inline float normal(float value) {
  if (value != value) return std::bit_cast<float>(0x7FC00000U);
  return value == 0 ? 0.0F : value;
}

}  // namespace streamops::sql
