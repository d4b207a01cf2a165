// connect/cassandra/table_opener.h — what happens once before the first row: create, read the schema, plan, prepare.
//
// Errors that pass are retried here without end (jittered back-off) and shown by trouble().
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "connect/cassandra/sink.h"
#include "connect/cassandra/table.h"

namespace streamops::connect {

struct OpenTable {
  WritePlan plan;
  cql::PreparedStatementPtr insert;
  cql::PreparedStatementPtr erase;
};

class TableOpener {
 public:
  /// All three must outlive the opener.
  TableOpener(const CassandraSinkOptions& options, cql::Client& client, runtime::Loop& loop)
      : options_(options), client_(client), loop_(loop) {}
  TableOpener(const TableOpener&) = delete;
  TableOpener& operator=(const TableOpener&) = delete;
  ~TableOpener() { *alive_ = false; }

  /// Calls `done` once. Errors: as make_cassandra_sink says of open().
  void open(data::SchemaPtr schema, std::function<void(Result<OpenTable>)> done);
  std::optional<Error> trouble() const { return trouble_; }

 private:
  using Then = std::function<void(const cql::Answer&)>;

  void create(std::size_t index);
  void read_schema();
  void plan(const cql::Answer& columns, const cql::Answer& types);
  void prepare(const std::string& text, std::function<void(cql::PreparedStatementPtr)> then);
  /// Runs a statement until it succeeds or fails for good.
  void run(const std::string& text, std::string context, Then then);
  /// Whether the error passes; then `repeat` runs after a pause. Otherwise open() fails.
  void failed(const Error& error, const std::string& context, std::function<void()> repeat);
  void finish(Result<OpenTable> result);

  const CassandraSinkOptions& options_;
  cql::Client& client_;
  runtime::Loop& loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  data::SchemaPtr schema_;
  std::function<void(Result<OpenTable>)> done_;
  OpenTable table_;
  std::optional<Error> trouble_;
  runtime::TimerPtr pause_;
  Microseconds pause_length_ = Milliseconds{100};
};

}  // namespace streamops::connect
