// workflow/impl/journal.h — the loop's side of the state store: collects writes, commits them in groups in the pool,
// and says when they are on disk.
//
//   write, write, after(f), write, after(g)  ->  one transaction  ->  f, g
//
// While a group is being committed the next one collects. A commit that fails (a full disk) is tried again every second
// with what came since; until then nothing that depends on it is told or started. Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "runtime/loop.h"
#include "runtime/pool.h"
#include "workflow/impl/state_store.h"

namespace streamops::workflow {

class Journal {
 public:
  Journal(runtime::Loop& loop, runtime::Pool& pool, std::shared_ptr<StateStore> store);

  void write(Write write);
  /// Like write(), but may wait a quarter of a second for company: log lines.
  void write_lazily(Write write);
  /// Runs `callback` when everything written before is on disk.
  void after(runtime::Callback callback);
  /// Runs `read` on the store in the pool, after all that was written before, and gives its result to `then` on the
  /// loop.
  template <typename Read, typename Then>
  void read(Read read, Then then) {
    submit();
    pool_.run_then(
        loop_, [store = store_, read = std::move(read)] { return read(*store); },
        [alive = std::weak_ptr<int>(alive_), then = std::move(then)](auto&& result) mutable {
          if (!alive.expired()) then(std::forward<decltype(result)>(result));
        });
  }
  /// What the last commit failed with, until one succeeds.
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  struct Group {
    std::vector<Write> writes;
    std::vector<runtime::Callback> callbacks;
  };
  void schedule();
  void submit();
  void committed(Group& group, const Result<void>& result);
  void retry();
  static void append(Group& to, Group&& from);

  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::shared_ptr<StateStore> store_;
  Group next_;
  Group failed_;       // what did not get to disk, in order
  int in_flight_ = 0;  // groups in the pool
  bool holding_ = false;
  std::optional<Error> trouble_;
  bool scheduled_ = false;
  runtime::TimerPtr lazy_timer_;
  runtime::TimerPtr retry_timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace streamops::workflow
