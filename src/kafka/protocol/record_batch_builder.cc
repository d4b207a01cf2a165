#include <algorithm>

#include "base/crc32c.h"
#include "kafka/protocol/record_batch.h"
#include "kafka/protocol/writer.h"

namespace streamops::kafka {
namespace {

void write_field(Writer& out, const std::optional<BytesView>& value) {
  out.varint(value ? static_cast<std::int32_t>(value->size()) : -1);
  if (value) out.raw(*value);
}

}  // namespace

void RecordBatchBuilder::add(std::int64_t timestamp_ms, std::optional<BytesView> key, std::optional<BytesView> value,
                             std::span<const Header> headers) {
  Writer body;
  body.i8(0);
  body.varlong(timestamp_ms - base_timestamp_);
  body.varint(static_cast<std::int32_t>(count_));
  write_field(body, key);
  write_field(body, value);
  body.varint(static_cast<std::int32_t>(headers.size()));
  for (const Header& header : headers) {
    write_field(body, as_bytes(header.key));
    write_field(body, header.value);
  }
  Writer record;
  record.varint(static_cast<std::int32_t>(body.size()));
  append_bytes(records_, std::move(record).take());
  append_bytes(records_, std::move(body).take());
  max_timestamp_ = std::max(max_timestamp_, timestamp_ms);
  ++count_;
}

void RecordBatchBuilder::set_producer(std::int64_t producer_id, std::int16_t epoch, std::int32_t base_sequence) {
  producer_id_ = producer_id;
  producer_epoch_ = epoch;
  base_sequence_ = base_sequence;
}

Bytes RecordBatchBuilder::build() {
  Writer out;
  out.i64(base_offset_);
  out.i32(static_cast<std::int32_t>(size() - RecordBatchView::log_overhead));
  out.i32(-1);  // partition leader epoch: the broker's
  out.i8(2);
  out.u32(0);  // checksum, below
  out.i16(attributes_);
  out.i32(count_ == 0 ? 0 : static_cast<std::int32_t>(count_) - 1);
  out.i64(base_timestamp_);
  out.i64(max_timestamp_);
  out.i64(producer_id_);
  out.i16(producer_epoch_);
  out.i32(base_sequence_);
  out.i32(static_cast<std::int32_t>(count_));
  out.raw(records_);
  Bytes batch = std::move(out).take();
  store_big_endian(batch.data() + 17, crc32c(BytesView(batch).subspan(21)));
  *this = RecordBatchBuilder(base_timestamp_);
  return batch;
}

}  // namespace streamops::kafka
