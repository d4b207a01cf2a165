#include "kafka/client/impl/fetched.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "errors/kafka_protocol.h"

namespace streamops::kafka {
namespace {

Error malformed(std::string_view what) {
  return Error(errors::kafka_protocol::bad_batch, "record batch: {}", what);
}

// Hot path: about seven times a record. False when the number is cut off or too long.
inline bool read_varint(const std::uint8_t*& at, const std::uint8_t* end, std::int64_t& value) {
  if (at != end && *at < 0x80) {  // nearly all: one byte
    value = static_cast<std::int64_t>(*at >> 1) ^ -static_cast<std::int64_t>(*at & 1);
    ++at;
    return true;
  }
  std::uint64_t raw = 0;
  for (unsigned shift = 0; shift < 64 && at != end; shift += 7) {
    const std::uint8_t byte = *at++;
    raw |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      value = static_cast<std::int64_t>(raw >> 1 ^ (~(raw & 1) + 1));
      return true;
    }
  }
  return false;
}

/// A text behind its length; nothing for null. False when it is cut off.
inline bool read_field(const std::uint8_t*& at, const std::uint8_t* end, std::optional<std::string_view>& field) {
  std::int64_t size = 0;
  if (!read_varint(at, end, size) || size > end - at) return false;
  if (size < 0) {
    field.reset();
    return true;
  }
  field.emplace(reinterpret_cast<const char*>(at), static_cast<std::size_t>(size));
  at += size;
  return true;
}

/// Unsigned: hostile deltas may overflow, and must wrap.
inline std::int64_t wrapping_sum(std::int64_t base, std::int64_t delta) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(delta));
}

/// Follows the transactions of an answer: which producers' records are void where the reading stands.
class VoidProducers {
 public:
  explicit VoidProducers(std::vector<Aborted> aborted) : aborted_(std::move(aborted)) {
    std::sort(aborted_.begin(), aborted_.end(),
              [](const Aborted& a, const Aborted& b) { return a.first_offset < b.first_offset; });
  }

  /// Whether the reader must not see the batch.
  Result<bool> hides(const RecordBatchView& batch) {
    for (; next_ < aborted_.size() && aborted_[next_].first_offset <= batch.last_offset(); ++next_)
      active_.insert(aborted_[next_].producer_id);
    if (!batch.is_control()) return batch.is_transactional() && active_.contains(batch.producer_id());
    if (active_.empty()) return true;
    STREAMOPS_ASSIGN(const ControlType type, control_type(batch));
    if (type == ControlType::abort) active_.erase(batch.producer_id());
    return true;
  }

 private:
  std::vector<Aborted> aborted_;
  std::size_t next_ = 0;
  std::set<std::int64_t> active_;
};

}  // namespace

Result<Fetched> cut_fetched(BytesView bytes, std::int64_t from, std::vector<Aborted> aborted) {
  Fetched fetched;
  fetched.next = from;
  VoidProducers producers(std::move(aborted));
  while (true) {
    const std::optional<std::size_t> size = RecordBatchView::peek_size(bytes);
    const bool is_cut_off = size ? *size > bytes.size() : bytes.size() < RecordBatchView::log_overhead;
    if (is_cut_off) return fetched;
    STREAMOPS_ASSIGN(const RecordBatchView batch, RecordBatchView::parse(bytes));
    bytes = bytes.subspan(batch.size());
    STREAMOPS_RETURN_IF_ERROR(batch.verify_checksum());
    STREAMOPS_ASSIGN(const bool hidden, producers.hides(batch));
    if (batch.next_offset() <= fetched.next) continue;
    fetched.next = batch.next_offset();
    if (!hidden && batch.record_count() > 0) fetched.batches.push_back(batch);
  }
}

RecordWalker::RecordWalker(const RecordBatchView& batch, BytesView payload)
    : base_offset_(batch.base_offset()),
      base_timestamp_(batch.base_timestamp()),
      fixed_timestamp_(batch.has_log_append_time() ? std::max<std::int64_t>(batch.max_timestamp(), 0) : -1),
      left_(batch.record_count()),
      at_(payload.data()),
      end_(payload.data() + payload.size()) {}

// Hot path: once per record. No allocation but for headers, no copy.
Result<void> RecordWalker::next(data::Record& record) {
  std::int64_t size = 0;
  if (!read_varint(at_, end_, size) || size < 1 || size > end_ - at_) return malformed("a record that is cut off");
  const std::uint8_t* at = at_ + 1;  // behind the attributes, none of which is in use
  const std::uint8_t* end = at_ + size;
  std::int64_t timestamp_delta = 0;
  std::int64_t offset_delta = 0;
  const bool whole = read_varint(at, end, timestamp_delta) && read_varint(at, end, offset_delta) &&
                     read_field(at, end, record.key) && read_field(at, end, record.value);
  const bool in_range = offset_delta == static_cast<std::int32_t>(offset_delta);
  if (!whole || !in_range || at == end) return malformed("a broken record");
  record.offset = wrapping_sum(base_offset_, offset_delta);
  record.timestamp_ms = fixed_timestamp_ >= 0
                            ? fixed_timestamp_
                            : std::max<std::int64_t>(wrapping_sum(base_timestamp_, timestamp_delta), 0);
  at_ = at;
  if (*at != 0 || at + 1 != end) STREAMOPS_RETURN_IF_ERROR(read_headers(record, end));
  at_ = end;
  if (--left_ == 0 && at_ != end_) return malformed("bytes after its last record");
  return Ok();
}

Result<void> RecordWalker::read_headers(data::Record& record, const std::uint8_t* end) {
  std::int64_t count = 0;
  if (!read_varint(at_, end, count) || count < 0 || count > end - at_) return malformed("a broken number of headers");
  for (; count > 0; --count) {
    std::optional<std::string_view> name;
    data::Header header;
    if (!read_field(at_, end, name) || !name || !read_field(at_, end, header.value))
      return malformed("a broken record header");
    header.name = *name;
    record.headers.push_back(header);
  }
  if (at_ != end) return malformed("a record with a wrong length");
  return Ok();
}

}  // namespace streamops::kafka
