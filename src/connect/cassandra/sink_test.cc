#include "connect/cassandra/sink.h"

#include <doctest/doctest.h>

#include <map>

#include "connect/cassandra/in_flight_limit.h"
#include "connect/cassandra/table.h"
#include "cql/protocol/value.h"
#include "errors/cassandra.h"
#include "errors/cql_client.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::connect;
using data::Type;
using data::TypeId;

namespace {

/// A server in the head: answers system_schema, keeps the writes of a table, and fails as it is told to.
class FakeClient final : public cql::Client {
 public:
  struct Column {
    const char* name;
    const char* kind;
    int position;
    const char* type;
  };
  struct Write {
    std::string text;
    Bytes values;
  };

  FakeClient(runtime::VirtualLoop& loop, std::vector<Column> columns) : loop_(loop), columns_(std::move(columns)) {}

  void query(std::string text, Done done) override {
    queries.push_back(text);
    reply(std::move(done), text.find("system_schema.columns") != std::string::npos ? table_rows() : cql::Answer{});
  }
  void prepare(std::string text, std::function<void(Result<cql::PreparedStatementPtr>)> done) override {
    auto statement = std::make_shared<cql::PreparedStatement>();
    statement->text = std::move(text);
    loop_.post([done, statement] { done(cql::PreparedStatementPtr(statement)); });
  }
  void select(std::string text, cql::ReadOptions, Done done) override { query(std::move(text), std::move(done)); }
  void select(cql::PreparedStatementPtr statement, Bytes, cql::ReadOptions, Done done) override {
    query(statement->text, std::move(done));
  }
  void execute(cql::PreparedStatementPtr statement, Bytes, Done done) override {
    query(statement->text, std::move(done));
  }
  void set_write_listener(cql::WriteListener* listener) override { listener_ = listener; }
  bool write(const cql::PreparedStatement& statement, BytesView values, std::uint64_t tag) override {
    if (refusal) {
      loop_.post([this] { listener_->on_refused(*refusal); });
      return false;
    }
    if (under_way >= room) return false;
    ++attempts;
    ++under_way;
    most_under_way = std::max(most_under_way, under_way);
    const bool forgotten = forget && forget(attempts);
    const std::optional<Error> error = fail ? fail(attempts) : std::nullopt;
    if (!error && !forgotten) writes.push_back({statement.text, Bytes(values.begin(), values.end())});
    timers_.push_back(loop_.after(latency, [this, tag, error, forgotten] {
      using Outcome = cql::WriteListener::Outcome;
      --under_way;
      const Outcome outcome = error ? Outcome::failed : forgotten ? Outcome::again : Outcome::written;
      listener_->on_write(tag, outcome, error ? &*error : nullptr);
      listener_->on_room();
    }));
    return true;
  }
  std::size_t in_flight() const override { return under_way; }
  std::optional<Error> trouble() const override { return std::nullopt; }
  int version() const override { return protocol; }
  std::vector<cql::HostStatus> hosts() const override { return {}; }

  std::vector<std::string> queries;
  std::vector<Write> writes;
  std::function<std::optional<Error>(std::size_t attempt)> fail;
  std::function<bool(std::size_t attempt)> forget;  // the statement, at this attempt
  std::optional<Error> refusal;
  std::size_t room = 100'000;
  Microseconds latency = Milliseconds{1};
  std::size_t attempts = 0;
  std::size_t under_way = 0;
  std::size_t most_under_way = 0;
  int protocol = 5;

 private:
  cql::Answer table_rows() const {
    auto cells = std::make_shared<Bytes>();
    for (const Column& column : columns_) {
      Bytes position;
      append_big_endian(position, column.position);
      cql::append_bytes_value(*cells, as_bytes(column.name));
      cql::append_bytes_value(*cells, as_bytes(column.kind));
      cql::append_bytes_value(*cells, position);
      cql::append_bytes_value(*cells, as_bytes(column.type));
    }
    cql::Rows rows;
    rows.metadata.column_count = 4;
    rows.row_count = static_cast<std::int32_t>(columns_.size());
    rows.cells = *cells;
    return {cells, rows};
  }
  void reply(Done done, cql::Answer answer) {
    loop_.post([done = std::move(done), answer = std::move(answer)] { done(answer); });
  }

  runtime::VirtualLoop& loop_;
  cql::WriteListener* listener_ = nullptr;
  std::vector<Column> columns_;
  std::vector<runtime::TimerPtr> timers_;
};

const std::vector<FakeClient::Column> kUsers = {
    {"id", "partition_key", 0, "uuid"}, {"name", "regular", -1, "text"}, {"age", "regular", -1, "int"}};
const data::SchemaPtr kSchema =
    std::make_shared<data::Schema>(std::vector<data::Field>{{"id", Type::scalar(TypeId::string), true},
                                                            {"name", Type::scalar(TypeId::string), true},
                                                            {"age", Type::scalar(TypeId::int64), true}});

struct Fixture {
  explicit Fixture(std::vector<FakeClient::Column> columns = kUsers, CassandraSinkOptions options = {}) {
    auto made = std::make_unique<FakeClient>(loop, std::move(columns));
    client = made.get();
    options.keyspace = "ks";
    options.table = "users";
    sink = make_cassandra_sink(std::move(options), std::move(made), loop);
  }

  Result<void> open(const data::SchemaPtr& schema = kSchema) {
    std::optional<Result<void>> out;
    sink->open(schema, [&](Result<void> result) { out = std::move(result); });
    loop.settle();
    REQUIRE(out.has_value());
    return *out;
  }

  /// Writes and lets at most `limit` of time pass; nothing when it is not done by then.
  std::optional<Result<std::vector<data::RowFailure>>> write(data::SinkBatch batch, Microseconds limit = Seconds{60}) {
    std::optional<Result<std::vector<data::RowFailure>>> out;
    sink->write(std::move(batch), [&](Result<std::vector<data::RowFailure>> result) { out = std::move(result); });
    loop.settle();
    loop.run_dry(limit);
    return out;
  }

  runtime::VirtualLoop loop;
  FakeClient* client = nullptr;
  std::unique_ptr<data::Sink> sink;
};

std::string uuid_text(std::size_t i) {
  return "550e8400-e29b-41d4-a716-" + std::string(12 - std::to_string(i).size(), '0') + std::to_string(i);
}

data::SinkBatch users(std::size_t count) {
  data::ColumnBuilder id(Type::scalar(TypeId::string));
  data::ColumnBuilder name(Type::scalar(TypeId::string));
  data::ColumnBuilder age(Type::scalar(TypeId::int64));
  data::SinkBatch out;
  for (std::size_t i = 0; i < count; ++i) {
    id.append_text(uuid_text(i));
    name.append_text("n" + std::to_string(i));
    age.append_integer(static_cast<std::int64_t>(i));
    out.write_timestamps.push_back(1000 + static_cast<std::int64_t>(i));
    out.deletes.push_back(0);
    out.record_timestamps_ms.push_back(0);
  }
  out.batch = {kSchema, {id.finish(), name.finish(), age.finish()}, count, {}};
  return out;
}

Error overloaded() {
  return Error(errors::cql_client::busy, "overloaded: try later");
}

}  // namespace

TEST_CASE("opening creates, checks and prepares") {
  CassandraSinkOptions options;
  options.create = {"CREATE KEYSPACE IF NOT EXISTS ks WITH replication = {}",
                    "CREATE TABLE IF NOT EXISTS ks.users (id uuid PRIMARY KEY)"};
  Fixture fixture(kUsers, options);
  CHECK(fixture.open().ok());
  CHECK(fixture.client->queries[0] == options.create[0]);
  CHECK(fixture.client->queries[1] == options.create[1]);
  CHECK(fixture.sink->key_columns() == std::vector<std::string>{"id"});
  REQUIRE(fixture.write(users(1))->ok());
  CHECK(fixture.client->writes[0].text == "INSERT INTO ks.users (id, name, age) VALUES (?, ?, ?) USING TIMESTAMP ?");
}

TEST_CASE("a table that does not fit is refused at the start") {
  CHECK(Fixture(std::vector<FakeClient::Column>{}).open().error().is(errors::cassandra::no_table));  // SO-X101
  const Error unknown =
      Fixture({{"id", "partition_key", 0, "uuid"}, {"nane", "regular", -1, "text"}, {"age", "regular", -1, "int"}})
          .open()
          .error();
  CHECK(unknown.is(errors::cassandra::unknown_column));  // SO-X102
  CHECK(unknown.label() == "did you mean `nane`?");
  CHECK(Fixture({{"id", "partition_key", 0, "uuid"}, {"name", "regular", -1, "uuid"}, {"age", "regular", -1, "blob"}})
            .open()
            .error()
            .is(errors::cassandra::no_conversion));
  CHECK(Fixture({{"id", "partition_key", 0, "uuid"},
                 {"name", "regular", -1, "text"},
                 {"age", "regular", -1, "int"},
                 {"at", "clustering", 0, "int"}})
            .open()
            .error()
            .is(errors::cassandra::key_missing));  // SO-X104
  CHECK(
      Fixture({{"id", "partition_key", 0, "uuid"}, {"name", "regular", -1, "text"}, {"age", "regular", -1, "counter"}})
          .open()
          .error()
          .is(errors::cassandra::counter_refused));  // SO-X105
  Fixture old;
  old.client->protocol = 3;
  CHECK(old.open().error().is(errors::cassandra::needs_version_4));  // SO-X108
}

TEST_CASE("a write is done when every row is acknowledged, each with its timestamp") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  const auto result = fixture.write(users(500));
  REQUIRE(result.has_value());
  CHECK(result->value().empty());
  REQUIRE(fixture.client->writes.size() == 500);
  const Bytes& last = fixture.client->writes[499].values;
  CHECK(load_big_endian<std::int64_t>(last.data() + last.size() - 8) == 1499);
  CHECK(fixture.client->most_under_way >= 64);
}

TEST_CASE("a row's own failure is reported and the others are written") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  data::SinkBatch batch = users(4);
  data::ColumnBuilder id(Type::scalar(TypeId::string));
  id.append_text(uuid_text(0));
  id.append_text("no uuid");
  id.append_null();
  id.append_text(uuid_text(3));
  batch.batch.columns[0] = id.finish();
  fixture.client->fail = [](std::size_t attempt) {
    return attempt == 2 ? std::optional(Error(errors::cql_client::invalid_request, "Key may not be empty"))
                        : std::nullopt;
  };
  const auto result = fixture.write(std::move(batch));
  REQUIRE(result->ok());
  const auto& failures = result->value();
  REQUIRE(failures.size() == 3);
  CHECK(failures[0].row == 1);
  CHECK(failures[0].error.is(errors::cassandra::bad_value));  // SO-X106
  CHECK(failures[1].row == 2);
  CHECK(failures[1].error.is(errors::cassandra::null_key));  // SO-X107
  CHECK(failures[2].row == 3);
  CHECK(failures[2].error.is(errors::cql_client::invalid_request));
  CHECK(fixture.client->writes.size() == 1);
}

TEST_CASE("what passes is tried again until it succeeds, and shown meanwhile") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  bool down = true;
  fixture.client->fail = [&](std::size_t) { return down ? std::optional(overloaded()) : std::nullopt; };
  std::optional<Result<std::vector<data::RowFailure>>> result;
  fixture.sink->write(users(100), [&](auto answer) { result = std::move(answer); });
  fixture.loop.advance(Seconds{60});
  CHECK_FALSE(result.has_value());
  REQUIRE(fixture.sink->trouble().has_value());
  CHECK(fixture.sink->trouble()->is(errors::cql_client::busy));
  // Back-off: a minute of a server that refuses costs few attempts.
  CHECK(fixture.client->attempts < 500);
  down = false;
  fixture.loop.run_dry(Seconds{60});
  REQUIRE(result.has_value());
  CHECK(result->value().empty());
  CHECK(fixture.client->writes.size() == 100);
  CHECK_FALSE(fixture.sink->trouble().has_value());
}

TEST_CASE("what every row would meet ends the write") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  fixture.client->fail = [](std::size_t attempt) {
    return attempt == 10 ? std::optional(Error(errors::cql_client::unauthorized, "no MODIFY permission"))
                         : std::nullopt;
  };
  const auto result = fixture.write(users(300));
  REQUIRE(result.has_value());
  CHECK(result->error().is(errors::cql_client::unauthorized));
}

TEST_CASE("a delete sends the key alone, a null leaves its cell or deletes it") {
  for (const bool delete_nulls : {false, true}) {
    CassandraSinkOptions options;
    options.delete_nulls = delete_nulls;
    Fixture fixture(kUsers, options);
    REQUIRE(fixture.open().ok());
    data::SinkBatch batch = users(2);
    batch.deletes[1] = 1;
    batch.batch.columns[1] = data::nulls(Type::scalar(TypeId::string), 2);
    REQUIRE(fixture.write(std::move(batch))->ok());
    REQUIRE(fixture.client->writes.size() == 2);
    const Bytes& insert = fixture.client->writes[0].values;
    CHECK(load_big_endian<std::int32_t>(insert.data() + 20) == (delete_nulls ? -1 : -2));
    CHECK(fixture.client->writes[1].text == "DELETE FROM ks.users USING TIMESTAMP ? WHERE id = ?");
    CHECK(fixture.client->writes[1].values.size() == 12 + 20);
  }
}

TEST_CASE("a row's life counts from its record's time") {
  CassandraSinkOptions options;
  options.ttl = Seconds{100};
  Fixture fixture(kUsers, options);
  fixture.loop.advance(Seconds{60});
  REQUIRE(fixture.open().ok());
  data::SinkBatch batch = users(2);
  batch.record_timestamps_ms = {0, -40'000};  // the second one's life is over
  const auto result = fixture.write(std::move(batch));
  REQUIRE(result->ok());
  REQUIRE(fixture.client->writes.size() == 1);
  CHECK(fixture.client->writes[0].text.ends_with("USING TIMESTAMP ? AND TTL ?"));
  const Bytes& values = fixture.client->writes[0].values;
  CHECK(load_big_endian<std::int32_t>(values.data() + values.size() - 4) == 40);
}

TEST_CASE("the number of requests under way follows the latency") {
  InFlightLimit limit(1000);
  const auto rounds = [&](int count, Microseconds latency) {
    for (int i = 0; i < count; ++i) {
      for (std::size_t answers = limit.value(); answers > 0; --answers) limit.answered(latency, true);
    }
  };
  rounds(40, Milliseconds{5});
  CHECK(limit.value() == 1000);
  rounds(5, Milliseconds{50});
  CHECK(limit.value() < 500);
  rounds(50, Milliseconds{500});
  CHECK(limit.value() >= 64);  // slowness alone never starves a sink
  limit.overloaded();
  CHECK(limit.value() < 250);
  for (int i = 0; i < 50; ++i) limit.overloaded();
  CHECK(limit.value() == 4);
  InFlightLimit idle(1000);
  for (int i = 0; i < 10'000; ++i) idle.answered(Milliseconds{1}, false);
  CHECK(idle.value() == 64);  // what is never full need not grow
}

TEST_CASE("closing waits for what is under way") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  bool written = false;
  bool closed = false;
  fixture.sink->write(users(3), [&](auto) { written = true; });
  fixture.sink->close([&] {
    CHECK(fixture.client->under_way == 0);
    closed = true;
  });
  fixture.loop.settle();
  CHECK_FALSE(closed);
  fixture.loop.run_dry(Seconds{1});
  CHECK(written);
  CHECK(closed);
}

TEST_CASE("rows of a statement that the server forgot are sent again at once") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  fixture.client->forget = [](std::size_t attempt) { return attempt <= 50; };
  const auto result = fixture.write(users(200), Milliseconds{200});
  REQUIRE(result.has_value());
  CHECK(result->value().empty());
  CHECK(fixture.client->writes.size() == 200);
  CHECK(fixture.client->attempts == 250);
  CHECK_FALSE(fixture.sink->trouble().has_value());
}

TEST_CASE("a client without room is waited for, and nothing is lost") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  fixture.client->room = 7;
  const auto result = fixture.write(users(500));
  REQUIRE(result.has_value());
  CHECK(result->value().empty());
  CHECK(fixture.client->writes.size() == 500);
  CHECK(fixture.client->most_under_way == 7);
}

TEST_CASE("servers that refuse us for good end every write") {
  Fixture fixture;
  REQUIRE(fixture.open().ok());
  fixture.client->refusal = Error(errors::cql_client::credentials, "bad credentials");
  int ended = 0;
  for (int i = 0; i < 3; ++i) {
    fixture.sink->write(users(10), [&](const auto& result) {
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().is(errors::cql_client::credentials));
      ++ended;
    });
  }
  fixture.loop.settle();
  CHECK(ended == 3);
}
