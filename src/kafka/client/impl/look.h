// kafka/client/impl/look.h — what kafka/client/browser.h promises, as calls that block, each at most some seconds; for
// a pool.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/client/browser.h"

namespace streamops::kafka {

inline constexpr int look_timeout_ms = 5000;

struct PartitionListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;

PartitionList make_partition_list(std::size_t size);

/// Puts the offset at `timestamp` (ms since 1970, or RD_KAFKA_OFFSET_BEGINNING or _END) into every element. An element
/// that cannot be answered has its `err` set.
Result<void> find_offsets(rd_kafka_t* handle, rd_kafka_topic_partition_list_t& partitions, std::int64_t timestamp,
                          std::string_view doing);

/// Every topic, or the one named.
Result<std::vector<TopicExtent>> look_at_topics(rd_kafka_t* handle, const std::string& only = {});
/// Fills in where the partitions end that groups have committed to; one that is gone, or without a leader, has no lag.
Result<void> find_ends(rd_kafka_t* handle, std::vector<BrowsedGroup>& groups);
/// One call at a time for each handle.
Result<std::vector<BrowsedMessage>> look_at_messages(rd_kafka_t* handle, const BrowseQuery& query);

}  // namespace streamops::kafka
