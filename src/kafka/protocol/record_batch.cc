#include "kafka/protocol/record_batch.h"

#include "base/check.h"
#include "base/crc32c.h"
#include "errors/kafka_protocol.h"
#include "kafka/protocol/reader.h"

namespace streamops::kafka {
namespace {

constexpr std::size_t checksum_at = 17;
constexpr std::size_t checked_from = 21;    // the checksum covers everything from the attributes on
constexpr std::size_t smallest_record = 7;  // length, attributes, two deltas, two lengths, number of headers

template <typename T>
void put(std::span<std::uint8_t> batch, std::size_t at, T value) {
  STREAMOPS_CHECK(batch.size() >= RecordBatchView::header_size, "only a whole batch can be changed");
  store_big_endian(batch.data() + at, value);
}

void renew_checksum(std::span<std::uint8_t> batch) {
  put(batch, checksum_at, crc32c(batch.subspan(checked_from)));
}

Error malformed(std::string_view what) {
  return Error(errors::kafka_protocol::bad_batch, "record batch: {}", what);
}

/// A length-prefixed byte field of a record; nothing for null.
std::optional<BytesView> read_field(Reader& in) {
  const std::int32_t size = in.varint();
  if (size < 0) return std::nullopt;
  return in.take(static_cast<std::size_t>(size));
}

}  // namespace

std::string_view to_string(Compression compression) {
  static constexpr std::string_view names[] = {"none", "gzip", "snappy", "lz4", "zstd"};
  const auto number = static_cast<std::size_t>(compression);
  return number < std::size(names) ? names[number] : "unknown";
}

std::optional<std::size_t> RecordBatchView::peek_size(BytesView bytes) {
  if (bytes.size() < log_overhead) return std::nullopt;
  const auto length = load_big_endian<std::int32_t>(bytes.data() + 8);
  if (length < static_cast<std::int32_t>(header_size - log_overhead)) return std::nullopt;
  return log_overhead + static_cast<std::size_t>(length);
}

Result<RecordBatchView> RecordBatchView::parse(BytesView bytes) {
  // The magic stands at the same place in all formats, so an old one is told apart before its lengths are judged.
  if (bytes.size() > 16 && bytes[16] < 2) {
    return Error(errors::kafka_protocol::old_batch_format, "records of format {} are not supported", bytes[16]);
  }
  const std::optional<std::size_t> size = peek_size(bytes);
  if (!size) return malformed("its length is too small for a header");
  if (*size > bytes.size()) {
    return Error(errors::kafka_protocol::bad_batch, "record batch: {} bytes announced, {} there", *size, bytes.size());
  }
  const RecordBatchView view(bytes.first(*size));
  if (bytes[16] != 2) return malformed("its format is newer than 2");
  if (view.record_count() < 0 || view.last_offset_delta() < 0) return malformed("a negative count or offset");
  if (view.compression() > Compression::zstd) {
    return Error(errors::kafka_protocol::unknown_codec, "compression {} is unknown", view.attributes() & 0x07);
  }
  const auto count = static_cast<std::size_t>(view.record_count());
  if (view.compression() == Compression::none && count > view.payload().size() / smallest_record) {
    return malformed("more records announced than bytes for them");
  }
  return view;
}

Result<void> RecordBatchView::verify_checksum() const {
  const std::uint32_t found = crc32c(bytes_.subspan(checked_from));
  if (found == checksum()) return Ok();
  return Error(errors::kafka_protocol::bad_checksum,
               "record batch at offset {}: checksum {:08x}, but its bytes give {:08x}", base_offset(), checksum(),
               found);
}

Result<std::vector<RecordBatchView>> parse_batches(BytesView bytes) {
  std::vector<RecordBatchView> out;
  while (!bytes.empty()) {
    STREAMOPS_ASSIGN(RecordBatchView view, RecordBatchView::parse(bytes));
    bytes = bytes.subspan(view.size());
    out.push_back(view);
  }
  return out;
}

void set_base_offset(std::span<std::uint8_t> batch, std::int64_t offset) {
  put(batch, 0, offset);
}

void set_partition_leader_epoch(std::span<std::uint8_t> batch, std::int32_t epoch) {
  put(batch, 12, epoch);
}

void set_producer(std::span<std::uint8_t> batch, std::int64_t producer_id, std::int16_t epoch,
                  std::int32_t base_sequence) {
  put(batch, 43, producer_id);
  put(batch, 51, epoch);
  put(batch, 53, base_sequence);
  renew_checksum(batch);
}

void set_log_append_time(std::span<std::uint8_t> batch, std::int64_t timestamp) {
  const auto attributes = load_big_endian<std::int16_t>(batch.data() + checked_from);
  put(batch, checked_from, static_cast<std::int16_t>(attributes | 0x08));
  put(batch, 35, timestamp);
  renew_checksum(batch);
}

Result<std::optional<RecordView>> RecordIterator::next() {
  if (read_ == batch_.record_count()) {
    if (!rest_.empty()) return malformed("bytes after its last record");
    return std::optional<RecordView>();
  }
  Reader frame(rest_);
  const std::int32_t size = frame.varint();
  if (!frame.ok() || size < 0) return malformed("a record without a length");
  const BytesView body = frame.take(static_cast<std::size_t>(size));
  if (!frame.ok()) return malformed("a record that is cut off");

  Reader in(body);
  RecordView record;
  in.i8();  // attributes: none are in use
  const std::int64_t timestamp_delta = in.varlong();
  const std::int32_t offset_delta = in.varint();
  record.key = read_field(in);
  record.value = read_field(in);
  const std::int32_t headers = in.varint();
  if (!in.ok() || headers < 0 || static_cast<std::size_t>(headers) > in.remaining())
    return malformed("a broken record");
  for (std::int32_t i = 0; i < headers && in.ok(); ++i) {
    const std::optional<BytesView> key = read_field(in);
    if (!key) return malformed("a record header without a key");
    record.headers.push_back({as_text(*key), read_field(in)});
  }
  if (!in.ok() || in.remaining() > 0) return malformed("a record with a wrong length");

  // Unsigned: hostile deltas may overflow, and must wrap.
  record.offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(batch_.base_offset()) +
                                            static_cast<std::uint64_t>(offset_delta));
  record.timestamp = batch_.has_log_append_time()
                         ? batch_.max_timestamp()
                         : static_cast<std::int64_t>(static_cast<std::uint64_t>(batch_.base_timestamp()) +
                                                     static_cast<std::uint64_t>(timestamp_delta));
  rest_ = frame.rest();
  ++read_;
  return std::optional<RecordView>(std::move(record));
}

Result<ControlType> control_type(const RecordBatchView& batch) {
  RecordIterator records(batch, batch.payload());
  STREAMOPS_ASSIGN(const std::optional<RecordView> record, records.next());
  if (!record || !record->key || record->key->size() < 4) return ControlType::unknown;
  const auto type = load_big_endian<std::int16_t>(record->key->data() + 2);  // after the key's own version
  return type == 0 || type == 1 ? static_cast<ControlType>(type) : ControlType::unknown;
}

}  // namespace streamops::kafka
