// Source, sink and dead letters against the library's mock cluster.
#include <doctest/doctest.h>

#include <map>

#include "connect/kafka/sink.h"
#include "connect/kafka/source.h"
#include "errors/kafka_client.h"
#include "kafka/client/testing/mock_cluster.h"

using namespace streamops;
using namespace streamops::connect;
using kafka::testing::MockCluster;
using kafka::testing::Rig;
using kafka::testing::wait;

namespace {

data::SchemaPtr people() {
  return std::make_shared<const data::Schema>(
      data::Schema({{"id", data::Type::scalar(data::TypeId::string)}, {"n", data::Type::scalar(data::TypeId::int32)}}));
}

/// Rows of (id, n); an id "" is null. Rows at the same index in `deletes` are deletes.
data::SinkBatch rows(const std::vector<std::pair<std::string, int>>& values, std::vector<std::uint8_t> deletes = {}) {
  data::ColumnBuilder ids((*people())[0].type);
  data::ColumnBuilder numbers((*people())[1].type);
  data::SinkBatch out;
  for (const auto& [id, n] : values) {
    id.empty() ? ids.append_null() : ids.append_text(id);
    numbers.append_integer(n);
    out.record_timestamps_ms.push_back(1000 + n);
  }
  out.batch = {people(), {ids.finish(), numbers.finish()}, values.size(), {}};
  out.deletes = std::move(deletes);
  return out;
}

struct Seen {
  std::int64_t offset;
  std::int64_t timestamp_ms;
  std::string key;
  std::string value;
  std::map<std::string, std::string> headers;
};

/// A source under a test that waits for a number of records.
struct Reader {
  Rig& rig;
  std::unique_ptr<data::Source> source;
  std::vector<Seen> seen;
  std::size_t wanted = 0;
  std::promise<void> reached;
  bool done = false;

  Reader(Rig& on, const MockCluster& cluster, KafkaSourceOptions options, std::vector<data::Position> from,
         std::size_t count)
      : rig(on), wanted(count) {
    rig.on_loop([&] {
      source = make_kafka_source(std::move(options), cluster.config(), rig.thread->loop(), *rig.pool);
      source->start(std::move(from), [this] { take(); });
    });
  }
  ~Reader() {
    rig.on_loop([&] {
      source->stop();
      source.reset();
    });
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void take() {
    const Result<data::Records> records = source->poll(1 << 20);
    REQUIRE(records.ok());
    for (const data::Record& record : records->records) {
      Seen one{record.offset,
               record.timestamp_ms,
               std::string(record.key.value_or("(none)")),
               std::string(record.value.value_or("(delete)")),
               {}};
      for (const data::Header& header : record.headers) {
        one.headers[std::string(header.name)] = std::string(header.value.value_or("(null)"));
      }
      seen.push_back(std::move(one));
    }
    if (seen.size() >= wanted && !std::exchange(done, true)) reached.set_value();
  }
  std::vector<Seen>& all() {
    wait(reached.get_future());
    return seen;
  }
};

/// A sink that was opened.
struct Writer {
  Rig& rig;
  std::unique_ptr<data::Sink> sink;
  Result<void> opened{Ok()};

  Writer(Rig& on, const MockCluster& cluster, KafkaSinkOptions options) : rig(on) {
    std::promise<Result<void>> done;
    rig.on_loop([&] {
      sink = make_kafka_sink(std::move(options), cluster.config(), rig.thread->loop(), *rig.pool);
      sink->open(people(), [&](Result<void> result) { done.set_value(std::move(result)); });
    });
    opened = wait(done.get_future());
  }
  ~Writer() {
    std::promise<void> closed;
    rig.on_loop([&] { sink->close([&] { closed.set_value(); }); });
    wait(closed.get_future());
    rig.on_loop([&] { sink.reset(); });
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Result<std::vector<data::RowFailure>> write(data::SinkBatch batch) {
    std::promise<Result<std::vector<data::RowFailure>>> done;
    rig.on_loop([&] {
      sink->write(std::move(batch),
                  [&](Result<std::vector<data::RowFailure>> result) { done.set_value(std::move(result)); });
    });
    return wait(done.get_future());
  }
};

}  // namespace

TEST_CASE("writes that come while one is under way follow it in their order") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  Writer writer(rig, cluster, {"users", "id", 1, {}});
  REQUIRE(writer.opened.ok());
  std::promise<void> all;
  std::vector<int> order;
  rig.on_loop([&] {
    for (int i = 0; i < 3; ++i) {
      writer.sink->write(rows({{"a", i}, {"b", i}}), [&, i](const Result<std::vector<data::RowFailure>>& result) {
        CHECK(result.ok());
        order.push_back(i);
        if (order.size() == 3) all.set_value();
      });
    }
  });
  wait(all.get_future());
  CHECK(order == std::vector<int>{0, 1, 2});
  Reader reader(rig, cluster, {.topic = "users"}, {}, 6);
  const std::vector<Seen>& seen = reader.all();
  for (std::size_t i = 0; i < 6; ++i) CHECK(seen[i].timestamp_ms == 1000 + static_cast<std::int64_t>(i / 2));
}

TEST_CASE("rows go out as JSON with their key and time, and a source reads them back") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  Writer writer(rig, cluster, {"users", "id", 1, {}});
  REQUIRE(writer.opened.ok());
  const auto failures = writer.write(rows({{"a", 1}, {"b", 2}, {"", 3}, {"a", 4}}, {0, 0, 0, 1}));
  REQUIRE(failures.ok());
  CHECK(failures->empty());

  Reader reader(rig, cluster, {.topic = "users"}, {}, 4);
  const std::vector<Seen>& seen = reader.all();
  CHECK(seen[0].key == "a");
  CHECK(seen[0].value == R"({"id":"a","n":1})");
  CHECK(seen[0].timestamp_ms == 1001);
  CHECK(seen[2].key == "(none)");
  CHECK(seen[2].value == R"({"n":3})");
  CHECK(seen[3].key == "a");
  CHECK(seen[3].value == "(delete)");
}

TEST_CASE("reading goes on at the position given, and latest means from now on") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  Writer writer(rig, cluster, {"users", "id", 1, {}});
  REQUIRE(writer.write(rows({{"a", 1}, {"b", 2}, {"c", 3}})).ok());
  Reader from_one(rig, cluster, {.topic = "users"}, {{Uuid{}, 0, 1}}, 2);
  CHECK(from_one.all()[0].key == "b");
  CHECK(from_one.seen[1].offset == 2);
  Reader kept_wins(rig, cluster, {.topic = "users", .from_latest = true}, {{Uuid{}, 0, 2}}, 1);
  CHECK(kept_wins.all()[0].key == "c");
}

TEST_CASE("a row that is refused for its own sake is listed, the others are written") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  KafkaSinkOptions options{"users", "id", 1, {}};
  options.producer.max_record_bytes = 1000;
  Writer writer(rig, cluster, options);
  const auto failures = writer.write(rows({{"a", 1}, {std::string(2000, 'x'), 2}, {"", 3}, {"d", 4}}, {0, 0, 1, 0}));
  REQUIRE(failures.ok());
  REQUIRE(failures->size() == 2);
  CHECK((*failures)[0].row == 1);
  CHECK((*failures)[0].error.code() == "SO-K207");
  CHECK((*failures)[1].row == 2);
  CHECK((*failures)[1].error.code() == "SO-K211");
  REQUIRE(writer.write(rows({})).ok());
  Reader reader(rig, cluster, {.topic = "users"}, {}, 2);
  CHECK(reader.all()[1].key == "d");
}

TEST_CASE("a key that is no column is refused when the sink is opened") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  Writer writer(rig, cluster, {"users", "uuid", 1, {}});
  REQUIRE_FALSE(writer.opened.ok());
  CHECK(writer.opened.error().to_line() == "SO-K210: the select gives no column `uuid` for the key of topic users");
}

TEST_CASE("what the cluster does not allow fails the write") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  Writer writer(rig, cluster, {"users", "id", 1, {}});
  REQUIRE(writer.opened.ok());
  cluster.refuse(0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);  // Produce
  const auto failures = writer.write(rows({{"a", 1}, {"b", 2}}));
  REQUIRE_FALSE(failures.ok());
  CHECK(failures.error().is(errors::kafka_client::not_allowed));  // SO-K204
}

TEST_CASE("a dead letter keeps the raw bytes, and its circumstances in headers") {
  MockCluster cluster;
  cluster.create("users.dlq", 1);
  Rig rig;
  std::unique_ptr<data::DeadLetterSink> letters;
  std::promise<Result<void>> done;
  rig.on_loop([&] {
    letters = make_kafka_dead_letters("users.dlq", cluster.config(), rig.thread->loop(), *rig.pool);
    letters->write({{"users", 3, 17, "decode", "k", "{bad", "SO-F001", "not JSON", 5, 1700}},
                   [&](Result<void> result) { done.set_value(std::move(result)); });
  });
  CHECK(wait(done.get_future()).ok());
  Reader reader(rig, cluster, {.topic = "users.dlq"}, {}, 1);
  const Seen& seen = reader.all()[0];
  CHECK(seen.key == "users/3/17/decode");
  CHECK(seen.value == "{bad");
  CHECK(seen.timestamp_ms == 1700);
  CHECK(seen.headers == std::map<std::string, std::string>{{"so.code", "SO-F001"},
                                                           {"so.message", "not JSON"},
                                                           {"so.stage", "decode"},
                                                           {"so.origin", "users"},
                                                           {"so.partition", "3"},
                                                           {"so.offset", "17"},
                                                           {"so.key", "k"},
                                                           {"so.write_timestamp", "5"}});
  rig.on_loop([&] { letters.reset(); });
}
