// Probes of the topics that a pipeline reads and writes.
#include <algorithm>
#include <charconv>

#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

constexpr int unknown_topic = 3;          // UNKNOWN_TOPIC_OR_PARTITION
constexpr int authorization_failed = 29;  // TOPIC_AUTHORIZATION_FAILED
constexpr std::int64_t least_message = 1024 * 1024;
constexpr std::int64_t shortest_retention_ms = 3'600'000;
constexpr std::int64_t most_ahead_ms = 60'000;

std::optional<std::int64_t> number(const TopicFacts& topic, const std::string& name) {
  const auto found = topic.configs.find(name);
  if (found == topic.configs.end()) return std::nullopt;
  std::int64_t value = 0;
  const char* end = found->second.data() + found->second.size();
  return std::from_chars(found->second.data(), end, value).ec == std::errc{} ? std::optional(value) : std::nullopt;
}

std::string cleanup_of(const TopicFacts& topic) {
  const auto found = topic.configs.find("cleanup.policy");
  return found == topic.configs.end() ? "" : found->second;
}

/// Judges every topic of the file that the cluster has.
template <typename Judge>
Verdict each_topic(const Subject& subject, std::string fine, Judge judge) {
  if (!subject.targets.kafka) return Verdict::skip("not in this profile");
  const KafkaFacts& facts = subject.facts.kafka;
  if (!facts.has_metadata) return Verdict::skip("the cluster could not be asked");
  Verdict verdict = Verdict::fine(std::move(fine));
  bool any = false;
  for (const TopicUse& use : subject.targets.kafka->topics) {
    const TopicFacts* topic = facts.topic(use.name);
    if (topic == nullptr || topic->error == unknown_topic || topic->error == authorization_failed) continue;
    any = true;
    judge(use, *topic, verdict);
  }
  return any ? verdict : Verdict::skip("no topic of the file is there yet");
}

Verdict existence(const Subject& subject) {
  if (!subject.targets.kafka) return Verdict::skip("not in this profile");
  if (!subject.facts.kafka.has_metadata) return Verdict::skip("the cluster could not be asked");
  Verdict verdict = Verdict::fine("every topic is there, or will be made");
  for (const TopicUse& use : subject.targets.kafka->topics) {
    const TopicFacts* topic = subject.facts.kafka.topic(use.name);
    const bool missing = topic == nullptr || topic->error == unknown_topic;
    if (!missing || use.is_written) continue;
    verdict.problem(
        placed(Error(topic_missing, "the topic {} does not exist, and nothing here writes it", use.name), use.place),
        use.name);
  }
  return verdict;
}

Verdict rights(const Subject& subject) {
  if (!subject.targets.kafka) return Verdict::skip("not in this profile");
  if (!subject.facts.kafka.has_metadata) return Verdict::skip("the cluster could not be asked");
  Verdict verdict = Verdict::fine("no topic is forbidden");
  for (const TopicUse& use : subject.targets.kafka->topics) {
    const TopicFacts* topic = subject.facts.kafka.topic(use.name);
    if (topic == nullptr || topic->error != authorization_failed) continue;
    verdict.problem(placed(Error(topic_forbidden, "the cluster hides the topic {} from user \"{}\"", use.name,
                                 subject.targets.kafka->username),
                           use.place),
                    use.name);
  }
  return verdict;
}

Verdict leaders(const Subject& subject) {
  return each_topic(
      subject, "every partition has a leader", [](const auto&, const TopicFacts& topic, Verdict& verdict) {
        for (const PartitionFacts& partition : topic.partitions) {
          if (partition.leader >= 0) continue;
          verdict.problem(Error(topic_without_leader, "partition {} of {} has no leader", partition.id, topic.name),
                          topic.name);
        }
      });
}

Verdict in_sync(const Subject& subject) {
  return each_topic(
      subject, "enough replicas for acks=all", [](const TopicUse& use, const TopicFacts& topic, Verdict& verdict) {
        const std::int64_t least = number(topic, "min.insync.replicas").value_or(1);
        for (const PartitionFacts& partition : topic.partitions) {
          if (partition.leader < 0 || partition.in_sync >= least || !use.is_written) continue;
          verdict.problem(Error(too_few_in_sync, "partition {} of {} has {} in sync, min.insync.replicas is {}",
                                partition.id, topic.name, partition.in_sync, least),
                          topic.name);
          return;
        }
      });
}

Verdict replication(const Subject& subject) {
  return each_topic(subject, "fully replicated", [](const auto&, const TopicFacts& topic, Verdict& verdict) {
    for (const PartitionFacts& partition : topic.partitions) {
      if (partition.leader < 0 || partition.in_sync >= partition.replicas) continue;
      verdict.warning(Error(under_replicated, "partition {} of {} has {} of {} replicas in sync", partition.id,
                            topic.name, partition.in_sync, partition.replicas),
                      topic.name);
      return;
    }
  });
}

Verdict message_size(const Subject& subject) {
  return each_topic(
      subject, "batches of 1 MiB pass", [](const TopicUse& use, const TopicFacts& topic, Verdict& verdict) {
        const std::optional<std::int64_t> most = number(topic, "max.message.bytes");
        if (!use.is_written || !most || *most >= least_message) return;
        verdict.warning(Error(small_messages, "max.message.bytes of {} is {}", topic.name, *most), topic.name);
      });
}

Verdict retention(const Subject& subject) {
  return each_topic(
      subject, "records stay for an hour or more", [](const TopicUse& use, const TopicFacts& topic, Verdict& verdict) {
        const std::optional<std::int64_t> kept = number(topic, "retention.ms");
        const bool deletes = cleanup_of(topic).find("delete") != std::string::npos;
        if (!use.is_read || !deletes || !kept || *kept < 0 || *kept >= shortest_retention_ms) return;
        verdict.warning(
            Error(short_retention, "{} keeps records for {} only", topic.name, format_duration(Milliseconds{*kept})),
            topic.name);
      });
}

Verdict compaction(const Subject& subject) {
  return each_topic(
      subject, "keys where they are needed", [](const TopicUse& use, const TopicFacts& topic, Verdict& verdict) {
        const bool compacts = cleanup_of(topic).find("compact") != std::string::npos;
        if (!use.is_written || use.has_key || !compacts) return;
        verdict.problem(
            placed(Error(compacted_without_key, "{} is compacted, and records are written without a key", topic.name),
                   use.place),
            topic.name);
      });
}

Verdict partitions(const Subject& subject) {
  return each_topic(subject, "as many partitions as the file says",
                    [](const TopicUse& use, const TopicFacts& topic, Verdict& verdict) {
                      const int present = static_cast<int>(topic.partitions.size());
                      if (use.partitions == 0 || present == 0 || use.partitions == present) return;
                      verdict.warning(placed(Error(partitions_differ, "{} has {} partition{}, the file says {}",
                                                   topic.name, present, present == 1 ? "" : "s", use.partitions),
                                             use.place),
                                      topic.name);
                    });
}

Verdict clock(const Subject& subject) {
  return each_topic(subject, "no record from the future", [&](const auto&, const TopicFacts& topic, Verdict& verdict) {
    const std::int64_t ahead = topic.newest_ms - subject.facts.kafka.asked_ms;
    if (topic.newest_ms < 0 || ahead <= most_ahead_ms) return;
    verdict.warning(Error(records_from_the_future, "the newest record of {} is {} ahead of this machine's clock",
                          topic.name, format_duration(Seconds{ahead / 1000})),
                    topic.name);
  });
}

constexpr Probe probes[] = {
    {"topic.exists", "Topics", "topics that are only read exist", "SO-D431", Proof::reproduced, existence},
    {"topic.rights", "Topics", "the user may see the topics", "SO-D432", Proof::reproduced, rights},
    {"topic.leaders", "Topics", "every partition has a leader", "SO-D433", Proof::reproduced, leaders},
    {"topic.in_sync", "Topics", "enough replicas are in sync to write", "SO-D434", Proof::reproduced, in_sync},
    {"topic.replicated", "Topics", "partitions are fully replicated", "SO-D443", Proof::reproduced, replication},
    {"topic.message_size", "Topics", "batches of 1 MiB pass", "SO-D437", Proof::reproduced, message_size},
    {"topic.retention", "Topics", "records are not deleted before they are read", "SO-D438", Proof::reproduced,
     retention},
    {"topic.compaction", "Topics", "records have keys where the topic is compacted", "SO-D439", Proof::reproduced,
     compaction},
    {"topic.partitions", "Topics", "topics have as many partitions as the file says", "SO-D442", Proof::reproduced,
     partitions},
    {"topic.clock", "Topics", "no record comes from the future", "SO-D441", Proof::reproduced, clock},
};

}  // namespace

std::span<const Probe> topic_probes() {
  return probes;
}

}  // namespace streamops::doctor
