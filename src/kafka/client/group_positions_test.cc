#include "kafka/client/impl/group_positions.h"

#include <doctest/doctest.h>

#include "kafka/client/testing/scripted_broker.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/find_coordinator.h"
#include "kafka/protocol/messages/offset_commit.h"

using namespace streamops;
using namespace streamops::kafka;
using kafka::testing::Rig;
using kafka::testing::ScriptedBroker;
using kafka::testing::wait;

TEST_CASE("a group is told though it had no coordinator at first, and though the coordinator refuses once") {
  Rig rig;
  ScriptedBroker broker(rig);
  int asked = 0;
  broker.answer<FindCoordinatorRequest>([&](const FindCoordinatorRequest& request, std::int16_t) {
    CHECK(request.key == "dag.stream");
    FindCoordinatorResponse response;
    response.host = broker.endpoint.host;
    response.port = broker.endpoint.port;
    if (asked++ == 0) response.error_code = wire(ErrorCode::coordinator_not_available);
    return response;
  });
  std::promise<std::int64_t> stored;
  int commits = 0;
  broker.answer<OffsetCommitRequest>([&](const OffsetCommitRequest& request, std::int16_t) {
    REQUIRE(request.topics.size() == 1);
    CHECK(request.topics[0].name == "users");
    CHECK(request.generation_id_or_member_epoch == -1);
    OffsetCommitResponse response;
    auto& partition = response.topics.emplace_back().partitions.emplace_back();
    if (commits++ == 0) {
      partition.error_code = wire(ErrorCode::not_coordinator);
    } else {
      stored.set_value(request.topics[0].partitions.at(0).committed_offset);
    }
    return response;
  });
  std::unique_ptr<GroupPositions> positions;
  rig.on_loop([&] {
    positions = std::make_unique<GroupPositions>(broker.config(), "dag.stream", "users", rig.thread->loop());
    const std::vector<data::Position> first{{Uuid{}, 0, 7}};
    positions->tell(first);
  });
  CHECK(wait(stored.get_future()) == 7);
  CHECK(asked == 3);
  rig.on_loop([&] {
    positions->leave(*rig.pool);
    positions.reset();
  });
}
