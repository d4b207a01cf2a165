// pipeline/stream_memory.h — what a stream's query remembers, in step with the epochs on disk.
//
//   load(): store -> QueryState      save(): QueryState's changes -> store, as epoch N
//
// Threads: the stream's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "pipeline/check.h"
#include "pipeline/checkpoint.h"
#include "pipeline/state_store.h"
#include "pipeline/status.h"
#include "sql/engine/query_state.h"

namespace streamops::pipeline {

class StreamMemory {
 public:
  /// `step.query` keeps state.
  StreamMemory(const CheckedStep& step, std::unique_ptr<StateStore> store);

  /// Reads the state of epoch `newest`, or of the one before where that is what is stored. Errors: SO-P067 (neither is
  /// there), SO-S030, SO-S031, the store's.
  void load(std::uint64_t newest, std::function<void(Result<void>)> done);
  /// Once loaded: the epoch that the state is of.
  std::uint64_t epoch() const { return epoch_; }
  sql::QueryState& state() { return *state_; }
  /// Stores what epoch `epoch` has changed; after an error it may be called again.
  void save(std::uint64_t epoch, std::function<void(Result<void>)> done);
  /// Errors: SO-P068.
  Result<void> check_limit() const;
  StateStatus status() const;

 private:
  Result<void> restore(const StoredState& stored, std::uint64_t newest);

  const CheckedStep& step_;
  std::unique_ptr<StateStore> store_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<sql::QueryState> state_;
  std::uint64_t epoch_ = 0;
  std::optional<StateCommit> unsaved_;  // of a save that failed: the query hands changes out once
};

}  // namespace streamops::pipeline
