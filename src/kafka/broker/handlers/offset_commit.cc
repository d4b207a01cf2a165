#include "kafka/broker/handlers/offset_commit.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"
#include "kafka/broker/handlers/committed_offsets.h"
#include "kafka/broker/topics.h"

namespace streamops::kafka {
namespace {

constexpr std::int16_t first_version_with_topic_ids = 10;

using Response = OffsetCommitResponse;

/// The answer under way: each accepted partition stands with code none until the store has spoken.
struct Plan {
  Response response;
  OffsetStore::Offsets accepted;
};

ErrorCode check(const Topic* topic, ErrorCode unknown,
                const OffsetCommitRequest::OffsetCommitRequestPartition& partition) {
  if (topic == nullptr) return unknown;
  if (!topic->has_partition(partition.partition_index)) return ErrorCode::unknown_topic_or_partition;
  return check_metadata(partition.committed_metadata);
}

void plan_topic(const RequestContext& context, const OffsetCommitRequest::OffsetCommitRequestTopic& asked,
                std::int64_t now_ms, Plan& plan) {
  const bool by_id = context.api_version >= first_version_with_topic_ids;
  const Topic* topic =
      by_id ? context.broker->topics().find(asked.topic_id) : context.broker->topics().find(asked.name);
  Response::OffsetCommitResponseTopic& answer = plan.response.topics.emplace_back();
  answer.name = asked.name;
  answer.topic_id = asked.topic_id;
  const ErrorCode unknown = by_id ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition;
  for (const auto& partition : asked.partitions) {
    const ErrorCode error = check(topic, unknown, partition);
    answer.partitions.push_back({.partition_index = partition.partition_index, .error_code = wire(error)});
    if (error != ErrorCode::none) continue;
    CommittedOffset offset;
    offset.offset = partition.committed_offset;
    offset.leader_epoch = partition.committed_leader_epoch;
    offset.metadata = partition.committed_metadata.value_or("");
    offset.commit_time_ms = now_ms;
    plan.accepted.emplace_back(TopicPartition{topic->name(), partition.partition_index}, std::move(offset));
  }
}

}  // namespace

void handle_offset_commit(const RequestContext& context, OffsetCommitRequest request,
                          Responder<OffsetCommitResponse> respond) {
  Plan plan;
  const std::int64_t now_ms = to_millis(context.broker->loop().clock().wall());
  for (const auto& topic : request.topics) plan_topic(context, topic, now_ms, plan);
  const Committer who{request.member_id, request.group_instance_id, request.generation_id_or_member_epoch};
  context.broker->groups().commit(
      request.group_id, who, std::move(plan.accepted),
      [response = std::move(plan.response), respond = std::move(respond)](ErrorCode error) mutable {
        spread(error, response);
        respond(std::move(response));
      });
}

}  // namespace streamops::kafka
