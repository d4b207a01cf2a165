// data/batch.h — what flows forward: columns of equal length, and for each row where it came from.
#pragma once

#include <cstdint>
#include <vector>

#include "data/column.h"
#include "data/position.h"

namespace streamops::data {

struct Batch {
  SchemaPtr schema;
  std::vector<ColumnPtr> columns;
  std::size_t rows = 0;
  /// One entry a row: the source record (index into the Records that were decoded) that the row stems from. Empty when
  /// row i stems from record i.
  std::vector<std::int32_t> origin;
};

}  // namespace streamops::data
