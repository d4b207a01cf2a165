#include <algorithm>
#include <map>
#include <unordered_map>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/look.h"

namespace streamops::kafka {
namespace {

struct MetadataDeleter {
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, MetadataDeleter>;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};

Result<Metadata> fetch_metadata(rd_kafka_t* handle, const std::string& only) {
  const std::string doing = only.empty() ? "listing topics" : "looking for topic " + only;
  const std::unique_ptr<rd_kafka_topic_t, TopicDeleter> topic(
      only.empty() ? nullptr : rd_kafka_topic_new(handle, only.c_str(), nullptr));
  if (!only.empty() && topic == nullptr) return to_error(rd_kafka_last_error(), doing);
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(handle, only.empty() ? 1 : 0, topic.get(), &raw, look_timeout_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return to_error(code, doing);
  return Metadata(raw);
}

/// Partitions that have a leader; asking the others would only take time.
PartitionList led_partitions(const rd_kafka_metadata_t& metadata) {
  PartitionList list = make_partition_list(64);
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata.topics[i];
    for (int k = 0; k < topic.partition_cnt; ++k) {
      if (topic.partitions[k].leader >= 0)
        rd_kafka_topic_partition_list_add(list.get(), topic.topic, topic.partitions[k].id);
    }
  }
  return list;
}

/// Both lists hold the same partitions in the same order.
void add_extents(const rd_kafka_topic_partition_list_t& firsts, const rd_kafka_topic_partition_list_t& nexts,
                 std::vector<TopicExtent>& topics) {
  std::unordered_map<std::string_view, TopicExtent*> by_name;
  for (TopicExtent& topic : topics) by_name.emplace(topic.name, &topic);
  for (int i = 0; i < firsts.cnt; ++i) {
    const rd_kafka_topic_partition_t& first = firsts.elems[i];
    const rd_kafka_topic_partition_t& next = nexts.elems[i];
    if (first.err != RD_KAFKA_RESP_ERR_NO_ERROR || next.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const auto topic = by_name.find(first.topic);
    if (topic != by_name.end()) topic->second->partitions.push_back({first.partition, first.offset, next.offset});
  }
}

}  // namespace

PartitionList make_partition_list(std::size_t size) {
  return PartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(size)));
}

Result<void> find_offsets(rd_kafka_t* handle, rd_kafka_topic_partition_list_t& partitions, std::int64_t timestamp,
                          std::string_view doing) {
  if (partitions.cnt == 0) return Ok();
  for (int i = 0; i < partitions.cnt; ++i) partitions.elems[i].offset = timestamp;
  const rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(handle, &partitions, look_timeout_ms);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return Ok();
  return to_error(code, doing);
}

Result<void> find_ends(rd_kafka_t* handle, std::vector<BrowsedGroup>& groups) {
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> ends;
  for (const BrowsedGroup& group : groups) {
    for (const BrowsedOffset& offset : group.offsets) ends[{offset.topic, offset.partition}] = -1;
  }
  const PartitionList list = make_partition_list(ends.size());
  for (const auto& [at, end] : ends) rd_kafka_topic_partition_list_add(list.get(), at.first.c_str(), at.second);
  STREAMOPS_RETURN_IF_ERROR(find_offsets(handle, *list, RD_KAFKA_OFFSET_END, "looking for the ends of topics"));
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = list->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) ends[{one.topic, one.partition}] = one.offset;
  }
  for (BrowsedGroup& group : groups) {
    for (BrowsedOffset& offset : group.offsets) {
      const std::int64_t end = ends[{offset.topic, offset.partition}];
      if (end >= 0) offset.end = end;
    }
  }
  return Ok();
}

Result<std::vector<TopicExtent>> look_at_topics(rd_kafka_t* handle, const std::string& only) {
  STREAMOPS_ASSIGN(const Metadata metadata, fetch_metadata(handle, only));
  std::vector<TopicExtent> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR || topic.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
      topics.push_back({topic.topic, {}});
    } else if (!only.empty()) {
      return to_error(topic.err, "looking for topic " + only);
    }
  }
  const PartitionList firsts = led_partitions(*metadata);
  const PartitionList nexts(rd_kafka_topic_partition_list_copy(firsts.get()));
  STREAMOPS_RETURN_IF_ERROR(find_offsets(handle, *firsts, RD_KAFKA_OFFSET_BEGINNING, "listing topics"));
  STREAMOPS_RETURN_IF_ERROR(find_offsets(handle, *nexts, RD_KAFKA_OFFSET_END, "listing topics"));
  add_extents(*firsts, *nexts, topics);
  for (TopicExtent& topic : topics) {
    std::sort(topic.partitions.begin(), topic.partitions.end(),
              [](const PartitionExtent& a, const PartitionExtent& b) { return a.partition < b.partition; });
  }
  return topics;
}

}  // namespace streamops::kafka
