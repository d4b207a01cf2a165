// kafka/protocol/compression.h — unpacks the payload of a record batch. The broker passes compressed batches through;
// only readers of records (the console, log-time lookups) need this.
//
// Forms: gzip members; snappy raw or in the framing of xerial's stream (magic 82 "SNAPPY" 00, two i32 versions, then
// i32-sized blocks), which the Java client writes; lz4 frames; zstd frames.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "kafka/protocol/record_batch.h"

namespace streamops::kafka {

/// Unpacks `bytes`; never makes more than `limit` bytes.
/// Errors: SO-K110 (unknown codec), SO-K111 (broken), SO-K112 (above the limit).
Result<Bytes> decompress(Compression codec, BytesView bytes, std::size_t limit);

}  // namespace streamops::kafka
