// The handlers of groups and offsets in the versions where their answers change shape.
#include <doctest/doctest.h>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"
#include "kafka/broker/handlers/create_topics.h"
#include "kafka/broker/handlers/delete_groups.h"
#include "kafka/broker/handlers/delete_topics.h"
#include "kafka/broker/handlers/describe_groups.h"
#include "kafka/broker/handlers/find_coordinator.h"
#include "kafka/broker/handlers/join_group.h"
#include "kafka/broker/handlers/leave_group.h"
#include "kafka/broker/handlers/list_groups.h"
#include "kafka/broker/handlers/offset_commit.h"
#include "kafka/broker/handlers/offset_delete.h"
#include "kafka/broker/handlers/offset_fetch.h"
#include "kafka/broker/test_broker.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {
namespace {

struct Fixture {
  test::FaultyDisk disk;
  runtime::VirtualLoop loop{from_millis(1'700'000'000'000)};
  NoNetwork network;
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  std::unique_ptr<Broker> broker;

  Fixture() {
    BrokerOptions options;
    options.directory = "/kafka";
    options.settings = settings::Kafka::from(SettingValues());
    broker = Broker::open(std::move(options), loop, network, disk, *pool).value();
    CreateTopicsRequest request;
    request.topics.push_back({.name = "t", .num_partitions = 2, .replication_factor = 1});
    CHECK(call<CreateTopicsResponse>(handle_create_topics, 7, request).topics.at(0).error_code == 0);
  }
  /// Calls a handler in one version and returns its answer.
  template <typename Response, typename Request>
  Response call(void (*handle)(const RequestContext&, Request, Responder<Response>), std::int16_t version,
                Request request) {
    RequestContext context;
    context.broker = broker.get();
    context.api_version = version;
    context.client_id = "app";
    context.listener = {"127.0.0.1", 29092};
    context.peer = {"127.0.0.1", 40000};
    std::optional<Response> out;
    handle(context, std::move(request), [&](Response response) { out = std::move(response); });
    loop.settle();
    REQUIRE(out.has_value());
    return std::move(*out);
  }
  Uuid topic_id() const { return broker->topics().find("t")->id(); }

  OffsetCommitResponse commit(std::int16_t version, const std::string& topic, const Uuid& id, std::int32_t partition,
                              const std::string& metadata) {
    OffsetCommitRequest request;
    request.group_id = "g";
    auto& asked = request.topics.emplace_back();
    asked.name = topic;
    asked.topic_id = id;
    asked.partitions.push_back({.partition_index = partition,
                                .committed_offset = 40 + partition,
                                .committed_leader_epoch = 2,
                                .committed_metadata = metadata});
    return call<OffsetCommitResponse>(handle_offset_commit, version, request);
  }
  ErrorCode commit_code(std::int16_t version, const std::string& topic, const Uuid& id, std::int32_t partition,
                        const std::string& metadata = "m") {
    return static_cast<ErrorCode>(
        commit(version, topic, id, partition, metadata).topics.at(0).partitions.at(0).error_code);
  }
};

TEST_CASE("a commit by name and one by id reach the same partition") {
  Fixture f;
  CHECK(f.commit_code(8, "t", {}, 0) == ErrorCode::none);
  CHECK(f.commit_code(10, "", f.topic_id(), 1) == ErrorCode::none);
  const CommittedOffset* by_id = f.broker->groups().committed("g", {"t", 1});
  REQUIRE(by_id != nullptr);
  CHECK(by_id->offset == 41);
  CHECK(by_id->commit_time_ms == 1'700'000'000'000);
}

TEST_CASE("commits of what is not there, or of too much metadata, are refused one by one") {
  Fixture f;
  CHECK(f.commit_code(8, "nothing", {}, 0) == ErrorCode::unknown_topic_or_partition);
  CHECK(f.commit_code(8, "t", {}, 2) == ErrorCode::unknown_topic_or_partition);
  CHECK(f.commit_code(10, "", make_uuid(1, 2, 4), 0) == ErrorCode::unknown_topic_id);
  CHECK(f.commit_code(8, "t", {}, 0, std::string(4096, 'm')) == ErrorCode::none);
  CHECK(f.commit_code(8, "t", {}, 0, std::string(4097, 'm')) == ErrorCode::offset_metadata_too_large);
  CHECK(f.broker->groups().committed("g")->size() == 1);
}

TEST_CASE("offsets are read for named partitions and for all, in every form of the answer") {
  Fixture f;
  REQUIRE(f.commit_code(8, "t", {}, 0) == ErrorCode::none);

  OffsetFetchRequest old;
  old.group_id = "g";
  old.topics.emplace().push_back({.name = "t", .partition_indexes = {0, 1}});
  const auto named = f.call<OffsetFetchResponse>(handle_offset_fetch, 5, old).topics.at(0).partitions;
  CHECK(named.at(0).committed_offset == 40);
  CHECK(named.at(0).committed_leader_epoch == 2);
  CHECK(named.at(0).metadata == "m");
  CHECK(named.at(1).committed_offset == -1);
  CHECK(named.at(1).error_code == 0);
  old.topics.reset();
  CHECK(f.call<OffsetFetchResponse>(handle_offset_fetch, 5, old).topics.at(0).partitions.size() == 1);

  OffsetFetchRequest several;
  several.groups.push_back({.group_id = "g"});
  several.groups.push_back({.group_id = "unknown"});
  const auto groups = f.call<OffsetFetchResponse>(handle_offset_fetch, 8, several).groups;
  CHECK(groups.at(0).topics.at(0).name == "t");
  CHECK(groups.at(1).topics.empty());
  CHECK(groups.at(1).error_code == 0);
  CHECK(f.call<OffsetFetchResponse>(handle_offset_fetch, 10, several).groups.at(0).topics.at(0).topic_id ==
        f.topic_id());

  OffsetFetchRequest by_id;
  by_id.groups.push_back({.group_id = "g"});
  auto& topics = by_id.groups.at(0).topics.emplace();
  topics.push_back({.topic_id = f.topic_id(), .partition_indexes = {0}});
  topics.push_back({.topic_id = make_uuid(1, 2, 4), .partition_indexes = {0}});
  const auto answered = f.call<OffsetFetchResponse>(handle_offset_fetch, 10, by_id).groups.at(0).topics;
  CHECK(answered.at(0).partitions.at(0).committed_offset == 40);
  CHECK(answered.at(1).partitions.at(0).error_code == wire(ErrorCode::unknown_topic_id));
}

TEST_CASE("the coordinator is this broker, at the address that the client came in by") {
  Fixture f;
  const auto old = f.call<FindCoordinatorResponse>(handle_find_coordinator, 3, {.key = "g"});
  CHECK(old.error_code == 0);
  CHECK(old.host == "127.0.0.1");
  CHECK(old.port == 29092);
  const auto several =
      f.call<FindCoordinatorResponse>(handle_find_coordinator, 4, {.key_type = 0, .coordinator_keys = {"a", ""}});
  CHECK(several.coordinators.at(0).node_id == f.broker->node_id());
  CHECK(several.coordinators.at(1).error_code == wire(ErrorCode::invalid_group_id));
  CHECK(f.call<FindCoordinatorResponse>(handle_find_coordinator, 4, {.key_type = 2, .coordinator_keys = {"share"}})
            .coordinators.at(0)
            .error_code == wire(ErrorCode::invalid_request));
}

TEST_CASE("a group that is not there is dead, and from version 6 on an error") {
  Fixture f;
  const auto old = f.call<DescribeGroupsResponse>(handle_describe_groups, 5, {.groups = {"x"}}).groups.at(0);
  CHECK(old.group_state == "Dead");
  CHECK(old.error_code == 0);
  const auto now = f.call<DescribeGroupsResponse>(handle_describe_groups, 6, {.groups = {"x"}}).groups.at(0);
  CHECK(now.error_code == wire(ErrorCode::group_id_not_found));
  CHECK(now.error_message == "Group x not found.");
}

TEST_CASE("members leave one by one in old versions and together in new ones") {
  Fixture f;
  JoinGroupRequest join;
  join.group_id = "g";
  join.session_timeout_ms = 10'000;
  join.protocol_type = "consumer";
  join.protocols.push_back({.name = "range"});
  const std::string member = f.call<JoinGroupResponse>(handle_join_group, 3, join).member_id;
  CHECK(member.starts_with("app-"));
  CHECK(f.call<DescribeGroupsResponse>(handle_describe_groups, 6, {.groups = {"g"}})
            .groups.at(0)
            .members.at(0)
            .client_host == "/127.0.0.1");
  CHECK(f.call<LeaveGroupResponse>(handle_leave_group, 2, {.group_id = "g", .member_id = "x"}).error_code ==
        wire(ErrorCode::unknown_member_id));
  LeaveGroupRequest leave;
  leave.group_id = "g";
  leave.members = {{.member_id = "x"}, {.member_id = member}};
  const auto answers = f.call<LeaveGroupResponse>(handle_leave_group, 3, leave);
  CHECK(answers.error_code == 0);
  CHECK(answers.members.at(0).error_code == wire(ErrorCode::unknown_member_id));
  CHECK(answers.members.at(1).error_code == 0);
  CHECK(f.call<LeaveGroupResponse>(handle_leave_group, 3, {}).error_code == wire(ErrorCode::invalid_group_id));
}

TEST_CASE("groups are listed by state and type, whatever the case of the letters") {
  Fixture f;
  REQUIRE(f.commit_code(8, "t", {}, 0) == ErrorCode::none);
  const auto count = [&](ListGroupsRequest request) {
    return f.call<ListGroupsResponse>(handle_list_groups, 5, std::move(request)).groups.size();
  };
  CHECK(count({}) == 1);
  CHECK(count({.states_filter = {"empty"}}) == 1);
  CHECK(count({.states_filter = {"Stable"}}) == 0);
  CHECK(count({.types_filter = {"Classic"}}) == 1);
  CHECK(count({.types_filter = {"consumer"}}) == 0);
}

TEST_CASE("groups and single offsets are deleted, and offsets go with their topic") {
  Fixture f;
  REQUIRE(f.commit_code(8, "t", {}, 0) == ErrorCode::none);
  REQUIRE(f.commit_code(8, "t", {}, 1) == ErrorCode::none);
  OffsetDeleteRequest single;
  single.group_id = "g";
  single.topics.push_back({.name = "t", .partitions = {{.partition_index = 9}, {.partition_index = 1}}});
  const auto partitions = f.call<OffsetDeleteResponse>(handle_offset_delete, 0, single).topics.at(0).partitions;
  CHECK(partitions.at(0).error_code == wire(ErrorCode::unknown_topic_or_partition));
  CHECK(partitions.at(1).error_code == 0);
  CHECK(f.broker->groups().committed("g")->size() == 1);
  single.group_id = "unknown";
  CHECK(f.call<OffsetDeleteResponse>(handle_offset_delete, 0, single).error_code ==
        wire(ErrorCode::group_id_not_found));

  DeleteTopicsRequest topics;
  topics.topics.push_back({.name = "t"});
  REQUIRE(f.call<DeleteTopicsResponse>(handle_delete_topics, 6, topics).responses.at(0).error_code == 0);
  CHECK(f.broker->groups().committed("g")->empty());

  const auto deleted =
      f.call<DeleteGroupsResponse>(handle_delete_groups, 2, {.groups_names = {"g", "unknown"}}).results;
  CHECK(deleted.at(0).error_code == 0);
  CHECK(deleted.at(1).error_code == wire(ErrorCode::group_id_not_found));
  CHECK(f.call<DeleteGroupsResponse>(handle_delete_groups, 2, {}).results.empty());
}

}  // namespace
}  // namespace streamops::kafka
