// storage/rocks/group_commit.h — commits of many writers that share one disk sync.
//
//   loop:  commit commit commit │ commit commit   │ commit ...        callbacks of a group, in order
//              └──── group 1 ───┘└──── group 2 ───┘                        ▲
//   pool:            [ write + fsync 1 ][ write + fsync 2 ] ───────────────┘
//
// While one group is being written the next one collects. A lone commit goes to the disk at once; when groups come
// large, the next one starts no sooner than `window` after the last, so that more commits share it. One group is in
// flight at a time: commits are applied in the order of the calls. Threads: lives on one loop; the writing happens in
// the pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runtime/loop.h"
#include "runtime/pool.h"
#include "storage/rocks/rocks.h"

namespace streamops::storage {

/// When a write counts as done.
enum class SyncMode : std::uint8_t {
  group,     // on disk; commits share syncs
  always,    // on disk; every commit has a sync of its own
  interval,  // in the log; synced every `interval`: a machine's crash may lose that much
  never      // in the log; the operating system decides when it reaches the disk
};
/// "group", "always", "interval", "never"; anything else is group.
SyncMode parse_sync_mode(std::string_view text);

struct GroupCommitOptions {
  SyncMode mode = SyncMode::group;
  Microseconds window = Milliseconds{2};
  Microseconds interval = Seconds{1};
  std::size_t large_group = 64;  // commits in a group from which on the window is used
  std::size_t max_group_bytes = 4 * 1024 * 1024;
};

class GroupCommit {
 public:
  using Done = std::function<void(const Result<void>&)>;
  virtual ~GroupCommit() = default;

  /// Queues `batch`; `done` is called on the loop when it is as durable as the mode says, or has failed (SO-D001,
  /// SO-D002, SO-D101). A failed group fails for all of its commits; nothing of it is applied.
  virtual void commit(WriteBatch batch, Done done) = 0;
  /// Calls back once everything committed so far is finished (applied or failed).
  virtual void when_settled(std::function<void()> then) = 0;
  /// Bytes queued and not yet written: callers stop taking requests when this is large.
  virtual std::size_t pending_bytes() const = 0;
  /// Disk syncs so far.
  virtual std::uint64_t syncs() const = 0;
};

std::unique_ptr<GroupCommit> make_group_commit(Rocks& rocks, runtime::Loop& loop, runtime::Pool& writer,
                                               GroupCommitOptions options);

}  // namespace streamops::storage
