// cql/store/engine.h — what plans run on: the schema in force, the row store, commits, time.
//
// Threads: one loop. Reads in the pool use rocks() and values that they hold; everything else stays on the loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "cql/store/plan.h"
#include "cql/store/rows/rules.h"
#include "cql/store/schema/schema.h"
#include "runtime/loop.h"
#include "runtime/pool.h"
#include "storage/rocks/group_commit.h"
#include "storage/rocks/rocks.h"

namespace streamops::cql::store {

class SystemTables;

class Engine {
 public:
  struct Parts {
    storage::Rocks& rocks;
    storage::GroupCommit& commits;
    runtime::Loop& loop;
    runtime::Pool& readers;
    std::shared_ptr<GraceTable> grace;
  };
  /// Reads the schema from the store. Errors: SO-C007, SO-D001, SO-D002, SO-D101.
  static Result<std::unique_ptr<Engine>> open(Parts parts, std::unique_ptr<SystemTables> system);
  ~Engine();

  const SchemaPtr& schema() const { return schema_; }
  storage::Rocks& rocks() const { return parts_.rocks; }
  storage::GroupCommit& commits() const { return parts_.commits; }
  runtime::Loop& loop() const { return parts_.loop; }
  /// Runs `work` in the readers' pool and `then(result)` on the loop; the store is not closed before that.
  template <typename Work, typename Then>
  void read_in_pool(Work work, Then then) {
    ++reads_;
    parts_.readers.run_then(parts_.loop, std::move(work), [this, then = std::move(then)](auto&& result) {
      --reads_;
      then(std::forward<decltype(result)>(result));
    });
  }
  std::size_t reads_in_flight() const { return reads_; }
  /// Set when the store is about to close: long scans stop when they see it.
  std::shared_ptr<std::atomic<bool>> closing() const { return closing_; }
  SystemTables& system() const { return *system_; }
  const Uuid& host_id() const { return host_id_; }

  /// Microseconds since the epoch; each call gives a later one.
  std::int64_t next_timestamp();
  std::uint32_t now_seconds() const;

  /// Runs `work` alone among all exclusive work, after everything committed so far; it calls `release` when it is done.
  void exclusively(std::function<void(std::function<void()> release)> work);

  /// Changes a copy of the schema; what it returns is announced (nothing: nothing changed).
  using Edit = std::function<Result<std::optional<SchemaChange>>(Schema& draft)>;
  /// Applies `edit`, makes the result durable and tells everybody. Runs exclusively.
  void change_schema(Edit edit, AnswerDone done);
  /// A table id that was never used. Within an Edit.
  TableId new_table_id() { return next_table_++; }
  /// Empties a table.
  void truncate(TablePtr table, AnswerDone done);

  /// Called after each change of the schema, before its statement is answered.
  std::function<void(const SchemaChange&)> on_schema_change;

 private:
  Engine(Parts parts, std::unique_ptr<SystemTables> system);
  Result<void> load();
  void next_exclusive();
  void adopt(Schema draft);
  storage::WriteBatch journal_of(const Schema& draft) const;

  Parts parts_;
  std::unique_ptr<SystemTables> system_;
  SchemaPtr schema_;
  TableId next_table_ = 1;
  Uuid host_id_;
  std::int64_t last_timestamp_ = 0;
  std::deque<std::function<void(std::function<void()>)>> exclusive_;
  bool exclusive_running_ = false;
  std::size_t reads_ = 0;
  std::shared_ptr<std::atomic<bool>> closing_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace streamops::cql::store
