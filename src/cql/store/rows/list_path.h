// cql/store/rows/list_path.h — where an element of a list that is not frozen stands among the others.
//
//   | u8 place: 0 put before, 1 written as a whole, 2 put behind | u64 order, sign flipped | u64 salt |
//
// `order` counts 100 ns ticks, one an element; for elements put before it runs backwards. The elements of a list that
// is written whole have no salt and take the write's own timestamp, so writing it again with the same timestamp writes
// the same cells.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace streamops::cql::store {

enum class ListPlace : std::uint8_t { before = 0, whole = 1, behind = 2 };

/// The path of element `index` of `count`, written at `micros`.
inline Bytes list_path(ListPlace place, std::int64_t micros, std::size_t index, std::size_t count, std::uint64_t salt) {
  const std::int64_t tick = micros * 10;
  const auto order = place == ListPlace::before ? -tick - static_cast<std::int64_t>(count - index)
                                                : tick + static_cast<std::int64_t>(index);
  Bytes out{static_cast<std::uint8_t>(place)};
  append_big_endian(out, static_cast<std::uint64_t>(order) ^ (std::uint64_t{1} << 63U));
  append_big_endian(out, salt);
  return out;
}

}  // namespace streamops::cql::store
