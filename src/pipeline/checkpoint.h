// pipeline/checkpoint.h — what a stream must remember to write the same again after a crash.
//
//   <path>.0, <path>.1, written in turns:
//   | "SOCP" | u16 version | u16 0 | u64 sequence | u32 length | payload | u32 crc32c of all before |      big-endian
//   payload: u64 epoch, i64 epoch_us, u32 generation, u32 fingerprint, u8 done, u32 n, n * (16 bytes topic id, i32
//   partition, i64 from, i64 to), from version 2 on: u64 state_epoch, u64 committed
//
// Invariants: the file that is written is never the newest good one, so a torn write leaves the checkpoint before it;
// save() is done when it is on disk. A version above ours is an error and nothing is touched. Threads: calls and
// callbacks on the loop; files are read and synced in the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::pipeline {

/// Offsets [from, to) of one partition; empty for a partition that was quiet in the epoch.
struct OffsetRange {
  Uuid topic_id;
  std::int32_t partition = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;

  friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

/// One epoch, written before its first row.
struct Checkpoint {
  std::uint64_t epoch = 0;
  std::int64_t epoch_us = 0;        // microseconds: write timestamp of the first record, current_timestamp()
  std::uint32_t generation = 0;     // counts the plans that this stream has had
  std::uint32_t fingerprint = 0;    // of the plan
  bool done = false;                // every row of the epoch is durable in the sink
  std::vector<OffsetRange> ranges;  // every partition ever read, by number
  std::uint64_t state_epoch = 0;    // of the state that the epoch begins with; 0: none
  std::uint64_t committed = 0;      // mark_of() the positions in the cluster when it began; 0: a table's

  /// The offsets that the epoch covers: the next epoch_us is at least this much later.
  std::int64_t offsets() const;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  /// The newest checkpoint, or nothing where none was ever saved. Errors: SO-P060 (damaged), SO-P061 (newer version),
  /// the disk's.
  virtual void load(std::function<void(Result<std::optional<Checkpoint>>)> done) = 0;
  /// Saves durably; one call at a time. Errors: the disk's; the checkpoint before then still stands.
  virtual void save(Checkpoint checkpoint, std::function<void(Result<void>)> done) = 0;
};

/// On disk, in `<path>.0` and `<path>.1`; makes the folder. Everything given must outlive the store.
std::unique_ptr<CheckpointStore> make_disk_checkpoints(std::string path, runtime::Disk& disk, runtime::Loop& loop,
                                                       runtime::Pool& pool);

}  // namespace streamops::pipeline
