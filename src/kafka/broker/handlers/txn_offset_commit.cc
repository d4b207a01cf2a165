#include "kafka/broker/handlers/txn_offset_commit.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/handlers/committed_offsets.h"
#include "kafka/broker/topics.h"
#include "kafka/broker/transactions/coordinator.h"
#include "kafka/broker/transactions/fenced.h"

namespace streamops::kafka {
namespace {

constexpr std::int16_t first_version_with_own_epoch = 5;

using Asked = TxnOffsetCommitRequest::TxnOffsetCommitRequestPartition;

/// The answer under way: each accepted partition stands with code none until the coordinator has spoken.
struct Plan {
  TxnOffsetCommitResponse response;
  OffsetStore::Offsets accepted;
};

ErrorCode check(const Topic* topic, const Asked& asked) {
  if (topic == nullptr || !topic->has_partition(asked.partition_index)) return ErrorCode::unknown_topic_or_partition;
  return check_metadata(asked.committed_metadata);
}

Plan plan_for(const RequestContext& context, const TxnOffsetCommitRequest& request) {
  Plan plan;
  const std::int64_t now_ms = to_millis(context.broker->loop().clock().wall());
  for (const auto& asked : request.topics) {
    const Topic* topic = context.broker->topics().find(asked.name);
    auto& answer = plan.response.topics.emplace_back();
    answer.name = asked.name;
    for (const Asked& each : asked.partitions) {
      const ErrorCode error = check(topic, each);
      answer.partitions.push_back({each.partition_index, wire(error)});
      if (error != ErrorCode::none) continue;
      plan.accepted.emplace_back(TopicPartition{asked.name, each.partition_index},
                                 CommittedOffset{each.committed_offset, each.committed_leader_epoch,
                                                 each.committed_metadata.value_or(""), now_ms});
    }
  }
  return plan;
}

}  // namespace

void handle_txn_offset_commit(const RequestContext& context, TxnOffsetCommitRequest request,
                              Responder<TxnOffsetCommitResponse> respond) {
  Plan plan = plan_for(context, request);
  auto done = [response = std::move(plan.response), respond = std::move(respond)](ErrorCode error) mutable {
    // No version of this request knows PRODUCER_FENCED.
    spread(fenced_as(error, false), response);
    respond(std::move(response));
  };
  const Committer who{request.member_id, request.group_instance_id, request.generation_id};
  const ErrorCode refused = context.broker->groups().may_commit(request.group_id, who);
  if (refused != ErrorCode::none) return done(refused);
  context.broker->transactions().add_offsets(request.transactional_id, {request.producer_id, request.producer_epoch},
                                             request.group_id, std::move(plan.accepted),
                                             context.api_version >= first_version_with_own_epoch, std::move(done));
}

}  // namespace streamops::kafka
