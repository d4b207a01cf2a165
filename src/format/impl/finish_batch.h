// format/impl/finish_batch.h — the end of a batch, the same for every format: builders become columns.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "data/column.h"
#include "format/record_reader.h"

namespace streamops::format {

/// Empties `outs` (null where a column is not needed) into the batch. `kept` are the builders' rows that count; when
/// all do, `all_kept` saves a copy.
inline void finish_batch(Decoded& into, const data::SchemaPtr& schema, std::span<data::ColumnBuilder* const> outs,
                         const std::vector<std::int32_t>& kept, bool all_kept) {
  into.batch.schema = schema;
  into.batch.rows = kept.size();
  for (data::ColumnBuilder* out : outs) {
    data::ColumnPtr column = out == nullptr ? nullptr : out->finish();
    into.batch.columns.push_back(all_kept || column == nullptr ? std::move(column) : data::take(column, kept));
  }
}

}  // namespace streamops::format
