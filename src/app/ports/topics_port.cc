#include "app/ports/topics_port.h"

#include <utility>

#include "connect/kafka/source.h"
#include "kafka/client/browser.h"

namespace streamops::app {
namespace {

using console::Message;
using console::MessageQuery;

constexpr Milliseconds tail_interval{200};
constexpr std::size_t tail_bytes = 4 * 1024 * 1024;     // a look
constexpr std::size_t tail_prefetch = 2 * 1024 * 1024;  // held by the client
constexpr std::size_t tail_limit = 200;                 // messages a look; a page shows fewer

kafka::BrowseQuery to_browse_query(const MessageQuery& query) {
  using From = kafka::BrowseQuery::From;
  constexpr From froms[] = {From::newest, From::oldest, From::offset,
                            From::timestamp};  // in the order of the console's
  kafka::BrowseQuery out;
  out.topic = query.topic;
  out.partition = query.partition;
  out.from = froms[static_cast<std::size_t>(query.from)];
  out.position = query.position;
  out.limit = static_cast<std::size_t>(query.limit);
  out.search = query.search;
  return out;
}

std::vector<Message> to_messages(std::vector<kafka::BrowsedMessage> found) {
  std::vector<Message> messages;
  messages.reserve(found.size());
  for (kafka::BrowsedMessage& one : found) {
    messages.push_back({one.partition, one.offset, from_millis(one.timestamp_ms), std::move(one.key),
                        std::move(one.value), std::move(one.headers)});
  }
  return messages;
}

std::optional<std::string> to_text(const std::optional<std::string_view>& bytes) {
  return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
}

Message to_message(const data::Record& record) {
  Message message{record.partition,    record.offset,         from_millis(record.timestamp_ms),
                  to_text(record.key), to_text(record.value), {}};
  for (const data::Header& header : record.headers) {
    message.headers.emplace_back(header.name, header.value.value_or(std::string_view()));
  }
  return message;
}

std::vector<console::TopicInfo> to_topics(const std::vector<kafka::TopicExtent>& extents, const PartitionBytes& sizes) {
  std::vector<console::TopicInfo> topics;
  topics.reserve(extents.size());
  for (const kafka::TopicExtent& extent : extents) {
    console::TopicInfo& topic = topics.emplace_back();
    topic.name = extent.name;
    topic.internal = extent.name.starts_with("__");
    for (const kafka::PartitionExtent& partition : extent.partitions) {
      const auto size = sizes.find({extent.name, partition.partition});
      topic.partitions.push_back({partition.partition, partition.first, partition.next,
                                  size == sizes.end() ? std::nullopt : std::optional(size->second)});
    }
  }
  return topics;
}

std::vector<console::GroupInfo> to_groups(std::vector<kafka::BrowsedGroup> found) {
  std::vector<console::GroupInfo> groups;
  groups.reserve(found.size());
  for (kafka::BrowsedGroup& one : found) {
    console::GroupInfo& group = groups.emplace_back();
    group.name = std::move(one.name);
    group.state = std::move(one.state);
    for (kafka::BrowsedMember& member : one.members) {
      group.members.push_back({std::move(member.client_id), std::move(member.host), std::move(member.partitions)});
    }
    for (kafka::BrowsedOffset& offset : one.offsets) {
      group.offsets.push_back({std::move(offset.topic), offset.partition, offset.committed, offset.end});
    }
  }
  return groups;
}

/// Follows one topic while its subscription lives, a look at most every tail_interval. Everything on the loop.
class Tail : public std::enable_shared_from_this<Tail> {
 public:
  Tail(std::unique_ptr<data::Source> source, runtime::Loop& loop, std::function<void(std::vector<Message>)> listener)
      : source_(std::move(source)), loop_(loop), listener_(std::move(listener)) {}

  void start() {
    source_->start({}, [weak = weak_from_this()] {
      if (const std::shared_ptr<Tail> self = weak.lock()) self->look_soon();
    });
  }

  void stop() {
    timer_.reset();
    source_->stop();
  }

 private:
  void look_soon() {
    timer_ = loop_.after(tail_interval, [this] { look(); });
  }

  /// A topic that is not there or a cluster that is away: nothing to tell, the source keeps trying.
  void look() {
    const Result<data::Records> records = source_->poll(tail_bytes);
    if (!records || records->records.empty()) return;
    const std::vector<data::Record>& all = records->records;
    // A burst beyond the limit is skipped, not queued: this is a window on what happens now.
    std::vector<Message> news;
    for (std::size_t i = all.size() - std::min(all.size(), tail_limit); i < all.size(); ++i) {
      news.push_back(to_message(all[i]));
    }
    listener_(std::move(news));
  }

  std::unique_ptr<data::Source> source_;
  runtime::Loop& loop_;
  std::function<void(std::vector<Message>)> listener_;
  runtime::TimerPtr timer_;
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

class KafkaTopicsPort final : public console::TopicsPort {
 public:
  KafkaTopicsPort(kafka::ClientConfig config, runtime::Loop& loop, runtime::Pool& pool, TopicSizes sizes)
      : config_(std::move(config)), loop_(loop), pool_(pool), sizes_(std::move(sizes)) {
    config_.client_id = "streamops-console";
  }

  void list(console::Done<std::vector<console::TopicInfo>> done) override {
    look(done, [this, done](kafka::Browser& browser) {
      browser.topics([this, done](Result<std::vector<kafka::TopicExtent>> extents) {
        if (!extents) return done(extents.error());
        if (!sizes_) return done(to_topics(*extents, {}));
        sizes_([done, extents = std::move(*extents)](const PartitionBytes& sizes) { done(to_topics(extents, sizes)); });
      });
    });
  }

  void messages(const MessageQuery& query, console::Done<std::vector<Message>> done) override {
    look(done, [done, wanted = to_browse_query(query)](kafka::Browser& browser) {
      browser.messages(wanted, [done](Result<std::vector<kafka::BrowsedMessage>> found) {
        if (!found) return done(found.error());
        done(to_messages(std::move(*found)));
      });
    });
  }

  console::SubscriptionPtr tail(const std::string& topic, std::function<void(std::vector<Message>)> listener) override {
    connect::KafkaSourceOptions options;
    options.topic = topic;
    options.from_latest = true;
    options.prefetch_bytes = tail_prefetch;
    auto tail = std::make_shared<Tail>(connect::make_kafka_source(std::move(options), config_, loop_, pool_), loop_,
                                       std::move(listener));
    loop_.post([tail] { tail->start(); });
    return std::make_unique<TailSubscription>(std::move(tail), loop_);
  }

  void groups(console::Done<std::vector<console::GroupInfo>> done) override {
    look(done, [done](kafka::Browser& browser) {
      browser.groups([done](Result<std::vector<kafka::BrowsedGroup>> found) {
        if (!found) return done(found.error());
        done(to_groups(std::move(*found)));
      });
    });
  }

 private:
  /// Calls `work` with the browser, on the loop; the first look makes it.
  template <typename Answer, typename Work>
  void look(const console::Done<Answer>& done, Work work) {
    loop_.post([this, alive = std::weak_ptr<int>(alive_), done, work = std::move(work)] {
      if (alive.expired()) return;
      if (browser_ == nullptr) {
        Result<std::unique_ptr<kafka::Browser>> made = kafka::Browser::open(config_, loop_, pool_);
        if (!made) return done(made.error());
        browser_ = std::move(made).value();
      }
      work(*browser_);
    });
  }

  kafka::ClientConfig config_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
  TopicSizes sizes_;
  std::unique_ptr<kafka::Browser> browser_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::shared_ptr<console::TopicsPort> make_topics_port(kafka::ClientConfig config, runtime::Loop& loop,
                                                      runtime::Pool& pool, TopicSizes sizes) {
  return std::make_shared<KafkaTopicsPort>(std::move(config), loop, pool, std::move(sizes));
}

}  // namespace streamops::app
