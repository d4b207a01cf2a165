// storage/sqlite/database.h — SQLite behind Result: a connection, prepared statements, transactions and schema
// migrations.
//
// Every database is opened in WAL mode with full sync: a committed transaction survives kill -9 and loss of power.
// Threads: a Database and its statements are used by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace streamops::storage {

/// A prepared statement. Bind, then step row by row or run; reset() makes it ready for the next use and forgets what
/// was bound.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Positions count from 1. A copy of the text is kept.
  Statement& bind(int position, std::int64_t value);
  Statement& bind(int position, int value) { return bind(position, static_cast<std::int64_t>(value)); }
  Statement& bind(int position, double value);
  Statement& bind(int position, std::string_view value);
  Statement& bind(int position, const char* value) { return bind(position, std::string_view(value)); }
  Statement& bind_blob(int position, BytesView value);
  Statement& bind_null(int position);
  Statement& bind(int position, std::optional<std::int64_t> value) {
    return value ? bind(position, *value) : bind_null(position);
  }

  /// True when a row is there to read, false at the end. Errors: SO-D201, SO-D202, SO-D203, and from a failed bind().
  Result<bool> step();
  /// Runs to the end and resets. Errors: as step().
  Result<void> run();
  void reset();

  /// Columns of the current row count from 0. Text and blobs are valid until the next step() or reset().
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  BytesView blob(int column) const;
  bool is_null(int column) const;
  std::optional<std::int64_t> optional_integer(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* raw) : raw_(raw) {}

  sqlite3_stmt* raw_ = nullptr;
  int bind_status_ = 0;
};

class Database {
 public:
  /// Opens or creates the file (":memory:" keeps all in memory). Errors: SO-D201 (cannot be opened, read or written),
  /// SO-D202 (not a database, or damaged), SO-D203 (no room).
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<Statement> prepare(std::string_view sql);
  /// Runs one or more statements that need no parameters and give no rows.
  Result<void> execute(const std::string& sql);

  /// Brings the schema to version migrations.size(): runs those above PRAGMA user_version, each in a transaction of its
  /// own. Errors: SO-D204 (the file is of a newer version), and as step().
  Result<void> migrate(std::span<const std::string_view> migrations);

  std::int64_t last_insert_id() const;
  /// Rows changed by the last statement.
  std::int64_t changes() const;

 private:
  explicit Database(sqlite3* raw) : raw_(raw) {}
  Error last_error(std::string_view doing) const;

  sqlite3* raw_;
};

/// BEGIN IMMEDIATE ... COMMIT; rolls back when destroyed without commit().
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(other.database_) { other.database_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace streamops::storage
