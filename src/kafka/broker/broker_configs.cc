#include "kafka/broker/broker_configs.h"

#include <algorithm>

namespace streamops::kafka {

namespace {

std::string millis(Microseconds duration) {
  return std::to_string(std::chrono::duration_cast<Milliseconds>(duration).count());
}

}  // namespace

std::vector<BrokerConfig> broker_configs(const settings::Kafka& settings, std::int32_t node_id,
                                         const std::string& directory) {
  using enum ConfigType;
  std::vector<BrokerConfig> all{
      {"auto.create.topics.enable", boolean, settings.auto_create_topics ? "true" : "false",
       "Setting kafka.auto_create_topics."},
      {"broker.id", integer, std::to_string(node_id), "The one node of the cluster."},
      {"connections.max.idle.ms", long_integer, millis(settings.idle_timeout), "Setting kafka.idle_timeout."},
      {"default.replication.factor", integer, "1", "There is one node."},
      {"delete.topic.enable", boolean, "true", "Topics can be deleted."},
      {"log.dirs", text, directory, "Where the logs are."},
      {"log.retention.check.interval.ms", long_integer, millis(settings.retention_check),
       "Setting kafka.retention_check."},
      {"max.connections", integer, std::to_string(settings.max_connections), "Setting kafka.max_connections."},
      {"node.id", integer, std::to_string(node_id), "The one node of the cluster."},
      {"num.partitions", integer, std::to_string(settings.default_partitions), "Setting kafka.default_partitions."},
      {"offsets.topic.replication.factor", integer, "1", "There is one node."},
      {"socket.request.max.bytes", integer, std::to_string(settings.max_request_bytes),
       "Setting kafka.max_request_bytes."},
  };
  for (const TopicConfigInfo& info : topic_config_catalogue()) {
    all.push_back({info.broker_name, info.type, topic_config_fallback(info, settings), info.help});
  }
  std::sort(all.begin(), all.end(), [](const BrokerConfig& a, const BrokerConfig& b) { return a.name < b.name; });
  return all;
}

}  // namespace streamops::kafka
