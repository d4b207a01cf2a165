#include "kafka/broker/handlers/delete_records.h"

#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/handlers/pending_answer.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using PartitionAnswer = DeleteRecordsResponse::DeleteRecordsPartitionResult;
using Pending = PendingAnswer<DeleteRecordsResponse>;

constexpr std::int64_t up_to_the_end = -1;

void refuse(PartitionAnswer& answer, ErrorCode error) {
  answer.error_code = wire(error);
  answer.low_watermark = -1;
}

void delete_one(const std::shared_ptr<Pending>& pending, Partition& partition, std::int64_t offset,
                std::size_t topic_at, std::size_t partition_at) {
  log::PartitionLog& log = partition.log();
  PartitionAnswer& answer = pending->response.topics[topic_at].partitions[partition_at];
  if (offset == up_to_the_end) offset = log.high_watermark();
  if (offset < 0 || offset > log.high_watermark()) return refuse(answer, ErrorCode::offset_out_of_range);
  pending->waiting += 1;
  log.delete_before(offset,
                    [pending, keep = partition.shared_from_this(), topic_at, partition_at](const Result<void>& saved) {
                      PartitionAnswer& done = pending->response.topics[topic_at].partitions[partition_at];
                      done.low_watermark = keep->log().start_offset();
                      if (!saved) refuse(done, code_of(saved.error()));
                      finish_one(pending);
                    });
}

}  // namespace

void handle_delete_records(const RequestContext& context, DeleteRecordsRequest request,
                           Responder<DeleteRecordsResponse> respond) {
  auto pending = std::make_shared<Pending>(Pending{std::move(respond), {}, 1});
  for (const auto& wanted : request.topics) {
    auto& out = pending->response.topics.emplace_back();
    out.name = wanted.name;
    for (const auto& each : wanted.partitions) out.partitions.emplace_back().partition_index = each.partition_index;
  }
  for (std::size_t t = 0; t < request.topics.size(); ++t) {
    const Topic* topic = context.broker->topics().find(request.topics[t].name);
    for (std::size_t p = 0; p < request.topics[t].partitions.size(); ++p) {
      const auto& each = request.topics[t].partitions[p];
      PartitionAnswer& answer = pending->response.topics[t].partitions[p];
      if (topic == nullptr || !topic->has_partition(each.partition_index)) {
        refuse(answer, ErrorCode::unknown_topic_or_partition);
      } else if (Partition* partition = topic->partition(each.partition_index)) {
        delete_one(pending, *partition, each.offset, t, p);
      } else {
        refuse(answer, ErrorCode::kafka_storage_error);
      }
    }
  }
  finish_one(pending);
}

}  // namespace streamops::kafka
