#include "storage/sqlite/database.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

using namespace streamops;
using streamops::storage::Database;
using streamops::storage::Statement;
using streamops::storage::Transaction;

namespace {

/// A directory that goes away with the test.
struct Directory {
  Directory() : path(std::filesystem::temp_directory_path() / ("sqlite_test_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string file(const char* name) const { return (path / name).string(); }
  std::filesystem::path path;
};

constexpr std::array<std::string_view, 1> first_layout = {
    "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, raw BLOB)"};
constexpr std::array<std::string_view, 2> second_layout = {first_layout[0], "ALTER TABLE t ADD COLUMN size REAL"};

}  // namespace

TEST_CASE("what is bound is what is read back, nulls and zero bytes too") {
  auto database = Database::open(":memory:");
  REQUIRE(database);
  REQUIRE((*database)->migrate(second_layout));
  auto insert = (*database)->prepare("INSERT INTO t (name, raw, size) VALUES (?, ?, ?)");
  REQUIRE(insert);
  const Bytes raw = {0, 1, 255};
  REQUIRE(insert->bind(1, std::string_view("a\0b", 3)).bind_blob(2, raw).bind(3, 1.5).run());
  REQUIRE(insert->bind(1, "").bind_null(2).run());
  CHECK((*database)->last_insert_id() == 2);

  auto select = (*database)->prepare("SELECT name, raw, size FROM t ORDER BY id");
  REQUIRE(select);
  REQUIRE(*select->step());
  CHECK(select->text(0) == std::string_view("a\0b", 3));
  CHECK(Bytes(select->blob(1).begin(), select->blob(1).end()) == raw);
  CHECK(select->real(2) == 1.5);
  REQUIRE(*select->step());
  CHECK(select->text(0).empty());
  CHECK_FALSE(select->is_null(0));
  CHECK(select->is_null(1));
  CHECK(select->is_null(2));
  CHECK_FALSE(*select->step());
}

TEST_CASE("a transaction that is not committed leaves nothing behind") {
  auto database = Database::open(":memory:");
  REQUIRE(database);
  REQUIRE((*database)->migrate(first_layout));
  {
    auto transaction = Transaction::begin(**database);
    REQUIRE(transaction);
    REQUIRE((*database)->execute("INSERT INTO t (name) VALUES ('lost')"));
  }
  {
    auto transaction = Transaction::begin(**database);
    REQUIRE(transaction);
    REQUIRE((*database)->execute("INSERT INTO t (name) VALUES ('kept')"));
    REQUIRE(transaction->commit());
  }
  auto select = (*database)->prepare("SELECT name FROM t");
  REQUIRE(select);
  REQUIRE(*select->step());
  CHECK(select->text(0) == "kept");
  CHECK_FALSE(*select->step());
}

TEST_CASE("a file of an older layout is brought up, one of a newer layout is refused with SO-D204") {
  const Directory directory;
  {
    auto database = Database::open(directory.file("state.db"));
    REQUIRE(database);
    REQUIRE((*database)->migrate(first_layout));
    REQUIRE((*database)->execute("INSERT INTO t (name) VALUES ('old')"));
  }
  {
    auto database = Database::open(directory.file("state.db"));
    REQUIRE(database);
    REQUIRE((*database)->migrate(second_layout));
    REQUIRE((*database)->migrate(second_layout));  // nothing left to do
    REQUIRE((*database)->execute("UPDATE t SET size = 2 WHERE name = 'old'"));
    CHECK((*database)->changes() == 1);
  }
  auto database = Database::open(directory.file("state.db"));
  REQUIRE(database);
  auto refused = (*database)->migrate(first_layout);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == "SO-D204");
}

TEST_CASE("a file that is no database is SO-D202, a place that cannot be written is SO-D201, both name the file") {
  const Directory directory;
  std::ofstream(directory.file("text.db")) << std::string(8192, 'x');
  auto damaged = Database::open(directory.file("text.db"));
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code() == "SO-D202");
  CHECK(damaged.error().message().find("text.db") != std::string::npos);

  auto missing = Database::open(directory.file("no/such/folder/state.db"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == "SO-D201");
}

TEST_CASE("a statement that is wrong is an error, not a crash, and so is a value bound beyond the last place") {
  auto database = Database::open(":memory:");
  REQUIRE(database);
  CHECK_FALSE((*database)->prepare("SELEKT 1"));
  auto select = (*database)->prepare("SELECT 1");
  REQUIRE(select);
  select->bind(2, 5);
  CHECK_FALSE(select->step());
  select->reset();
  CHECK(*select->step());
}

TEST_CASE("a full database is SO-D203 and keeps what was committed") {
  auto database = Database::open(":memory:");
  REQUIRE(database);
  REQUIRE((*database)->migrate(first_layout));
  REQUIRE((*database)->execute("INSERT INTO t (name) VALUES ('kept')"));
  REQUIRE((*database)->execute("PRAGMA max_page_count=4"));
  auto insert = (*database)->prepare("INSERT INTO t (raw) VALUES (zeroblob(100000))");
  REQUIRE(insert);
  auto full = insert->run();
  REQUIRE_FALSE(full);
  CHECK(full.error().code() == "SO-D203");
  auto count = (*database)->prepare("SELECT count(*) FROM t");
  REQUIRE(count);
  REQUIRE(*count->step());
  CHECK(count->integer(0) == 1);
}
