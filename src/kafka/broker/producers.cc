#include "kafka/broker/producers.h"

#include <algorithm>
namespace streamops::kafka {

namespace {

constexpr std::size_t remembered_batches = 5;

// Sequences count up to INT32_MAX and go on at 0.
std::int32_t advance(std::int32_t sequence, std::int32_t by) {
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(sequence) + static_cast<std::uint32_t>(by)) &
                                   0x7fffffffU);
}

}  // namespace

Producers::Verdict Producers::check(const log::BatchHeader& batch) const {
  if (batch.producer_id < 0) return {};
  if (batch.base_sequence < 0 || batch.producer_epoch < 0) return {.error = ErrorCode::invalid_record};
  const auto found = producers_.find(batch.producer_id);
  if (found == producers_.end()) return {};
  const Producer& producer = found->second;
  if (batch.producer_epoch < producer.epoch) return {.error = ErrorCode::invalid_producer_epoch};
  if (batch.producer_epoch > producer.epoch) {
    return {.error = batch.base_sequence == 0 ? ErrorCode::none : ErrorCode::out_of_order_sequence_number};
  }
  const std::int32_t last = advance(batch.base_sequence, batch.last_offset_delta);
  for (const Batch& known : producer.batches) {
    if (known.first_sequence == batch.base_sequence && known.last_sequence == last) {
      return {.is_duplicate = true, .base_offset = known.base_offset};
    }
  }
  const bool follows =
      producer.batches.empty() || batch.base_sequence == advance(producer.batches.back().last_sequence, 1);
  return {.error = follows ? ErrorCode::none : ErrorCode::out_of_order_sequence_number};
}

void Producers::note(const log::BatchHeader& batch) {
  if (batch.producer_id < 0) return;
  Producer& producer = producers_[batch.producer_id];
  if (producer.epoch != batch.producer_epoch) producer.batches.clear();
  producer.epoch = batch.producer_epoch;
  producer.last_timestamp = std::max(producer.last_timestamp, batch.max_timestamp);
  if (batch.is_control()) return;
  producer.batches.push_back(
      {batch.base_sequence, advance(batch.base_sequence, batch.last_offset_delta), batch.base_offset});
  if (producer.batches.size() > remembered_batches) producer.batches.pop_front();
}

void Producers::expire(std::int64_t before) {
  std::erase_if(producers_, [before](const auto& entry) { return entry.second.last_timestamp < before; });
}

void Producers::encode(Writer& out) const {
  out.array(producers_.size(), false);
  for (const auto& [id, producer] : producers_) {
    out.i64(id);
    out.i16(producer.epoch);
    out.i64(producer.last_timestamp);
    out.i8(static_cast<std::int8_t>(producer.batches.size()));
    for (const Batch& batch : producer.batches) {
      out.i32(batch.first_sequence);
      out.i32(batch.last_sequence);
      out.i64(batch.base_offset);
    }
  }
}

Producers Producers::decode(Reader& in) {
  Producers out;
  for (std::size_t left = in.array(false, 19); left > 0 && in.ok(); --left) {
    Producer& producer = out.producers_[in.i64()];
    producer.epoch = in.i16();
    producer.last_timestamp = in.i64();
    for (std::int8_t batches = in.i8(); batches > 0 && in.ok(); --batches) {
      const std::int32_t first = in.i32();
      const std::int32_t last = in.i32();
      producer.batches.push_back({first, last, in.i64()});
    }
  }
  return out;
}

}  // namespace streamops::kafka
