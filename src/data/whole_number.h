// data/whole_number.h — values of columns of any integer width, and of those that are integers underneath.
#pragma once

#include <cstdint>

#include "data/column.h"

namespace streamops::data {

/// The value of a whole-number, date, timestamp or interval column; the row is not null.
inline std::int64_t integer_at(const Column& column, std::size_t row) {
  switch (column.type()->width()) {
    case 1:
      return column.values<std::int8_t>()[row];
    case 2:
      return column.values<std::int16_t>()[row];
    case 4:
      return column.values<std::int32_t>()[row];
    default:
      return column.values<std::int64_t>()[row];
  }
}

}  // namespace streamops::data
