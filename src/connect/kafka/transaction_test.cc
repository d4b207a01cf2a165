// Transactions against the library's mock cluster, by our own code and by the library: it keeps no records back from
// readers, but answers as a coordinator.
#include "connect/kafka/transaction.h"

#include <doctest/doctest.h>

#include "connect/kafka/source.h"
#include "errors/kafka_client.h"
#include "kafka/client/testing/mock_cluster.h"

using namespace streamops;
using namespace streamops::connect;
using kafka::testing::MockCluster;
using kafka::testing::Rig;
using kafka::testing::wait;

namespace {

constexpr std::int16_t produce_api = 0;
constexpr std::int16_t init_producer_id_api = 22;
constexpr std::int16_t end_txn_api = 26;
constexpr std::int16_t txn_offset_commit_api = 28;

using Positions = std::vector<data::Position>;

data::SchemaPtr names() {
  return std::make_shared<const data::Schema>(data::Schema({{"id", data::Type::scalar(data::TypeId::string)}}));
}

data::SinkBatch rows(const std::vector<std::string>& ids) {
  data::ColumnBuilder column((*names())[0].type);
  data::SinkBatch out;
  for (const std::string& id : ids) {
    column.append_text(id);
    out.record_timestamps_ms.push_back(1000);
  }
  out.batch = {names(), {column.finish()}, ids.size(), {}};
  return out;
}

/// A cluster with the topics of a stream; each test runs once a way to write.
struct Line {
  MockCluster cluster;
  Rig rig;
  bool direct = true;
  Line() {
    SUBCASE("by our own code") {}
    SUBCASE("by the library") {
      direct = false;
    }
    cluster.create("in", 1);
    cluster.create("out", 1);
    cluster.create("in.dlq", 1);
  }
};

/// A transactional sink on a loop, whose calls a test waits for.
struct Owner {
  Rig& rig;
  std::unique_ptr<data::TransactionalSink> sink;

  explicit Owner(Line& line, kafka::ProducerOptions producer = {}) : rig(line.rig) {
    rig.on_loop([&] {
      KafkaTransactionOptions options;
      options.sink = {"out", "id", 1, producer};
      options.dead_letters = "in.dlq";
      options.id = options.group = "shop.copy";
      options.source = "in";
      kafka::ClientConfig config = line.cluster.config();
      config.direct = line.direct;
      sink = make_kafka_transaction(std::move(options), config, rig.thread->loop(), *rig.pool);
    });
  }
  ~Owner() {
    std::promise<void> closed;
    rig.on_loop([&] { sink->close([&] { closed.set_value(); }); });
    wait(closed.get_future());
    rig.on_loop([&] { sink.reset(); });
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  Result<Positions> open() {
    std::promise<Result<Positions>> done;
    rig.on_loop([&] { sink->open(names(), [&](Result<Positions> found) { done.set_value(std::move(found)); }); });
    return wait(done.get_future());
  }
  Result<std::vector<data::RowFailure>> write(const std::vector<std::string>& ids) {
    std::promise<Result<std::vector<data::RowFailure>>> done;
    rig.on_loop([&] {
      sink->rows().write(rows(ids),
                         [&](Result<std::vector<data::RowFailure>> result) { done.set_value(std::move(result)); });
    });
    return wait(done.get_future());
  }
  Result<void> write_letter() {
    std::promise<Result<void>> done;
    data::DeadLetter letter;
    letter.origin = "in";
    letter.stage = "decode";
    letter.value = "poison";
    letter.code = "SO-F001";
    rig.on_loop(
        [&] { sink->dead_letters().write({letter}, [&](Result<void> result) { done.set_value(std::move(result)); }); });
    return wait(done.get_future());
  }
  Result<void> commit(std::int64_t next) {
    std::promise<Result<void>> done;
    rig.on_loop(
        [&] { sink->commit({{{}, 0, next}}, [&](Result<void> result) { done.set_value(std::move(result)); }); });
    return wait(done.get_future());
  }
  bool can_start_over() {
    bool can = false;
    rig.on_loop([&] { can = sink->can_start_over(); });
    return can;
  }
};

}  // namespace

TEST_CASE("rows, dead letters and positions are committed, also without rows; the next owner opens behind them") {
  Line line;
  {
    Owner owner(line);
    const Result<Positions> first = owner.open();
    REQUIRE(first.ok());
    CHECK(first->empty());
    REQUIRE(owner.write({"a", "b"}).ok());
    REQUIRE(owner.write_letter().ok());
    REQUIRE(owner.commit(2).ok());
    REQUIRE(owner.write({"c"}).ok());
    REQUIRE(owner.commit(3).ok());
    REQUIRE(owner.commit(4).ok());     // an epoch without rows
    REQUIRE(owner.write({"d"}).ok());  // never committed
  }
  Owner next(line);
  REQUIRE(next.open().ok());  // what is committed then is asked of real brokers, in tests/chaos
  REQUIRE(next.write({"d"}).ok());
  CHECK(next.commit(5).ok());
}

TEST_CASE("an owner that another one has shut out stops with SO-K215 and does not start over") {
  Line line;
  Owner owner(line);
  REQUIRE(owner.open().ok());
  REQUIRE(owner.write({"a"}).ok());
  line.cluster.refuse_once(end_txn_api, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
  const Result<void> committed = owner.commit(1);
  REQUIRE(!committed.ok());
  CHECK(committed.error().code() == "SO-K215");
  CHECK(committed.error().message().find("shop.copy") != std::string::npos);
  CHECK_FALSE(owner.can_start_over());
}

TEST_CASE("a transaction that the broker has dropped can be done again (SO-K216)") {
  Line line;
  Owner owner(line);
  REQUIRE(owner.open().ok());
  REQUIRE(owner.write({"a"}).ok());
  line.cluster.refuse_once(end_txn_api, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING);
  const Result<void> committed = owner.commit(1);
  REQUIRE(!committed.ok());
  CHECK(committed.error().code() == "SO-K216");
  REQUIRE(owner.can_start_over());
  const Result<Positions> again = owner.open();
  REQUIRE(again.ok());
  CHECK_FALSE(owner.can_start_over());
  REQUIRE(owner.write({"a"}).ok());
  CHECK(owner.commit(1).ok());
}

TEST_CASE("a coordinator that is not ready is asked again") {
  Line line;
  Owner owner(line);
  line.cluster.refuse(init_producer_id_api, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  REQUIRE(owner.open().ok());
  REQUIRE(owner.write({"a"}).ok());
  line.cluster.refuse_once(txn_offset_commit_api, RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
  CHECK(owner.commit(1).ok());
}

TEST_CASE("a record that is too large for the client is refused alone; the transaction goes on") {
  Line line;
  Owner owner(line, {.max_record_bytes = 2000});
  REQUIRE(owner.open().ok());
  const auto written = owner.write({"a", std::string(5000, 'x'), "b"});
  REQUIRE(written.ok());
  REQUIRE(written->size() == 1);
  CHECK((*written)[0].row == 1);
  CHECK((*written)[0].error.code() == "SO-K207");
  CHECK(owner.commit(3).ok());
}

TEST_CASE("what the broker refuses for its size ends the stream, not the record") {
  Line line;
  Owner owner(line);
  REQUIRE(owner.open().ok());
  line.cluster.refuse_once(produce_api, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  const auto written = owner.write({"a"});
  const Result<void> refused = written.ok() ? owner.commit(1) : Result<void>(written.error());
  REQUIRE(!refused.ok());
  CHECK(refused.error().code() == "SO-K217");
  CHECK_FALSE(owner.can_start_over());
}

TEST_CASE("a transactional id that the cluster does not allow is final") {
  Line line;
  Owner owner(line);
  line.cluster.refuse(init_producer_id_api, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  const Result<Positions> opened = owner.open();
  REQUIRE(!opened.ok());
  CHECK(opened.error().code() == "SO-K204");
  CHECK_FALSE(owner.can_start_over());
}
