// sql/engine/query_state.h — what a query remembers between batches, and how its epochs end.
//
//   take(batch) … take(batch) -> end_epoch() -> rows out, closed groups gone, watermark moved -> take_changes()
//   (checkpoint)
//
// An epoch is what Spark does in a micro-batch and in the batch without rows that follows when the watermark moved:
// lateness is judged by the watermark at the epoch's start, groups close by the one at its end.
//
// Order of the rows that come out: update: as the epoch first touched the groups; append: by the end of the window,
// then by the bytes of the key; complete: by the bytes of the key. So the same state, rows and context give the same
// bytes, whatever was restored in which order. Threads: one owner, one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/engine/query.h"

namespace streamops::sql {

/// What became of the rows of one batch that do not count.
struct Taken {
  /// Rows that an ANSI error struck, by source row, at most one a row; they changed nothing.
  std::vector<RowError> failures;
  /// Source rows that came too late, in order: every group that they belong to was closed when the epoch began.
  std::vector<std::int32_t> late;
};

/// What an epoch gives.
struct Emitted {
  /// `origin` is empty: a result row stems from many.
  data::Batch batch;
  /// Result rows that an ANSI error struck behind the aggregates (`sum(a) / count(b)`, HAVING): no single source row is
  /// to blame; the group stays.
  std::vector<Error> failures;
};

/// A table's row under a key, in place of the one before.
struct TableChange {
  static constexpr std::int32_t removed = -1;

  std::string_view key;  // any bytes that tell rows apart
  std::int32_t row = removed;
};

class QueryState {
 public:
  class Impl;
  explicit QueryState(std::unique_ptr<Impl> impl);
  ~QueryState();
  QueryState(const QueryState&) = delete;
  QueryState& operator=(const QueryState&) = delete;

  /// Takes rows of the stream `input` in, for a query that collects. `source` has the schema given to compile();
  /// columns that the query does not need may be null.
  Taken take(const data::Batch& source, const EvaluationContext& context, std::size_t input = 0);
  /// The rows of a query that does not collect, over its tables as they are now.
  QueryResult run(const data::Batch& source, const EvaluationContext& context, std::size_t input = 0);
  /// Changes the table `input`, in the order of `changes`, which point into `rows`. Rows that an ANSI error strikes (in
  /// a subquery over the table) are told and leave nothing under their keys.
  std::vector<RowError> change(std::size_t input, std::span<const TableChange> changes, const data::Batch& rows,
                               const EvaluationContext& context);
  /// Ends the epoch, also one without rows. Moves the watermark to the greatest event time seen minus the delay, in
  /// whole milliseconds, never back.
  Emitted end_epoch(const EvaluationContext& context);

  /// Microseconds since 1970; 0 until an event time passed it, as in Spark.
  std::int64_t watermark_us() const;
  /// Memory held, allocated but unused room included.
  std::size_t bytes() const;
  /// Groups, sessions, and rows of joins and tables remembered.
  std::size_t keys() const;

  /// Hands over every entry changed since the last call; no value: removed. Key and value are opaque; the watermark is
  /// an entry like any other. To be called between epochs (after end_epoch(), before the next take()).
  using TakeEntry = std::function<void(std::string_view key, std::optional<std::string_view> value)>;
  void take_changes(const TakeEntry& entry);
  /// Puts one stored entry back; all of them, in any order, before the first take().
  /// Errors: SO-S030 (damaged), SO-S031 (of another query or a newer version).
  Result<void> restore(std::string_view key, std::string_view value);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace streamops::sql
