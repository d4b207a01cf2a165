// log/group_sync.h — group commit: many writes to one log share one fdatasync.
//
//   write 1 ─┐                            ┌─ callbacks of 1..3, on the loop
//   write 2 ─┼─ one sync, in the pool ────┤
//   write 3 ─┘   (writes that come meanwhile share the next one)
//
// The first write of a quiet log starts a sync at the end of the loop's turn; whatever is written while that runs
// shares the next one. So a quiet log answers after one sync, and a busy one makes as many writes durable at once as
// arrive during a sync: no timer is needed.
//
// A mark is any number that only grows: an offset, a record count. Invariants: settled() <= written(); callbacks run in
// the order of marks. Threads: everything on the loop, but the steps, which run in the pool one sync at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::log {

/// When a write counts as done.
enum class SyncPolicy : std::uint8_t {
  group,     // on disk; writes share a sync
  always,    // on disk; each write has a sync of its own
  interval,  // at once; synced every `interval`: a power cut loses up to that much
  never  // at once; the system writes when it likes: a power cut loses what it had not written (kill -9 loses nothing)
};
/// "group", "always", "interval" or "never" (checked: settings know their choices).
SyncPolicy parse_sync_policy(std::string_view text);

struct SyncOptions {
  SyncPolicy policy = SyncPolicy::group;
  Microseconds interval = Seconds{1};
};

class GroupSync {
 public:
  using Mark = std::int64_t;
  using Step = std::function<Result<void>()>;
  using Done = std::function<void(const Result<void>&)>;

  /// `start` is what is known to be durable. `on_failed` runs on the loop when a sync failed, before the callbacks of
  /// the writes that it concerns: the owner must take back everything after `durable`, because the system may have
  /// dropped those pages.
  GroupSync(runtime::Loop& loop, runtime::Pool& pool, SyncOptions options, Mark start,
            std::function<void(Mark durable, const Error& error)> on_failed);
  ~GroupSync();

  /// Tells that `file` now holds everything up to `mark`.
  void written(Mark mark, const std::shared_ptr<runtime::File>& file);
  /// Adds a step to the next sync, after the files written before it (a rename, for example).
  void add_step(Step step);
  /// Calls `done` when everything up to `mark` counts as done, perhaps before this returns. Its error is the sync's.
  void when_settled(Mark mark, Done done);
  /// Syncs what is dirty whatever the policy, then calls `done`.
  void flush(Done done);
  /// The owner has taken back what was written after `mark`, or (only on a quiet log) starts anew at it.
  void reset(Mark mark);

  /// Up to here writes count as done under the policy; readers must see nothing beyond.
  Mark settled() const;
  /// Up to here a sync has succeeded.
  Mark durable() const;
  Mark written() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the sync in flight
};

}  // namespace streamops::log
