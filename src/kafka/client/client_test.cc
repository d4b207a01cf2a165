// Consumer, producer and admin against the library's own mock cluster (loopback sockets, no broker).
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "errors/kafka_client.h"
#include "kafka/client/admin.h"
#include "kafka/client/consumer.h"
#include "kafka/client/producer.h"
#include "kafka/client/testing/mock_cluster.h"

using namespace streamops;
using namespace streamops::kafka;
using testing::MockCluster;
using testing::Rig;
using testing::wait;

namespace {

struct Seen {
  std::int32_t partition;
  std::int64_t offset;
  std::int64_t timestamp_ms;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::map<std::string, std::string> headers;

  friend bool operator==(const Seen&, const Seen&) = default;
};

/// Sends records and waits for their reports, in the order of the tickets.
std::map<std::uint64_t, Result<void>> produce(Rig& rig, const ClientConfig& config,
                                              const std::vector<OutgoingRecord>& records,
                                              const ProducerOptions& options = {}) {
  std::map<std::uint64_t, Result<void>> reports;
  std::promise<void> all;
  std::unique_ptr<Producer> producer;
  rig.on_loop([&] {
    auto opened = Producer::open(
        config, options, rig.thread->loop(), *rig.pool,
        [&](std::uint64_t ticket, Result<void> report) {
          reports.emplace(ticket, std::move(report));
          if (reports.size() == records.size()) all.set_value();
        },
        [] {});
    REQUIRE(opened.ok());
    producer = std::move(*opened);
    for (std::size_t i = 0; i < records.size(); ++i) REQUIRE(producer->send(records[i], i) == Producer::Sent::queued);
  });
  wait(all.get_future());
  rig.on_loop([&] {
    CHECK(producer->outstanding() == 0);
    producer.reset();
  });
  return reports;
}

/// Reads until `count` records are there.
std::vector<Seen> consume_by(Rig& rig, const ClientConfig& config, const std::string& topic,
                             const std::vector<std::pair<std::int32_t, std::int64_t>>& from, std::size_t count,
                             std::size_t prefetch) {
  std::vector<Seen> seen;
  std::promise<void> all;
  bool complete = false;
  std::unique_ptr<Consumer> consumer;
  const auto take = [&] {
    const Result<data::Records> records = consumer->poll(1000);
    REQUIRE(records.ok());
    for (const data::Record& record : records->records) {
      Seen one{record.partition, record.offset, record.timestamp_ms, std::nullopt, std::nullopt, {}};
      if (record.key) one.key = std::string(*record.key);
      if (record.value) one.value = std::string(*record.value);
      if (record.value) CHECK(record.value->data()[record.value->size() + 63] != '\x7f');  // readable: ASan would tell
      for (const data::Header& header : record.headers) {
        one.headers[std::string(header.name)] = header.value ? std::string(*header.value) : "(null)";
      }
      seen.push_back(std::move(one));
    }
    if (seen.size() >= count && !std::exchange(complete, true)) all.set_value();
  };
  rig.on_loop([&] {
    auto opened = Consumer::open(config, {topic, prefetch}, rig.thread->loop(), *rig.pool, take);
    REQUIRE(opened.ok());
    consumer = std::move(*opened);
    for (const auto& [partition, offset] : from) REQUIRE(consumer->add(partition, offset).ok());
  });
  wait(all.get_future());
  rig.on_loop([&] {
    CHECK_FALSE(consumer->trouble().has_value());
    consumer.reset();
  });
  return seen;
}

/// As our own code reads; the library must have read the same.
std::vector<Seen> consume(Rig& rig, ClientConfig config, const std::string& topic,
                          const std::vector<std::pair<std::int32_t, std::int64_t>>& from, std::size_t count,
                          std::size_t prefetch = 4 << 20) {
  const auto by = [&](bool direct) {
    config.direct = direct;
    std::vector<Seen> seen = consume_by(rig, config, topic, from, count, prefetch);
    std::stable_sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) { return a.partition < b.partition; });
    return seen;
  };
  const std::vector<Seen> by_library = by(false);
  std::vector<Seen> seen = by(true);
  CHECK(seen == by_library);
  return seen;
}

OutgoingRecord record(std::optional<std::string_view> key, std::optional<std::string_view> value,
                      std::int64_t at = 1000) {
  return {"t", key, value, at, {}};
}

}  // namespace

TEST_CASE("records arrive with key, value, timestamp and headers; nothing and empty stay apart") {
  MockCluster cluster;
  cluster.create("t", 1);
  Rig rig;
  const data::Header headers[] = {{"so.code", "SO-F001"}, {"empty", std::nullopt}};
  OutgoingRecord first = record("k", "v");
  first.headers = headers;
  const auto reports =
      produce(rig, cluster.config(), {first, record("k", std::nullopt, 2000), record(std::nullopt, "", 3000)});
  for (const auto& [ticket, report] : reports) CHECK_MESSAGE(report.ok(), ticket);

  const std::vector<Seen> seen = consume(rig, cluster.config(), "t", {{0, offset_earliest}}, 3);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].key == "k");
  CHECK(seen[0].value == "v");
  CHECK(seen[0].timestamp_ms == 1000);
  CHECK(seen[0].headers.at("so.code") == "SO-F001");
  CHECK_FALSE(seen[1].value.has_value());
  CHECK(seen[1].timestamp_ms == 2000);
  CHECK_FALSE(seen[2].key.has_value());
  CHECK(seen[2].value == "");
  CHECK(consume(rig, cluster.config(), "t", {{0, 2}}, 1)[0].offset == 2);
}

TEST_CASE("a key always goes to the partition that a Java client gives it") {
  MockCluster cluster;
  cluster.create("t", 4);
  Rig rig;
  const std::vector<std::string> keys = {"a", "key", "user-1", "user-2", "streamops"};
  std::vector<OutgoingRecord> records;
  for (const std::string& key : keys) records.push_back(record(key, key));
  produce(rig, cluster.config(), records);
  std::map<std::string, std::int32_t> partition_of;
  for (const Seen& one : consume(rig, cluster.config(), "t", {{0, -2}, {1, -2}, {2, -2}, {3, -2}}, keys.size())) {
    partition_of[*one.key] = one.partition;
  }
  // murmur2 with Kafka's seed, sign bit cleared, modulo 4.
  const auto murmur2 = [](std::string_view key) {
    constexpr std::uint32_t m = 0x5bd1e995;
    std::uint32_t h = 0x9747b28c ^ static_cast<std::uint32_t>(key.size());
    std::size_t i = 0;
    const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(key[at])); };
    for (; i + 4 <= key.size(); i += 4) {
      std::uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
      k *= m;
      k ^= k >> 24;
      h = (h * m) ^ (k * m);
    }
    const std::size_t left = key.size() - i;
    for (std::size_t t = left; t > 0; --t) h ^= byte(i + t - 1) << (8 * (t - 1));
    if (left > 0) h *= m;
    h ^= h >> 13;
    h *= m;
    return h ^ (h >> 15);
  };
  for (const std::string& key : keys) {
    CHECK_MESSAGE(partition_of[key] == static_cast<std::int32_t>((murmur2(key) & 0x7fffffff) % 4), key);
  }
}

TEST_CASE("nothing is lost or doubled when reading is slower than fetching") {
  MockCluster cluster;
  cluster.create("t", 2);
  Rig rig;
  std::vector<std::string> values;
  for (int i = 0; i < 1000; ++i) values.push_back(std::to_string(i) + std::string(200, 'x'));
  std::vector<OutgoingRecord> records;
  for (const std::string& value : values) records.push_back(record(value, value));
  produce(rig, cluster.config(), records);
  // About 250 records fit into the prefetch, so partitions are paused and resumed all the time.
  const std::vector<Seen> seen = consume(rig, cluster.config(), "t", {{0, -2}, {1, -2}}, values.size(), 50'000);
  std::map<std::int32_t, std::int64_t> next;
  std::set<std::string> distinct;
  for (const Seen& one : seen) {
    CHECK(one.offset == next[one.partition]++);
    distinct.insert(*one.value);
  }
  CHECK(seen.size() == values.size());
  CHECK(distinct.size() == values.size());
}

TEST_CASE("a record that is too large is refused alone") {
  MockCluster cluster;
  cluster.create("t", 1);
  Rig rig;
  const std::string large(3000, 'x');
  ProducerOptions options;
  options.max_record_bytes = 2000;
  const auto reports =
      produce(rig, cluster.config(), {record("a", "1"), record("b", large), record("c", "3")}, options);
  CHECK(reports.at(0).ok());
  CHECK(reports.at(1).error().is(errors::kafka_client::record_too_large));  // SO-K207
  CHECK(reports.at(2).ok());
}

TEST_CASE("an offset that is gone is an error, not a jump") {
  MockCluster cluster;
  cluster.create("t", 1);
  Rig rig;
  produce(rig, cluster.config(), {record("a", "1")});
  std::promise<Error> failure;
  bool failed = false;
  std::unique_ptr<Consumer> consumer;
  rig.on_loop([&] {
    auto opened = Consumer::open(cluster.config(), {"t", 1 << 20}, rig.thread->loop(), *rig.pool, [&] {
      const Result<data::Records> records = consumer->poll(1000);
      if (!records && !std::exchange(failed, true)) failure.set_value(records.error());
    });
    REQUIRE(opened.ok());
    consumer = std::move(*opened);
    REQUIRE(consumer->add(0, 500).ok());
  });
  CHECK(wait(failure.get_future()).is(errors::kafka_client::offset_gone));  // SO-K205
  rig.on_loop([&] { consumer.reset(); });
}

TEST_CASE("topics are described, and missing ones are nothing") {
  MockCluster cluster;
  cluster.create("t", 3);
  Rig rig;
  std::unique_ptr<Admin> admin;
  const auto describe = [&](const std::string& topic) {
    std::promise<Result<std::optional<TopicDescription>>> found;
    rig.on_loop([&] {
      admin->describe_topic(
          topic, [&](Result<std::optional<TopicDescription>> result) { found.set_value(std::move(result)); });
    });
    return wait(found.get_future());
  };
  rig.on_loop([&] {
    auto opened = Admin::open(cluster.config(), rig.thread->loop(), *rig.pool);
    REQUIRE(opened.ok());
    admin = std::move(*opened);
  });
  const auto found = describe("t");
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  CHECK((*found)->partitions == std::vector<std::int32_t>{0, 1, 2});
  rig.on_loop([&] { admin.reset(); });
}

TEST_CASE("a wrong setting is the user's mistake and says which") {
  Rig rig;
  ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  config.extra = {{"no.such.setting", "1"}};
  rig.on_loop([&] {
    const auto opened = Admin::open(config, rig.thread->loop(), *rig.pool);
    REQUIRE_FALSE(opened.ok());
    CHECK(opened.error().is(errors::kafka_client::bad_client_setting));  // SO-K201
    CHECK(opened.error().message().find("no.such.setting") != std::string::npos);
  });
}

TEST_CASE("a cluster that is away is trouble, not failure") {
  Rig rig;
  ClientConfig config;
  config.bootstrap = "127.0.0.1:1";
  std::unique_ptr<Consumer> consumer;
  std::promise<Error> trouble;
  bool told = false;
  rig.on_loop([&] {
    auto opened = Consumer::open(config, {"t", 1 << 20}, rig.thread->loop(), *rig.pool, [&] {
      REQUIRE(consumer->poll(1000).ok());
      if (consumer->trouble() && !std::exchange(told, true)) trouble.set_value(*consumer->trouble());
    });
    REQUIRE(opened.ok());
    consumer = std::move(*opened);
    REQUIRE(consumer->add(0, offset_earliest).ok());
  });
  CHECK(wait(trouble.get_future()).is(errors::kafka_client::broker_unreachable));  // SO-K202
  rig.on_loop([&] { consumer.reset(); });
}

TEST_CASE("a group is told how far a reader is, also the last time before the reader goes") {
  MockCluster cluster;
  cluster.create("users", 1);
  Rig rig;
  const auto committed = [&] {
    ClientConfig config = cluster.config();
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char text[256];
    rd_kafka_conf_set(conf, "bootstrap.servers", config.bootstrap.c_str(), text, sizeof(text));
    rd_kafka_conf_set(conf, "group.id", "dag.stream", text, sizeof(text));
    rd_kafka_t* reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "users", 0);
    CHECK(rd_kafka_committed(reader, list, 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
    const std::int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(reader);
    return offset;
  };
  const auto reaches = [&](std::int64_t offset) {
    for (int i = 0; i < 100 && committed() != offset; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{100});
    return committed() == offset;
  };
  std::unique_ptr<Consumer> consumer;
  rig.on_loop([&] {
    ConsumerOptions options;
    options.topic = "users";
    options.group = "dag.stream";
    consumer = std::move(Consumer::open(cluster.config(), options, rig.thread->loop(), *rig.pool, [] {})).value();
    const std::vector<data::Position> first{{Uuid{}, 0, 7}};
    consumer->commit(first);
  });
  CHECK(reaches(7));
  rig.on_loop([&] {
    const std::vector<data::Position> second{{Uuid{}, 0, 9}};
    consumer->commit(second);
    consumer.reset();
  });
  CHECK(reaches(9));
}
