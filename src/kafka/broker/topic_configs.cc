#include "kafka/broker/topic_configs.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "errors/kafka.h"

namespace streamops::kafka {

namespace {

constexpr std::int64_t any = INT64_MAX;
using enum ConfigType;

constexpr TopicConfigInfo catalogue[] = {
    {"cleanup.policy", list, "delete", "log.cleanup.policy", 0, 0, "delete|compact",
     "What happens to old records. `compact` is accepted and asks for keys; old values of a key are kept for now."},
    {"compression.type", text, "producer", "compression.type", 0, 0, "producer|uncompressed|gzip|snappy|lz4|zstd",
     "Batches are kept as the producer compressed them, whatever is set here."},
    {"delete.retention.ms", long_integer, "86400000", "log.cleaner.delete.retention.ms", 0, any, "",
     "Time that tombstones of a compacted topic are kept."},
    {"file.delete.delay.ms", long_integer, "60000", "log.segment.delete.delay.ms", 0, any, "",
     "No effect: files go as soon as nothing needs them."},
    {"flush.messages", long_integer, "9223372036854775807", "log.flush.interval.messages", 1, any, "",
     "No effect: what is acknowledged is on disk, see the broker's fsync setting."},
    {"flush.ms", long_integer, "9223372036854775807", "log.flush.interval.ms", 0, any, "",
     "No effect: what is acknowledged is on disk, see the broker's fsync setting."},
    {"index.interval.bytes", integer, "4096", "log.index.interval.bytes", 0, INT32_MAX, "",
     "No effect: the index has a spacing of its own."},
    {"max.compaction.lag.ms", long_integer, "9223372036854775807", "log.cleaner.max.compaction.lag.ms", 1, any, "",
     "For compacted topics."},
    {"max.message.bytes", integer, "1048588", "message.max.bytes", 0, INT32_MAX, "",
     "The largest record batch that is accepted, in bytes."},
    {"message.timestamp.after.max.ms", long_integer, "9223372036854775807", "log.message.timestamp.after.max.ms", 0,
     any, "", "How far in the future the timestamp of a record may lie."},
    {"message.timestamp.before.max.ms", long_integer, "9223372036854775807", "log.message.timestamp.before.max.ms", 0,
     any, "", "How far in the past the timestamp of a record may lie."},
    {"message.timestamp.type", text, "CreateTime", "log.message.timestamp.type", 0, 0, "CreateTime|LogAppendTime",
     "Whether records keep the producer's time or get the broker's."},
    {"min.cleanable.dirty.ratio", real, "0.5", "log.cleaner.min.cleanable.ratio", 0, 1, "", "For compacted topics."},
    {"min.compaction.lag.ms", long_integer, "0", "log.cleaner.min.compaction.lag.ms", 0, any, "",
     "For compacted topics."},
    {"min.insync.replicas", integer, "1", "min.insync.replicas", 1, INT32_MAX, "",
     "More than 1 makes acks=all fail: there is one node."},
    {"preallocate", boolean, "false", "log.preallocate", 0, 0, "true|false", "No effect."},
    {"retention.bytes", long_integer, "-1", "log.retention.bytes", -1, any, "",
     "Size that a partition may have before its oldest segments go; -1: any."},
    {"retention.ms", long_integer, "604800000", "log.retention.ms", -1, any, "",
     "Age at which segments go, in milliseconds; -1: never."},
    {"segment.bytes", integer, "1073741824", "log.segment.bytes", 14, INT32_MAX, "",
     "Size at which a partition begins a new file."},
    {"segment.index.bytes", integer, "10485760", "log.index.size.max.bytes", 4, INT32_MAX, "",
     "No effect: the index grows with its segment."},
    {"segment.jitter.ms", long_integer, "0", "log.roll.jitter.ms", 0, any, "", "No effect."},
    {"segment.ms", long_integer, "604800000", "log.roll.ms", 1, any, "",
     "Age at which a partition begins a new file, in milliseconds."},
    {"unclean.leader.election.enable", boolean, "false", "unclean.leader.election.enable", 0, 0, "true|false",
     "No effect: there is one node."},
};

template <typename T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_choice(std::string_view value, std::string_view choices) {
  const std::vector<std::string_view> known = split(choices, '|');
  return std::find(known.begin(), known.end(), value) != known.end();
}

bool fits(const TopicConfigInfo& info, std::string_view value) {
  const auto within = [&](auto number) { return number && *number >= info.minimum && *number <= info.maximum; };
  switch (info.type) {
    case integer:
    case long_integer:
      return within(parse<std::int64_t>(value));
    case real: {
      const std::optional<double> number = parse<double>(value);
      return number && *number >= static_cast<double>(info.minimum) && *number <= static_cast<double>(info.maximum);
    }
    case list: {
      const std::vector<std::string_view> items = split(value, ',');
      return std::all_of(items.begin(), items.end(),
                         [&](std::string_view item) { return is_choice(trim(item), info.choices); });
    }
    case boolean:
    case text:
      return is_choice(value, info.choices);
  }
  return false;
}

}  // namespace

std::span<const TopicConfigInfo> topic_config_catalogue() {
  return catalogue;
}

const TopicConfigInfo* find_topic_config(std::string_view name) {
  const auto* found = std::find_if(std::begin(catalogue), std::end(catalogue),
                                   [name](const TopicConfigInfo& info) { return name == info.name; });
  return found == std::end(catalogue) ? nullptr : found;
}

std::string topic_config_fallback(const TopicConfigInfo& info, const settings::Kafka& settings) {
  const std::string_view name = info.name;
  if (name == "max.message.bytes") return std::to_string(settings.message_max_bytes);
  if (name == "segment.bytes") return std::to_string(settings.segment_bytes);
  if (name == "retention.ms")
    return std::to_string(std::chrono::duration_cast<Milliseconds>(settings.retention).count());
  return info.fallback;
}

Result<void> check_topic_config(std::string_view name, std::string_view value) {
  const TopicConfigInfo* info = find_topic_config(name);
  if (info == nullptr) {
    std::vector<std::string_view> names;
    for (const TopicConfigInfo& known : catalogue) names.push_back(known.name);
    return Error(errors::kafka::config_unknown, "unknown topic config {}", name).with_label(did_you_mean(name, names));
  }
  if (!fits(*info, value))
    return Error(errors::kafka::config_invalid, "{} is not a value of the topic config {}", value, name);
  return Ok();
}

TopicRules TopicRules::from(const ConfigValues& configs, const settings::Kafka& settings) {
  const auto value = [&](std::string_view name) {
    const auto set = configs.find(std::string(name));
    return set != configs.end() ? set->second : topic_config_fallback(*find_topic_config(name), settings);
  };
  const auto number = [&](std::string_view name) { return parse<std::int64_t>(value(name)).value_or(0); };
  TopicRules rules;
  rules.log.sync = {log::parse_sync_policy(settings.fsync), settings.fsync_interval};
  rules.log.segment_bytes = number("segment.bytes");
  rules.log.segment_ms = number("segment.ms");
  rules.compacted = value("cleanup.policy").find("compact") != std::string::npos;
  const bool deletes = value("cleanup.policy").find("delete") != std::string::npos;
  rules.log.retention_bytes = deletes ? number("retention.bytes") : -1;
  rules.log.retention_ms = deletes ? number("retention.ms") : -1;
  rules.max_message_bytes = number("max.message.bytes");
  rules.log_append_time = value("message.timestamp.type") == "LogAppendTime";
  rules.min_in_sync = number("min.insync.replicas");
  rules.timestamp_before_max_ms = number("message.timestamp.before.max.ms");
  rules.timestamp_after_max_ms = number("message.timestamp.after.max.ms");
  return rules;
}

}  // namespace streamops::kafka
