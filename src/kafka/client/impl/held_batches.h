// kafka/client/impl/held_batches.h — batches that were fetched and wait for the reader, and their records in its hands.
//
// Records point into the memory of the answer, or into that of an unpacked batch; whoever has them keeps it.
// Threads: one loop.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "base/result.h"
#include "data/position.h"
#include "kafka/client/impl/fetched.h"

namespace streamops::kafka {

class HeldBatches {
 public:
  /// Records below `from` were not asked for.
  void add(std::int32_t partition, std::int64_t from, const RecordBatchView& batch, std::shared_ptr<const void> owner);
  bool empty() const { return batches_.empty(); }
  void clear();
  /// Bytes of the batches, as they were fetched.
  std::size_t bytes() const { return bytes_; }
  /// The first offset of a partition that waits here; nothing when none does.
  std::optional<std::int64_t> waiting(std::int32_t partition) const;
  /// Records of at most about `max_bytes` of keys and values. Errors: SO-K107, SO-K110 to SO-K112.
  Result<data::Records> take(std::size_t max_bytes);

 private:
  struct Batch {
    std::int32_t partition;
    std::int64_t from;
    RecordBatchView view;
    std::shared_ptr<const void> owner;
  };
  struct Waiting {
    std::size_t batches = 0;
    std::int64_t next = 0;
  };
  /// An upper bound of the records that take() will find, for one allocation instead of many.
  std::size_t expected(std::size_t max_bytes) const;
  Result<void> open_first();
  Result<void> walk(data::Records& records, std::size_t max_bytes);

  std::deque<Batch> batches_;
  std::size_t bytes_ = 0;
  std::map<std::int32_t, Waiting> waiting_;
  std::optional<RecordWalker> walker_;  // in the first batch
  std::shared_ptr<const void> walked_;  // what it walks on
};

}  // namespace streamops::kafka
