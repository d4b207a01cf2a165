#include "kafka/client/impl/batch_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/crc32c.h"
#include "kafka/protocol/record_batch.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t header_size = RecordBatchView::header_size;
constexpr std::int16_t transactional = 0x10;
constexpr std::size_t longest_varint = 10;

std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

std::size_t varint_size(std::int64_t value) {
  const std::uint64_t raw = zigzag(value) | 1;
  return (static_cast<std::size_t>(64 - __builtin_clzll(raw)) + 6) / 7;
}

std::size_t field_size(const std::optional<std::string_view>& field) {
  if (!field) return 1;
  return varint_size(static_cast<std::int64_t>(field->size())) + field->size();
}

std::size_t headers_size(std::span<const data::Header> headers) {
  std::size_t size = varint_size(static_cast<std::int64_t>(headers.size()));
  for (const data::Header& header : headers) size += field_size(header.name) + field_size(header.value);
  return size;
}

std::uint8_t* put_varint(std::uint8_t* to, std::int64_t value) {
  std::uint64_t raw = zigzag(value);
  for (; raw >= 0x80; raw >>= 7) *to++ = static_cast<std::uint8_t>(raw | 0x80);
  *to++ = static_cast<std::uint8_t>(raw);
  return to;
}

std::uint8_t* put_field(std::uint8_t* to, const std::optional<std::string_view>& field) {
  if (!field) return put_varint(to, -1);
  to = put_varint(to, static_cast<std::int64_t>(field->size()));
  if (!field->empty()) std::memcpy(to, field->data(), field->size());
  return to + field->size();
}

}  // namespace

std::size_t BatchWriter::growth(const OutgoingRecord& record) {
  return 1 + 3 * longest_varint + field_size(record.key) + field_size(record.value) + headers_size(record.headers);
}

std::size_t BatchWriter::size_alone(const OutgoingRecord& record) {
  const std::size_t body = 1 + 2 + field_size(record.key) + field_size(record.value) + headers_size(record.headers);
  return header_size + varint_size(static_cast<std::int64_t>(body)) + body;
}

// Hot path: once per record. Two copies of bytes, of key and value, and no allocation once the batch has its room.
void BatchWriter::add(const OutgoingRecord& record, std::size_t reserve) {
  if (count_ == 0) {
    bytes_.reserve(std::max(reserve, header_size + growth(record)));
    bytes_.resize(header_size);
    base_timestamp_ = max_timestamp_ = record.timestamp_ms;
  }
  const std::int64_t timestamp_delta = record.timestamp_ms - base_timestamp_;
  const std::size_t body = 1 + varint_size(timestamp_delta) + varint_size(count_) + field_size(record.key) +
                           field_size(record.value) + headers_size(record.headers);
  const std::size_t at = bytes_.size();
  bytes_.resize(at + varint_size(static_cast<std::int64_t>(body)) + body);
  std::uint8_t* to = put_varint(bytes_.data() + at, static_cast<std::int64_t>(body));
  *to++ = 0;  // attributes
  to = put_varint(to, timestamp_delta);
  to = put_varint(to, count_);
  to = put_field(to, record.key);
  to = put_field(to, record.value);
  to = put_varint(to, static_cast<std::int64_t>(record.headers.size()));
  for (const data::Header& header : record.headers) to = put_field(put_field(to, header.name), header.value);
  max_timestamp_ = std::max(max_timestamp_, record.timestamp_ms);
  ++count_;
}

Bytes BatchWriter::seal(const ProducerIdentity& producer, std::int32_t first_sequence) {
  std::uint8_t* head = bytes_.data();
  store_big_endian<std::int64_t>(head, 0);
  store_big_endian(head + 8, static_cast<std::int32_t>(bytes_.size() - RecordBatchView::log_overhead));
  store_big_endian<std::int32_t>(head + 12, -1);  // the leader's epoch: not known here
  head[16] = 2;
  store_big_endian(head + 21, transactional);
  store_big_endian<std::int32_t>(head + 23, count_ - 1);
  store_big_endian(head + 27, base_timestamp_);
  store_big_endian(head + 35, max_timestamp_);
  store_big_endian(head + 43, producer.id);
  store_big_endian(head + 51, producer.epoch);
  store_big_endian(head + 53, first_sequence);
  store_big_endian(head + 57, count_);
  store_big_endian(head + 17, crc32c(BytesView(bytes_).subspan(21)));
  count_ = 0;
  return std::exchange(bytes_, Bytes());
}

}  // namespace streamops::kafka
