// kafka/broker/broker_configs.h — what the broker says of itself when a client describes its configs: Kafka's names for
// our settings.
#pragma once

#include <string>
#include <vector>

#include "kafka/broker/topic_configs.h"
#include "settings/kafka.h"

namespace streamops::kafka {

struct BrokerConfig {
  std::string name;
  ConfigType type;
  std::string value;
  std::string help;
};

/// All of them, sorted by name; none can be changed while the broker runs.
std::vector<BrokerConfig> broker_configs(const settings::Kafka& settings, std::int32_t node_id,
                                         const std::string& directory);

}  // namespace streamops::kafka
