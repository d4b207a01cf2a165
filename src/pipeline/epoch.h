// pipeline/epoch.h — which offsets an epoch covers, and the rank of each of its records.
//
// Pure values; stream_runner.h says what they are for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/position.h"
#include "pipeline/checkpoint.h"

namespace streamops::pipeline {

/// One epoch: its checkpoint, and where the ranks of each partition begin.
class Epoch {
 public:
  explicit Epoch(Checkpoint checkpoint);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  /// Whether the epoch covers this record.
  bool covers(const data::Record& record) const;
  /// The write timestamp of a record that the epoch covers, in microseconds.
  std::int64_t write_timestamp(const data::Record& record) const;
  /// Notes that everything up to and with this record has been seen; a record behind the range counts too.
  void see(const data::Record& record);
  /// True when every range has been seen to its end.
  bool complete() const;

 private:
  struct Part {
    std::int32_t partition = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t rank = 0;  // of offset `from`
    std::int64_t seen = 0;  // first offset not seen
  };
  /// Records mostly come in runs of one partition. Hot path: several times a record.
  std::size_t find(std::int32_t partition) const;

  Checkpoint checkpoint_;
  std::vector<Part> parts_;       // by partition
  mutable std::size_t last_ = 0;  // the one asked for last
};

/// The checkpoint of the epoch after `previous` (nothing: the first one) that covers `records`, ordered by offset in
/// each partition. `now_us` is the wall clock; a partition begins where the previous epoch ended, or at its first
/// record when it is new.
Checkpoint next_checkpoint(const Checkpoint* previous, std::span<const data::Record> records, const Uuid& topic_id,
                           std::int64_t now_us);

/// Where to read on: the ends of the ranges when the epoch is done, their beginnings otherwise.
std::vector<data::Position> positions_after(const Checkpoint& checkpoint);

/// The ends of the ranges: where reading goes on once the epoch is done.
std::vector<data::Position> ends_of(const Checkpoint& checkpoint);

/// The same for equal positions, whatever their order; partitions at their very beginning count as absent. Stable for
/// ever: it stands in checkpoints.
std::uint64_t mark_of(std::vector<data::Position> positions);

}  // namespace streamops::pipeline
