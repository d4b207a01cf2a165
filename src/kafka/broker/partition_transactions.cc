#include "kafka/broker/partition_transactions.h"

#include <algorithm>

namespace streamops::kafka {

void PartitionTransactions::note(const log::BatchHeader& batch) {
  if (!batch.is_transactional() || batch.is_control()) return;
  open_.try_emplace(batch.producer_id, batch.base_offset);
}

void PartitionTransactions::note_marker(std::int64_t producer_id, ControlType type, Offset marker_offset) {
  const auto found = open_.find(producer_id);
  if (found == open_.end()) return;
  if (type == ControlType::abort) aborted_.push_back({producer_id, found->second, marker_offset});
  open_.erase(found);
}

void PartitionTransactions::forget_before(Offset start) {
  std::erase_if(aborted_, [start](const Aborted& each) { return each.marker_offset < start; });
}

void PartitionTransactions::clear() {
  open_.clear();
  aborted_.clear();
}

Offset PartitionTransactions::last_stable_offset(Offset high_watermark) const {
  Offset stable = high_watermark;
  for (const auto& [producer, first] : open_) stable = std::min(stable, first);
  return stable;
}

std::vector<PartitionTransactions::Aborted> PartitionTransactions::aborted_between(Offset from, Offset to) const {
  std::vector<Aborted> out;
  const auto begin = std::partition_point(aborted_.begin(), aborted_.end(),
                                          [from](const Aborted& each) { return each.marker_offset < from; });
  std::copy_if(begin, aborted_.end(), std::back_inserter(out),
               [to](const Aborted& each) { return each.first_offset < to; });
  std::sort(out.begin(), out.end(), [](const Aborted& a, const Aborted& b) { return a.first_offset < b.first_offset; });
  return out;
}

void PartitionTransactions::encode(Writer& out) const {
  out.array(open_.size(), false);
  for (const auto& [producer, first] : open_) {
    out.i64(producer);
    out.i64(first);
  }
  out.array(aborted_.size(), false);
  for (const Aborted& each : aborted_) {
    out.i64(each.producer_id);
    out.i64(each.first_offset);
    out.i64(each.marker_offset);
  }
}

PartitionTransactions PartitionTransactions::decode(Reader& in) {
  PartitionTransactions out;
  for (std::size_t left = in.array(false, 16); left > 0 && in.ok(); --left) {
    const std::int64_t producer = in.i64();
    out.open_[producer] = in.i64();
  }
  for (std::size_t left = in.array(false, 24); left > 0 && in.ok(); --left) {
    const std::int64_t producer = in.i64();
    const Offset first = in.i64();
    out.aborted_.push_back({producer, first, in.i64()});
  }
  return out;
}

}  // namespace streamops::kafka
