#include "kafka/client/consumer.h"

#include <fmt/format.h>

#include <cstring>
#include <deque>
#include <map>

#include "errors/kafka_client.h"
#include "kafka/client/impl/direct_consumer.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/group_positions.h"
#include "kafka/client/impl/instance.h"
#include "kafka/client/impl/topic_requests.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t padding = 64;  // bytes after the last value (data/position.h)
constexpr std::size_t batch = 256;   // messages a call

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

LibrarySettings settings_of(const ConsumerOptions& options) {
  // The library's own bound is only a safety net above ours.
  const std::size_t kilobytes = options.prefetch_bytes / 1024 + 1;
  return {{"enable.auto.commit", "false"},   {"enable.auto.offset.store", "false"},
          {"enable.partition.eof", "true"},  // tells of ends that no record reaches: markers of transactions
          {"auto.offset.reset", "error"},    {"fetch.wait.max.ms", "500"},
          {"fetch.error.backoff.ms", "100"}, {"fetch.message.max.bytes", "1048576"},
          {"fetch.max.bytes", "4194304"},    {"queued.max.messages.kbytes", std::to_string(kilobytes * 2 + 8192)}};
}

class LibraryConsumer final : public Consumer {
 public:
  LibraryConsumer(const ConsumerOptions& options, runtime::Loop& loop, std::function<void()> on_ready)
      : options_(options), loop_(loop), on_ready_(std::move(on_ready)) {}

  ~LibraryConsumer() override {
    if (instance_ == nullptr) return;
    instance_->release();
    held_.clear();
    if (group_) group_->leave(*pool_);
    if (partitions_ != nullptr) rd_kafka_topic_partition_list_destroy(partitions_);
    if (topic_ != nullptr) rd_kafka_topic_destroy(topic_);
  }

  Result<void> open(const ClientConfig& config, runtime::Pool& pool) {
    STREAMOPS_ASSIGN(instance_, Instance::open(RD_KAFKA_CONSUMER, config, settings_of(options_), RD_KAFKA_EVENT_ERROR,
                                               loop_, pool, [this] { on_wake(); }));
    records_ = instance_->add_queue();
    requests_ = std::make_unique<TopicRequests>(instance_, loop_, pool);
    topic_ = rd_kafka_topic_new(instance_->handle(), options_.topic.c_str(), nullptr);
    if (topic_ == nullptr) return to_error(rd_kafka_last_error(), "reading " + options_.topic);
    partitions_ = rd_kafka_topic_partition_list_new(4);
    pool_ = &pool;
    if (!options_.group.empty()) group_.emplace(config, options_.group, options_.topic, loop_);
    return Ok();
  }

  Result<void> add(std::int32_t partition, std::int64_t offset) override {
    if (rd_kafka_consume_start_queue(topic_, partition, offset, records_) != 0) {
      return to_error(rd_kafka_last_error(), fmt::format("reading {} partition {}", options_.topic, partition));
    }
    rd_kafka_topic_partition_list_add(partitions_, options_.topic.c_str(), partition)->offset = offset;
    return Ok();
  }

  Result<data::Records> poll(std::size_t max_bytes) override {
    notified_ = false;
    take_events();
    drain();
    if (failure_ && held_.empty()) return *failure_;
    data::Records records = hand_out(max_bytes);
    if (held_.empty()) reach_ends();
    if (paused_ && held_bytes_ <= options_.prefetch_bytes / 2) resume();
    if (!held_.empty() || failure_) notify();
    return records;
  }

  void commit(std::span<const data::Position> positions) override {
    if (group_) group_->tell(positions);
  }

  Admin& admin() override { return *requests_; }
  std::optional<Error> trouble() const override { return failure_ ? failure_ : trouble_; }
  void forget_trouble() override { trouble_.reset(); }

  std::optional<std::int64_t> lag() const override {
    if (partitions_->cnt == 0) return std::nullopt;
    std::int64_t behind = 0;
    for (int i = 0; i < partitions_->cnt; ++i) {
      const rd_kafka_topic_partition_t& at = partitions_->elems[i];
      std::int64_t low = 0;
      std::int64_t high = 0;
      const rd_kafka_resp_err_t known =
          rd_kafka_get_watermark_offsets(instance_->handle(), at.topic, at.partition, &low, &high);
      if (known != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;  // no fetch has told yet
      const std::int64_t start = at.offset == offset_earliest ? std::max<std::int64_t>(low, 0) : high;
      behind += std::max<std::int64_t>(high - (at.offset >= 0 ? at.offset : start), 0);
    }
    return behind;
  }

 private:
  void on_wake() {
    take_events();
    drain();
    notify();
    requests_->serve();  // last: it may end this consumer
  }

  void notify() {
    if (notified_) return;
    notified_ = true;
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      const std::function<void()> call = on_ready_;  // it may end this consumer
      call();
    });
  }

  void fail_or_note(const Error& error) {
    requests_->note(error);
    if (is_final(error)) {
      if (!failure_) failure_ = error;
    } else {
      trouble_ = error;
    }
  }

  /// News about brokers.
  void take_events() {
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(instance_->main_queue(), 0)) {
      if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
        fail_or_note(instance_->event_error(event, "reading " + options_.topic));
      }
      rd_kafka_event_destroy(event);
    }
  }

  /// Takes over all that the library has fetched, and pauses it when that is much: an empty queue loses nothing to the
  /// pause.
  void drain() {
    std::array<rd_kafka_message_t*, batch> messages{};
    while (true) {
      const ssize_t count = rd_kafka_consume_batch_queue(records_, 0, messages.data(), messages.size());
      if (count <= 0) break;
      for (ssize_t i = 0; i < count; ++i) hold(Message(messages[static_cast<std::size_t>(i)]));
    }
    if (held_.empty()) reach_ends();
    if (!paused_ && held_bytes_ >= options_.prefetch_bytes) pause();
  }

  /// Everything was handed out: reading stands where the partitions ended.
  void reach_ends() {
    for (const auto& [partition, end] : ends_) {
      for (int i = 0; i < partitions_->cnt; ++i) {
        rd_kafka_topic_partition_t& at = partitions_->elems[i];
        if (at.partition == partition) at.offset = std::max(at.offset, end);
      }
    }
    ends_.clear();
  }

  void hold(Message message) {
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ends_[message->partition] = message->offset;
      return;
    }
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return fail_or_note(to_error(message->err,
                                   fmt::format("reading {} partition {}", options_.topic, message->partition),
                                   rd_kafka_message_errstr(message.get())));
    }
    trouble_.reset();
    held_bytes_ += message->len + message->key_len;
    fetched_[message->partition] = message->offset + 1;
    held_.push_back(std::move(message));
  }

  void pause() {
    paused_ = true;
    rd_kafka_pause_partitions(instance_->handle(), partitions_);
  }

  void resume() {
    paused_ = false;
    rd_kafka_resume_partitions(instance_->handle(), partitions_);
    // A seek to where reading stands anyway wakes the library's thread; resuming alone lets it sleep on, up to a
    // second.
    for (const auto& [partition, next] : fetched_) rd_kafka_seek(topic_, partition, next, 0);
    drain();
  }

  /// Copies what is held back into one arena: the library's buffers are freed, and every value has its padding.
  data::Records hand_out(std::size_t max_bytes) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    for (; count < held_.size() && (count == 0 || bytes < max_bytes); ++count) {
      bytes += held_[count]->len + held_[count]->key_len;
    }
    data::Records records;
    if (count == 0) return records;
    auto arena = std::make_shared<Arena>();
    arena->bytes.reserve(bytes + padding);
    records.records.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      records.records.push_back(copy(*held_.front(), *arena));
      held_.pop_front();
    }
    arena->bytes.resize(arena->bytes.size() + padding);
    held_bytes_ -= bytes;
    records.bytes = bytes;
    records.owner = std::move(arena);
    return records;
  }

  struct Arena {
    Bytes bytes;  // keys and values; reserved once, so views into it stay
    std::deque<std::pair<std::string, std::string>> headers;
  };

  static std::string_view append(Bytes& to, const void* from, std::size_t size) {
    const std::size_t at = to.size();
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    to.insert(to.end(), bytes, bytes + size);
    return as_text(BytesView(to).subspan(at, size));
  }

  data::Record copy(const rd_kafka_message_t& message, Arena& arena) {
    data::Record record;
    record.partition = message.partition;
    record.offset = message.offset;
    record.timestamp_ms = std::max<std::int64_t>(rd_kafka_message_timestamp(&message, nullptr), 0);
    if (message.key != nullptr) record.key = append(arena.bytes, message.key, message.key_len);
    if (message.payload != nullptr) record.value = append(arena.bytes, message.payload, message.len);
    copy_headers(message, arena, record);
    note_position(message.partition, message.offset + 1);
    return record;
  }

  static void copy_headers(const rd_kafka_message_t& message, Arena& arena, data::Record& record) {
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      const auto& [kept_name, kept_value] =
          arena.headers.emplace_back(name, value == nullptr ? "" : std::string(static_cast<const char*>(value), size));
      data::Header header{kept_name, std::nullopt};
      if (value != nullptr) header.value = kept_value;
      record.headers.push_back(header);
    }
  }

  /// For lag(); before the first record it is where reading begins, which may be offset_earliest or offset_latest.
  void note_position(std::int32_t partition, std::int64_t next) {
    for (int i = 0; i < partitions_->cnt; ++i) {
      if (partitions_->elems[i].partition == partition) partitions_->elems[i].offset = next;
    }
  }

  ConsumerOptions options_;
  runtime::Loop& loop_;
  std::function<void()> on_ready_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::shared_ptr<Instance> instance_;
  rd_kafka_queue_t* records_ = nullptr;  // the instance's
  std::unique_ptr<TopicRequests> requests_;
  rd_kafka_topic_t* topic_ = nullptr;
  rd_kafka_topic_partition_list_t* partitions_ = nullptr;

  runtime::Pool* pool_ = nullptr;
  std::optional<GroupPositions> group_;

  std::deque<Message> held_;
  std::size_t held_bytes_ = 0;
  std::map<std::int32_t, std::int64_t> fetched_;  // partition -> offset behind the last record taken over
  std::map<std::int32_t, std::int64_t> ends_;     // partition -> its end, met and not yet reached by hand_out()
  bool paused_ = false;
  bool notified_ = false;
  std::optional<Error> trouble_;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<Consumer>> Consumer::open(const ClientConfig& config, const ConsumerOptions& options,
                                                 runtime::Loop& loop, runtime::Pool& pool,
                                                 std::function<void()> on_ready) {
  if (config.direct && config.extra.empty())
    return open_direct_consumer(config, options, loop, pool, std::move(on_ready));
  auto consumer = std::make_unique<LibraryConsumer>(options, loop, std::move(on_ready));
  STREAMOPS_RETURN_IF_ERROR(consumer->open(config, pool));
  return consumer;
}

}  // namespace streamops::kafka
