// kafka/broker/partition_transactions.h — what a partition remembers of transactions: which are open, and which ranges
// of offsets belong to aborted ones.
//
//   offsets   | data p1 | data p2 | data p1 | abort p1 | data p2 | ...
//             first(p1)  first(p2)           marker(p1)
//
// A consumer that reads committed records gets nothing behind the first offset of an open transaction (the last stable
// offset), and is told the aborted ranges of what it gets. All of it follows from the log: from the headers of
// transactional batches and from the markers; a snapshot (kafka/broker/partition_snapshot.h) only shortens the reading.
//
// Source: KIP-98 §Transactional guarantees. Threads: those of its partition.
#pragma once

#include <map>
#include <vector>

#include "kafka/protocol/reader.h"
#include "kafka/protocol/record_batch.h"
#include "kafka/protocol/writer.h"
#include "log/batch_header.h"

namespace streamops::kafka {

using log::Offset;

class PartitionTransactions {
 public:
  /// An aborted transaction: its first record and its marker.
  struct Aborted {
    std::int64_t producer_id;
    Offset first_offset;
    Offset marker_offset;

    friend bool operator==(const Aborted&, const Aborted&) = default;
  };

  /// Notes a batch of records that is in the log.
  void note(const log::BatchHeader& batch);
  /// Notes a marker that is in the log at `marker_offset`. One without an open transaction changes nothing.
  void note_marker(std::int64_t producer_id, ControlType type, Offset marker_offset);
  /// Forgets aborted ranges that end before `start`, the first offset of the log.
  void forget_before(Offset start);
  void clear();

  /// The first offset of the earliest open transaction, at most `high_watermark`.
  Offset last_stable_offset(Offset high_watermark) const;
  /// The aborted transactions with records or markers in [from, to), by first offset.
  std::vector<Aborted> aborted_between(Offset from, Offset to) const;
  /// Producer id -> first offset of its open transaction.
  const std::map<std::int64_t, Offset>& open() const { return open_; }
  bool has_aborted() const { return !aborted_.empty(); }

  void encode(Writer& out) const;
  /// What encode() wrote; meaningless when the reader fails.
  static PartitionTransactions decode(Reader& in);

 private:
  std::map<std::int64_t, Offset> open_;
  std::vector<Aborted> aborted_;  // by marker offset
};

}  // namespace streamops::kafka
