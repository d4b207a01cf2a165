// runtime/pool.h — named threads for work that blocks: fdatasync, RocksDB, SQLite, argon2, DNS.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/loop.h"

namespace streamops::runtime {

class Pool {
 public:
  virtual ~Pool() = default;
  /// Runs `work` on one of the pool's threads; from any thread. Work of a pool with one thread runs in the order of the
  /// calls.
  virtual void run(Callback work) = 0;

  /// Runs `work` in the pool and then `then(result)` on `loop`.
  template <typename Work, typename Then>
  void run_then(Loop& loop, Work work, Then then) {
    run([&loop, work = std::move(work), then = std::move(then)]() mutable {
      auto result = work();
      loop.post([result = std::move(result), then = std::move(then)]() mutable { then(std::move(result)); });
    });
  }
};

/// `threads` threads called "<name>-0", ...; the destructor runs what is queued, then joins.
std::unique_ptr<Pool> make_pool(const std::string& name, int threads);
/// Runs everything at once, on the caller's thread: for virtual time.
std::unique_ptr<Pool> make_inline_pool();

}  // namespace streamops::runtime
