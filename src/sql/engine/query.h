// sql/engine/query.h — one SELECT, compiled once and run over batches.
//
//   source batch -> LATERAL VIEW (rows multiply) -> WHERE (rows fall out) -> select list -> result batch
//
// A row that an ANSI error strikes (overflow, division by zero, a bad cast, ...) fails alone: its source row
// contributes nothing to the result and stands in `failures`; the other rows go on. Threads: a Query is immutable;
// run() may be called from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "data/batch.h"

namespace streamops::sql {

struct CompileOptions {
  /// Where the SQL text begins: file, line and column of its first character. A line 0 counts as line 1, column 1.
  Place at;
};

/// What makes an evaluation repeatable: the same context and the same rows give the same result, uuid() and rand()
/// included.
struct EvaluationContext {
  /// The epoch's instant, microseconds since 1970: current_timestamp().
  std::int64_t epoch_us = 0;
  /// Hash of the stream's name; tells apart two streams that read one topic.
  std::uint64_t stream_hash = 0;
  Uuid topic_id;
  /// Partition and offset of each source row. Empty: partition 0, offset = index of the row.
  std::span<const std::int32_t> partitions;
  std::span<const std::int64_t> offsets;
};

struct RowError {
  std::int32_t source_row;
  Error error;
};

struct QueryResult {
  /// `origin` is filled: the source row of each result row, never falling.
  data::Batch batch;
  /// Ordered by source row, at most one a row.
  std::vector<RowError> failures;
};

class Query {
 public:
  /// Parses, resolves names against `source`, checks types as Spark 4.0 with ANSI on does, and plans the kernels.
  /// The table in FROM may have any name. Errors: SO-S0xx, each with its place in the SQL text as `options.at` offsets
  /// it.
  static Result<std::shared_ptr<const Query>> compile(std::string_view sql, const data::SchemaPtr& source,
                                                      const CompileOptions& options);
  ~Query();

  const data::SchemaPtr& output() const;
  /// One entry a source column: whether the query reads it. A column that it does not read may be a null pointer in
  /// run().
  const std::vector<bool>& needed() const;
  /// The table that FROM names ("source").
  const std::string& source_name() const;

  /// `source` has the schema given to compile().
  QueryResult run(const data::Batch& source, const EvaluationContext& context) const;

 private:
  struct Plan;
  explicit Query(std::unique_ptr<const Plan> plan);
  std::unique_ptr<const Plan> plan_;
};

}  // namespace streamops::sql
