// kafka/broker/test_broker.h — a broker for tests, without listeners: requests go to the handlers directly.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "faulty_disk.h"
#include "kafka/broker/broker.h"
#include "kafka/broker/handlers/create_topics.h"
#include "kafka/broker/handlers/produce.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/record_batch.h"
#include "runtime/virtual_loop.h"

namespace streamops::kafka {

class NoNetwork final : public runtime::Network {
 public:
  Result<std::unique_ptr<runtime::Listener>> listen(const runtime::Endpoint&,
                                                    std::function<void(runtime::ConnectionPtr)>,
                                                    const std::optional<runtime::TlsOptions>&) override {
    return std::unique_ptr<runtime::Listener>();
  }
  void connect(const runtime::Endpoint&, Microseconds, const std::optional<runtime::TlsOptions>&,
               std::function<void(Result<runtime::ConnectionPtr>)>) override {}
};

inline Bytes batch_of(std::string_view value, std::int64_t producer = -1, std::int32_t sequence = -1) {
  RecordBatchBuilder builder(1000);
  builder.add(1000, as_bytes("key"), as_bytes(value));
  if (producer >= 0) builder.set_producer(producer, 0, sequence);
  return builder.build();
}

/// A broker on a disk that can lose power and a clock that jumps.
struct TestBroker {
  explicit TestBroker(std::uint64_t seed = 1) : disk(seed), loop(from_millis(10'000'000), seed) { open(); }

  void open() {
    broker.reset();
    SettingValues values;
    for (const auto& [name, value] : changed) REQUIRE(values.set(name, value, SettingValues::Origin::flag));
    BrokerOptions options;
    options.directory = "/kafka";
    options.settings = settings::Kafka::from(values);
    options.on_problem = [this](const Error& error) { problems.push_back(error); };
    auto opened = Broker::open(std::move(options), loop, network, disk, *pool);
    REQUIRE(opened);
    broker = std::move(*opened);
    loop.settle();
  }
  void crash() {
    broker.reset();
    disk.crash();
    open();
  }
  RequestContext context(std::int16_t version) {
    RequestContext out;
    out.broker = broker.get();
    out.api_version = version;
    out.listener = {"127.0.0.1", 9092};
    return out;
  }
  ErrorCode create(const std::string& name, std::int32_t partitions = 1) {
    CreateTopicsRequest request;
    request.topics.push_back({.name = name, .num_partitions = partitions, .replication_factor = 1});
    std::int16_t code = -1;
    handle_create_topics(context(7), std::move(request),
                         [&](const CreateTopicsResponse& response) { code = response.topics.at(0).error_code; });
    loop.settle();
    return static_cast<ErrorCode>(code);
  }
  using Produced = ProduceResponse::PartitionProduceResponse;
  void produce(const Bytes& batch, std::function<void(const Produced&)> done, std::int32_t partition = 0) {
    RequestContext request_context = context(9);
    request_context.frame = std::make_shared<Bytes>(batch);
    ProduceRequest request;
    request.acks = -1;
    auto& topic = request.topic_data.emplace_back();
    topic.name = "t";
    topic.partition_data.push_back({partition, Records::borrowed(*request_context.frame)});
    handle_produce(request_context, std::move(request),
                   [frame = request_context.frame, done = std::move(done)](const ProduceResponse& response) {
                     done(response.responses.at(0).partition_responses.at(0));
                   });
  }
  Produced produce_and_settle(const Bytes& batch) {
    Produced out;
    out.error_code = -99;
    produce(batch, [&](const Produced& answer) { out = answer; });
    loop.settle();
    return out;
  }
  std::vector<std::string> values() {
    std::vector<std::string> out;
    const Topic* topic = broker->topics().find("t");
    REQUIRE(topic != nullptr);
    Bytes bytes;
    REQUIRE(topic->partition(0)->log().read(0, 1 << 24, bytes));
    const auto batches = parse_batches(bytes);
    REQUIRE(batches);
    for (const RecordBatchView& batch : *batches) {
      RecordIterator records(batch, batch.payload());
      for (auto record = records.next(); record && *record; record = records.next())
        out.emplace_back(as_text(*(*record)->value));
    }
    return out;
  }

  test::FaultyDisk disk;
  runtime::VirtualLoop loop;
  NoNetwork network;
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  std::map<std::string, std::string> changed;
  std::vector<Error> problems;
  std::unique_ptr<Broker> broker;
};

}  // namespace streamops::kafka
