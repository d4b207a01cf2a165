// cql/store/plan.h — a statement made ready for running: names resolved, types known, markers described.
//
//   text ─parse─► Statement ─compile(schema)─► Plan ─execute(engine, bound values)─► Answer
//
// A Plan holds the schema's values that it was compiled against; a prepared one is dropped when those change.
// Threads: immutable after compiling; execute() is called on the store's loop and calls back there.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cql/grammar/statement.h"
#include "cql/protocol/responses.h"
#include "cql/store/schema/schema.h"

namespace streamops::cql::store {

class Engine;

/// What comes with one execution. Views are valid during execute() only.
struct ExecuteRequest {
  std::span<const Value> values;  // one a marker, in their order
  std::string_view keyspace;      // the session's
  std::optional<std::int32_t> page_size;
  std::optional<BytesView> paging_state;
  std::optional<std::int64_t> timestamp;
  std::optional<std::int32_t> now_in_seconds;
};

using ColumnSpecs = std::shared_ptr<const std::vector<ColumnSpec>>;

struct RowsAnswer {
  ColumnSpecs columns;
  std::int32_t count = 0;
  Bytes cells;
  std::optional<Bytes> paging_state;
};
struct UseAnswer {
  std::string keyspace;
};
struct Answer {
  std::variant<VoidResult, RowsAnswer, UseAnswer, SchemaChange> body;
  std::vector<std::string> warnings;
};
using AnswerDone = std::function<void(Result<Answer>)>;

class Plan {
 public:
  virtual ~Plan() = default;
  virtual void execute(Engine& engine, const ExecuteRequest& request, AnswerDone done) const = 0;

  /// One a marker.
  std::vector<ColumnSpec> variables;
  /// Which variables are the partition key, in its order; empty when it is not bound by markers alone.
  std::vector<std::uint16_t> partition_key;
  /// The columns of the answer; null for statements without rows.
  ColumnSpecs result_columns;
  /// The table that it stands on, if one.
  TablePtr table;
};
using PlanPtr = std::shared_ptr<const Plan>;

/// What compiling may look at.
struct CompileContext {
  const Schema& schema;
  std::string_view keyspace;                // the session's
  const std::vector<std::string>& markers;  // names, as ParsedStatement has them
};

/// Errors: SO-C001, SO-C002, SO-C004, SO-C005, SO-C112, SO-C113, SO-C120.
Result<PlanPtr> compile(const ParsedStatement& parsed, const Schema& schema, std::string_view session_keyspace);

}  // namespace streamops::cql::store
