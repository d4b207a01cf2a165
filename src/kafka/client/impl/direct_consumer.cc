#include "kafka/client/impl/direct_consumer.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "errors/kafka_client.h"
#include "kafka/client/impl/conversation.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/fetched.h"
#include "kafka/client/impl/group_positions.h"
#include "kafka/client/impl/held_batches.h"
#include "kafka/client/impl/topic_leaders.h"
#include "kafka/protocol/messages/fetch.h"
#include "kafka/protocol/messages/list_offsets.h"
#include "runtime/network.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t fetch_bytes = 1024 * 1024;  // an answer; it should stay in a processor's cache
constexpr std::int32_t fetch_wait_ms = 500;
constexpr std::int16_t topic_by_name = 12;  // the newest Fetch that names its topics
constexpr std::int8_t read_committed = 1;
constexpr Microseconds first_pause = Milliseconds{100};
constexpr Microseconds longest_pause = Seconds{1};

ConversationOptions fetch_options() {
  ConversationOptions options;
  options.patience = Seconds{10};
  options.usual_answer = fetch_bytes + 64 * 1024;  // its headers, and what other partitions have to say
  options.largest_answer = 256 * 1024 * 1024;      // of one record that is as large
  return options;
}

/// One partition that is read.
struct Part {
  std::int64_t next = 0;             // to ask for; may be offset_earliest or offset_latest
  std::int64_t high_watermark = -1;  // once known
  std::optional<runtime::Endpoint> leader;
};

/// A broker that leads partitions of ours.
struct Broker {
  std::shared_ptr<Conversation> conversation;
  std::deque<std::int32_t> order;  // its partitions; who has just got something waits longest
  bool is_busy = false;
  bool rests = false;  // its last answer was no good; until the retry
};

std::string key_of(const runtime::Endpoint& endpoint) {
  return runtime::to_string(endpoint);
}

class DirectConsumer final : public Consumer {
 public:
  DirectConsumer(const ClientConfig& config, const ConsumerOptions& options, runtime::Loop& loop, runtime::Pool& pool,
                 std::function<void()> on_ready)
      : config_(config),
        options_(options),
        loop_(loop),
        pool_(pool),
        on_ready_(std::move(on_ready)),
        network_(runtime::make_network(loop)),
        look_(config, loop, *network_) {
    if (!options.group.empty()) group_.emplace(config, options.group, options.topic, loop);
  }
  ~DirectConsumer() override {
    if (group_) group_->leave(pool_);
  }
  DirectConsumer(const DirectConsumer&) = delete;
  DirectConsumer& operator=(const DirectConsumer&) = delete;

  Result<void> open() {
    STREAMOPS_ASSIGN(admin_, Admin::open(config_, loop_, pool_));
    return Ok();
  }

  Result<void> add(std::int32_t partition, std::int64_t offset) override {
    parts_[partition].next = offset;
    step_soon();
    return Ok();
  }

  Result<data::Records> poll(std::size_t max_bytes) override {
    notified_ = false;
    if (failure_ && held_.empty()) return *failure_;
    Result<data::Records> records = held_.take(max_bytes);
    if (!records) {
      held_.clear();
      failure_ = records.error();  // of bytes that are no better the next time
      return *failure_;
    }
    step_soon();
    if (!held_.empty() || failure_) notify();
    return records;
  }

  void commit(std::span<const data::Position> positions) override {
    if (group_) group_->tell(positions);
  }
  Admin& admin() override { return *admin_; }
  std::optional<Error> trouble() const override { return failure_ ? failure_ : trouble_; }
  void forget_trouble() override { trouble_.reset(); }

  std::optional<std::int64_t> lag() const override {
    std::int64_t behind = 0;
    for (const auto& [partition, part] : parts_) {
      if (part.high_watermark < 0) return std::nullopt;  // no fetch has told yet
      const std::int64_t at = held_.waiting(partition).value_or(part.next);
      behind += std::max<std::int64_t>(part.high_watermark - at, 0);
    }
    return parts_.empty() ? std::nullopt : std::optional(behind);
  }

 private:
  // --- asking -----------------------------------------------------------------------------------------------------

  void step_soon() {
    if (std::exchange(stepping_, true)) return;
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      stepping_ = false;
      step();
    });
  }

  /// Asks whatever can be asked now.
  void step() {
    if (failure_) return;
    const bool leaderless =
        std::any_of(parts_.begin(), parts_.end(), [](const auto& each) { return !each.second.leader; });
    if (leaderless && !look_.is_busy() && !retry_) look();
    for (auto& [key, broker] : brokers_) {
      if (!broker.is_busy && !broker.rests) ask(key, broker);
    }
  }

  void look() {
    look_.ask(options_.topic, [this](const Result<TopicLeaders>& found) {
      if (!found) return note(found.error());
      bool is_complete = true;
      for (auto& [partition, part] : parts_) {
        if (part.leader) continue;
        const auto leader = found->leaders.find(partition);
        if (leader == found->leaders.end()) {
          is_complete = false;
        } else {
          lead(partition, part, leader->second);
        }
      }
      if (!is_complete) {
        note(Error(errors::kafka_client::broker_unreachable, "reading {}: a partition has no leader", options_.topic));
      }
      step_soon();
    });
  }

  void lead(std::int32_t partition, Part& part, const runtime::Endpoint& leader) {
    part.leader = leader;
    Broker& broker = brokers_[key_of(leader)];
    if (broker.conversation == nullptr || broker.conversation->failure()) {
      broker.conversation = Conversation::begin(config_, leader, loop_, *network_, fetch_options());
      broker.is_busy = false;
    }
    broker.order.push_back(partition);
  }

  void ask(const std::string& key, Broker& broker) {
    if (broker.order.empty()) return;
    const bool has_offsets = std::all_of(broker.order.begin(), broker.order.end(),
                                         [this](std::int32_t partition) { return parts_.at(partition).next >= 0; });
    if (!has_offsets) return ask_offsets(key, broker);
    if (held_.bytes() >= options_.prefetch_bytes) return;
    FetchRequest request;
    request.max_wait_ms = fetch_wait_ms;
    request.min_bytes = 1;
    request.max_bytes = static_cast<std::int32_t>(fetch_bytes);
    request.isolation_level = read_committed;
    FetchRequest::FetchTopic& topic = request.topics.emplace_back();
    topic.topic = options_.topic;
    for (const std::int32_t partition : broker.order) {
      FetchRequest::FetchPartition& one = topic.partitions.emplace_back();
      one.partition = partition;
      one.fetch_offset = parts_.at(partition).next;
      one.partition_max_bytes = static_cast<std::int32_t>(fetch_bytes);
    }
    broker.is_busy = true;
    broker.conversation->ask_whole<FetchResponse>(
        std::move(request),
        [this, key, asked = broker.conversation.get()](Result<Answer<FetchResponse>> answer) {
          if (Broker* from = answering(key, asked)) fetched(key, *from, std::move(answer));
        },
        topic_by_name);
  }

  /// The start or the end of partitions, for those that begin there.
  void ask_offsets(const std::string& key, Broker& broker) {
    ListOffsetsRequest request;
    request.replica_id = -1;
    request.isolation_level = read_committed;
    auto& topic = request.topics.emplace_back();
    topic.name = options_.topic;
    for (const std::int32_t partition : broker.order) {
      if (parts_.at(partition).next >= 0) continue;
      auto& one = topic.partitions.emplace_back();
      one.partition_index = partition;
      one.timestamp = parts_.at(partition).next;  // the protocol's numbers for them are ours
    }
    broker.is_busy = true;
    broker.conversation->ask<ListOffsetsResponse>(
        std::move(request), [this, key, asked = broker.conversation.get()](const Result<ListOffsetsResponse>& answer) {
          if (Broker* from = answering(key, asked)) listed(key, *from, answer);
        });
  }

  /// The broker whose answer has come, unless it was given up meanwhile.
  Broker* answering(const std::string& key, const Conversation* asked) {
    const auto found = brokers_.find(key);
    if (found == brokers_.end() || found->second.conversation.get() != asked) return nullptr;
    found->second.is_busy = false;
    return &found->second;
  }

  // --- answers ----------------------------------------------------------------------------------------------------

  void listed(const std::string& key, Broker& broker, const Result<ListOffsetsResponse>& answer) {
    if (!answer) return give_up(key, answer.error());
    for (const auto& topic : answer->topics) {
      for (const auto& one : topic.partitions) {
        const auto part = parts_.find(one.partition_index);
        if (part == parts_.end() || part->second.next >= 0) continue;
        if (one.error_code != 0) {
          refused(broker, one.partition_index, one.error_code);
          broker.rests = true;
        } else {
          part->second.next = one.offset;
        }
      }
    }
    step();
  }

  void fetched(const std::string& key, Broker& broker, Result<Answer<FetchResponse>> answer) {
    if (!answer) return give_up(key, answer.error());
    const FetchResponse& response = answer->response;
    if (response.error_code != 0) return give_up(key, error_of(response.error_code, "reading " + options_.topic));
    bool is_good = true;
    for (const auto& topic : response.responses) {
      for (const auto& one : topic.partitions) {
        if (!parts_.contains(one.partition_index)) continue;
        if (one.error_code != 0) {
          refused(broker, one.partition_index, one.error_code);
          is_good = false;
        } else if (const Result<void> kept = keep(broker, one, answer->frame); !kept) {
          note(kept.error());
          is_good = false;
        }
      }
    }
    broker.rests = !is_good;
    if (is_good) came_through();
    step();  // asks for more before what came is read
    if (!held_.empty()) notify();
  }

  Result<void> keep(Broker& broker, const FetchResponse::PartitionData& data, const Frame& frame) {
    Part& part = parts_.at(data.partition_index);
    part.high_watermark = data.high_watermark;
    if (data.records.size() == 0) return Ok();
    std::vector<Aborted> aborted;
    for (const auto& one : data.aborted_transactions.value_or(std::vector<FetchResponse::AbortedTransaction>()))
      aborted.push_back({one.producer_id, one.first_offset});
    STREAMOPS_ASSIGN(const Fetched found, cut_fetched(data.records.view(), part.next, std::move(aborted)));
    for (const RecordBatchView& batch : found.batches) held_.add(data.partition_index, part.next, batch, frame.owner);
    if (found.next == part.next) return Ok();
    part.next = found.next;
    std::erase(broker.order, data.partition_index);
    broker.order.push_back(data.partition_index);
    return Ok();
  }

  /// The partition's leader says no: for good, or because it leads no more.
  void refused(Broker& broker, std::int32_t partition, std::int16_t code) {
    std::erase(broker.order, partition);
    parts_.at(partition).leader.reset();
    note(error_of(code, fmt::format("reading {} partition {}", options_.topic, partition)));
  }

  static Error error_of(std::int16_t code, const std::string& doing) {
    return to_error(static_cast<rd_kafka_resp_err_t>(code), doing);
  }

  /// The connection is of no use any more.
  void give_up(const std::string& key, const Error& error) {
    for (const std::int32_t partition : brokers_.at(key).order) parts_.at(partition).leader.reset();
    loop_.post([old = std::move(brokers_.at(key).conversation)] {});  // not in an answer of its own
    brokers_.erase(key);
    note(error);
  }

  /// Final ones end the reading; others are tried again after a pause.
  void note(const Error& error) {
    if (is_final(error)) {
      if (!failure_) failure_ = error;
      return notify();
    }
    trouble_ = error;
    notify();
    if (retry_) return;
    retry_ = loop_.after(pause_, [this] {
      retry_.reset();
      for (auto& [key, broker] : brokers_) broker.rests = false;
      step_soon();
    });
    pause_ = std::min(pause_ * 2, longest_pause);
  }

  void came_through() {
    trouble_.reset();
    pause_ = first_pause;
  }

  void notify() {
    if (std::exchange(notified_, true)) return;
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      const std::function<void()> call = on_ready_;  // it may end this consumer
      call();
    });
  }

  ClientConfig config_;
  ConsumerOptions options_;
  runtime::Loop& loop_;
  runtime::Pool& pool_;
  std::function<void()> on_ready_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::unique_ptr<runtime::Network> network_;
  LeaderLook look_;
  std::unique_ptr<Admin> admin_;
  std::optional<GroupPositions> group_;

  std::map<std::int32_t, Part> parts_;
  std::map<std::string, Broker> brokers_;  // by address
  bool stepping_ = false;
  runtime::TimerPtr retry_;
  Microseconds pause_ = first_pause;

  HeldBatches held_;
  bool notified_ = false;
  std::optional<Error> trouble_;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<Consumer>> open_direct_consumer(const ClientConfig& config, const ConsumerOptions& options,
                                                       runtime::Loop& loop, runtime::Pool& pool,
                                                       std::function<void()> on_ready) {
  auto consumer = std::make_unique<DirectConsumer>(config, options, loop, pool, std::move(on_ready));
  STREAMOPS_RETURN_IF_ERROR(consumer->open());
  return consumer;
}

}  // namespace streamops::kafka
