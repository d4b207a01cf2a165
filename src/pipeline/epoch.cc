#include "pipeline/epoch.h"

#include <algorithm>
#include <map>

#include "base/check.h"

namespace streamops::pipeline {

Epoch::Epoch(Checkpoint checkpoint) : checkpoint_(std::move(checkpoint)) {
  std::int64_t rank = 0;
  for (const OffsetRange& range : checkpoint_.ranges) {
    parts_.push_back({range.partition, range.from, range.to, rank, range.from});
    rank += range.to - range.from;
  }
  std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.partition < b.partition; });
}

std::size_t Epoch::find(std::int32_t partition) const {
  if (last_ < parts_.size() && parts_[last_].partition == partition) return last_;
  const auto part = std::lower_bound(parts_.begin(), parts_.end(), partition,
                                     [](const Part& a, std::int32_t wanted) { return a.partition < wanted; });
  if (part == parts_.end() || part->partition != partition) return parts_.size();
  last_ = static_cast<std::size_t>(part - parts_.begin());
  return last_;
}

bool Epoch::covers(const data::Record& record) const {
  const std::size_t part = find(record.partition);
  return part < parts_.size() && record.offset >= parts_[part].from && record.offset < parts_[part].to;
}

std::int64_t Epoch::write_timestamp(const data::Record& record) const {
  const std::size_t part = find(record.partition);
  STREAMOPS_CHECK(part < parts_.size(), "a timestamp is asked for records of the epoch only");
  return checkpoint_.epoch_us + parts_[part].rank + (record.offset - parts_[part].from);
}

void Epoch::see(const data::Record& record) {
  const std::size_t part = find(record.partition);
  if (part < parts_.size()) parts_[part].seen = std::max(parts_[part].seen, record.offset + 1);
}

bool Epoch::complete() const {
  return std::all_of(parts_.begin(), parts_.end(), [](const Part& part) { return part.seen >= part.to; });
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
  OffsetRange* range = nullptr;
  for (const data::Record& record : records) {
    if (range == nullptr || range->partition != record.partition) {
      const OffsetRange fresh{topic_id, record.partition, record.offset, record.offset};
      range = &ranges.try_emplace(record.partition, fresh).first->second;
      range->topic_id = topic_id;
    }
    range->to = std::max(range->to, record.offset + 1);
  }
  next.done = false;
  next.ranges.clear();
  for (const auto& [partition, covered] : ranges) next.ranges.push_back(covered);
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
