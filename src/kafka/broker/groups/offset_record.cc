#include "kafka/broker/groups/offset_record.h"

#include <utility>

namespace streamops::kafka {
namespace {

/// An offset with empty texts; no array can hold more of them than its bytes allow.
constexpr std::size_t smallest_offset_bytes = 26;

}  // namespace

void write_partition(Writer& out, const TopicPartition& partition) {
  out.string(partition.topic, true);
  out.i32(partition.partition);
}

TopicPartition read_partition(Reader& in) {
  TopicPartition out;
  out.topic = in.string(true);
  out.partition = in.i32();
  return out;
}

void write_offset(Writer& out, const TopicPartition& partition, const CommittedOffset& offset) {
  write_partition(out, partition);
  out.i64(offset.offset);
  out.i32(offset.leader_epoch);
  out.string(offset.metadata, true);
  out.i64(offset.commit_time_ms);
}

OffsetStore::Offsets read_offsets(Reader& in) {
  OffsetStore::Offsets out;
  for (std::size_t left = in.array(true, smallest_offset_bytes); left > 0 && in.ok(); --left) {
    TopicPartition partition = read_partition(in);
    CommittedOffset offset;
    offset.offset = in.i64();
    offset.leader_epoch = in.i32();
    offset.metadata = in.string(true);
    offset.commit_time_ms = in.i64();
    out.emplace_back(std::move(partition), std::move(offset));
  }
  return out;
}

}  // namespace streamops::kafka
