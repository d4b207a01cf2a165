// kafka/broker/handlers/committed_offsets.h — what OffsetCommit and TxnOffsetCommit have in common.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "kafka/protocol/error_code.h"

namespace streamops::kafka {

/// What a client may store beside an offset, in bytes; Kafka's offset.metadata.max.bytes.
constexpr std::size_t max_metadata_bytes = 4096;

inline ErrorCode check_metadata(const std::optional<std::string>& metadata) {
  const bool is_too_large = metadata && metadata->size() > max_metadata_bytes;
  return is_too_large ? ErrorCode::offset_metadata_too_large : ErrorCode::none;
}

/// A refusal of the whole request strikes every partition that was fine by itself.
template <typename Response>
void spread(ErrorCode error, Response& response) {
  for (auto& topic : response.topics) {
    for (auto& partition : topic.partitions) {
      if (partition.error_code == wire(ErrorCode::none)) partition.error_code = wire(error);
    }
  }
}

}  // namespace streamops::kafka
