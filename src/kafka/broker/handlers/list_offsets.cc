#include "kafka/broker/handlers/list_offsets.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using PartitionAnswer = ListOffsetsResponse::ListOffsetsPartitionResponse;

constexpr std::int8_t read_committed = 1;

// Times that are not times.
constexpr std::int64_t latest = -1;
constexpr std::int64_t earliest = -2;
constexpr std::int64_t largest_time = -3;
constexpr std::int64_t earliest_local = -4;  // all storage is local
constexpr std::int64_t last_tiered = -5;     // nothing is tiered

void set_found(PartitionAnswer& answer, const Result<std::optional<Partition::Found>>& found) {
  if (!found) {
    answer.error_code = wire(code_of(found.error()));
  } else if (*found) {
    answer.offset = (*found)->offset;
    answer.timestamp = (*found)->timestamp;
    answer.leader_epoch = 0;
  }
}

void look_up(PartitionAnswer& answer, Partition& partition, std::int64_t timestamp, bool only_committed) {
  const log::PartitionLog& log = partition.log();
  answer.leader_epoch = 0;
  switch (timestamp) {
    case latest:
      answer.offset = only_committed ? partition.last_stable_offset() : log.high_watermark();
      return;
    case earliest:
    case earliest_local:
      answer.offset = log.start_offset();
      return;
    case largest_time:
      return set_found(answer, partition.find_latest());
    case last_tiered:
      return;
    default:
      if (timestamp < 0) {
        answer.error_code = wire(ErrorCode::unsupported_version);
        return;
      }
      set_found(answer, partition.find_time(timestamp));
  }
}

}  // namespace

void handle_list_offsets(const RequestContext& context, ListOffsetsRequest request,
                         Responder<ListOffsetsResponse> respond) {
  ListOffsetsResponse response;
  for (const auto& wanted : request.topics) {
    const Topic* topic = context.broker->topics().find(wanted.name);
    auto& out = response.topics.emplace_back();
    out.name = wanted.name;
    for (const auto& each : wanted.partitions) {
      PartitionAnswer& answer = out.partitions.emplace_back();
      answer.partition_index = each.partition_index;
      if (topic == nullptr || !topic->has_partition(each.partition_index)) {
        answer.error_code = wire(ErrorCode::unknown_topic_or_partition);
      } else if (Partition* partition = topic->partition(each.partition_index)) {
        look_up(answer, *partition, each.timestamp, request.isolation_level == read_committed);
      } else {
        answer.error_code = wire(ErrorCode::kafka_storage_error);
      }
    }
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
