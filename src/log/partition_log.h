// log/partition_log.h — the log of one partition: record batches in offset order, in segments.
//
//   directory/  00000000000000000000.log  00000000000000000000.index     sealed
//               00000000000000052311.log  00000000000000052311.index     active: appended to; its index may lag behind
//               log-start                                               only after delete_before(): i64 offset, u32
//               crc32c
//
//   start_offset() ............................ high_watermark() ....... end_offset()
//        | readers see these                          | not yet on disk       |
//
// Invariants: end_offset() never goes back but when a sync failed (see on_taken_back); what was acknowledged by
// when_durable() survives a crash; readers are never given what is behind high_watermark(), so nobody sees a record
// that a power cut can take. Threads: one loop. Appends and reads touch the page cache only; syncs, index files and
// removals run in the pool.
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "log/batch_header.h"
#include "log/group_sync.h"
#include "log/segment.h"

namespace streamops::log {

struct LogOptions {
  SyncOptions sync;
  std::int64_t segment_bytes = 1 << 30;  // a batch that would go beyond begins a new segment
  std::int64_t segment_ms =
      7 * 86'400'000LL;               // age of a segment's first append after which the next one begins a new segment
  std::int64_t retention_bytes = -1;  // -1: any size
  std::int64_t retention_ms = -1;     // -1: for ever
};

class PartitionLog {
 public:
  /// Opens the log in `directory`, or an empty one where there is none yet. Blocks while it checks what no index
  /// vouches for. Errors: the disk's. Damage does not stop it: see recovery().
  static Result<std::unique_ptr<PartitionLog>> open(std::string directory, const LogOptions& options,
                                                    runtime::Disk& disk, runtime::Loop& loop, runtime::Pool& pool);
  ~PartitionLog();

  /// Appends one batch whose checksum the caller has checked; its base offset and leader epoch are set in place.
  /// Returns the base offset. On an error (SO-D001: no room) the log is as before. Errors: the disk's; after a failure
  /// that could not be undone, that one for ever.
  Result<Offset> append(std::span<std::uint8_t> batch);
  /// Calls `done` when everything before `offset` counts as done under the policy, perhaps before this returns. Its
  /// error: the sync's; the batches concerned are gone from the log.
  void when_durable(Offset offset, GroupSync::Done done);

  /// Appends to `out` whole batches from the one that holds `offset` on, below the high watermark and `limit`: as many
  /// as fit in `max_bytes`, but at least one when `at_least_one`. Errors: SO-L005 (outside of the log), SO-L004, the
  /// disk's.
  Result<void> read(Offset offset, std::size_t max_bytes, Bytes& out, bool at_least_one = true,
                    Offset limit = std::numeric_limits<Offset>::max());
  /// Base offset of the first readable batch with a max timestamp of `timestamp` (ms since the epoch) or later. Errors:
  /// as read().
  Result<std::optional<Offset>> find_time(std::int64_t timestamp);
  /// Calls `visit` with the header of every batch from the one that holds `from` on. Blocks. Errors: as read().
  Result<void> for_each_batch(Offset from, const std::function<void(const BatchHeader&)>& visit);

  /// Removes what retention lets go of, in whole segments. `now` in ms since the epoch.
  void enforce_retention(std::int64_t now);
  /// Makes `offset` the first one (at most the high watermark; never goes back); `done` when a restart will not bring
  /// older ones back.
  void delete_before(Offset offset, GroupSync::Done done);

  void set_options(const LogOptions& options) { options_ = options; }
  /// Called after a failed sync has taken batches back, before their writers hear of it: state derived from appends
  /// must be made anew.
  void set_on_taken_back(std::function<void()> callback) { on_taken_back_ = std::move(callback); }
  /// Syncs everything whatever the policy, then calls `done`.
  void flush(GroupSync::Done done) { sync_.flush(std::move(done)); }
  /// As flush(), and writes the index before `done`.
  void close(GroupSync::Done done);

  Offset start_offset() const { return start_offset_; }
  Offset high_watermark() const { return sync_.settled(); }
  Offset end_offset() const { return sync_.written(); }
  std::uint64_t size_bytes() const;
  std::int64_t max_timestamp() const;
  const Recovery& recovery() const { return recovery_; }
  /// Why the log takes no appends any more, if so.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Opened;
  PartitionLog(std::string directory, const LogOptions& options, runtime::Disk& disk, runtime::Loop& loop,
               runtime::Pool& pool, Opened opened);

  Segment* active() const { return segments_.empty() ? nullptr : segments_.back().get(); }
  Result<Segment*> segment_for(std::size_t batch_bytes);
  Result<Segment*> roll();
  void take_back(Offset durable, const Error& error);
  Result<void> cut_to(Offset offset);
  void save_index(const Segment& segment);
  bool first_expired(std::int64_t now) const;
  void drop_first();
  void save_start();
  std::string start_path() const { return directory_ + "/log-start"; }

  std::string directory_;
  LogOptions options_;
  runtime::Disk& disk_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::deque<std::unique_ptr<Segment>> segments_;
  Offset start_offset_;
  Recovery recovery_;
  std::optional<Error> failure_;
  std::function<void()> on_taken_back_;
  std::vector<GroupSync::Done> start_waiters_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what comes back from the pool asks it
  std::int64_t active_since_;                                   // ms: when the active segment got its first batch
  std::uint64_t index_saved_at_ = 0;  // bytes of the active segment that its index file vouches for, or soon will
  bool name_unsynced_ = false;        // a segment's name may not be on disk yet
  GroupSync sync_;
};

}  // namespace streamops::log
