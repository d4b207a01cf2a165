#include "kafka/client/impl/topic_leaders.h"

#include <utility>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/protocol/messages/metadata.h"

namespace streamops::kafka {
namespace {

constexpr Microseconds patience = std::chrono::seconds{5};

Result<TopicLeaders> leaders_in(const MetadataResponse& answer, const std::string& topic) {
  std::map<std::int32_t, runtime::Endpoint> brokers;
  for (const auto& broker : answer.brokers)
    brokers[broker.node_id] = {broker.host, static_cast<std::uint16_t>(broker.port)};
  for (const auto& each : answer.topics) {
    if (each.name != topic) continue;
    if (each.error_code != 0)
      return to_error(static_cast<rd_kafka_resp_err_t>(each.error_code), "looking for the leaders of " + topic);
    TopicLeaders found{each.topic_id, static_cast<std::int32_t>(each.partitions.size()), {}};
    for (const auto& partition : each.partitions) {
      const auto leader = brokers.find(partition.leader_id);
      if (leader != brokers.end()) found.leaders[partition.partition_index] = leader->second;
    }
    return found;
  }
  return Error(errors::kafka_client::topic_missing, "the cluster says nothing about topic {}", topic);
}

}  // namespace

LeaderLook::LeaderLook(const ClientConfig& config, runtime::Loop& loop, runtime::Network& network)
    : config_(config), loop_(loop), network_(network), servers_(bootstrap_servers(config)) {}

LeaderLook::~LeaderLook() = default;

void LeaderLook::ask(const std::string& topic, Done done) {
  topic_ = topic;
  done_ = std::move(done);
  tried_ = 0;
  ask_next();
}

void LeaderLook::ask_next() {
  if (servers_.empty())
    return finish(Error(errors::kafka_client::broker_unreachable, "\"{}\" names no broker", config_.bootstrap));
  if (broker_ == nullptr || broker_->failure())
    broker_ = Conversation::begin(config_, servers_[next_], loop_, network_, patience);
  MetadataRequest request;
  request.topics.emplace().emplace_back().name = topic_;
  request.allow_auto_topic_creation = false;
  broker_->ask<MetadataResponse>(std::move(request), [this](const Result<MetadataResponse>& answer) {
    if (answer) return finish(leaders_in(*answer, topic_));
    next_ = (next_ + 1) % servers_.size();
    if (++tried_ >= servers_.size() || is_final(answer.error())) return finish(answer.error());
    ask_next();
  });
}

void LeaderLook::finish(Result<TopicLeaders> result) {
  // In a turn of its own: the receiver may let go of this, and a conversation may be in the middle of an answer.
  loop_.post([alive = std::weak_ptr<int>(alive_), done = std::exchange(done_, nullptr), result = std::move(result)] {
    if (!alive.expired()) done(result);
  });
}

}  // namespace streamops::kafka
