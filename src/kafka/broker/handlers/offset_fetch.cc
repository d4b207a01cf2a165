#include "kafka/broker/handlers/offset_fetch.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"
#include "kafka/broker/topics.h"
#include "kafka/broker/transactions/coordinator.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {
namespace {

constexpr std::int16_t first_version_with_groups = 8;
constexpr std::int16_t first_version_with_topic_ids = 10;

using Request = OffsetFetchRequest;
using Response = OffsetFetchResponse;

/// For whom, and whether an offset that a transaction may still change is an answer (KIP-447).
struct Asker {
  Broker& broker;
  const std::string& group;
  bool require_stable;
};

/// Fills one partition of either form of answer; nothing committed is offset -1 and no error.
template <typename Partition>
Partition partition_answer(const Asker& asker, const std::string& topic, std::int32_t partition) {
  Partition out;
  out.partition_index = partition;
  out.committed_offset = -1;
  out.committed_leader_epoch = -1;
  out.metadata = "";
  if (asker.require_stable && asker.broker.transactions().is_unstable(asker.group, {topic, partition})) {
    out.error_code = wire(ErrorCode::unstable_offset_commit);
    return out;
  }
  const CommittedOffset* committed = asker.broker.groups().committed(asker.group, {topic, partition});
  if (committed == nullptr) return out;
  out.committed_offset = committed->offset;
  out.committed_leader_epoch = committed->leader_epoch;
  out.metadata = committed->metadata;
  return out;
}

/// All that a group has, grouped by topic (they come sorted).
template <typename TopicAnswer, typename PartitionAnswer>
std::vector<TopicAnswer> everything(const Asker& asker) {
  std::vector<TopicAnswer> out;
  const auto* offsets = asker.broker.groups().committed(asker.group);
  if (offsets == nullptr) return out;
  for (const auto& [key, offset] : *offsets) {
    if (out.empty() || out.back().name != key.topic) out.emplace_back().name = key.topic;
    out.back().partitions.push_back(partition_answer<PartitionAnswer>(asker, key.topic, key.partition));
  }
  return out;
}

Response::OffsetFetchResponseTopics topic_answer(const RequestContext& context, const Asker& asker,
                                                 const Request::OffsetFetchRequestTopics& asked) {
  Response::OffsetFetchResponseTopics out;
  out.name = asked.name;
  out.topic_id = asked.topic_id;
  const bool by_id = context.api_version >= first_version_with_topic_ids;
  const Topic* topic = by_id ? context.broker->topics().find(asked.topic_id) : nullptr;
  if (topic != nullptr) out.name = topic->name();
  for (const std::int32_t partition : asked.partition_indexes) {
    out.partitions.push_back(partition_answer<Response::OffsetFetchResponsePartitions>(asker, out.name, partition));
    if (by_id && topic == nullptr) out.partitions.back().error_code = wire(ErrorCode::unknown_topic_id);
  }
  return out;
}

Response::OffsetFetchResponseGroup group_answer(const RequestContext& context,
                                                const Request::OffsetFetchRequestGroup& asked, bool require_stable) {
  const Asker asker{*context.broker, asked.group_id, require_stable};
  Response::OffsetFetchResponseGroup out;
  out.group_id = asked.group_id;
  if (asked.topics) {
    for (const auto& topic : *asked.topics) out.topics.push_back(topic_answer(context, asker, topic));
    return out;
  }
  out.topics = everything<Response::OffsetFetchResponseTopics, Response::OffsetFetchResponsePartitions>(asker);
  if (context.api_version < first_version_with_topic_ids) return out;
  // A topic without an id any more cannot be named in this version.
  std::erase_if(out.topics, [&](auto& topic) {
    const Topic* found = context.broker->topics().find(topic.name);
    if (found != nullptr) topic.topic_id = found->id();
    return found == nullptr;
  });
  return out;
}

}  // namespace

void handle_offset_fetch(const RequestContext& context, OffsetFetchRequest request,
                         Responder<OffsetFetchResponse> respond) {
  Response response;
  if (context.api_version >= first_version_with_groups) {
    for (const auto& group : request.groups)
      response.groups.push_back(group_answer(context, group, request.require_stable));
    return respond(std::move(response));
  }
  const Asker asker{*context.broker, request.group_id, request.require_stable};
  if (!request.topics) {
    response.topics = everything<Response::OffsetFetchResponseTopic, Response::OffsetFetchResponsePartition>(asker);
    return respond(std::move(response));
  }
  for (const auto& asked : *request.topics) {
    auto& topic = response.topics.emplace_back();
    topic.name = asked.name;
    for (const std::int32_t partition : asked.partition_indexes) {
      topic.partitions.push_back(
          partition_answer<Response::OffsetFetchResponsePartition>(asker, asked.name, partition));
    }
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
