// kafka/client/impl/fetched.h — what a Fetch answer holds of one partition: batches told apart, records read in place.
//
//   bytes of the partition -> cut_fetched() -> batches with records for the reader -> RecordWalker -> data::Record ...
//
// Left out: control batches, batches of aborted transactions (their producers are listed in the answer), batches below
// the offset that was asked for, and a batch at the end that the broker has cut off. Pure: no sockets, no state.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "data/position.h"
#include "kafka/protocol/record_batch.h"

namespace streamops::kafka {

/// A producer's transaction that ended in an abort, and the offset where it began.
struct Aborted {
  std::int64_t producer_id = 0;
  std::int64_t first_offset = 0;
};

struct Fetched {
  std::vector<RecordBatchView> batches;
  std::int64_t next = 0;  // the offset to ask for next
};

/// Checksums are verified. Errors: SO-K107, SO-K108, SO-K109, SO-K110.
Result<Fetched> cut_fetched(BytesView bytes, std::int64_t from, std::vector<Aborted> aborted);

/// Reads the records of one batch, one after the other, without copying.
class RecordWalker {
 public:
  RecordWalker() = default;
  /// `payload` is batch.payload(), or what decompress() made of it.
  RecordWalker(const RecordBatchView& batch, BytesView payload);

  bool at_end() const { return left_ == 0; }
  /// Fills in offset, timestamp, key, value and headers. Not at_end(). Errors: SO-K107.
  Result<void> next(data::Record& record);

 private:
  Result<void> read_headers(data::Record& record, const std::uint8_t* end);

  std::int64_t base_offset_ = 0;
  std::int64_t base_timestamp_ = 0;
  std::int64_t fixed_timestamp_ = -1;  // of a batch with log-append time
  std::int32_t left_ = 0;
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* end_ = nullptr;
};

}  // namespace streamops::kafka
