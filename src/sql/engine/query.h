// sql/engine/query.h — one query, compiled once and run over batches.
//
//   source batch -> LATERAL VIEW (rows multiply) -> WHERE (rows fall out) -> select list -> result batch
//
// A query that groups, removes duplicates, or joins streams, remembers: it is not run() but open_state()d, and its rows
// come out at the end of an epoch (query_state.h). Beside its source a query may read further streams and tables, the
// inputs 1, 2 …; the source is input 0. A row that an ANSI error strikes (overflow, division by zero, a bad cast, ...)
// fails alone: its source row contributes nothing to the result and stands in `failures`; the other rows go on.
// Threads: a Query is immutable; run() may be called from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "data/batch.h"
#include "format/record_reader.h"

namespace streamops::sql {

/// What a grouping query gives at the end of an epoch. Without grouping the modes are one: every row, once.
enum class OutputMode : std::uint8_t {
  append,   // groups that the watermark closed, once and for ever
  update,   // groups that this epoch changed, as they are now
  complete  // all groups, when the epoch had rows
};

/// Event time of the source: how long the engine waits for rows out of order.
struct Watermark {
  /// A TIMESTAMP column of the source.
  std::string column;
  /// Microseconds, not negative; whole milliseconds count.
  std::int64_t delay_us = 0;
};

/// A further stream or table that FROM and JOIN may name.
struct FurtherInput {
  std::string name;
  data::SchemaPtr schema;
  /// A table: rows are looked up in it as it is now. Otherwise a stream, whose rows come in batches.
  bool is_table = false;
  std::optional<Watermark> watermark = {};  // of a stream
  std::optional<data::Batch> rows = {};     // of a table that never changes: all of it, every column
};

struct CompileOptions {
  /// Where the SQL text begins: file, line and column of its first character. A line 0 counts as line 1, column 1.
  Place at;
  std::optional<Watermark> watermark = {};
  OutputMode mode = OutputMode::update;
  std::vector<FurtherInput> inputs = {};  // number i of the query is inputs[i - 1]
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
  /// Further rows that were left out because of first_conditions().
  std::size_t left_out = 0;
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

class QueryState;

class Query : public std::enable_shared_from_this<Query> {
 public:
  /// Parses, resolves names against `source`, checks types as Spark 4.0 with ANSI on does, and plans the kernels.
  /// A table that is none of `options.inputs` is the source, under any one name. Errors: SO-S0xx, each with its place
  /// in the SQL text as `options.at` offsets it.
  static Result<std::shared_ptr<const Query>> compile(std::string_view sql, const data::SchemaPtr& source,
                                                      const CompileOptions& options);
  ~Query();

  /// Conditions on STRING columns of the source that are looked at before anything else: a row that does not fulfil
  /// them all changes nothing, so that whoever reads rows may leave it out.
  std::vector<format::TextCondition> first_conditions() const;

  const data::SchemaPtr& output() const;
  /// One entry a source column: whether the query reads it. A column that it does not read may be a null pointer in
  /// run().
  const std::vector<bool>& needed(std::size_t input = 0) const;
  /// The table that FROM names ("source").
  const std::string& source_name() const;
  /// True when FROM or JOIN names the input.
  bool reads(std::size_t input) const;

  /// True when rows are remembered between batches, of streams or of tables that change: the query is then used through
  /// open_state(), never run().
  bool keeps_state() const;
  /// True when rows come out at the end of an epoch; of a query that keeps no more than tables they come out at once.
  bool collects() const;
  /// An empty memory for this query, which it keeps alive.
  std::unique_ptr<QueryState> open_state() const;

  /// `source` is of the stream `input`, with the schema given to compile(). Only for a query that keeps no state.
  QueryResult run(const data::Batch& source, const EvaluationContext& context, std::size_t input = 0) const;

 private:
  friend class QueryState;
  struct Plan;
  explicit Query(std::unique_ptr<const Plan> plan);
  std::unique_ptr<const Plan> plan_;
};

}  // namespace streamops::sql
