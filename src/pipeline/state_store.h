// pipeline/state_store.h — where the memory of a stream's query outlives the process.
//
//   epoch N ends -> commit {N, what changed} -> atomic with its number; load() gives all of it back
//
// One epoch can be taken back: when a Kafka transaction of epoch N was not committed, the state is that of N - 1 again.
// Invariants: the state is always that of one whole epoch; commit() is done when it is on disk. Threads: as the
// checkpoint's: calls and callbacks on the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::pipeline {

/// What one epoch has changed; a key without a value is gone.
struct StateCommit {
  std::uint64_t epoch = 0;
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
};

struct StoredState {
  std::uint64_t epoch = 0;  // 0: nothing was ever stored
  std::vector<std::pair<std::string, std::string>> entries;
};

class StateStore {
 public:
  virtual ~StateStore() = default;
  /// The state as it stands, or as it stood before its last epoch where that is later than `newest`; what came later
  /// is forgotten. Errors: SO-P067 (only later states are there, or of a newer version), the store's.
  virtual void load(std::uint64_t newest, std::function<void(Result<StoredState>)> done) = 0;
  /// Stores durably; one call at a time. Errors: the store's; nothing was stored then.
  virtual void commit(StateCommit commit, std::function<void(Result<void>)> done) = 0;
};

/// On disk, in the folder `path`. Everything given must outlive the store.
std::unique_ptr<StateStore> make_disk_state(std::string path, runtime::Disk& disk, runtime::Loop& loop,
                                            runtime::Pool& pool);

}  // namespace streamops::pipeline
