#include "storage/sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "errors/sqlite.h"

namespace streamops::storage {

namespace {

constexpr int busy_timeout_ms = 5000;
constexpr const char* pragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-512;"
    "PRAGMA journal_size_limit=4194304;";

const ErrorInfo& kind_of(int status) {
  switch (status & 0xff) {
    case SQLITE_FULL:
      return errors::sqlite::sqlite_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return errors::sqlite::sqlite_damaged;
    default:
      return errors::sqlite::sqlite_failed;
  }
}

std::string name_of(sqlite3* raw) {
  const char* name = sqlite3_db_filename(raw, "main");
  return name == nullptr || *name == '\0' ? "the database in memory" : name;
}

Error error_of(sqlite3* raw, std::string_view doing) {
  return Error(kind_of(sqlite3_extended_errcode(raw)), "{} {}: {}", doing, name_of(raw), sqlite3_errmsg(raw));
}

}  // namespace

// --- Statement
// ---------------------------------------------------------------------------------------------------------

Statement::Statement(Statement&& other) noexcept
    : raw_(std::exchange(other.raw_, nullptr)), bind_status_(other.bind_status_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(raw_, other.raw_);
  std::swap(bind_status_, other.bind_status_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(raw_);
}

Statement& Statement::bind(int position, std::int64_t value) {
  bind_status_ |= sqlite3_bind_int64(raw_, position, value);
  return *this;
}

Statement& Statement::bind(int position, double value) {
  bind_status_ |= sqlite3_bind_double(raw_, position, value);
  return *this;
}

Statement& Statement::bind(int position, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  bind_status_ |= sqlite3_bind_text64(raw_, position, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int position, BytesView value) {
  const void* data = value.data() == nullptr ? static_cast<const void*>("") : value.data();
  bind_status_ |= sqlite3_bind_blob64(raw_, position, data, value.size(), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_null(int position) {
  bind_status_ |= sqlite3_bind_null(raw_, position);
  return *this;
}

Result<bool> Statement::step() {
  if (bind_status_ != SQLITE_OK) {
    return Error(errors::sqlite::sqlite_failed, "binding a value to: {}", sqlite3_sql(raw_));
  }
  const int status = sqlite3_step(raw_);
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  Error error = error_of(sqlite3_db_handle(raw_), "using");
  sqlite3_reset(raw_);
  return error;
}

Result<void> Statement::run() {
  for (;;) {
    Result<bool> row = step();
    if (row && *row) continue;
    reset();
    if (!row) return row.error();
    return Ok();
  }
}

void Statement::reset() {
  sqlite3_reset(raw_);
  sqlite3_clear_bindings(raw_);
  bind_status_ = 0;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(raw_, column);
}
double Statement::real(int column) const {
  return sqlite3_column_double(raw_, column);
}
bool Statement::is_null(int column) const {
  return sqlite3_column_type(raw_, column) == SQLITE_NULL;
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(raw_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
}

BytesView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(raw_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(raw_, column))};
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

// --- Database
// ----------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int status = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  if (raw == nullptr) return Error(errors::sqlite::sqlite_failed, "opening {}: no memory", path);
  std::unique_ptr<Database> database(new Database(raw));
  if (status != SQLITE_OK) return Error(kind_of(status), "opening {}: {}", path, sqlite3_errmsg(raw));
  sqlite3_busy_timeout(raw, busy_timeout_ms);
  sqlite3_extended_result_codes(raw, 1);
  STREAMOPS_RETURN_IF_ERROR(database->execute(pragmas));
  return database;
}

Database::~Database() {
  sqlite3_close_v2(raw_);
}

Error Database::last_error(std::string_view doing) const {
  return error_of(raw_, doing);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v3(raw_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
      SQLITE_OK) {
    return last_error("preparing a statement for");
  }
  return Statement(raw);
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(raw_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return last_error("using");
  return Ok();
}

Result<void> Database::migrate(std::span<const std::string_view> migrations) {
  std::size_t version = 0;
  {
    STREAMOPS_ASSIGN(Statement read, prepare("PRAGMA user_version"));
    STREAMOPS_RETURN_IF_ERROR(read.step());
    version = static_cast<std::size_t>(read.integer(0));
  }
  if (version > migrations.size()) {
    return Error(errors::sqlite::sqlite_newer, "{} has layout {}, this program knows layouts up to {}", name_of(raw_),
                 version, migrations.size());
  }
  for (; version < migrations.size(); ++version) {
    STREAMOPS_ASSIGN(Transaction transaction, Transaction::begin(*this));
    STREAMOPS_RETURN_IF_ERROR(execute(std::string(migrations[version])));
    STREAMOPS_RETURN_IF_ERROR(execute(fmt::format("PRAGMA user_version={}", version + 1)));
    STREAMOPS_RETURN_IF_ERROR(transaction.commit());
  }
  return Ok();
}

std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(raw_);
}
std::int64_t Database::changes() const {
  return sqlite3_changes64(raw_);
}

// --- Transaction
// -------------------------------------------------------------------------------------------------------

Result<Transaction> Transaction::begin(Database& database) {
  STREAMOPS_RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

Result<void> Transaction::commit() {
  STREAMOPS_RETURN_IF_ERROR(database_->execute("COMMIT"));
  database_ = nullptr;
  return Ok();
}

}  // namespace streamops::storage
