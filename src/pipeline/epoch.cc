#include "pipeline/epoch.h"

#include <algorithm>

#include "base/check.h"

namespace streamops::pipeline {

Epoch::Epoch(Checkpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  std::int64_t rank = 0;
  for (const OffsetRange& range : checkpoint_.ranges) {
    parts_[range.partition] = {range.from, range.to, rank, range.from};
    rank += range.to - range.from;
  }
}

bool Epoch::covers(const data::Record& record) const {
  const auto part = parts_.find(record.partition);
  return part != parts_.end() && record.offset >= part->second.from && record.offset < part->second.to;
}

std::int64_t Epoch::write_timestamp(const data::Record& record) const {
  const auto part = parts_.find(record.partition);
  STREAMOPS_CHECK(part != parts_.end(), "a timestamp is asked for records of the epoch only");
  return checkpoint_.epoch_us + part->second.rank + (record.offset - part->second.from);
}

void Epoch::see(const data::Record& record) {
  const auto part = parts_.find(record.partition);
  if (part != parts_.end()) part->second.seen = std::max(part->second.seen, record.offset + 1);
}

bool Epoch::complete() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const auto& part) { return part.second.seen >= part.second.to; });
}

Checkpoint next_checkpoint(const Checkpoint* previous, std::span<const data::Record> records, const Uuid& topic_id,
                           std::int64_t now_us) {
  std::map<std::int32_t, OffsetRange> ranges;
  Checkpoint next;
  next.epoch = 1;
  next.epoch_us = now_us;
  if (previous != nullptr) {
    next = *previous;
    next.epoch = previous->epoch + 1;
    next.epoch_us = std::max(now_us, previous->epoch_us + previous->offsets());
    for (const OffsetRange& range : previous->ranges) {
      const std::int64_t at = previous->done ? range.to : range.from;
      ranges[range.partition] = {range.topic_id, range.partition, at, at};
    }
  }
  for (const data::Record& record : records) {
    const auto [range, is_new] =
        ranges.try_emplace(record.partition, OffsetRange{topic_id, record.partition, record.offset, record.offset});
    range->second.to = std::max(range->second.to, record.offset + 1);
    range->second.topic_id = topic_id;
  }
  next.done = false;
  next.ranges.clear();
  for (const auto& [partition, range] : ranges) next.ranges.push_back(range);
  return next;
}

std::vector<data::Position> ends_of(const Checkpoint& checkpoint) {
  std::vector<data::Position> ends;
  ends.reserve(checkpoint.ranges.size());
  for (const OffsetRange& range : checkpoint.ranges) ends.push_back({range.topic_id, range.partition, range.to});
  return ends;
}

std::uint64_t mark_of(std::vector<data::Position> positions) {
  std::sort(positions.begin(), positions.end(), [](const auto& a, const auto& b) { return a.partition < b.partition; });
  std::uint64_t mark = 14695981039346656037ULL;  // FNV-1a, by 64-bit words
  for (const data::Position& position : positions) {
    if (position.next == 0) continue;
    for (const std::int64_t word : {std::int64_t{position.partition}, position.next}) {
      mark = (mark ^ static_cast<std::uint64_t>(word)) * 1099511628211ULL;
    }
  }
  return mark;
}

std::vector<data::Position> positions_after(const Checkpoint& checkpoint) {
  std::vector<data::Position> positions;
  positions.reserve(checkpoint.ranges.size());
  for (const OffsetRange& range : checkpoint.ranges) {
    positions.push_back({range.topic_id, range.partition, checkpoint.done ? range.to : range.from});
  }
  return positions;
}

}  // namespace streamops::pipeline
