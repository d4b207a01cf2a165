#include "kafka/client/impl/record_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/protocol/messages/produce.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t full_batch = 1'000'000;        // bytes at which a batch leaves
constexpr std::size_t largest_shipment = 4'000'000;  // bytes of one request, about
constexpr int most_under_way = 5;                    // requests to a broker; it keeps their order up to here
constexpr std::int16_t all_replicas = -1;
constexpr std::int32_t produce_timeout_ms = 30'000;
constexpr std::int16_t registered_first = 11;  // the newest Produce that leaves registering partitions to us
constexpr Microseconds patience = Seconds{40};
constexpr Microseconds pause_between_looks = Milliseconds{50};

std::uint32_t murmur2(std::string_view key) {
  constexpr std::uint32_t m = 0x5bd1e995;
  std::uint32_t hash = 0x9747b28c ^ static_cast<std::uint32_t>(key.size());
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left >= 4; left -= 4, at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, 4);  // little-endian, as we are
    word *= m;
    word ^= word >> 24;
    hash = (hash * m) ^ (word * m);
  }
  if (left > 0) {
    for (std::size_t i = left; i-- > 0;)
      hash ^= static_cast<std::uint32_t>(static_cast<unsigned char>(at[i])) << (8 * i);
    hash *= m;
  }
  hash ^= hash >> 13;
  hash *= m;
  return hash ^ (hash >> 15);
}

}  // namespace

std::int32_t partition_of_key(std::string_view key, std::int32_t partitions) {
  return static_cast<std::int32_t>((murmur2(key) & 0x7FFFFFFF) % static_cast<std::uint32_t>(partitions));
}

/// One request: the first sealed batch of each partition that a broker leads.
struct RecordSender::Shipment {
  struct Part {
    std::string topic;
    std::int32_t partition;
    Bytes bytes;
  };
  std::vector<Part> parts;
  std::size_t bytes = 0;
  std::size_t records = 0;
};

RecordSender::RecordSender(const ClientConfig& config, std::string transactional_id, const ProducerOptions& options,
                           runtime::Loop& loop, runtime::Network& network, std::function<void()> on_change)
    : config_(config),
      transactional_id_(std::move(transactional_id)),
      options_(options),
      loop_(loop),
      network_(network),
      on_change_(std::move(on_change)),
      look_(config, loop, network) {}

RecordSender::~RecordSender() = default;

RecordSender::Topic& RecordSender::topic_of(std::string_view name) {
  const auto found = topics_.find(name);
  return found != topics_.end() ? found->second : topics_[std::string(name)];
}

// Hot path: once per record. It is written into its batch, and nothing is allocated but the batch.
Producer::Sent RecordSender::send(const OutgoingRecord& record) {
  Topic& topic = topic_of(record.topic);
  if (topic.partitions.empty() || unacknowledged_ >= options_.max_queued_bytes) {
    if (topic.partitions.empty()) {
      if (!look_.is_busy() && !retry_) look();
    } else if (!is_full_) {
      seal_all();  // what waits to grow would wait for ever
    }
    is_full_ = true;
    return Producer::Sent::full;
  }
  Partition& partition = topic.partitions[static_cast<std::size_t>(choose(topic, record))];
  const std::size_t growth = BatchWriter::growth(record);
  if (!partition.open.empty() && partition.open.size() + growth > std::min(full_batch, largest_batch()))
    seal(topic, partition);
  const std::size_t before = partition.open.size();
  if (partition.open.empty() && partition.registration == Registration::none) tell();
  partition.open.add(record, std::min(full_batch, options_.max_queued_bytes / 16));
  unacknowledged_ += partition.open.size() - before;
  ++records_;
  return Producer::Sent::taken;
}

std::int32_t RecordSender::choose(Topic& topic, const OutgoingRecord& record) {
  const auto count = static_cast<std::int32_t>(topic.partitions.size());
  if (record.key) return partition_of_key(*record.key, count);
  // One partition until its batch is full: few large batches instead of many small ones.
  if (topic.sticky < 0) topic.sticky = static_cast<std::int32_t>(loop_.random().below(topic.partitions.size()));
  return topic.sticky;
}

void RecordSender::seal(Topic& topic, Partition& partition) {
  const std::int32_t count = partition.open.count();
  partition.sealed.push_back({partition.open.seal(identity_, partition.next_sequence), count});
  // Sequences go on at zero behind the largest.
  partition.next_sequence = static_cast<std::int32_t>(
      (static_cast<std::uint32_t>(partition.next_sequence) + static_cast<std::uint32_t>(count)) & 0x7FFFFFFFU);
  topic.sticky = -1;
  pump_soon();
}

void RecordSender::seal_all() {
  for (auto& [name, topic] : topics_) {
    for (Partition& partition : topic.partitions) {
      if (!partition.open.empty()) seal(topic, partition);
    }
  }
}

void RecordSender::flush() {
  seal_all();
  pump_soon();
}

void RecordSender::look() {
  for (const auto& [name, topic] : topics_) {
    if (!topic.partitions.empty()) continue;
    return look_.ask(name, [this, asked = name](const Result<TopicLeaders>& found) { looked(asked, found); });
  }
}

void RecordSender::looked(const std::string& name, const Result<TopicLeaders>& found) {
  const bool is_complete = found && found->partitions > 0 &&
                           found->leaders.size() == static_cast<std::size_t>(found->partitions) &&
                           found->leaders.rbegin()->first + 1 == found->partitions;
  if (!is_complete) {
    if (!found && is_final(found.error())) return fail(found.error());
    trouble_ = found ? Error(errors::kafka_client::broker_unreachable, "a partition of {} has no leader", name)
                     : found.error();
    retry_ = loop_.after(pause_between_looks, [this] {
      retry_.reset();
      look();
    });
    return tell();
  }
  trouble_.reset();
  Topic& topic = topics_[name];
  topic.partitions.resize(static_cast<std::size_t>(found->partitions));
  for (const auto& [number, leader] : found->leaders) {
    const std::string key = runtime::to_string(leader);
    topic.partitions[static_cast<std::size_t>(number)].leader = key;
    Broker& broker = brokers_[key];
    if (broker.conversation != nullptr) continue;
    broker.endpoint = leader;
    connect(broker);
  }
  look();
  is_full_ = false;
  tell();
}

void RecordSender::connect(Broker& broker) {
  ConversationOptions options;
  options.patience = patience;
  broker.conversation = Conversation::begin(config_, broker.endpoint, loop_, network_, options);
}

std::vector<TopicPartition> RecordSender::take_unregistered() {
  std::vector<TopicPartition> found;
  for (auto& [name, topic] : topics_) {
    for (std::size_t number = 0; number < topic.partitions.size(); ++number) {
      Partition& partition = topic.partitions[number];
      const bool has_records = !partition.open.empty() || !partition.sealed.empty();
      if (!has_records || partition.registration != Registration::none) continue;
      partition.registration = Registration::asked;
      found.push_back({name, static_cast<std::int32_t>(number)});
    }
  }
  return found;
}

void RecordSender::registered(const std::vector<TopicPartition>& partitions) {
  for (const TopicPartition& one : partitions)
    topics_[one.topic].partitions[static_cast<std::size_t>(one.partition)].registration = Registration::done;
  pump_soon();
}

void RecordSender::begin_anew() {
  for (auto& [name, topic] : topics_) {
    for (Partition& partition : topic.partitions) partition.registration = Registration::none;
  }
}

void RecordSender::hold() {
  is_held_ = true;
}

void RecordSender::release() {
  is_held_ = false;
  pump_soon();
}

void RecordSender::pump_soon() {
  if (std::exchange(pumping_, true)) return;
  loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    pumping_ = false;
    pump();
  });
}

void RecordSender::pump() {
  if (failure_ || is_held_) return;
  for (auto& [key, broker] : brokers_) {
    // Brokers close connections on which nothing was said for long.
    if (broker.under_way == 0 && broker.conversation->failure()) connect(broker);
    Shipment shipment;
    while (broker.under_way < most_under_way && load(key, shipment)) ship(key, broker, std::exchange(shipment, {}));
  }
}

bool RecordSender::load(const std::string& broker, Shipment& shipment) {
  for (auto& [name, topic] : topics_) {
    for (std::size_t number = 0; number < topic.partitions.size(); ++number) {
      Partition& partition = topic.partitions[number];
      if (partition.sealed.empty() || partition.leader != broker) continue;
      if (partition.registration != Registration::done || shipment.bytes >= largest_shipment) continue;
      Sealed& sealed = partition.sealed.front();
      shipment.bytes += sealed.bytes.size();
      shipment.records += static_cast<std::size_t>(sealed.records);
      shipment.parts.push_back({name, static_cast<std::int32_t>(number), std::move(sealed.bytes)});
      partition.sealed.pop_front();
    }
  }
  return !shipment.parts.empty();
}

void RecordSender::ship(const std::string& key, Broker& broker, Shipment shipment) {
  ProduceRequest request;
  request.transactional_id = transactional_id_;
  request.acks = all_replicas;
  request.timeout_ms = produce_timeout_ms;
  for (Shipment::Part& part : shipment.parts) {
    if (request.topic_data.empty() || request.topic_data.back().name != part.topic)
      request.topic_data.emplace_back().name = part.topic;
    auto& data = request.topic_data.back().partition_data.emplace_back();
    data.index = part.partition;
    data.records = Records::owned(std::exchange(part.bytes, {}));
  }
  ++broker.under_way;
  ++under_way_;
  const auto kept = std::make_shared<const Shipment>(std::move(shipment));
  broker.conversation->ask<ProduceResponse>(
      std::move(request),
      [this, key, kept, alive = std::weak_ptr<int>(alive_)](const Result<ProduceResponse>& answer) {
        if (!alive.expired()) acknowledged(key, *kept, answer);
      },
      registered_first);
}

void RecordSender::acknowledged(const std::string& key, const Shipment& shipment,
                                const Result<ProduceResponse>& answer) {
  --brokers_.at(key).under_way;
  --under_way_;
  if (!answer) return fail(answer.error());
  std::size_t answered = 0;
  for (const auto& topic : answer->responses) {
    for (const auto& partition : topic.partition_responses) {
      ++answered;
      if (partition.error_code == 0) continue;
      const auto code = static_cast<rd_kafka_resp_err_t>(partition.error_code);
      const std::string doing = fmt::format("writing to {}", topic.name);
      const bool too_large =
          code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
      if (too_large)
        return fail(
            Error(errors::kafka_client::topic_limit, "{}: the topic takes no batch as large as this one", doing));
      refusal_ = partition.error_code;
      return fail(to_error(code, doing));
    }
  }
  if (answered != shipment.parts.size())
    return fail(Error(errors::kafka_client::request_refused, "{} answers for {} partitions of {}", key, answered,
                      shipment.parts.size()));
  unacknowledged_ -= shipment.bytes;
  records_ -= shipment.records;
  is_full_ = is_full_ && unacknowledged_ > options_.max_queued_bytes / 2;
  pump();
  tell();
}

void RecordSender::fail(const Error& error) {
  if (!failure_) failure_ = error;
  tell();
}

void RecordSender::tell() {
  if (std::exchange(telling_, true)) return;
  loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    telling_ = false;
    const std::function<void()> call = on_change_;  // it may end this
    call();
  });
}

}  // namespace streamops::kafka
