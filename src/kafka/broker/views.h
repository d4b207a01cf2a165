// kafka/broker/views.h — snapshots of the broker's state for the console and listings: plain values, copied on the
// loop.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/uuid.h"

namespace streamops::kafka {

struct PartitionView {
  std::int32_t partition = 0;
  std::int64_t log_start_offset = 0;
  std::int64_t high_watermark = 0;  // consumers see offsets below
  std::int64_t size_bytes = 0;
  std::int64_t max_timestamp = -1;  // milliseconds since the epoch; -1 when empty
  std::string problem;              // why it is offline, or what recovery found; empty when all is well
};

struct TopicView {
  std::string name;
  Uuid id;
  std::vector<PartitionView> partitions;
  std::map<std::string, std::string> configs;  // those set on the topic
};

}  // namespace streamops::kafka
