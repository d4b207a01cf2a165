#include "kafka/client/impl/group_look.h"

#include <doctest/doctest.h>

#include "errors/kafka_client.h"
#include "kafka/client/testing/scripted_broker.h"
#include "kafka/protocol/messages/list_groups.h"

using namespace streamops;
using namespace streamops::kafka;
using kafka::testing::Rig;
using kafka::testing::ScriptedBroker;
using kafka::testing::wait;

namespace {

Result<std::vector<BrowsedGroup>> look(Rig& rig, const ClientConfig& config) {
  std::promise<Result<std::vector<BrowsedGroup>>> groups;
  std::unique_ptr<runtime::Network> network;
  std::shared_ptr<GroupLook> look;
  rig.on_loop([&] {
    network = runtime::make_network(rig.thread->loop());
    look = GroupLook::begin(config, rig.thread->loop(), *network,
                            [&](Result<std::vector<BrowsedGroup>> found) { groups.set_value(std::move(found)); });
  });
  Result<std::vector<BrowsedGroup>> result = wait(groups.get_future());
  rig.on_loop([&] {
    look.reset();
    network.reset();
  });
  return result;
}

void serve_cluster(ScriptedBroker& broker, const std::vector<runtime::Endpoint>& brokers) {
  broker.answer<MetadataRequest>([brokers](const MetadataRequest& request, std::int16_t) {
    CHECK(request.topics.value().empty());
    MetadataResponse response;
    for (const runtime::Endpoint& each : brokers) {
      auto& one = response.brokers.emplace_back();
      one.node_id = static_cast<std::int32_t>(response.brokers.size());
      one.host = each.host;
      one.port = each.port;
    }
    return response;
  });
}

void serve_group(ScriptedBroker& broker, const std::string& name, const Bytes& assignment) {
  broker.answer<ListGroupsRequest>([name](const ListGroupsRequest&, std::int16_t) {
    ListGroupsResponse response;
    auto& group = response.groups.emplace_back();
    group.group_id = name;
    group.group_state = "Empty";
    return response;
  });
  broker.answer<DescribeGroupsRequest>([name, assignment](const DescribeGroupsRequest&, std::int16_t) {
    DescribeGroupsResponse response;
    auto& group = response.groups.emplace_back();
    group.group_id = name;
    group.group_state = "Stable";
    auto& member = group.members.emplace_back();
    member.client_id = "reader";
    member.client_host = "/127.0.0.1";
    member.member_assignment = assignment;
    return response;
  });
  broker.answer<OffsetFetchRequest>([](const OffsetFetchRequest&, std::int16_t) {
    OffsetFetchResponse response;
    auto& topic = response.topics.emplace_back();
    topic.name = "users";
    for (const std::int64_t offset : {std::int64_t{41}, std::int64_t{-1}}) {
      auto& partition = topic.partitions.emplace_back();
      partition.partition_index = static_cast<std::int32_t>(topic.partitions.size() - 1);
      partition.committed_offset = offset;
    }
    return response;
  });
}

/// Version 0; the topic "users" with partition 2.
const Bytes users_2{0, 0, 0, 0, 0, 1, 0, 5, 'u', 's', 'e', 'r', 's', 0, 0, 0, 1, 0, 0, 0, 2};

}  // namespace

TEST_CASE("groups are those of all brokers, with members and committed offsets") {
  Rig rig;
  ScriptedBroker first(rig);
  ScriptedBroker second(rig);
  serve_cluster(first, {first.endpoint, second.endpoint});
  serve_group(first, "b", users_2);
  serve_group(second, "a", Bytes(users_2.begin(), users_2.begin() + 9));  // cut short
  const auto groups = look(rig, first.config());
  REQUIRE(groups.ok());
  REQUIRE(groups->size() == 2);
  CHECK(groups->at(0).name == "a");
  CHECK(groups->at(0).members.at(0).partitions.empty());
  const BrowsedGroup& b = groups->at(1);
  CHECK(b.state == "Stable");
  REQUIRE(b.members.size() == 1);
  CHECK(b.members[0].client_id == "reader");
  REQUIRE(b.members[0].partitions.size() == 1);
  CHECK(b.members[0].partitions[0] == std::pair<std::string, std::int32_t>("users", 2));
  REQUIRE(b.offsets.size() == 1);
  CHECK(b.offsets[0].committed == 41);
}

TEST_CASE("a broker that is away keeps only its own groups back") {
  Rig rig;
  ScriptedBroker broker(rig);
  serve_cluster(broker, {broker.endpoint, {"127.0.0.1", 1}});
  serve_group(broker, "g", users_2);
  const auto groups = look(rig, broker.config());
  REQUIRE(groups.ok());
  CHECK(groups->size() == 1);
}

TEST_CASE("a cluster that is away is an error, one without groups is not") {
  Rig rig;
  ClientConfig nobody;
  nobody.bootstrap = "127.0.0.1:1,127.0.0.1:2";
  CHECK(look(rig, nobody).error().is(errors::kafka_client::broker_unreachable));  // SO-K202

  ScriptedBroker broker(rig);
  serve_cluster(broker, {broker.endpoint});
  broker.answer<ListGroupsRequest>([](const ListGroupsRequest&, std::int16_t) { return ListGroupsResponse{}; });
  const auto none = look(rig, broker.config());
  REQUIRE(none.ok());
  CHECK(none->empty());

  ScriptedBroker alone(rig);
  serve_cluster(alone, {});
  CHECK(look(rig, alone.config())->empty());
}
