// kafka/broker/producers.h — what a partition remembers of its idempotent producers, so that a batch sent twice is kept
// once.
//
// Of each producer: its epoch and the last five batches (a client has at most five in flight). All of it follows from
// the log's batch headers, so it survives whatever the log survives; a snapshot (kafka/broker/partition_snapshot.h)
// only shortens the reading.
//
//   encoded:   | i32 n | producer ... |
//   producer:  | i64 id | i16 epoch | i64 last timestamp | i8 n | n times i32 first, i32 last sequence, i64 offset |
//
// Source: KIP-98 §Idempotent producer, KIP-360, KIP-447.
// Threads: those of its partition.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "kafka/protocol/error_code.h"
#include "kafka/protocol/reader.h"
#include "kafka/protocol/writer.h"
#include "log/batch_header.h"

namespace streamops::kafka {

using log::Offset;

class Producers {
 public:
  /// What to do with a batch.
  struct Verdict {
    ErrorCode error = ErrorCode::none;
    bool is_duplicate = false;  // already in the log, at `base_offset`
    Offset base_offset = -1;
  };
  struct Batch {
    std::int32_t first_sequence;
    std::int32_t last_sequence;
    Offset base_offset;
  };
  struct Producer {
    std::int16_t epoch = -1;
    std::int64_t last_timestamp = -1;  // ms since the epoch
    std::deque<Batch> batches;         // oldest first; empty only before the first one
  };

  /// Judges a batch that came in, before it is appended.
  /// Errors: INVALID_PRODUCER_EPOCH (an older epoch), OUT_OF_ORDER_SEQUENCE_NUMBER (a gap, or an old batch that is
  /// remembered no more).
  Verdict check(const log::BatchHeader& batch) const;
  /// Notes a batch that is in the log. A marker of a later epoch fences the earlier ones (KIP-890).
  void note(const log::BatchHeader& batch);
  /// Forgets producers whose last batch is older than `before` (ms since the epoch).
  void expire(std::int64_t before);
  void clear() { producers_.clear(); }

  void encode(Writer& out) const;
  /// What encode() wrote; meaningless when the reader fails.
  static Producers decode(Reader& in);

  const std::unordered_map<std::int64_t, Producer>& all() const { return producers_; }

 private:
  std::unordered_map<std::int64_t, Producer> producers_;
};

}  // namespace streamops::kafka
