#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "cql/store/schema/create_text.h"
#include "cql/store/server/connection.h"
#include "cql/store/server/prepared.h"
#include "cql/store/test_store.h"
#include "errors/cql.h"

using namespace streamops;
using namespace streamops::cql;
using namespace streamops::cql::store;

namespace {

using Texts = std::vector<std::string>;

void run(TestStore& store, std::string_view statement) {
  const Result<Answer> done = store.run(statement);
  REQUIRE_MESSAGE(done.ok(), done.error().to_line());
}

Texts ask(TestStore& store, std::string_view statement) {
  const Result<Answer> done = store.run(statement);
  REQUIRE_MESSAGE(done.ok(), done.error().to_line());
  return TestStore::texts(*done);
}

Error refused(TestStore& store, std::string_view statement) {
  CAPTURE(statement);
  const Result<Answer> done = store.run(statement);
  REQUIRE_FALSE(done.ok());
  return done.error();
}

void begin(TestStore& store) {
  run(store, "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  run(store, "USE ks");
}

}  // namespace

TEST_CASE("schema and rows survive a restart") {
  TestStore store;
  begin(store);
  run(store, "CREATE TYPE address (street text, zip int)");
  run(store,
      "CREATE TABLE t (k int, c timeuuid, s text static, a frozen<address>, m map<text, frozen<list<int>>>, PRIMARY "
      "KEY (k, c)) "
      "WITH CLUSTERING ORDER BY (c DESC) AND comment = 'it''s' AND gc_grace_seconds = 7");
  run(store, "ALTER TABLE t ADD v text");
  run(store, "INSERT INTO t (k, c, v) VALUES (1, f50e8400-e29b-11d4-a716-446655440000, 'x')");
  const std::string before = create_text(*store.engine().schema()->find("ks", "t"));
  const Uuid version = store.engine().schema()->version;
  store.reopen();
  CHECK(create_text(*store.engine().schema()->find("ks", "t")) == before);
  CHECK(store.engine().schema()->version == version);
  CHECK(ask(store, "SELECT v FROM t") == Texts{"x"});
  run(store, "DROP TABLE t");
  run(store, "CREATE TABLE t (k int PRIMARY KEY)");
  store.reopen();
  CHECK(ask(store, "SELECT * FROM t").empty());
}

TEST_CASE("a dropped column does not come back with its name") {
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int PRIMARY KEY, v text)");
  run(store, "INSERT INTO t (k, v) VALUES (1, 'old')");
  run(store, "ALTER TABLE t DROP v");
  run(store, "ALTER TABLE t ADD v text");
  CHECK(ask(store, "SELECT v FROM t") == Texts{"null"});
}

TEST_CASE("pages go on where they ended") {
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int, c int, PRIMARY KEY (k, c))");
  for (int i = 0; i < 30; ++i) {
    run(store, "INSERT INTO t (k, c) VALUES (" + std::to_string(i % 3) + ", " + std::to_string(i) + ")");
  }
  for (const char* query :
       {"SELECT c FROM t", "SELECT c FROM t WHERE k = 1", "SELECT c FROM t WHERE k = 1 ORDER BY c DESC",
        "SELECT c FROM t WHERE k IN (0, 2)", "SELECT c FROM t LIMIT 7", "SELECT c FROM t PER PARTITION LIMIT 2"}) {
    CAPTURE(query);
    const Texts whole = ask(store, query);
    Texts pieces;
    std::optional<Bytes> state;
    do {
      const Result<Answer> page = store.run(query, {}, 4, state);
      REQUIRE(page.ok());
      for (std::string& line : TestStore::texts(*page)) pieces.push_back(std::move(line));
      state = std::get<RowsAnswer>(page->body).paging_state;
    } while (state);
    CHECK(pieces == whole);
  }
  const Result<Answer> forged = store.run("SELECT c FROM t", {}, 4, Bytes{9, 9, 9});
  REQUIRE_FALSE(forged.ok());
  CHECK(forged.error().is(errors::cql::invalid_request));
}

TEST_CASE("values of another type are refused before anything is written") {
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int PRIMARY KEY, v text)");
  const Bytes three{0, 0, 1};
  CHECK_FALSE(store.run("INSERT INTO t (k) VALUES (?)", {Value::of(three)}).ok());
  const Bytes not_utf8{0xff};
  const Bytes one{0, 0, 0, 1};
  CHECK_FALSE(store.run("INSERT INTO t (k, v) VALUES (?, ?)", {Value::of(one), Value::of(not_utf8)}).ok());
  CHECK(refused(store, "INSERT INTO t (k) VALUES ('x')").code() == "SO-C120");
  CHECK(ask(store, "SELECT * FROM t").empty());
}

TEST_CASE("mistakes have their codes, on the wire too") {
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int PRIMARY KEY, v text)");
  struct Case {
    const char* statement;
    const char* code;
    ErrorCode wire;
  };
  for (const Case& each : std::vector<Case>{
           {"SELECT nope FROM t", "SO-C001", ErrorCode::invalid},
           {"CREATE TABLE t (k int PRIMARY KEY)", "SO-C002", ErrorCode::already_exists},
           {"CREATE KEYSPACE x WITH replication = {'class': 'Nope'}", "SO-C004", ErrorCode::config_error},
           {"CREATE TABLE u (k int PRIMARY KEY, n counter)", "SO-C005", ErrorCode::invalid},
           {"CREATE MATERIALIZED VIEW x AS SELECT k FROM t WHERE k IS NOT NULL PRIMARY KEY (k)", "SO-C005",
            ErrorCode::invalid},
           {"CREATE TABLE u (k int PRIMARY KEY) WITH colour = 'red'", "SO-C009", ErrorCode::syntax_error},
           {"DROP KEYSPACE system", "SO-C010", ErrorCode::unauthorized},
       }) {
    const Error error = refused(store, each.statement);
    CAPTURE(error.to_line());
    CHECK(error.code() == each.code);
    CHECK(to_wire(error).code == each.wire);
  }
  const ErrorMessage exists = to_wire(refused(store, "CREATE TABLE t (k int PRIMARY KEY)"));
  CHECK(exists.keyspace == "ks");
  CHECK(exists.name == "t");
  // SO-C003, SO-C006 and SO-C008 arise on connections; their wire codes:
  CHECK(to_wire(Error(errors::cql::overloaded, "{}", "too much")).code == ErrorCode::overloaded);
  CHECK(to_wire(Error(errors::cql::not_authenticated, "{}", "no")).code == ErrorCode::bad_credentials);
}

TEST_CASE("a row that cannot be read is an error, not a guess") {
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int PRIMARY KEY, v text)");
  run(store, "INSERT INTO t (k, v) VALUES (1, 'x')");
  const TableId table = store.engine().schema()->find("ks", "t")->id;
  const auto walk = store.rocks().iterate(table_prefix(table), table_prefix(table + 1));
  walk->seek(table_prefix(table));
  REQUIRE(walk->valid());
  storage::WriteBatch batch;
  batch.put(walk->key(), "\x01short");
  REQUIRE(store.rocks().write(batch, false).ok());
  CHECK(refused(store, "SELECT * FROM t").code() == "SO-C007");
}

TEST_CASE("element updates that need a read are refused, the others are not") {
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int PRIMARY KEY, l list<int>, m map<text, int>)");
  run(store, "UPDATE t SET l = [1, 2], m = {'a': 1} WHERE k = 1");
  run(store, "UPDATE t SET l = l + [3], m['b'] = 2 WHERE k = 1");
  CHECK(ask(store, "SELECT l, m FROM t") == Texts{"[1, 2, 3] | {'a': 1, 'b': 2}"});
  for (const char* statement : {"UPDATE t SET l[0] = 9 WHERE k = 1", "UPDATE t SET l = l - [1] WHERE k = 1",
                                "DELETE l[0] FROM t WHERE k = 1"}) {
    CHECK(refused(store, statement).is(errors::cql::not_served));
  }
}

TEST_CASE("a list that is written twice with one timestamp is there once") {
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int PRIMARY KEY, l list<int>)");
  for (int i = 0; i < 2; ++i) run(store, "UPDATE t USING TIMESTAMP 10 SET l = [1, 2] WHERE k = 1");
  CHECK(ask(store, "SELECT l FROM t") == Texts{"[1, 2]"});
}

TEST_CASE("prepared statements have Cassandra's ids and go when their table changes") {
  // Seen on Cassandra 5.0.5.
  CHECK(to_hex(as_bytes(PreparedStatements::id_of(
            "", "INSERT INTO spark_streams.created_users2 (id, first_name, last_name) VALUES (?, ?, ?)"))) ==
        "a3d906e756259bdb0796d95e36437e90");
  TestStore store;
  begin(store);
  run(store, "CREATE TABLE t (k int PRIMARY KEY)");
  PreparedStatements prepared(2);
  const auto add = [&](const std::string& text) {
    const Result<ParsedStatement> parsed = parse_statement(text);
    const Result<PlanPtr> plan = compile(*parsed, *store.engine().schema(), "ks");
    REQUIRE(plan.ok());
    return prepared.add("ks", text, *plan).id;
  };
  const std::string first = add("SELECT * FROM t WHERE k = 1");
  const std::string second = add("SELECT * FROM t WHERE k = ?");
  CHECK(prepared.find(as_bytes(first)) != nullptr);
  const std::string third = add("INSERT INTO t (k) VALUES (?)");
  CHECK(prepared.find(as_bytes(second)) == nullptr);  // used longest ago
  SchemaChange change;
  change.target = SchemaChange::Target::table;
  change.keyspace = "ks";
  change.name = "other";
  prepared.forget(change);
  CHECK(prepared.find(as_bytes(third)) != nullptr);
  change.name = "t";
  prepared.forget(change);
  CHECK(prepared.find(as_bytes(first)) == nullptr);
  CHECK(prepared.find(as_bytes(third)) == nullptr);
}
