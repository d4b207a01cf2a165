#include "kafka/broker/broker.h"

#include <doctest/doctest.h>

#include "errors/kafka.h"
#include "kafka/broker/handlers/fetch.h"
#include "kafka/broker/handlers/init_producer_id.h"
#include "kafka/broker/test_broker.h"
#include "kafka/broker/topics.h"

namespace streamops::kafka {
namespace {

using Fixture = TestBroker;
constexpr std::int16_t none = 0;
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a produce is answered when its batch is on disk, and is there after a power cut") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  bool answered = false;
  f.produce(batch_of("v"),
            [&](const auto& answer) { answered = answer.error_code == none && answer.base_offset == 0; });
  CHECK_FALSE(answered);
  f.loop.settle();
  CHECK(answered);
  f.crash();
  CHECK(f.values() == Texts{"v"});
}

TEST_CASE("an idempotent batch sent again after a crash is kept once and answered with its first offset") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  for (int i = 0; i < 3; ++i) CHECK(f.produce_and_settle(batch_of(std::to_string(i), 7, i)).base_offset == i);
  f.crash();
  CHECK(f.produce_and_settle(batch_of("1", 7, 1)).base_offset == 1);
  CHECK(f.produce_and_settle(batch_of("4", 7, 4)).error_code == wire(ErrorCode::out_of_order_sequence_number));
  CHECK(f.produce_and_settle(batch_of("3", 7, 3)).base_offset == 3);
  CHECK(f.values() == Texts{"0", "1", "2", "3"});
}

TEST_CASE("after a failed sync a producer may send the lost batch again") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  CHECK(f.produce_and_settle(batch_of("0", 7, 0)).error_code == none);
  f.disk.failing_syncs = 1;
  CHECK(f.produce_and_settle(batch_of("1", 7, 1)).error_code == wire(ErrorCode::kafka_storage_error));
  CHECK(f.produce_and_settle(batch_of("1", 7, 1)).error_code == none);
  CHECK(f.values() == Texts{"0", "1"});
}

TEST_CASE("on a full disk produces fail one by one, nothing acknowledged is lost, and room heals it") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  CHECK(f.produce_and_settle(batch_of("before")).error_code == none);
  f.disk.capacity = 0;
  CHECK(f.produce_and_settle(batch_of("no room")).error_code == wire(ErrorCode::kafka_storage_error));
  CHECK(f.create("another") == ErrorCode::kafka_storage_error);
  CHECK(f.values() == Texts{"before"});
  f.disk.capacity = UINT64_MAX;
  CHECK(f.produce_and_settle(batch_of("after")).error_code == none);
  CHECK(f.create("another") == ErrorCode::none);
  f.crash();
  CHECK(f.values() == Texts{"before", "after"});
}

TEST_CASE("a batch with a wrong checksum, of a wrong size or with a wrong count is refused") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  Bytes flipped = batch_of("v");
  flipped.back() ^= 1;
  CHECK(f.produce_and_settle(flipped).error_code == wire(ErrorCode::corrupt_message));
  Bytes two = batch_of("v");
  append_bytes(two, batch_of("w"));
  CHECK(f.produce_and_settle(two).error_code == wire(ErrorCode::invalid_record));
  CHECK(f.produce_and_settle(batch_of(std::string(2'000'000, 'x'))).error_code == wire(ErrorCode::message_too_large));
  CHECK(f.values().empty());
}

TEST_CASE("a fetch waits for the next record, but not longer than it asked") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  const auto fetch = [&](std::int64_t offset, int& answers, std::size_t& bytes) {
    FetchRequest request;
    request.max_wait_ms = 500;
    request.min_bytes = 1;
    auto& topic = request.topics.emplace_back();
    topic.topic = "t";
    topic.partitions.push_back({.partition = 0, .fetch_offset = offset, .partition_max_bytes = 1 << 20});
    handle_fetch(f.context(11), std::move(request), [&](const FetchResponse& response) {
      answers += 1;
      bytes = response.responses.at(0).partitions.at(0).records.size();
    });
  };
  int answers = 0;
  std::size_t bytes = 0;
  fetch(0, answers, bytes);
  f.loop.advance(Milliseconds{499});
  CHECK(answers == 0);
  f.loop.advance(Milliseconds{1});
  CHECK(answers == 1);
  CHECK(bytes == 0);
  fetch(0, answers, bytes);
  f.loop.advance(Milliseconds{100});
  f.produce_and_settle(batch_of("v"));
  CHECK(answers == 2);
  CHECK(bytes == batch_of("v").size());
  f.loop.advance(Seconds{1});
  CHECK(answers == 2);
}

TEST_CASE("topics appear and disappear whole, whatever a power cut interrupts") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Fixture f(seed);
    runtime::SeededRandom random(seed);
    std::set<std::string> there;
    for (int round = 0; round < 4; ++round) {
      std::set<std::string> unsure;
      for (int i = 0; i < 4; ++i) {
        const std::string name = "topic" + std::to_string(random.below(4));
        const bool wait = random.below(3) > 0;
        const auto settled = [&](bool created) {
          return [&, name, created](const Result<void>& result) {
            if (!result) return;
            unsure.erase(name);
            created ? static_cast<void>(there.insert(name)) : static_cast<void>(there.erase(name));
          };
        };
        unsure.insert(name);
        if (const Topic* topic = f.broker->topics().find(name)) {
          f.broker->remove_topic(*topic, settled(false));
        } else {
          f.broker->topics().create(name, 2, {}, settled(true));
        }
        if (wait) f.loop.settle();
      }
      f.crash();
      for (int i = 0; i < 4; ++i) {
        const std::string name = "topic" + std::to_string(i);
        const Topic* topic = f.broker->topics().find(name);
        if (!unsure.contains(name)) REQUIRE((topic != nullptr) == there.contains(name));
        topic != nullptr ? static_cast<void>(there.insert(name)) : static_cast<void>(there.erase(name));
        if (topic != nullptr) REQUIRE(topic->partition(1) != nullptr);
      }
    }
  }
}

TEST_CASE("producer ids are never given out twice, not even around a crash") {
  Fixture f;
  std::set<std::int64_t> ids;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 700; ++i) {
      handle_init_producer_id(f.context(4), {}, [&](const InitProducerIdResponse& response) {
        REQUIRE(response.error_code == none);
        REQUIRE(ids.insert(response.producer_id).second);
      });
      if (i % 50 == 0) f.loop.settle();
    }
    f.loop.settle();
    f.crash();
  }
  CHECK(ids.size() == 3500);
}

TEST_CASE("what is wrong with a topic is said by code") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  const Topics& topics = f.broker->topics();
  CHECK(topics.check_create("no/slash", 1, {}).error().code() == "SO-K022");
  CHECK(topics.check_create("t", 1, {}).error().code() == "SO-K023");
  CHECK(topics.check_create("u", 0, {}).error().code() == "SO-K024");
  CHECK(topics.check_create("u", 1'000'000, {}).error().code() == "SO-K024");
  CHECK(topics.check_create("u", 1, {{"retention.msec", "1"}}).error().code() == "SO-K020");
  CHECK(topics.check_create("u", 1, {{"retention.ms", "long"}}).error().code() == "SO-K021");
  CHECK(topics.check_grow("nothing", 2).error().code() == "SO-K010");
}

TEST_CASE("a damaged partition is reported (SO-K025) and the broker serves what is left") {
  Fixture f;
  f.changed["kafka.segment_bytes"] = "1MiB";
  f.open();
  REQUIRE(f.create("t") == ErrorCode::none);
  const std::string value(600'000, 'x');
  for (int i = 0; i < 4; ++i) REQUIRE(f.produce_and_settle(batch_of(value)).error_code == none);
  f.broker.reset();
  const std::string topic_directory = "/kafka/topics/" + f.disk.list("/kafka/topics")->at(0);
  REQUIRE((*f.disk.open(topic_directory + "/0/00000000000000000000.log", runtime::OpenMode::write_existing))
              ->truncate(1000));
  f.open();
  REQUIRE(f.problems.size() == 1);
  CHECK(f.problems[0].code() == "SO-K025");
  CHECK(f.problems[0].message().find("SO-L004") != std::string::npos);
  CHECK_FALSE(f.broker->topic_views().at(0).partitions.at(0).problem.empty());
  CHECK(f.produce_and_settle(batch_of("next")).base_offset == 4);
}

TEST_CASE("metadata of another version is refused (SO-K001)") {
  Fixture f;
  f.broker.reset();
  log::JournalOptions options;
  REQUIRE(f.disk.remove("/kafka/metadata.journal"));
  {
    const auto journal = log::Journal::open("/kafka/metadata.journal", options, f.disk, f.loop, *f.pool,
                                            [](BytesView) -> Result<void> { return Ok(); });
    REQUIRE((*journal)->append(Bytes{1, 0, 0, 0, 99}));
  }
  BrokerOptions broker_options;
  broker_options.directory = "/kafka";
  broker_options.settings = settings::Kafka::from(SettingValues());
  const auto opened = Broker::open(std::move(broker_options), f.loop, f.network, f.disk, *f.pool);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code() == "SO-K001");
}

TEST_CASE("a snapshot of the producers speaks for the log behind a shutdown, and the log for what came after it") {
  Fixture f;
  REQUIRE(f.create("t") == ErrorCode::none);
  const std::string value(600'000, 'x');
  for (int i = 0; i < 4; ++i) REQUIRE(f.produce_and_settle(batch_of(value, 7, i)).error_code == none);
  f.broker->shutdown([] {});
  f.loop.advance(Seconds{1});
  const std::string directory = "/kafka/topics/" + f.disk.list("/kafka/topics")->at(0) + "/0";
  REQUIRE(f.disk.exists(directory + "/producers"));
  f.open();
  REQUIRE(f.produce_and_settle(batch_of("4", 7, 4)).base_offset == 4);
  f.crash();
  CHECK(f.produce_and_settle(batch_of(value, 7, 3)).base_offset == 3);
  CHECK(f.produce_and_settle(batch_of("4", 7, 4)).base_offset == 4);
  CHECK(f.produce_and_settle(batch_of("5", 7, 5)).base_offset == 5);
}

TEST_CASE("a shutdown syncs and ends") {
  Fixture f;
  f.changed["kafka.fsync"] = "never";
  f.open();
  REQUIRE(f.create("t") == ErrorCode::none);
  REQUIRE(f.produce_and_settle(batch_of("v")).error_code == none);
  bool done = false;
  f.broker->shutdown([&] { done = true; });
  f.loop.advance(Seconds{1});
  CHECK(done);
  f.crash();
  CHECK(f.values() == Texts{"v"});
}

}  // namespace streamops::kafka
