// data/transaction.h — the door for a sink whose rows, dead letters and positions become visible together, or never.
//
//   open -> [ write rows and letters -> commit(positions) ]*  -> close
//            \ failed, can_start_over(): open again, write again
//
// Invariants: what is written after open() or a commit belongs to one transaction, which the next commit() ends; a
// reader of committed records sees all of it or nothing. Whoever opens shuts out all who opened under this name before.
// Threads: as data/ports.h.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "data/ports.h"

namespace streamops::data {

class TransactionalSink {
 public:
  virtual ~TransactionalSink() = default;

  /// Shuts out earlier owners, drops what they or this one left open, creates what is missing, checks that `schema`
  /// fits; `done` comes once, with the positions that were committed last under this name. May be called again when
  /// can_start_over(): rows(), dead_letters() and late() are new ones then, and callbacks of the old ones never come.
  virtual void open(const SchemaPtr& schema, std::function<void(Result<std::vector<Position>>)> done) = 0;
  /// Once open. A row counts as written when the broker has it; it is visible with the commit.
  virtual Sink& rows() = 0;
  virtual DeadLetterSink& dead_letters() = 0;
  /// For rows behind the watermark; null when the sink was made without.
  virtual Sink* late() = 0;
  /// Once all writes are done: makes them visible, together with the source's positions. What passes is retried inside.
  virtual void commit(std::vector<Position> positions, std::function<void(Result<void>)> done) = 0;
  /// After an error of open(), a write or commit(): true when the same work may succeed in a new transaction.
  virtual bool can_start_over() const = 0;
  virtual std::optional<Error> trouble() const = 0;
  /// Drops what is not committed.
  virtual void close(std::function<void()> done) = 0;
};

}  // namespace streamops::data
