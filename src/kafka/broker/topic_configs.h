// kafka/broker/topic_configs.h — the configs of a topic: one table of names, types, bounds and meanings, and the values
// in force.
//
// The table holds what this broker acts on, and what clients set out of habit and a single node fulfils by itself (said
// in the documentation of each). Anything else is refused by name. Source: Kafka documentation, "Topic-Level Configs".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/partition_log.h"
#include "settings/kafka.h"

namespace streamops::kafka {

/// The numbers of DescribeConfigs.
enum class ConfigType : std::int8_t { boolean = 1, text = 2, integer = 3, long_integer = 5, real = 6, list = 7 };
enum class ConfigSource : std::int8_t { topic = 1, broker = 4, fallback = 5 };

struct TopicConfigInfo {
  const char* name;
  ConfigType type;
  const char* fallback;
  const char* broker_name;  // the broker's config that is the fallback of this one; "" for none
  std::int64_t minimum;     // of integers
  std::int64_t maximum;
  const char* choices;  // "delete|compact"; "" for any
  const char* help;
};

/// All topic configs, sorted by name.
std::span<const TopicConfigInfo> topic_config_catalogue();
const TopicConfigInfo* find_topic_config(std::string_view name);
/// The value of a topic that sets none: from the broker's settings where one of them speaks of it, else the table's.
std::string topic_config_fallback(const TopicConfigInfo& info, const settings::Kafka& settings);

using ConfigValues = std::map<std::string, std::string>;

/// Checks one value. Errors: SO-K020 (no such config), SO-K021 (not a value of it).
Result<void> check_topic_config(std::string_view name, std::string_view value);

/// What the broker itself reads of a topic's configs, as numbers.
struct TopicRules {
  log::LogOptions log;
  std::int64_t max_message_bytes = 0;
  bool log_append_time = false;
  bool compacted = false;
  std::int64_t min_in_sync = 1;
  std::int64_t timestamp_before_max_ms = INT64_MAX;
  std::int64_t timestamp_after_max_ms = INT64_MAX;

  /// From values that were checked.
  static TopicRules from(const ConfigValues& configs, const settings::Kafka& settings);
};

}  // namespace streamops::kafka
