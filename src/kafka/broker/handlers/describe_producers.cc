#include "kafka/broker/handlers/describe_producers.h"

#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

void describe(const Partition& partition, DescribeProducersResponse::PartitionResponse& out) {
  const auto& open = partition.transactions().open();
  for (const auto& [id, producer] : partition.producers().all()) {
    const auto transaction = open.find(id);
    out.active_producers.push_back(
        {.producer_id = id,
         .producer_epoch = producer.epoch,
         .last_sequence = producer.batches.empty() ? -1 : producer.batches.back().last_sequence,
         .last_timestamp = producer.last_timestamp,
         .current_txn_start_offset = transaction == open.end() ? -1 : transaction->second});
  }
}

}  // namespace

void handle_describe_producers(const RequestContext& context, DescribeProducersRequest request,
                               Responder<DescribeProducersResponse> respond) {
  DescribeProducersResponse response;
  for (const auto& wanted : request.topics) {
    const Topic* topic = context.broker->topics().find(wanted.name);
    auto& out = response.topics.emplace_back();
    out.name = wanted.name;
    for (const std::int32_t index : wanted.partition_indexes) {
      auto& partition = out.partitions.emplace_back();
      partition.partition_index = index;
      const Partition* found = topic != nullptr ? topic->partition(index) : nullptr;
      if (found != nullptr) {
        describe(*found, partition);
      } else {
        partition.error_code = wire(ErrorCode::unknown_topic_or_partition);
      }
    }
  }
  respond(std::move(response));
}

}  // namespace streamops::kafka
