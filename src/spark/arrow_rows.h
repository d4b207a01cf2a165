// spark/arrow_rows.h — the texts of a result: what Spark Connect sends as an Arrow IPC stream.
//
//   stream  :  | 0xffffffff | i32 length of the message | message (flatbuffer) | body | ...
//   message :  { header type (1 schema, 3 record batch), header, length of the body }
//   body of a batch with one text column :  validity bits, offsets (i32, rows + 1), bytes; each padded to 8
//
// Only what `SELECT to_json(struct(*))` gives is read: one column of texts, uncompressed, as Spark sends it. Every
// offset is checked against the bytes before it is followed. Source: Arrow, "Columnar Format, IPC Streaming Format".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamops::spark {

/// Appends the texts of the first column; a null becomes "null". Errors: SO-E101.
Result<void> read_text_column(std::string_view stream, std::vector<std::string>& rows);

}  // namespace streamops::spark
