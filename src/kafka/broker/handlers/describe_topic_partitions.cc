#include "kafka/broker/handlers/describe_topic_partitions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using Response = DescribeTopicPartitionsResponse;

constexpr std::int32_t most_partitions_a_page = 2000;

// Adds partitions from `from` on, at most `room`; returns how many.
std::int32_t describe(const Topic& topic, std::int32_t node, std::int32_t from, std::int32_t room, Response& response) {
  auto& out = response.topics.emplace_back();
  out.name = topic.name();
  out.topic_id = topic.id();
  const std::int32_t end = std::min(topic.partition_count(), from + room);
  for (std::int32_t index = from; index < end; ++index) {
    const bool online = topic.partition(index) != nullptr;
    auto& partition = out.partitions.emplace_back();
    partition.error_code = wire(online ? ErrorCode::none : ErrorCode::leader_not_available);
    partition.partition_index = index;
    partition.leader_id = online ? node : -1;
    partition.leader_epoch = 0;
    partition.replica_nodes = {node};
    partition.isr_nodes = {node};
    partition.eligible_leader_replicas = std::vector<std::int32_t>();
    partition.last_known_elr = std::vector<std::int32_t>();
    if (!online) partition.offline_replicas = {node};
  }
  return std::max(end - from, 0);
}

// No name means every topic; pages are cut in the order of the names.
std::set<std::string> names_of(const DescribeTopicPartitionsRequest& request, const Topics& topics) {
  std::set<std::string> names;
  for (const auto& topic : request.topics) names.insert(topic.name);
  if (!request.topics.empty()) return names;
  for (const auto& [name, topic] : topics.all()) names.insert(name);
  return names;
}

}  // namespace

void handle_describe_topic_partitions(const RequestContext& context, DescribeTopicPartitionsRequest request,
                                      Responder<DescribeTopicPartitionsResponse> respond) {
  const Topics& topics = context.broker->topics();
  const std::string first = request.cursor ? request.cursor->topic_name : std::string();
  std::int32_t room = std::clamp(request.response_partition_limit, 1, most_partitions_a_page);
  Response response;
  for (const std::string& name : names_of(request, topics)) {
    if (name < first) continue;
    const Topic* topic = topics.find(name);
    if (topic == nullptr) {
      auto& unknown = response.topics.emplace_back();
      unknown.error_code =
          wire(is_topic_name(name) ? ErrorCode::unknown_topic_or_partition : ErrorCode::invalid_topic_exception);
      unknown.name = name;
      continue;
    }
    const std::int32_t from = name == first && request.cursor ? std::max(request.cursor->partition_index, 0) : 0;
    if (room == 0) {
      response.next_cursor = Response::Cursor{name, from};
      break;
    }
    const std::int32_t added = describe(*topic, context.broker->node_id(), from, room, response);
    room -= added;
    if (from + added < topic->partition_count()) {
      response.next_cursor = Response::Cursor{name, from + added};
      break;
    }
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
