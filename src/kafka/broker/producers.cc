#include "kafka/broker/producers.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "kafka/protocol/reader.h"
#include "kafka/protocol/writer.h"

namespace streamops::kafka {

namespace {

constexpr std::size_t remembered_batches = 5;
constexpr std::string_view snapshot_magic = "SOP1";
constexpr std::size_t checksum_bytes = 4;

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
  if (batch.producer_id < 0 || batch.is_control()) return;
  Producer& producer = producers_[batch.producer_id];
  if (producer.epoch != batch.producer_epoch) producer.batches.clear();
  producer.epoch = batch.producer_epoch;
  producer.last_timestamp = std::max(producer.last_timestamp, batch.max_timestamp);
  producer.batches.push_back(
      {batch.base_sequence, advance(batch.base_sequence, batch.last_offset_delta), batch.base_offset});
  if (producer.batches.size() > remembered_batches) producer.batches.pop_front();
}

void Producers::expire(std::int64_t before) {
  std::erase_if(producers_, [before](const auto& entry) { return entry.second.last_timestamp < before; });
}

Bytes Producers::encode(Offset upto) const {
  Writer out;
  out.raw(as_bytes(snapshot_magic));
  out.i64(upto);
  out.i32(static_cast<std::int32_t>(producers_.size()));
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
  Bytes bytes = std::move(out).take();
  append_big_endian(bytes, crc32c(bytes));
  return bytes;
}

std::optional<Offset> Producers::restore(BytesView snapshot) {
  if (snapshot.size() < snapshot_magic.size() + checksum_bytes) return std::nullopt;
  const BytesView content = snapshot.first(snapshot.size() - checksum_bytes);
  if (load_big_endian<std::uint32_t>(content.data() + content.size()) != crc32c(content)) return std::nullopt;
  Reader in(content);
  if (as_text(in.take(snapshot_magic.size())) != snapshot_magic) return std::nullopt;
  const Offset upto = in.i64();
  std::unordered_map<std::int64_t, Producer> restored;
  for (std::int32_t left = in.i32(); left > 0 && in.ok(); --left) {
    Producer& producer = restored[in.i64()];
    producer.epoch = in.i16();
    producer.last_timestamp = in.i64();
    for (std::int8_t batches = in.i8(); batches > 0 && in.ok(); --batches) {
      const std::int32_t first = in.i32();
      const std::int32_t last = in.i32();
      producer.batches.push_back({first, last, in.i64()});
    }
  }
  if (!in.ok() || in.remaining() != 0) return std::nullopt;
  producers_ = std::move(restored);
  return upto;
}

}  // namespace streamops::kafka
