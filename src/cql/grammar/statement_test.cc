#include "cql/grammar/statement.h"

#include <doctest/doctest.h>

#include "cql/grammar/term_value.h"
#include "cql/protocol/wire_code.h"
#include "errors/cql_protocol.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

template <typename T>
T parsed(std::string_view text) {
  auto result = parse_statement(text);
  REQUIRE_MESSAGE(result.ok(), text << ": " << result.error().message());
  REQUIRE_MESSAGE(std::holds_alternative<T>(result->statement), text);
  return std::get<T>(std::move(result->statement));
}

std::string message_of(std::string_view text) {
  const auto result = parse_statement(text);
  return result.ok() ? "parsed" : result.error().message();
}

}  // namespace

TEST_CASE("every statement of drivers, shells and pipelines parses") {
  for (const char* text : {
           "SELECT * FROM system.peers_v2",
           "SELECT * FROM system.local WHERE key='local'",
           "SELECT * from system_virtual_schema.keyspaces",
           "SELECT host_id, peer, peer_port, native_address, native_port, schema_version FROM system.peers_v2",
           "SELECT * FROM system_schema.columns WHERE keyspace_name = 'ks' AND table_name = 't'",
           "SELECT range_start, range_end, partitions_count, mean_partition_size FROM system.size_estimates WHERE "
           "keyspace_name = ? AND table_name = ?",
           "SELECT \"id\", \"v\" FROM \"pt\".\"t\" WHERE token(\"id\") > ? AND token(\"id\") <= ? ALLOW FILTERING",
           "INSERT INTO \"pt\".\"t\" (\"id\",\"v\") VALUES (:\"id\", :\"v\")",
           "CREATE KEYSPACE IF NOT EXISTS spark_streams WITH replication = "
           "{'class':'SimpleStrategy','replication_factor':'1'};",
           "ALTER KEYSPACE ks WITH durable_writes = false",
           "USE \"spark_streams\"",
           "INSERT INTO t JSON '{\"a\": 1}' DEFAULT UNSET IF NOT EXISTS USING TTL 5",
           "INSERT INTO t (k, v) VALUES (?, {'a': [1, 2], 'b': []}) USING TIMESTAMP ? AND TTL ?",
           "UPDATE ks.t USING TTL 400 SET a = 1, b = b + {'x'}, c = [1] + c, d = d - {1}, m['k'] = 'v', u.f = 3, n += "
           "1, l[0] = 2 WHERE k = 1 AND c IN (1, 2) IF a = 1 AND m['x'] > 2",
           "UPDATE t SET c = c -1 WHERE k = 1 IF EXISTS",
           "DELETE a, m['k'], u.f FROM t USING TIMESTAMP 5 WHERE k = 1 IF EXISTS",
           "DELETE FROM t WHERE k = 1 AND (a, b) >= (1, 2)",
           "BEGIN UNLOGGED BATCH USING TIMESTAMP 1 INSERT INTO t (k) VALUES (1); UPDATE t SET a = 1 WHERE k = 2; "
           "DELETE FROM t WHERE k = 3 APPLY BATCH;",
           "BEGIN COUNTER BATCH UPDATE t SET c = c + 1 WHERE k = 1; APPLY BATCH",
           "ALTER TABLE t ADD (a int, b text static)",
           "CREATE TABLE t (key int PRIMARY KEY, default int, unset int, replace text, values int, json text, ttl int, "
           "type text)",
           "ALTER TABLE t DROP a USING TIMESTAMP 5",
           "ALTER TABLE t RENAME a TO b AND c TO d",
           "ALTER TABLE t WITH gc_grace_seconds = 10 AND compaction = {'class': 'LeveledCompactionStrategy', "
           "'sstable_size_in_mb': 160}",
           "ALTER TABLE t ALTER a TYPE blob",
           "CREATE TYPE IF NOT EXISTS ks.addr (street text, zip int, tags frozen<set<text>>)",
           "ALTER TYPE addr ADD country text",
           "DROP TYPE IF EXISTS ks.addr",
           "CREATE INDEX IF NOT EXISTS by_name ON ks.t (name)",
           "CREATE CUSTOM INDEX ON t (ENTRIES(m)) USING 'StorageAttachedIndex' WITH OPTIONS = {'a': 'b'}",
           "DROP INDEX by_name",
           "TRUNCATE TABLE ks.t",
           "DROP KEYSPACE IF EXISTS ks",
           "DESCRIBE KEYSPACES;",
           "DESC SCHEMA",
           "DESCRIBE FULL SCHEMA WITH INTERNALS",
           "DESCRIBE TABLE spark_streams.created_users;",
           "DESCRIBE KEYSPACE",
           "DESCRIBE ONLY KEYSPACE ks",
           "DESC types.t",
           "DESCRIBE MATERIALIZED VIEW v",
           "SELECT JSON * FROM t",
           "SELECT DISTINCT k, s FROM t PER PARTITION LIMIT 2 LIMIT ?",
           "SELECT json, distinct FROM t",
           "SELECT count(*) AS n, count(1), writetime(a), ttl(m['k']), cast(a as text), ks.f(a, 1), now(), u.f, "
           "m['a'..'b'], l[1], (int) 1, -a, a * 2 + 1 FROM t GROUP BY k, a ORDER BY c DESC, d",
           "SELECT * FROM t WHERE a CONTAINS 'x' AND m CONTAINS KEY 'y' AND m['k'] = 1 AND (c, d) IN ((1, 2), (3, 4)) "
           "AND e IN ? AND f IN ()",
           "SELECT * FROM t WHERE k = 550e8400-e29b-41d4-a716-446655440000 AND d > 1h30m AND b = 0xCAFE AND f < "
           "-1.5e-3 AND x = NaN AND y = -Infinity",
           "SELECT v FROM t ORDER BY v ANN OF [1.0, 2.0] LIMIT 3",
           "SELECT toTimestamp(now()), token(k) FROM t -- comment\n // another\n /* and\n one */ WHERE k = $$it's$$",
       }) {
    const auto result = parse_statement(text);
    CHECK_MESSAGE(result.ok(), text << ": " << (result.ok() ? "" : result.error().message()));
  }
}

TEST_CASE("statements that are known and not served keep their name") {
  CHECK(parsed<Unserved>("CREATE ROLE IF NOT EXISTS bob WITH PASSWORD = 'x' AND LOGIN = true").what == "CREATE ROLE");
  CHECK(parsed<Unserved>("CREATE ROLE bob").name == "bob");
  CHECK(parsed<Unserved>("GRANT SELECT ON ks.t TO bob").what == "GRANT");
  CHECK(parsed<Unserved>("LIST ALL PERMISSIONS OF bob;").what == "LIST ALL PERMISSIONS");
  CHECK(parsed<Unserved>("CREATE MATERIALIZED VIEW ks.v AS SELECT * FROM t WHERE k IS NOT NULL PRIMARY KEY (k)").name ==
        "ks.v");
}

TEST_CASE("SELECT keeps all its parts") {
  const Select select = parsed<Select>(
      "SELECT a AS x, \"B\" FROM Ks.\"T\" WHERE k = ? AND c >= :low AND token(k) < 5 ORDER BY c DESC PER PARTITION "
      "LIMIT 2 LIMIT 10 ALLOW FILTERING");
  CHECK(select.table == QualifiedName{"ks", "T"});
  REQUIRE(select.columns.size() == 2);
  CHECK(select.columns[0].alias == "x");
  CHECK(select.columns[1].selector.as<ColumnSelector>()->column == "B");
  REQUIRE(select.where.size() == 3);
  CHECK(std::get<ColumnRelation>(select.where[1]).op == Operator::ge);
  CHECK(std::get<ColumnRelation>(select.where[1]).value.as<Marker>()->index == 1);
  CHECK(std::get<TokenRelation>(select.where[2]).columns == std::vector<std::string>{"k"});
  CHECK(select.order_by[0].descending);
  CHECK(select.limit->as<Constant>()->text == "10");
  CHECK(select.allow_filtering);
  CHECK(parse_statement("SELECT a FROM t WHERE k = ? AND c = :Low")->markers == std::vector<std::string>{"", "low"});
  CHECK(result_name(parsed<Select>("SELECT count(*) FROM t").columns[0].selector) == "count");
  CHECK(result_name(parsed<Select>("SELECT writetime(a) FROM t").columns[0].selector) == "writetime(a)");
  CHECK(result_name(parsed<Select>("SELECT toTimestamp(now()) FROM t").columns[0].selector) ==
        "system.totimestamp(system.now())");
}

TEST_CASE("CREATE TABLE keeps keys, order and options") {
  const CreateTable table = parsed<CreateTable>(
      "CREATE TABLE IF NOT EXISTS ks.t (a int, b text, c timestamp, s text static, m map<text, frozen<list<int>>>, v "
      "vector<float, 3>,\n"
      " PRIMARY KEY ((a, b), c)) WITH CLUSTERING ORDER BY (c DESC) AND comment = 'x' AND caching = {'keys': 'ALL'} AND "
      "default_time_to_live = 5 AND cdc = TRUE");
  CHECK(table.if_not_exists);
  CHECK(table.partition_key == std::vector<std::string>{"a", "b"});
  CHECK(table.clustering == std::vector<std::string>{"c"});
  CHECK(table.clustering_order[0].descending);
  CHECK(table.columns[3].is_static);
  CHECK(to_cql(table.columns[4].type) == "map<text, frozen<list<int>>>");
  CHECK(table.columns[5].type.dimension == 3);
  CHECK(*find_property(table.properties, "comment")->text() == "x");
  CHECK(find_property(table.properties, "caching")->map()->at(0).second == "ALL");
  CHECK(*find_property(table.properties, "cdc")->text() == "true");
  CHECK(parsed<CreateTable>("CREATE TABLE t (id UUID PRIMARY KEY, first_name TEXT)").partition_key ==
        std::vector<std::string>{"id"});
}

TEST_CASE("a statement that contradicts itself is refused as invalid") {
  for (const char* text : {"CREATE TABLE t (a int)", "CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY)",
                           "CREATE TABLE t (a int, a int, PRIMARY KEY (a))", "CREATE TABLE t (a int, PRIMARY KEY (b))",
                           "CREATE TABLE t (a int, b int static, PRIMARY KEY (a, b))",
                           "CREATE TABLE t (a int PRIMARY KEY) WITH comment = 'a' AND comment = 'b'",
                           "CREATE TABLE t (a int PRIMARY KEY) WITH CLUSTERING ORDER BY (a DESC)",
                           "INSERT INTO t (a, b) VALUES (1)", "UPDATE t SET a = b + 1 WHERE k = 1"}) {
    const auto result = parse_statement(text);
    REQUIRE_MESSAGE(!result.ok(), text);
    CHECK_MESSAGE(result.error().is(errors::cql_protocol::bad_statement), text);  // SO-C112
    CHECK(wire_code(result.error()) == ErrorCode::invalid);
  }
}

TEST_CASE("a syntax error says where, in Cassandra's words") {
  CHECK(message_of("SELEKT 1;") == "line 1:0 no viable alternative at input 'SELEKT' ([SELEKT]...)");
  CHECK(message_of("SELECT * FROM") == "line 1:13 no viable alternative at input '<EOF>'");
  CHECK(message_of("SELECT *\n FORM t").starts_with("line 2:1 mismatched input 'FORM' expecting K_FROM"));
  CHECK(message_of("SELECT a FROM t WHERE").starts_with("line 1:21 "));
  CHECK(
      message_of("SELECT a FROM t; SELECT b FROM t").starts_with("line 1:17 mismatched input 'SELECT' expecting EOF"));
  CHECK(message_of("SELECT select FROM t").starts_with("line 1:7 "));
  CHECK(message_of("INSERT INTO t (a) VALUES ('x)").starts_with("line 1:26 "));
  CHECK(message_of("SELECT `a` FROM t").starts_with("line 1:7 no viable alternative at character '`'"));
  CHECK(message_of("/* no end").starts_with("line 1:0 "));
  CHECK(message_of("").starts_with("line 1:0 "));
  const auto result = parse_statement("SELECT *\n FORM t");
  CHECK(result.error().is(errors::cql_protocol::syntax));  // SO-C110
  CHECK(wire_code(result.error()) == ErrorCode::syntax_error);
  REQUIRE(result.error().place() != nullptr);
  CHECK(result.error().place()->line == 2);
  CHECK(result.error().place()->column == 2);
  CHECK(result.error().place()->source_line == " FORM t");
}

TEST_CASE("depth and length are limited") {
  const auto deep = parse_statement("INSERT INTO t (a) VALUES (" + std::string(100'000, '[') + ")");
  CHECK(deep.error().is(errors::cql_protocol::too_deep));  // SO-C111
  CHECK(
      parse_statement("SELECT * FROM t WHERE " + std::string(100'000, '(')).error().is(errors::cql_protocol::too_deep));
  CHECK(parse_type_name(std::string("frozen<").append(100, ' ')).ok() == false);
  std::string types;
  for (int i = 0; i < 1000; ++i) types += "frozen<";
  CHECK(parse_type_name(types).error().is(errors::cql_protocol::too_deep));
  CHECK(parse_statement(std::string(2000, ' '), ParseLimits{1000, 10, 10}).error().is(errors::cql_protocol::too_deep));
}

TEST_CASE("every prefix of a statement is parsed or refused") {
  const std::string text =
      "SELECT a, m['k'], cast(b as map<text,int>) FROM ks.t WHERE k = {'a': (1, -2.5)} AND c IN ('x', $$y$$) LIMIT 5;";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto result = parse_statement(std::string_view(text).substr(0, size));
    if (!result.ok()) CHECK(result.error().is(errors::cql_protocol::syntax));
  }
}

TEST_CASE("a script is cut at its semicolons") {
  const std::string script =
      "CREATE KEYSPACE k WITH replication = {'class': 'a;b'}; -- not; here\n CREATE TABLE k.t (a int PRIMARY KEY);;\n"
      "BEGIN BATCH INSERT INTO t (a) VALUES (1); INSERT INTO t (a) VALUES (2); APPLY BATCH; INSERT INTO t (a) VALUES "
      "($$;$$)";
  const auto statements = split_script(script);
  REQUIRE(statements.ok());
  REQUIRE(statements->size() == 4);
  CHECK(statements->at(0).text == "CREATE KEYSPACE k WITH replication = {'class': 'a;b'}");
  CHECK(statements->at(1).text == "CREATE TABLE k.t (a int PRIMARY KEY)");
  CHECK(statements->at(2).text.ends_with("APPLY BATCH"));
  CHECK(statements->at(3).offset == script.rfind("INSERT"));
  CHECK(split_script("SELECT 'x").error().is(errors::cql_protocol::syntax));
}

TEST_CASE("type texts become types") {
  const UdtLookup udts = [](std::string_view keyspace, std::string_view name) -> CqlTypePtr {
    if (name != "addr") return nullptr;
    return CqlType::udt(keyspace.empty() ? "ks" : std::string(keyspace), "addr",
                        {{"zip", CqlType::scalar(TypeId::int_)}});
  };
  for (const char* text :
       {"int", "text", "map<text, frozen<list<int>>>", "frozen<tuple<int, text>>", "vector<float, 3>", "frozen<addr>",
        "addr", "list<frozen<addr>>", "set<uuid>", "frozen<map<text, frozen<set<int>>>>"}) {
    const auto type = parse_type(text, udts);
    REQUIRE_MESSAGE(type.ok(), text);
    CHECK((*type)->to_cql() == text);
  }
  CHECK((*parse_type("VARCHAR"))->to_cql() == "text");
  CHECK((*parse_type("tuple<int,text>"))->to_cql() == "frozen<tuple<int, text>>");
  CHECK((*parse_type("'org.apache.cassandra.db.marshal.Int32Type'"))->id() == TypeId::int_);
  CHECK(parse_type("nope", udts).error().is(errors::cql_protocol::bad_type));  // SO-C113
  CHECK(parse_type("list<list<int>>").error().is(errors::cql_protocol::bad_statement));
  CHECK(parse_type("list<counter>").error().is(errors::cql_protocol::bad_statement));
  CHECK(parse_type("map<int>").error().is(errors::cql_protocol::bad_statement));
  CHECK(parse_type("frozen<int>").error().is(errors::cql_protocol::bad_statement));
  CHECK_FALSE(parse_type("vector<float>").ok());
  CHECK_FALSE(parse_type("vector<float, 0>").ok());
  CHECK_FALSE(parse_type("list<int").ok());
}

TEST_CASE("terms become values") {
  const auto literal = [](const char* type_text, const char* term_text) {
    const CqlTypePtr type = *parse_type(type_text);
    const auto value = evaluate(*parse_term(term_text), *type, "c");
    if (!value) return "! " + value.error().message();
    return value->is_null() ? std::string("null") : to_cql_literal(*type, value->bytes);
  };
  CHECK(literal("set<int>", "{3, 1, 2, 1}") == "{1, 2, 3}");
  CHECK(literal("map<text, int>", "{'b': 1, 'a': 2}") == "{'a': 2, 'b': 1}");
  CHECK(literal("map<text, int>", "{}") == "{}");
  CHECK(literal("list<frozen<list<int>>>", "[[1], []]") == "[[1], []]");
  CHECK(literal("tuple<int, text>", "(1, null)") == "(1, null)");
  CHECK(literal("vector<float, 3>", "[1, 2.5, 3]") == "[1.0, 2.5, 3.0]");
  CHECK(literal("int", "-5") == "-5");
  CHECK(literal("int", "(int) 5") == "5");
  CHECK(literal("int", "30 * 24 + 1") == "721");
  CHECK(literal("text", "null") == "null");
  CHECK(literal("duration", "-1h30m") == "-1h30m");
  CHECK(literal("double", "-Infinity") == "-Infinity");
  CHECK(literal("int", "'x'") == "! Invalid STRING constant (x) for \"c\" of type int");
  CHECK(literal("list<int>", "[null]") == "! null is not supported inside collections");
  CHECK(literal("list<int>", "{1}").starts_with("! Invalid set literal"));
  CHECK(literal("vector<float, 3>", "[1]").starts_with("! Invalid vector literal"));
  CHECK(literal("int", "1 / 0").starts_with("! "));
  CHECK(literal("int", "?").starts_with("! "));
  const CqlTypePtr addr =
      CqlType::udt("ks", "addr", {{"street", CqlType::scalar(TypeId::text)}, {"zip", CqlType::scalar(TypeId::int_)}});
  const auto value = evaluate(*parse_term("{zip: 5}"), *addr, "c");
  REQUIRE(value.ok());
  CHECK(to_cql_literal(*addr, value->bytes) == "{street: null, zip: 5}");
  CHECK(evaluate(*parse_term("{zap: 5}"), *addr, "c").error().label() == "did you mean `zip`?");
}

TEST_CASE("a term's text reads back as the same term") {
  for (const char* text : {"'it''s'", "[1, 2]", "{'a': [1]}", "{a: 1, \"B\": 2}", "(1, 'x')", "f(1, ?)", ":name",
                           "-1.5", "null", "(int)5", "1 + 2"}) {
    const auto term = parse_term(text);
    REQUIRE_MESSAGE(term.ok(), text);
    CHECK(to_cql(*term) == text);
  }
}
