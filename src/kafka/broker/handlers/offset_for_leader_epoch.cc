#include "kafka/broker/handlers/offset_for_leader_epoch.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

constexpr std::int32_t only_epoch = 0;

}  // namespace

void handle_offset_for_leader_epoch(const RequestContext& context, OffsetForLeaderEpochRequest request,
                                    Responder<OffsetForLeaderEpochResponse> respond) {
  OffsetForLeaderEpochResponse response;
  for (const auto& wanted : request.topics) {
    const Topic* topic = context.broker->topics().find(wanted.topic);
    auto& out = response.topics.emplace_back();
    out.topic = wanted.topic;
    for (const auto& each : wanted.partitions) {
      auto& answer = out.partitions.emplace_back();
      answer.partition = each.partition;
      Partition* partition = topic != nullptr ? topic->partition(each.partition) : nullptr;
      if (partition == nullptr) {
        answer.error_code = wire(ErrorCode::unknown_topic_or_partition);
      } else if (each.current_leader_epoch > only_epoch) {
        answer.error_code = wire(ErrorCode::unknown_leader_epoch);
      } else if (each.leader_epoch == only_epoch) {
        answer.leader_epoch = only_epoch;
        answer.end_offset = partition->log().high_watermark();
      }
    }
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
