#include "kafka/broker/handlers/fetch.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "kafka/broker/broker.h"
#include "kafka/broker/stats.h"
#include "kafka/broker/topic_errors.h"
#include "kafka/broker/topics.h"
#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

namespace {

using PartitionAnswer = FetchResponse::PartitionData;

constexpr std::int16_t first_version_with_topic_ids = 13;
constexpr std::int32_t only_epoch = 0;
constexpr std::size_t most_answer_bytes = 64 * 1024 * 1024;  // whatever the client asks for
constexpr std::int32_t longest_wait_ms = 5 * 60 * 1000;

constexpr std::int8_t read_committed = 1;

Offset end_of(BytesView batches, Offset from) {
  while (const std::optional<log::BatchHeader> batch = log::read_batch_header(batches)) {
    from = batch->next_offset();
    if (batch->size >= batches.size()) break;
    batches = batches.subspan(batch->size);
  }
  return from;
}

// What a consumer of committed records has to leave out of the batches that it gets.
std::vector<FetchResponse::AbortedTransaction> aborted_in(const Partition& partition, Offset from, BytesView batches) {
  std::vector<FetchResponse::AbortedTransaction> out;
  if (!partition.transactions().has_aborted() || batches.empty()) return out;
  for (const auto& each : partition.transactions().aborted_between(from, end_of(batches, from)))
    out.push_back({each.producer_id, each.first_offset});
  return out;
}

// One fetch, from its arrival to its answer.
class Fetch final : public FetchWaiter, public std::enable_shared_from_this<Fetch> {
 public:
  Fetch(const RequestContext& context, FetchRequest request, Responder<FetchResponse> respond)
      : context_(context), request_(std::move(request)), respond_(std::move(respond)) {}

  void start() {
    if (try_to_answer(request_.max_wait_ms <= 0)) return;
    wait();
    const auto patience = Milliseconds{std::min(request_.max_wait_ms, longest_wait_ms)};
    timer_ = context_.broker->loop().after(patience, [self = shared_from_this()] {
      self->timer_.reset();
      self->try_to_answer(true);
    });
  }

  void wake() override {
    if (answered_ || woken_) return;
    woken_ = true;  // many partitions may wake us in one turn
    context_.broker->loop().post([self = shared_from_this()] {
      self->woken_ = false;
      if (!self->answered_ && !self->try_to_answer(false)) self->wait();
    });
  }

 private:
  const Topic* find(const FetchRequest::FetchTopic& topic) const {
    const Topics& topics = context_.broker->topics();
    return context_.api_version >= first_version_with_topic_ids ? topics.find(topic.topic_id)
                                                                : topics.find(topic.topic);
  }

  // Reads what there is. Answers when it is enough, or an error, or when there is no more waiting.
  bool try_to_answer(bool last_chance) {
    FetchResponse response;
    read_ = 0;
    bool has_error = false;
    for (const auto& wanted : request_.topics) {
      const Topic* topic = find(wanted);
      auto& out = response.responses.emplace_back();
      out.topic = wanted.topic;
      out.topic_id = wanted.topic_id;
      for (const auto& partition : wanted.partitions) {
        out.partitions.push_back(read_partition(topic, partition));
        has_error = has_error || out.partitions.back().error_code != 0;
      }
    }
    const bool enough = read_ >= static_cast<std::size_t>(std::max(request_.min_bytes, 0));
    if (!last_chance && !has_error && !enough) return false;
    answered_ = true;
    const runtime::TimerPtr expired = std::move(timer_);
    context_.broker->stats().fetched_bytes.add(read_);
    respond_(std::move(response));
    return true;
  }

  ErrorCode check(const Topic* topic, const FetchRequest::FetchPartition& wanted) const {
    if (topic == nullptr) {
      return context_.api_version >= first_version_with_topic_ids ? ErrorCode::unknown_topic_id
                                                                  : ErrorCode::unknown_topic_or_partition;
    }
    if (!topic->has_partition(wanted.partition)) return ErrorCode::unknown_topic_or_partition;
    if (topic->partition(wanted.partition) == nullptr) return ErrorCode::kafka_storage_error;
    return wanted.current_leader_epoch > only_epoch ? ErrorCode::unknown_leader_epoch : ErrorCode::none;
  }

  PartitionAnswer read_partition(const Topic* topic, const FetchRequest::FetchPartition& wanted) {
    PartitionAnswer answer;
    answer.partition_index = wanted.partition;
    answer.error_code = wire(check(topic, wanted));
    answer.high_watermark = -1;
    if (answer.error_code != 0) return answer;
    log::PartitionLog& log = topic->partition(wanted.partition)->log();
    answer.high_watermark = log.high_watermark();
    const Partition& found = *topic->partition(wanted.partition);
    answer.last_stable_offset = found.last_stable_offset();
    answer.log_start_offset = log.start_offset();
    const std::size_t whole =
        std::min<std::size_t>(static_cast<std::size_t>(std::max(request_.max_bytes, 0)), most_answer_bytes);
    const std::size_t left = whole > read_ ? whole - read_ : 0;
    const std::size_t room =
        std::min<std::size_t>(left, static_cast<std::size_t>(std::max(wanted.partition_max_bytes, 0)));
    Bytes records;
    // The first batch of an answer comes whole however large it is, or a consumer could never pass it (KIP-74).
    const bool only_committed = request_.isolation_level == read_committed;
    const Offset limit = only_committed ? answer.last_stable_offset : answer.high_watermark;
    const Result<void> read = log.read(wanted.fetch_offset, room, records, read_ == 0, limit);
    if (!read) {
      answer.error_code = wire(code_of(read.error()));
      return answer;
    }
    read_ += records.size();
    if (only_committed) answer.aborted_transactions = aborted_in(found, wanted.fetch_offset, records);
    answer.records = Records::owned(std::move(records));
    return answer;
  }

  void wait() {
    for (const auto& wanted : request_.topics) {
      const Topic* topic = find(wanted);
      if (topic == nullptr) continue;
      for (const auto& each : wanted.partitions) {
        if (Partition* partition = topic->partition(each.partition)) partition->wait(shared_from_this());
      }
    }
  }

  RequestContext context_;
  FetchRequest request_;
  Responder<FetchResponse> respond_;
  runtime::TimerPtr timer_;
  std::size_t read_ = 0;
  bool answered_ = false;
  bool woken_ = false;
};

}  // namespace

void handle_fetch(const RequestContext& context, FetchRequest request, Responder<FetchResponse> respond) {
  if (request.session_id != 0) {
    // Sessions are never granted, so this one is from before a restart; the client goes on without.
    FetchResponse response;
    response.error_code = wire(ErrorCode::fetch_session_id_not_found);
    return respond(std::move(response));
  }
  std::make_shared<Fetch>(context, std::move(request), std::move(respond))->start();
}

}  // namespace streamops::kafka
