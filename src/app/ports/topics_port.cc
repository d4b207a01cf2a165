#include "app/ports/topics_port.h"

#include <algorithm>
#include <map>

#include "app/ports/group_info.h"
#include "kafka/protocol/compression.h"
#include "kafka/protocol/record_batch.h"

namespace streamops::app {
namespace {

constexpr std::size_t read_bytes = 1024 * 1024;  // of batches a step
constexpr std::size_t unpacked_limit = 64 * 1024 * 1024;
constexpr Milliseconds tail_interval{200};  // only while somebody watches
constexpr int tail_limit = 200;             // messages a step; a page shows fewer

using console::Message;
using console::MessageQuery;

std::string text_of(BytesView bytes) {
  return std::string(as_text(bytes));
}

/// Appends the records of one batch from `from` on, until `messages` holds `limit`.
Result<void> append_messages(const kafka::RecordBatchView& batch, std::int32_t partition, std::int64_t from,
                             std::size_t limit, std::vector<Message>& messages) {
  if (batch.is_control() || batch.last_offset() < from) return Ok();
  Bytes unpacked;
  BytesView payload = batch.payload();
  if (batch.compression() != kafka::Compression::none) {
    STREAMOPS_ASSIGN(unpacked, kafka::decompress(batch.compression(), payload, unpacked_limit));
    payload = unpacked;
  }
  kafka::RecordIterator records(batch, payload);
  while (messages.size() < limit) {
    STREAMOPS_ASSIGN(const std::optional<kafka::RecordView> record, records.next());
    if (!record) return Ok();
    if (record->offset < from) continue;
    Message message;
    message.partition = partition;
    message.offset = record->offset;
    message.timestamp = from_millis(record->timestamp);
    if (record->key) message.key = text_of(*record->key);
    if (record->value) message.value = text_of(*record->value);
    for (const kafka::RecordHeader& header : record->headers) {
      message.headers.emplace_back(header.key, header.value ? text_of(*header.value) : std::string());
    }
    messages.push_back(std::move(message));
  }
  return Ok();
}

/// Up to `limit` messages of one partition from `from` on.
Result<std::vector<Message>> read_messages(kafka::Broker& broker, const std::string& topic, std::int32_t partition,
                                           std::int64_t from, std::int64_t end, std::size_t limit) {
  std::vector<Message> messages;
  while (from < end && messages.size() < limit) {
    STREAMOPS_ASSIGN(const Bytes raw, broker.read(topic, partition, from, read_bytes));
    if (raw.empty()) break;
    STREAMOPS_ASSIGN(const std::vector<kafka::RecordBatchView> batches, kafka::parse_batches(raw));
    for (const kafka::RecordBatchView& batch : batches) {
      STREAMOPS_RETURN_IF_ERROR(append_messages(batch, partition, from, limit, messages));
      from = batch.next_offset();
    }
  }
  return messages;
}

/// The first offset whose batch reaches `timestamp_ms`; the end when there is none.
Result<std::int64_t> offset_at(kafka::Broker& broker, const std::string& topic, const kafka::PartitionView& partition,
                               std::int64_t timestamp_ms) {
  std::int64_t offset = partition.log_start_offset;
  while (offset < partition.high_watermark) {
    STREAMOPS_ASSIGN(const Bytes raw, broker.read(topic, partition.partition, offset, read_bytes));
    if (raw.empty()) break;
    STREAMOPS_ASSIGN(const std::vector<kafka::RecordBatchView> batches, kafka::parse_batches(raw));
    for (const kafka::RecordBatchView& batch : batches) {
      if (batch.max_timestamp() >= timestamp_ms) return std::max(offset, batch.base_offset());
      offset = batch.next_offset();
    }
  }
  return partition.high_watermark;
}

Result<std::vector<Message>> partition_messages(kafka::Broker& broker, const MessageQuery& query,
                                                const kafka::PartitionView& partition) {
  const std::int64_t end = partition.high_watermark;
  std::int64_t from = partition.log_start_offset;
  switch (query.from) {
    case MessageQuery::From::oldest:
      break;
    case MessageQuery::From::newest:
      from = std::max(from, end - query.limit);
      break;
    case MessageQuery::From::offset:
      from = std::max(from, query.position);
      break;
    case MessageQuery::From::timestamp: {
      STREAMOPS_ASSIGN(from, offset_at(broker, query.topic, partition, query.position));
      break;
    }
  }
  STREAMOPS_ASSIGN(std::vector<Message> messages, read_messages(broker, query.topic, partition.partition, from, end,
                                                                static_cast<std::size_t>(query.limit)));
  if (query.from == MessageQuery::From::timestamp) {
    std::erase_if(messages, [&](const Message& message) { return to_millis(message.timestamp) < query.position; });
  }
  return messages;
}

const kafka::TopicView* find_topic(const std::vector<kafka::TopicView>& topics, const std::string& name) {
  const auto found =
      std::find_if(topics.begin(), topics.end(), [&](const kafka::TopicView& topic) { return topic.name == name; });
  return found == topics.end() ? nullptr : &*found;
}

/// Follows one topic while its subscription lives. Everything on the broker's loop.
class Tail : public std::enable_shared_from_this<Tail> {
 public:
  Tail(kafka::Broker& broker, runtime::Loop& loop, std::string topic,
       std::function<void(std::vector<Message>)> listener)
      : broker_(broker), loop_(loop), topic_(std::move(topic)), listener_(std::move(listener)) {}

  void step() {
    if (stopped_) return;
    std::vector<Message> news;
    const std::vector<kafka::TopicView> topics = broker_.topic_views();
    if (const kafka::TopicView* topic = find_topic(topics, topic_)) {
      for (const kafka::PartitionView& partition : topic->partitions) collect(partition, news);
    }
    started_ = true;
    if (!news.empty()) listener_(std::move(news));
    timer_ = loop_.after(tail_interval, [self = shared_from_this()] { self->step(); });
  }

  void stop() {
    stopped_ = true;
    timer_.reset();
  }

 private:
  void collect(const kafka::PartitionView& partition, std::vector<Message>& news) {
    const auto [position, is_new] =
        next_.emplace(partition.partition, started_ ? partition.log_start_offset : partition.high_watermark);
    if (is_new && !started_) return;
    // A burst beyond the limit is skipped, not queued: this is a window on what happens now.
    const std::int64_t from = std::max(position->second, partition.high_watermark - tail_limit);
    Result<std::vector<Message>> messages =
        read_messages(broker_, topic_, partition.partition, from, partition.high_watermark, tail_limit);
    position->second = partition.high_watermark;
    if (messages) std::move(messages->begin(), messages->end(), std::back_inserter(news));
  }

  kafka::Broker& broker_;
  runtime::Loop& loop_;
  std::string topic_;
  std::function<void(std::vector<Message>)> listener_;
  std::map<std::int32_t, std::int64_t> next_;
  runtime::TimerPtr timer_;
  bool started_ = false;
  bool stopped_ = false;
};

class TailSubscription final : public console::Subscription {
 public:
  TailSubscription(std::shared_ptr<Tail> tail, runtime::Loop& loop) : tail_(std::move(tail)), loop_(loop) {}
  TailSubscription(const TailSubscription&) = delete;
  TailSubscription& operator=(const TailSubscription&) = delete;
  ~TailSubscription() override {
    loop_.post([tail = std::move(tail_)] { tail->stop(); });
  }

 private:
  std::shared_ptr<Tail> tail_;
  runtime::Loop& loop_;
};

class BrokerTopicsPort final : public console::TopicsPort {
 public:
  BrokerTopicsPort(kafka::Broker& broker, runtime::Loop& loop) : broker_(broker), loop_(loop) {}

  void list(console::Done<std::vector<console::TopicInfo>> done) override {
    loop_.post([this, done = std::move(done)] {
      std::vector<console::TopicInfo> topics;
      for (const kafka::TopicView& view : broker_.topic_views()) {
        console::TopicInfo& topic = topics.emplace_back();
        topic.name = view.name;
        topic.internal = view.name.starts_with("__");
        for (const kafka::PartitionView& partition : view.partitions) {
          topic.partitions.push_back(
              {partition.partition, partition.log_start_offset, partition.high_watermark, partition.size_bytes});
        }
      }
      done(std::move(topics));
    });
  }

  void messages(const MessageQuery& query, console::Done<std::vector<Message>> done) override {
    loop_.post([this, query, done = std::move(done)] { done(messages_now(query)); });
  }

  console::SubscriptionPtr tail(const std::string& topic, std::function<void(std::vector<Message>)> listener) override {
    auto tail = std::make_shared<Tail>(broker_, loop_, topic, std::move(listener));
    loop_.post([tail] { tail->step(); });
    return std::make_unique<TailSubscription>(std::move(tail), loop_);
  }

  void groups(console::Done<std::vector<console::GroupInfo>> done) override {
    loop_.post([this, done = std::move(done)] { done(group_infos(broker_)); });
  }

 private:
  Result<std::vector<Message>> messages_now(const MessageQuery& query) {
    const std::vector<kafka::TopicView> topics = broker_.topic_views();
    const kafka::TopicView* topic = find_topic(topics, query.topic);
    if (topic == nullptr) {
      STREAMOPS_RETURN_IF_ERROR(
          broker_.read(query.topic, 0, 0, 1));  // the broker's own words for a topic that is not there
      return std::vector<Message>();
    }
    std::vector<Message> messages;
    for (const kafka::PartitionView& partition : topic->partitions) {
      if (query.partition && *query.partition != partition.partition) continue;
      STREAMOPS_ASSIGN(std::vector<Message> found, partition_messages(broker_, query, partition));
      std::move(found.begin(), found.end(), std::back_inserter(messages));
    }
    return messages;
  }

  kafka::Broker& broker_;
  runtime::Loop& loop_;
};

}  // namespace

std::shared_ptr<console::TopicsPort> make_topics_port(kafka::Broker& broker, runtime::Loop& loop) {
  return std::make_shared<BrokerTopicsPort>(broker, loop);
}

}  // namespace streamops::app
