// Against a real server: STREAMOPS_TEST_CQL=host:port, else skipped. What we compute must be what the server stores and
// answers.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <future>
#include <map>

#include "connect/cassandra/sink.h"
#include "cql/grammar/statement.h"
#include "cql/grammar/term_value.h"
#include "cql/protocol/murmur3.h"
#include "errors/cql_client.h"
#include "runtime/on_loop.h"

using namespace streamops;
using namespace streamops::connect;
using data::Type;
using data::TypeId;

namespace {

const char* server() {
  return std::getenv("STREAMOPS_TEST_CQL");
}

/// A client on a loop of its own; every call waits for its answer.
class Live {
 public:
  Live() : thread_(runtime::make_loop_thread("live-cql")) {
    on_loop([this] {
      network_ = runtime::make_network(thread_->loop());
      client_ = make();
    });
  }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;
  ~Live() {
    on_loop([this] {
      sinks_.clear();
      client_.reset();
      network_.reset();
    });
  }

  std::unique_ptr<cql::Client> make() {
    cql::ClientOptions options;
    options.contact_points = {runtime::parse_endpoint(server(), 9042).value()};
    options.consistency = cql::Consistency::one;
    return cql::make_client(options, thread_->loop(), *network_);
  }

  Result<cql::Answer> query(const std::string& text) {
    return wait<Result<cql::Answer>>([&](auto done) { client_->query(text, std::move(done)); });
  }
  /// All cells of all rows.
  std::vector<std::vector<std::optional<Bytes>>> rows(const std::string& text) {
    const Result<cql::Answer> answer = query(text);
    REQUIRE_MESSAGE(answer.ok(), text << ": " << (answer.ok() ? "" : answer.error().message()));
    REQUIRE(answer->rows() != nullptr);
    std::vector<std::vector<std::optional<Bytes>>> out;
    cql::RowReader reader(*answer->rows());
    std::vector<std::optional<BytesView>> cells;
    while (reader.next(cells)) {
      auto& row = out.emplace_back();
      for (const auto& cell : cells)
        row.push_back(cell ? std::optional(Bytes(cell->begin(), cell->end())) : std::nullopt);
    }
    return out;
  }
  void run(const std::string& text) {
    const Result<cql::Answer> answer = query(text);
    REQUIRE_MESSAGE(answer.ok(), text << ": " << (answer.ok() ? "" : answer.error().message()));
  }

  Result<data::Sink*> open(CassandraSinkOptions options, const data::SchemaPtr& schema) {
    data::Sink* sink = nullptr;
    on_loop([&] {
      sinks_.push_back(make_cassandra_sink(std::move(options), make(), thread_->loop()));
      sink = sinks_.back().get();
    });
    const Result<void> opened = wait<Result<void>>([&](auto done) { sink->open(schema, std::move(done)); });
    if (!opened) return opened.error();
    return sink;
  }
  Result<std::vector<data::RowFailure>> write(data::Sink* sink, data::SinkBatch batch) {
    return wait<Result<std::vector<data::RowFailure>>>(
        [&](auto done) { sink->write(std::move(batch), std::move(done)); });
  }

 private:
  template <typename Work>
  void on_loop(Work work) {
    runtime::on_loop(thread_->loop(), work);
  }
  template <typename T, typename Start>
  T wait(Start start) {
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    on_loop([&] { start([promise](T answer) { promise->set_value(std::move(answer)); }); });
    return future.get();
  }

  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<cql::Client> client_;
  std::vector<std::unique_ptr<data::Sink>> sinks_;
};

void make_keyspace(Live& live) {
  live.run(
      "CREATE KEYSPACE IF NOT EXISTS so_live WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
}

}  // namespace

TEST_CASE("a literal becomes the very bytes that the server stores" * doctest::skip(server() == nullptr)) {
  Live live;
  make_keyspace(live);
  live.run("CREATE TYPE IF NOT EXISTS so_live.addr (street text, zip int)");
  const std::vector<std::pair<const char*, std::vector<const char*>>> cases = {
      {"ascii", {"'abc'", "''"}},
      {"text", {"'it''s h\xC3\xA9'", "$$a$b$$", "''"}},
      {"int", {"0", "-2147483648", "2147483647"}},
      {"bigint", {"-9223372036854775808"}},
      {"smallint", {"-5"}},
      {"tinyint", {"-128"}},
      {"boolean", {"true", "False"}},
      {"float", {"1.5", "-1", "NaN", "-Infinity", "1e30", "3.4028236e38", "0.1"}},
      {"double", {"0.1", "1e300", "Infinity", "-0.0", "12345678901234567890", "1.7976931348623157e308"}},
      {"varint", {"0", "-1", "127", "128", "-128", "-129", "123456789012345678901234567890"}},
      {"decimal", {"0", "1.50", "-12e3", "1e-5", "123456789012345678901234567890.123", "-1"}},
      {"blob", {"0x", "0xCAFEbabe"}},
      {"uuid", {"550E8400-e29b-41d4-a716-446655440000"}},
      {"timeuuid", {"308a8f10-e65d-11f1-a88e-bb88dd9a7b20"}},
      {"inet", {"'127.0.0.1'", "'::1'", "'2001:db8::ff00:42:8329'"}},
      {"date", {"'1970-01-01'", "'2024-02-29'", "'1900-01-01'", "2147483648", "0"}},
      {"time", {"'08:12:54'", "'08:12:54.123'", "'23:59:59.999999999'", "1"}},
      {"timestamp",
       {"0", "-1", "'2011-02-03T04:05:06.789+0100'", "'2011-02-03 04:05Z'", "'2011-02-03 04:05:06Z'",
        "'2011-02-03+0000'"}},
      {"duration", {"1y2mo3w4d5h6m7s8ms9us10ns", "-1h30m", "P1Y2M3DT4H5M6S", "P2W", "PT5S", "P0001-02-03T04:05:06"}},
      {"list<int>", {"[3, 1, 3]"}},
      {"frozen<list<int>>", {"[]"}},
      {"set<text>", {"{'b', 'a', 'b'}"}},
      {"frozen<set<int>>", {"{2, -1, 1}", "{}"}},
      {"frozen<set<uuid>>",
       {"{550e8400-e29b-41d4-a716-446655440000, 308a8f10-e65d-11f1-a88e-bb88dd9a7b20, "
        "00000000-0000-1000-8000-000000000000}"}},
      {"frozen<set<timeuuid>>",
       {"{308a8f10-e65d-11f1-a88e-bb88dd9a7b20, 308a8f10-e65d-11f1-288e-bb88dd9a7b20, "
        "00000000-ffff-1000-8000-000000000000}"}},
      {"frozen<set<decimal>>", {"{1.5, -2, 1e3, 0.001, -0.5}"}},
      {"frozen<set<varint>>", {"{128, -129, 0, -1, 70000}"}},
      {"frozen<set<double>>", {"{NaN, 1.5, -Infinity, -0.5}"}},
      {"frozen<set<timestamp>>", {"{1, -1, 0}"}},
      {"map<text, int>", {"{'b': 1, 'a': 2}"}},
      {"frozen<map<int, frozen<list<text>>>>", {"{2: ['x'], -1: []}"}},
      {"tuple<int, text, boolean>", {"(1, 'x', true)", "(1, null, false)"}},
      {"frozen<addr>", {"{street: 'x', zip: 1}", "{zip: 1}"}},
      {"vector<float, 3>", {"[1, 2.5, -3]"}},
  };
  const cql::UdtLookup udts = [](std::string_view, std::string_view name) {
    return name == "addr"
               ? cql::CqlType::udt("so_live", "addr",
                                   {{"street", cql::scalar_by_name("text")}, {"zip", cql::scalar_by_name("int")}})
               : nullptr;
  };
  const std::string release(as_text(*live.rows("SELECT release_version FROM system.local")[0][0]));
  int number = 0;
  for (const auto& [type_text, literals] : cases) {
    if (release < "5" && std::string_view(type_text).starts_with("vector")) continue;  // new in 5.0
    const std::string table = fmt::format("so_live.lit{}", number++);
    live.run(fmt::format("CREATE TABLE IF NOT EXISTS {} (k int PRIMARY KEY, v {})", table, type_text));
    const cql::CqlTypePtr type = cql::parse_type(type_text, udts).value();
    const auto stored_type =
        live.rows(fmt::format("SELECT type FROM system_schema.columns WHERE keyspace_name = 'so_live' AND table_name = "
                              "'{}' AND column_name = 'v'",
                              table.substr(8)));
    CHECK(as_text(*stored_type[0][0]) == type->to_cql());
    for (const char* literal : literals) {
      CAPTURE(type_text);
      CAPTURE(literal);
      live.run(fmt::format("INSERT INTO {} (k, v) VALUES (1, {})", table, literal));
      const auto stored = live.rows(fmt::format("SELECT v FROM {} WHERE k = 1", table));
      const auto ours = cql::evaluate(cql::parse_term(literal).value(), *type, "v");
      REQUIRE_MESSAGE(ours.ok(), ours.error().message());
      CHECK(to_hex(*stored[0][0]) == to_hex(ours->bytes));
      // What we print, the server reads back as the same value.
      const std::string printed = cql::to_cql_literal(*type, ours->bytes);
      CAPTURE(printed);
      live.run(fmt::format("INSERT INTO {} (k, v) VALUES (2, {})", table, printed));
      CHECK(to_hex(*live.rows(fmt::format("SELECT v FROM {} WHERE k = 2", table))[0][0]) == to_hex(ours->bytes));
      const auto json = live.rows(fmt::format("SELECT JSON v FROM {} WHERE k = 1", table));
      std::string our_json = "{\"v\": ";
      cql::append_json(our_json, *type, ours->bytes);
      CHECK(as_text(*json[0][0]) == our_json + "}");
    }
  }
}

TEST_CASE("a statement that we refuse, the server refuses, in like words" * doctest::skip(server() == nullptr)) {
  Live live;
  for (const char* text : {"SELEKT 1", "SELECT * FROM", "SELECT *\n FORM t", "SELECT a FROM t WHERE",
                           "INSERT INTO t (a) VALUES (1", "SELECT select FROM t", "SELECT a FROM t WHERE a = = 1",
                           "CREATE TABLE t (a int PRIMARY KEY) WITH", "UPDATE t SET WHERE a = 1", "DELETE FROM t",
                           "SELECT `a` FROM t", "INSERT INTO t (a) VALUES ('x)", "DROP TABLE", "USE"}) {
    CAPTURE(text);
    const auto theirs = live.query(text);
    REQUIRE_FALSE(theirs.ok());
    CHECK(theirs.error().is(errors::cql_client::refused));
    const auto ours = cql::parse_statement(text);
    REQUIRE_FALSE(ours.ok());
    // The same line and column: "syntax error: line 1:0 …". At the end of the text Cassandra says 0:-1; we say where
    // that is.
    if (theirs.error().message().find("<EOF>") != std::string::npos) continue;
    const std::string their_words = theirs.error().message().substr(std::string_view("syntax error: ").size());
    const std::string place = their_words.substr(0, their_words.find(' ', 5));
    CHECK_MESSAGE(ours.error().message().starts_with(place),
                  "ours: " << ours.error().message() << " theirs: " << their_words);
  }
}

TEST_CASE("tokens are the server's" * doctest::skip(server() == nullptr)) {
  Live live;
  make_keyspace(live);
  live.run("CREATE TABLE IF NOT EXISTS so_live.tokens (k blob PRIMARY KEY)");
  live.run("CREATE TABLE IF NOT EXISTS so_live.pairs (a text, b int, PRIMARY KEY ((a, b)))");
  for (std::size_t size = 1; size <= 40; ++size) {
    Bytes key;
    for (std::size_t i = 0; i < size; ++i) key.push_back(static_cast<std::uint8_t>(0x7F + 37 * i));
    live.run("INSERT INTO so_live.tokens (k) VALUES (0x" + to_hex(key) + ")");
    const auto token = live.rows("SELECT token(k) FROM so_live.tokens WHERE k = 0x" + to_hex(key));
    CHECK(load_big_endian<std::int64_t>(token[0][0]->data()) == cql::murmur3_token(key));
  }
  live.run("INSERT INTO so_live.pairs (a, b) VALUES ('x', 5)");
  Bytes five;
  append_big_endian(five, std::int32_t{5});
  const BytesView parts[] = {as_bytes("x"), five};
  CHECK(load_big_endian<std::int64_t>(live.rows("SELECT token(a, b) FROM so_live.pairs")[0][0]->data()) ==
        cql::murmur3_token(cql::partition_key(parts)));
}

TEST_CASE("the sink writes rows, deletes and lives, and a replay changes nothing" *
          doctest::skip(server() == nullptr)) {
  Live live;
  make_keyspace(live);
  live.run("DROP TABLE IF EXISTS so_live.users");
  CassandraSinkOptions options;
  options.keyspace = "so_live";
  options.table = "users";
  options.create = {
      "CREATE TABLE IF NOT EXISTS so_live.users (id uuid, at timestamp, name text, tags set<text>, n decimal, PRIMARY "
      "KEY (id, at))"};
  const auto schema =
      std::make_shared<data::Schema>(std::vector<data::Field>{{"id", Type::scalar(TypeId::string), true},
                                                              {"at", Type::scalar(TypeId::timestamp), true},
                                                              {"name", Type::scalar(TypeId::string), true},
                                                              {"tags", Type::array(Type::scalar(TypeId::string)), true},
                                                              {"n", Type::decimal(10, 2), true}});
  const auto opened = live.open(options, schema);
  REQUIRE_MESSAGE(opened.ok(), opened.error().message());
  data::Sink* sink = *opened;
  CHECK(sink->key_columns() == std::vector<std::string>{"id", "at"});

  constexpr std::size_t count = 5000;
  const auto make_batch = [&](std::int64_t first_timestamp, bool deletes, bool nulls) {
    std::vector<data::ColumnBuilder> builders;
    for (const data::Field& field : schema->fields()) builders.emplace_back(field.type);
    data::SinkBatch out;
    for (std::size_t i = 0; i < count; ++i) {
      builders[0].append_text(fmt::format("550e8400-e29b-41d4-a716-{:012}", i));
      builders[1].append_integer(1'706'702'400'000'000);
      if (nulls || deletes) {
        for (std::size_t column = 2; column < 5; ++column) builders[column].append_null();
      } else {
        builders[2].append_text(fmt::format("name {}", i));
        builders[3].child(0).append_text("b");
        builders[3].child(0).append_text("a");
        builders[3].append_present();
        builders[4].append_decimal(static_cast<data::Int128>(i));
      }
      out.write_timestamps.push_back(first_timestamp + static_cast<std::int64_t>(i));
      out.deletes.push_back(deletes ? 1 : 0);
      out.record_timestamps_ms.push_back(0);
    }
    out.batch.schema = schema;
    for (auto& builder : builders) out.batch.columns.push_back(builder.finish());
    out.batch.rows = count;
    return out;
  };
  const auto all = [&] {
    return live.rows(
        "SELECT id, name, tags, n, writetime(name) FROM so_live.users WHERE id = 550e8400-e29b-41d4-a716-000000000042");
  };
  const auto row_count = [&] {
    return load_big_endian<std::int64_t>(live.rows("SELECT count(*) FROM so_live.users")[0][0]->data());
  };

  for (int replay = 0; replay < 2; ++replay) {
    const auto failures = live.write(sink, make_batch(1'000'000, false, false));
    REQUIRE(failures.ok());
    CHECK(failures->empty());
    CHECK(row_count() == count);
    CHECK(as_text(*all()[0][1]) == "name 42");
    CHECK(cql::to_cql_literal(*cql::parse_type("set<text>").value(), *all()[0][2]) == "{'a', 'b'}");
    CHECK(cql::decimal_to_text(*all()[0][3]) == "0.42");
    CHECK(load_big_endian<std::int64_t>(all()[0][4]->data()) == 1'000'042);
  }
  REQUIRE(live.write(sink, make_batch(2'000'000, false, true)).ok());
  CHECK(as_text(*all()[0][1]) == "name 42");  // nulls leave cells alone
  REQUIRE(live.write(sink, make_batch(500'000, true, false)).ok());
  CHECK(row_count() == count);  // an older delete changes nothing
  REQUIRE(live.write(sink, make_batch(3'000'000, true, false)).ok());
  CHECK(row_count() == 0);

  live.run("DROP TABLE so_live.users");
  const auto dropped = live.write(sink, make_batch(4'000'000, false, false));
  REQUIRE_FALSE(dropped.ok());
  CHECK(cql::classify(dropped.error()) == cql::FailureKind::fatal);
}
