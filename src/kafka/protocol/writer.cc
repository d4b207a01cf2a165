#include "kafka/protocol/writer.h"

#include <limits>

#include "base/check.h"

namespace streamops::kafka {

void Writer::unsigned_varint(std::uint32_t value) {
  while (value >= 0x80) {
    current_.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  current_.push_back(static_cast<std::uint8_t>(value));
}

void Writer::varint(std::int32_t value) {
  unsigned_varint((static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31));
}

void Writer::varlong(std::int64_t value) {
  std::uint64_t raw = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  while (raw >= 0x80) {
    current_.push_back(static_cast<std::uint8_t>(raw | 0x80));
    raw >>= 7;
  }
  current_.push_back(static_cast<std::uint8_t>(raw));
}

void Writer::null_length(bool compact, bool is_short) {
  if (compact) {
    unsigned_varint(0);
  } else if (is_short) {
    i16(-1);
  } else {
    i32(-1);
  }
}

void Writer::string(std::string_view value, bool compact) {
  if (compact) {
    unsigned_varint(static_cast<std::uint32_t>(value.size()) + 1);
  } else {
    value = value.substr(0, std::numeric_limits<std::int16_t>::max());
    i16(static_cast<std::int16_t>(value.size()));
  }
  append_text(current_, value);
}

void Writer::nullable_string(const std::optional<std::string>& value, bool compact, bool may_be_null) {
  if (!value && may_be_null) return null_length(compact, true);
  string(value ? std::string_view(*value) : std::string_view(), compact);
}

void Writer::bytes(BytesView value, bool compact) {
  array(value.size(), compact);
  append_bytes(current_, value);
}

void Writer::nullable_bytes(const std::optional<Bytes>& value, bool compact, bool may_be_null) {
  if (!value && may_be_null) return null_length(compact, false);
  bytes(value ? BytesView(*value) : BytesView(), compact);
}

void Writer::records(Records&& value, bool compact) {
  if (value.is_null()) return null_length(compact, false);
  array(value.size(), compact);
  if (value.is_owned() && value.size() >= own_piece_from) {
    append_piece(std::move(value).take());
  } else {
    append_bytes(current_, value.view());
  }
}

void Writer::array(std::size_t count, bool compact) {
  STREAMOPS_CHECK(count <= std::numeric_limits<std::int32_t>::max(), "a Kafka field is at most 2 GiB long");
  if (compact) {
    unsigned_varint(static_cast<std::uint32_t>(count) + 1);
  } else {
    i32(static_cast<std::int32_t>(count));
  }
}

void Writer::null_array(bool compact) {
  null_length(compact, false);
}

void Writer::append_piece(Bytes piece) {
  done_size_ += current_.size() + piece.size();
  done_.push_back(std::move(current_));
  done_.push_back(std::move(piece));
  current_ = Bytes();
}

void Writer::sized(Writer&& value) {
  const Bytes bytes = std::move(value).take();
  unsigned_varint(static_cast<std::uint32_t>(bytes.size()));
  append_bytes(current_, bytes);
}

void Writer::patch_i32(std::size_t at, std::int32_t value) {
  Bytes& first = done_.empty() ? current_ : done_.front();
  STREAMOPS_CHECK(at + sizeof(value) <= first.size(), "only what was written can be patched");
  store_big_endian(first.data() + at, value);
}

std::vector<Bytes> Writer::take_pieces() && {
  if (!current_.empty()) done_.push_back(std::move(current_));
  return std::move(done_);
}

Bytes Writer::take() && {
  if (done_.empty()) return std::move(current_);
  Bytes out;
  out.reserve(size());
  for (const Bytes& piece : done_) append_bytes(out, piece);
  append_bytes(out, current_);
  return out;
}

}  // namespace streamops::kafka
