// log/journal.h — an append-only file of small records for state that must survive a crash: committed offsets, topic
// metadata, spools.
//
//   | "SOJ1" | record | record | ... | torn tail (cut on open) |
//   record:  | u32 length of payload | u32 crc32c of the rest | u64 durable | payload |        big-endian; the crc
//   covers length too
//
// `durable` is the size of the file that was known to be on disk when the record was written. It tells damage from a
// crash: a broken record below the `durable` of a later whole one had been on disk; any other broken record is a write
// that never finished, and is cut.
//
// Use: the owner keeps its state in memory, appends each change, and answers when the change is durable. On open every
// record is replayed in order. When the file has grown far beyond the state, rewrite() replaces it by records that say
// the same in fewer words.
//
// Invariants: a record is replayed whole or not at all; records never change order; after a crash everything that was
// reported durable is there. Threads: one loop; syncs run in the pool.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "log/group_sync.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::log {

struct JournalOptions {
  SyncOptions sync;
  std::uint32_t max_record_bytes = 64 * 1024 * 1024;  // a longer length on disk is damage
};

class Journal {
 public:
  /// Orders the records of one opened journal; only grows.
  using Sequence = std::int64_t;

  /// Opens or creates the file, calls `replay` for every whole record and cuts a torn tail; what was replayed is synced
  /// before this returns. `replay`'s error stops the opening. Blocks. Errors: SO-L001 (not a journal), SO-L002 (a
  /// damaged record with whole ones after it), disk's.
  static Result<std::unique_ptr<Journal>> open(const std::string& path, const JournalOptions& options,
                                               runtime::Disk& disk, runtime::Loop& loop, runtime::Pool& pool,
                                               const std::function<Result<void>(BytesView record)>& replay);
  ~Journal();

  /// Appends one record. On an error (SO-D001: no room) nothing of it stays. Errors: SO-L003 (longer than
  /// max_record_bytes), disk's.
  Result<Sequence> append(BytesView record);
  /// Calls `done` when the record and all before it count as done under the policy, perhaps before this returns. After
  /// a failed sync `done` gets the error, and the records are gone from the file: the owner takes the change back.
  void when_durable(Sequence sequence, GroupSync::Done done);
  /// append() and when_durable() in one call.
  void append(BytesView record, GroupSync::Done done);

  /// Replaces the file's content by `records` (the owner's whole state now); records appended later come after them.
  /// Until the new file is durable the old one stays in place, so a crash at any time finds one of the two, whole.
  Result<void> rewrite(const std::function<void(const std::function<void(BytesView record)>& emit)>& records);
  /// True when the file holds more than twice what the last rewrite wrote, and at least `floor` bytes: time to rewrite.
  bool worth_rewriting(std::uint64_t floor = 1 << 20) const;

  /// Syncs whatever the policy; then `done`.
  void flush(GroupSync::Done done);
  std::uint64_t size_bytes() const;
  /// Bytes of torn tail that open() cut.
  std::uint64_t cut_bytes() const;

 private:
  class Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace streamops::log
