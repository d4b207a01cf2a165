#include "connect/kafka/source.h"

#include <algorithm>
#include <map>
#include <set>

#include "errors/kafka_client.h"
#include "kafka/client/consumer.h"
#include "kafka/client/failure.h"
#include "kafka/client/topic_id.h"
#include "runtime/network.h"

namespace streamops::connect {
namespace {

constexpr Microseconds patience_for_id = Seconds{3};
constexpr Microseconds first_pause = Milliseconds{50};
constexpr Microseconds pause_while_trouble = Seconds{1};
constexpr Microseconds pause_between_commits = Seconds{1};

class KafkaSource final : public data::Source {
 public:
  KafkaSource(KafkaSourceOptions options, kafka::ClientConfig config, runtime::Loop& loop, runtime::Pool& pool)
      : options_(std::move(options)), config_(std::move(config)), loop_(loop), pool_(pool) {}

  void start(std::vector<data::Position> from, std::function<void()> on_ready) override {
    on_ready_ = std::move(on_ready);
    for (const data::Position& position : from) from_[position.partition] = position.next;
    auto consumer = kafka::Consumer::open(config_, {options_.topic, options_.prefetch_bytes, options_.group}, loop_,
                                          pool_, [this] { notify(); });
    if (!consumer) return fail(consumer.error());
    consumer_ = std::move(*consumer);
    look();
  }

  Result<data::Records> poll(std::size_t max_bytes) override {
    notified_ = false;
    if (failure_) return *failure_;
    if (consumer_ == nullptr) return data::Records();
    return consumer_->poll(max_bytes);
  }

  Uuid topic_id() const override { return topic_id_; }

  void acknowledge(const data::Ack& ack) override {
    if (options_.group.empty()) return;
    for (const data::Position& position : ack.positions) acknowledged_[position.partition] = position;
    uncommitted_ = true;
    if (!commit_timer_) commit();
  }

  std::optional<Error> trouble() const override {
    if (failure_) return failure_;
    if (trouble_) return trouble_;
    return consumer_ == nullptr ? std::nullopt : consumer_->trouble();
  }
  std::optional<std::int64_t> lag() const override { return consumer_ == nullptr ? std::nullopt : consumer_->lag(); }

  void stop() override {
    timer_.reset();
    commit_timer_.reset();
    id_request_.reset();
    if (uncommitted_) send_commit();
    consumer_.reset();
    on_ready_ = nullptr;
  }

 private:
  void commit() {
    send_commit();
    commit_timer_ = loop_.after(pause_between_commits, [this] {
      commit_timer_.reset();
      if (uncommitted_) commit();
    });
  }

  void send_commit() {
    uncommitted_ = false;
    std::vector<data::Position> positions;
    positions.reserve(acknowledged_.size());
    for (const auto& [partition, position] : acknowledged_) positions.push_back(position);
    if (consumer_ != nullptr) consumer_->commit(positions);
  }

  void notify() {
    if (notified_ || !on_ready_) return;
    notified_ = true;
    const std::function<void()> call = on_ready_;  // it may stop this source
    call();
  }

  void fail(const Error& error) {
    failure_ = error;
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) notify();
    });
  }

  /// Asks for the topic's partitions, now and then again.
  void look() {
    consumer_->admin().describe_topic(options_.topic,
                                      [this](const Result<std::optional<kafka::TopicDescription>>& found) {
                                        if (!found) return again(found.error());
                                        if (!found->has_value()) return create_or_wait();
                                        return id_known_ ? read(**found) : learn_id(**found);
                                      });
  }

  void look_after(Microseconds pause) {
    timer_ = loop_.after(pause, [this] { look(); });
  }

  void again(const Error& error) {
    if (kafka::is_final(error)) return fail(error);
    trouble_ = error;
    look_after(pause_);
    pause_ = std::min(pause_ * 2, pause_while_trouble);
  }

  void create_or_wait() {
    if (options_.create_partitions == 0) {
      return again(Error(errors::kafka_client::topic_missing, "topic {} does not exist (yet)", options_.topic));
    }
    consumer_->admin().create_topic(
        {options_.topic, options_.create_partitions, -1, {}},
        [this](const Result<void>& created) { return created ? look_after(Milliseconds{5}) : again(created.error()); });
  }

  /// Once, and before the first record.
  void learn_id(const kafka::TopicDescription& topic) {
    network_ = runtime::make_network(loop_);
    id_request_ = kafka::request_topic_id(config_, options_.topic, loop_, *network_, patience_for_id,
                                          [this, topic](const Uuid& id) {
                                            id_known_ = true;
                                            topic_id_ = id;
                                            read(topic);
                                          });
  }

  void read(const kafka::TopicDescription& topic) {
    for (const std::int32_t partition : topic.partitions) {
      if (reading_.contains(partition)) continue;
      const auto kept = from_.find(partition);
      const bool latest = options_.from_latest && !looked_before_;
      const std::int64_t fallback = latest ? kafka::offset_latest : kafka::offset_earliest;
      const std::int64_t offset = kept == from_.end() ? fallback : kept->second;
      if (const Result<void> added = consumer_->add(partition, offset); !added) return again(added.error());
      reading_.insert(partition);
    }
    looked_before_ = true;
    trouble_.reset();
    pause_ = first_pause;
    look_after(consumer_->trouble() ? pause_while_trouble : options_.look_for_partitions);
    consumer_->forget_trouble();
  }

  KafkaSourceOptions options_;
  kafka::ClientConfig config_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::function<void()> on_ready_;
  std::map<std::int32_t, std::int64_t> from_;
  std::set<std::int32_t> reading_;
  std::map<std::int32_t, data::Position> acknowledged_;
  bool uncommitted_ = false;  // acknowledged_ is ahead of what the group was told
  runtime::TimerPtr commit_timer_;
  bool id_known_ = false;
  Uuid topic_id_;
  bool looked_before_ = false;
  Microseconds pause_ = first_pause;
  bool notified_ = false;
  std::optional<Error> trouble_;
  std::optional<Error> failure_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<kafka::TopicIdRequest> id_request_;
  runtime::TimerPtr timer_;
};

}  // namespace

std::unique_ptr<data::Source> make_kafka_source(KafkaSourceOptions options, kafka::ClientConfig config,
                                                runtime::Loop& loop, runtime::Pool& pool) {
  return std::make_unique<KafkaSource>(std::move(options), std::move(config), loop, pool);
}

}  // namespace streamops::connect
