// kafka/broker/groups/offset_record.h — partitions and committed offsets as the journals of groups and transactions
// keep them (the primitive types of kafka/protocol/writer.h).
//
//   partition:  | compact string topic | i32 partition |
//   offsets:    n × | partition | i64 offset | i32 leader epoch | compact string metadata | i64 commit time ms |
//
// A reader that runs out of bytes is not ok() any more; its caller asks Reader::finish().
#pragma once

#include "kafka/broker/groups/offset_store.h"
#include "kafka/protocol/reader.h"
#include "kafka/protocol/writer.h"

namespace streamops::kafka {

void write_partition(Writer& out, const TopicPartition& partition);
TopicPartition read_partition(Reader& in);

void write_offset(Writer& out, const TopicPartition& partition, const CommittedOffset& offset);

/// `offsets` holds pairs of a partition and its offset.
template <typename Offsets>
void write_offsets(Writer& out, const Offsets& offsets) {
  out.array(offsets.size(), true);
  for (const auto& [partition, offset] : offsets) write_offset(out, partition, offset);
}
OffsetStore::Offsets read_offsets(Reader& in);

}  // namespace streamops::kafka
