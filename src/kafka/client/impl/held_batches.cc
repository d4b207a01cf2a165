#include "kafka/client/impl/held_batches.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kafka/client/impl/frame_receiver.h"
#include "kafka/protocol/compression.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t largest_unpacked = 512 * 1024 * 1024;  // of one batch
constexpr std::size_t smallest_record = 7;

}  // namespace

void HeldBatches::add(std::int32_t partition, std::int64_t from, const RecordBatchView& batch,
                      std::shared_ptr<const void> owner) {
  Waiting& waiting = waiting_[partition];
  if (waiting.batches++ == 0) waiting.next = from;
  bytes_ += batch.size();
  batches_.push_back({partition, from, batch, std::move(owner)});
}

void HeldBatches::clear() {
  batches_.clear();
  waiting_.clear();
  walker_.reset();
  walked_.reset();
  bytes_ = 0;
}

std::optional<std::int64_t> HeldBatches::waiting(std::int32_t partition) const {
  const auto found = waiting_.find(partition);
  if (found == waiting_.end() || found->second.batches == 0) return std::nullopt;
  return found->second.next;
}

Result<data::Records> HeldBatches::take(std::size_t max_bytes) {
  data::Records records;
  records.records.reserve(expected(max_bytes));
  const auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
  while (!batches_.empty() && records.bytes < max_bytes) {
    if (!walker_) STREAMOPS_RETURN_IF_ERROR(open_first());
    if (owners->empty() || owners->back() != walked_) owners->push_back(walked_);
    STREAMOPS_RETURN_IF_ERROR(walk(records, max_bytes));
  }
  if (!records.records.empty()) records.owner = owners;
  return records;
}

std::size_t HeldBatches::expected(std::size_t max_bytes) const {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (auto batch = batches_.begin(); batch != batches_.end() && bytes < max_bytes; ++batch) {
    bytes += batch->view.size();
    count += std::min(static_cast<std::size_t>(batch->view.record_count()), batch->view.size() / smallest_record);
  }
  return count;
}

Result<void> HeldBatches::open_first() {
  const Batch& first = batches_.front();
  BytesView payload = first.view.payload();
  walked_ = first.owner;
  if (first.view.compression() != Compression::none) {
    STREAMOPS_ASSIGN(Bytes unpacked, decompress(first.view.compression(), payload, largest_unpacked));
    const std::size_t size = unpacked.size();
    unpacked.resize(size + FrameReceiver::padding);
    const auto kept = std::make_shared<const Bytes>(std::move(unpacked));
    payload = BytesView(*kept).first(size);
    walked_ = kept;
  }
  walker_.emplace(first.view, payload);
  return Ok();
}

// Hot path: once per record.
Result<void> HeldBatches::walk(data::Records& records, std::size_t max_bytes) {
  const Batch& first = batches_.front();
  Waiting& waiting = waiting_[first.partition];
  while (!walker_->at_end() && records.bytes < max_bytes) {
    data::Record& record = records.records.emplace_back();
    STREAMOPS_RETURN_IF_ERROR(walker_->next(record));
    if (record.offset < first.from) {
      records.records.pop_back();
      continue;
    }
    record.partition = first.partition;
    records.bytes += (record.key ? record.key->size() : 0) + (record.value ? record.value->size() : 0);
    waiting.next = record.offset + 1;
  }
  if (!walker_->at_end()) return Ok();
  bytes_ -= first.view.size();
  --waiting.batches;
  walker_.reset();
  walked_.reset();
  batches_.pop_front();
  return Ok();
}

}  // namespace streamops::kafka
