#include "kafka/broker/handlers/produce.h"

#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/stats.h"
#include "kafka/broker/topics.h"
#include "kafka/broker/transactions/coordinator.h"
#include "kafka/broker/transactions/fenced.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/record_batch.h"

namespace streamops::kafka {

namespace {

using PartitionAnswer = ProduceResponse::PartitionProduceResponse;

constexpr std::int16_t first_version_with_topic_ids = 13;
constexpr std::int16_t first_version_with_zstd = 7;
constexpr std::int16_t first_version_that_joins = 12;  // a transaction, by writing to a partition
constexpr std::int16_t no_answer = 0;
constexpr std::int16_t all_replicas = -1;

// An answer under way, while batches go to the disk.
struct Pending {
  RequestContext context;
  std::int16_t acks;
  std::string transactional_id;  // empty when null
  Responder<ProduceResponse> respond;
  ProduceResponse response;
  std::size_t waiting = 1;
  bool failed = false;
};

void finish_one(const std::shared_ptr<Pending>& pending) {
  if (--pending->waiting > 0) return;
  if (pending->acks != no_answer) return pending->respond(std::move(pending->response));
  // A producer that wants no answers learns of an error by losing its connection, as with Kafka.
  pending->failed ? pending->context.answer->close_connection() : pending->context.answer->skip();
}

void refuse(Pending& pending, PartitionAnswer& answer, ErrorCode error, std::string message = {}) {
  answer.error_code = wire(error);
  answer.base_offset = -1;
  if (!message.empty()) answer.error_message = std::move(message);
  pending.failed = true;
}

// The same bytes, to be changed: decoded records are a view into the request's own frame.
std::span<std::uint8_t> in_frame(const RequestContext& context, BytesView view) {
  return std::span(*context.frame).subspan(static_cast<std::size_t>(view.data() - context.frame->data()), view.size());
}

void append(const std::shared_ptr<Pending>& pending, Partition& partition, BytesView records, std::size_t topic_at,
            std::size_t partition_at) {
  pending->waiting += 1;
  BrokerStats& stats = pending->context.broker->stats();
  const auto header = log::read_batch_header(records);
  const std::uint64_t count = header ? static_cast<std::uint64_t>(std::max(header->record_count, 0)) : 0;
  partition.produce(
      in_frame(pending->context, records), pending->acks == all_replicas,
      [pending, &stats, &partition, topic_at, partition_at, count, bytes = records.size()](AppendOutcome outcome) {
        PartitionAnswer& answer = pending->response.responses[topic_at].partition_responses[partition_at];
        answer.log_start_offset = partition.log().start_offset();
        if (outcome.error == ErrorCode::none) {
          answer.base_offset = outcome.base_offset;
          answer.log_append_time_ms = outcome.log_append_time;
          stats.produced_batches.add();
          stats.produced_records.add(count);
          stats.produced_bytes.add(bytes);
        } else {
          if (outcome.error == ErrorCode::kafka_storage_error) stats.storage_errors.add();
          refuse(*pending, answer, outcome.error, std::move(outcome.message));
        }
        finish_one(pending);
      });
}

// Producers know fencing by the epoch's code alone, and try again, without asking for metadata, when replicas are few.
ErrorCode in_words_of_produce(ErrorCode error) {
  const bool may_pass = error == ErrorCode::concurrent_transactions || error == ErrorCode::coordinator_not_available;
  return may_pass ? ErrorCode::not_enough_replicas : fenced_as(error, false);
}

// Appends a batch of a transaction when the partition is part of that.
void append_to_transaction(const std::shared_ptr<Pending>& pending, const Topic& topic, Partition& partition,
                           const log::BatchHeader& batch, BytesView records, std::size_t topic_at,
                           std::size_t partition_at) {
  TransactionCoordinator& transactions = pending->context.broker->transactions();
  const ProducerIdentity who{batch.producer_id, batch.producer_epoch};
  const TopicPartition place{topic.name(), partition.index()};
  pending->waiting += 1;
  const auto admitted = [pending, kept = partition.shared_from_this(), records, topic_at,
                         partition_at](ErrorCode error) {
    PartitionAnswer& answer = pending->response.responses[topic_at].partition_responses[partition_at];
    if (error == ErrorCode::none) {
      append(pending, *kept, records, topic_at, partition_at);
    } else {
      refuse(*pending, answer, in_words_of_produce(error), "the transaction does not take this batch");
    }
    finish_one(pending);
  };
  if (pending->context.api_version < first_version_that_joins)
    return admitted(transactions.verify(pending->transactional_id, who, place));
  transactions.add_partitions(pending->transactional_id, who, {place}, admitted);
}

ErrorCode refuse_codec(std::int16_t version, BytesView records) {
  const Result<RecordBatchView> batch = RecordBatchView::parse(records);
  if (!batch || batch->compression() != Compression::zstd || version >= first_version_with_zstd) return ErrorCode::none;
  return ErrorCode::unsupported_compression_type;
}

void produce_one(const std::shared_ptr<Pending>& pending, const Topic* topic,
                 const ProduceRequest::PartitionProduceData& data, std::size_t topic_at, std::size_t partition_at) {
  const std::int16_t version = pending->context.api_version;
  PartitionAnswer& answer = pending->response.responses[topic_at].partition_responses[partition_at];
  if (topic == nullptr) {
    return refuse(
        *pending, answer,
        version >= first_version_with_topic_ids ? ErrorCode::unknown_topic_id : ErrorCode::unknown_topic_or_partition);
  }
  if (!topic->has_partition(data.index)) return refuse(*pending, answer, ErrorCode::unknown_topic_or_partition);
  Partition* partition = topic->partition(data.index);
  if (partition == nullptr) return refuse(*pending, answer, ErrorCode::kafka_storage_error, topic->problem(data.index));
  if (data.records.is_null() || data.records.size() == 0)
    return refuse(*pending, answer, ErrorCode::invalid_record, "no record batch");
  const BytesView records = data.records.view();
  if (const ErrorCode codec = refuse_codec(version, records); codec != ErrorCode::none)
    return refuse(*pending, answer, codec);
  const std::optional<log::BatchHeader> batch = log::read_batch_header(records);
  if (batch && batch->is_transactional() && !batch->is_control())
    return append_to_transaction(pending, *topic, *partition, *batch, records, topic_at, partition_at);
  append(pending, *partition, records, topic_at, partition_at);
}

bool acks_are_known(std::int16_t acks) {
  return acks == no_answer || acks == 1 || acks == all_replicas;
}

}  // namespace

void handle_produce(const RequestContext& context, ProduceRequest request, Responder<ProduceResponse> respond) {
  auto pending = std::make_shared<Pending>(
      Pending{context, request.acks, request.transactional_id.value_or(""), std::move(respond), {}, 1, false});
  const Topics& topics = context.broker->topics();
  // All answers are in place before the first append, which may be done at once: references into them stay good.
  for (const auto& data : request.topic_data) {
    auto& topic = pending->response.responses.emplace_back();
    topic.name = data.name;
    topic.topic_id = data.topic_id;
    for (const auto& partition : data.partition_data) topic.partition_responses.emplace_back().index = partition.index;
  }
  for (std::size_t t = 0; t < request.topic_data.size(); ++t) {
    const auto& data = request.topic_data[t];
    const Topic* topic =
        context.api_version >= first_version_with_topic_ids ? topics.find(data.topic_id) : topics.find(data.name);
    for (std::size_t p = 0; p < data.partition_data.size(); ++p) {
      if (acks_are_known(request.acks)) {
        produce_one(pending, topic, data.partition_data[p], t, p);
      } else {
        refuse(*pending, pending->response.responses[t].partition_responses[p], ErrorCode::invalid_required_acks);
      }
    }
  }
  finish_one(pending);
}

}  // namespace streamops::kafka
