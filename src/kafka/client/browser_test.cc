#include "kafka/client/browser.h"

#include <doctest/doctest.h>

#include "kafka/client/producer.h"
#include "kafka/client/testing/mock_cluster.h"

using namespace streamops;
using namespace streamops::kafka;
using kafka::testing::MockCluster;
using kafka::testing::Rig;
using kafka::testing::wait;

namespace {

/// A browser on a rig's loop, asked from the test's thread.
struct Looker {
  Rig& rig;
  std::unique_ptr<Browser> browser;

  Looker(Rig& on, const ClientConfig& config) : rig(on) {
    rig.on_loop([&] { browser = std::move(Browser::open(config, rig.thread->loop(), *rig.pool)).value(); });
  }
  ~Looker() {
    rig.on_loop([&] { browser.reset(); });
  }
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;

  Result<std::vector<TopicExtent>> topics() {
    std::promise<Result<std::vector<TopicExtent>>> answer;
    rig.on_loop([&] {
      browser->topics([&](Result<std::vector<TopicExtent>> result) { answer.set_value(std::move(result)); });
    });
    return wait(answer.get_future());
  }

  Result<std::vector<BrowsedMessage>> messages(const BrowseQuery& query) {
    std::promise<Result<std::vector<BrowsedMessage>>> answer;
    rig.on_loop([&] {
      browser->messages(query,
                        [&](Result<std::vector<BrowsedMessage>> result) { answer.set_value(std::move(result)); });
    });
    return wait(answer.get_future());
  }

  /// The values found, in order.
  std::string values(const BrowseQuery& query) {
    const Result<std::vector<BrowsedMessage>> found = messages(query);
    if (!found) return found.error().to_line();
    std::string text;
    for (const BrowsedMessage& message : *found) text += message.value.value_or("(delete)") + " ";
    return text;
  }
};

/// Writes the records into a topic of one partition; record n has the timestamp 1000 + n.
void produce(Rig& rig, const MockCluster& cluster, const std::string& topic, const std::vector<std::string>& values) {
  std::unique_ptr<Producer> producer;
  std::promise<void> reported;
  std::size_t left = values.size();
  rig.on_loop([&] {
    producer = std::move(Producer::open(
                             cluster.config(), {}, rig.thread->loop(), *rig.pool,
                             [&](std::uint64_t, const Result<void>& report) {
                               CHECK(report.ok());
                               if (--left == 0) reported.set_value();
                             },
                             [] {}))
                   .value();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::vector<data::Header> headers{{"n", std::string_view("h")}};
      OutgoingRecord record{topic, "key", values[i], static_cast<std::int64_t>(1000 + i), headers};
      CHECK(producer->send(record, i) == Producer::Sent::queued);
    }
  });
  wait(reported.get_future());
  rig.on_loop([&] { producer.reset(); });
}

}  // namespace

TEST_CASE("topics show the offsets that they hold") {
  MockCluster cluster;
  cluster.create("empty", 2);
  cluster.create("users", 1);
  Rig rig;
  produce(rig, cluster, "users", {"a", "b", "c"});
  Looker looker(rig, cluster.config());
  const auto topics = looker.topics();
  REQUIRE(topics.ok());
  REQUIRE(topics->size() == 2);
  for (const TopicExtent& topic : *topics) {
    if (topic.name == "empty") CHECK(topic.partitions.size() == 2);
    if (topic.name != "users") continue;
    REQUIRE(topic.partitions.size() == 1);
    CHECK(topic.partitions[0].first == 0);
    CHECK(topic.partitions[0].next == 3);
  }
}

TEST_CASE("messages are found from either end, from an offset and by their text") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  produce(rig, cluster, "users", {"anna", "ben", "carl", "anton", "dora"});
  Looker looker(rig, cluster.config());
  using From = BrowseQuery::From;
  CHECK(looker.values({.topic = "users", .partition = {}, .limit = 2}) == "anton dora ");
  CHECK(looker.values({.topic = "users", .partition = {}, .from = From::oldest, .limit = 2}) == "anna ben ");
  CHECK(looker.values({.topic = "users", .partition = {}, .from = From::offset, .position = 3}) == "anton dora ");
  CHECK(looker.values({.topic = "users", .partition = {}, .from = From::offset, .position = 9}).empty());
  CHECK(looker.values({.topic = "users", .partition = {}, .search = "an"}) == "anna anton ");
  CHECK(looker.values({.topic = "users", .partition = {}, .limit = 1, .search = "an"}) == "anton ");
  CHECK(looker.values({.topic = "users", .partition = {}, .from = From::oldest, .limit = 1, .search = "an"}) ==
        "anna ");
  CHECK(looker.values({.topic = "users", .partition = {}, .search = "nobody"}).empty());
  const auto all = looker.messages({.topic = "users", .partition = 0});
  REQUIRE(all.ok());
  CHECK((*all)[4].offset == 4);
  CHECK((*all)[4].timestamp_ms == 1004);
  CHECK((*all)[4].key == "key");
  CHECK((*all)[4].headers == std::vector<std::pair<std::string, std::string>>{{"n", "h"}});
}

TEST_CASE("a partition that is not there is an error, not an empty page") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  Looker looker(rig, cluster.config());
  CHECK(looker.messages({.topic = "users", .partition = 7}).error().code() == "SO-K208");
}

TEST_CASE("a cluster that is away is told with its address and the reason, after a bounded time") {
  Rig rig;
  ClientConfig config;
  config.bootstrap = "127.0.0.1:1";  // nothing listens there
  Looker looker(rig, config);
  const auto topics = looker.topics();
  REQUIRE_FALSE(topics.ok());
  CHECK(topics.error().code() == "SO-K202");
  CHECK(topics.error().message().find("127.0.0.1:1") != std::string::npos);
  CHECK(topics.error().message().find("refused") != std::string::npos);
}
