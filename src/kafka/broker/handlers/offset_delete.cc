#include "kafka/broker/handlers/offset_delete.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/groups/groups.h"
#include "kafka/broker/topics.h"

namespace streamops::kafka {
namespace {

using Response = OffsetDeleteResponse;

/// Puts the codes, in the order asked, over the partitions that were sent to the groups.
void fill(Response& response, const std::vector<ErrorCode>& codes) {
  std::size_t next = 0;
  for (auto& topic : response.topics) {
    for (auto& partition : topic.partitions) {
      if (partition.error_code == wire(ErrorCode::none)) partition.error_code = wire(codes.at(next++));
    }
  }
}

}  // namespace

void handle_offset_delete(const RequestContext& context, OffsetDeleteRequest request,
                          Responder<OffsetDeleteResponse> respond) {
  Response response;
  std::vector<TopicPartition> wanted;
  for (const auto& asked : request.topics) {
    const Topic* topic = context.broker->topics().find(asked.name);
    auto& answer = response.topics.emplace_back();
    answer.name = asked.name;
    for (const auto& [index] : asked.partitions) {
      const bool exists = topic != nullptr && topic->has_partition(index);
      const ErrorCode error = exists ? ErrorCode::none : ErrorCode::unknown_topic_or_partition;
      answer.partitions.push_back({.partition_index = index, .error_code = wire(error)});
      if (exists) wanted.push_back({asked.name, index});
    }
  }
  context.broker->groups().forget(request.group_id, std::move(wanted),
                                  [response = std::move(response), respond = std::move(respond)](
                                      ErrorCode error, const std::vector<ErrorCode>& codes) mutable {
                                    response.error_code = wire(error);
                                    if (error == ErrorCode::none) {
                                      fill(response, codes);
                                    } else {
                                      response.topics.clear();
                                    }
                                    respond(std::move(response));
                                  });
}

}  // namespace streamops::kafka
