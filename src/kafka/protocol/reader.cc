#include "kafka/protocol/reader.h"

#include "errors/kafka_protocol.h"

namespace streamops::kafka {

void Reader::fail(Failure failure) {
  if (failure_ != Failure::none) return;
  failure_ = failure;
  failed_at_ = position_;
}

BytesView Reader::take(std::size_t count) {
  if (!ok() || count > remaining()) {
    fail(Failure::truncated);
    return {};
  }
  const BytesView out = bytes_.subspan(position_, count);
  position_ += count;
  return out;
}

Uuid Reader::uuid() {
  Uuid out;
  const BytesView raw = take(out.bytes.size());
  std::ranges::copy(raw, out.bytes.begin());
  return out;
}

template <typename T>
T Reader::base128(unsigned max_bytes) {
  T value = 0;
  for (unsigned i = 0; i < max_bytes; ++i) {
    const auto byte = integer<std::uint8_t>();
    value |= static_cast<T>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) return value;
  }
  fail(Failure::length);
  return 0;
}

std::uint32_t Reader::unsigned_varint() {
  return base128<std::uint32_t>(5);
}

std::int32_t Reader::varint() {
  const auto raw = base128<std::uint32_t>(5);
  return static_cast<std::int32_t>((raw >> 1) ^ (~(raw & 1) + 1));
}

std::int64_t Reader::varlong() {
  const auto raw = base128<std::uint64_t>(10);
  return static_cast<std::int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
}

std::optional<std::size_t> Reader::length(bool compact, bool is_short) {
  if (compact) {
    const std::uint32_t raw = unsigned_varint();
    if (raw == 0) return std::nullopt;
    return raw - 1;
  }
  const std::int32_t raw = is_short ? i16() : i32();
  if (raw == -1) return std::nullopt;
  if (raw < 0) fail(Failure::length);
  return raw < 0 ? 0 : static_cast<std::size_t>(raw);
}

std::optional<std::string> Reader::nullable_string(bool compact) {
  const std::optional<std::size_t> size = length(compact, true);
  if (!size) return std::nullopt;
  return std::string(as_text(take(*size)));
}

std::string Reader::string(bool compact) {
  std::optional<std::string> out = nullable_string(compact);
  if (!out) fail(Failure::null);
  return out ? std::move(*out) : std::string();
}

std::optional<Bytes> Reader::nullable_bytes(bool compact) {
  const std::optional<std::size_t> size = length(compact, false);
  if (!size) return std::nullopt;
  const BytesView raw = take(*size);
  return Bytes(raw.begin(), raw.end());
}

Bytes Reader::bytes(bool compact) {
  std::optional<Bytes> out = nullable_bytes(compact);
  if (!out) fail(Failure::null);
  return out ? std::move(*out) : Bytes();
}

Records Reader::records(bool compact) {
  const std::optional<std::size_t> size = length(compact, false);
  return size ? Records::borrowed(take(*size)) : Records::null();
}

std::optional<std::size_t> Reader::nullable_array(bool compact, std::size_t smallest) {
  const std::optional<std::size_t> count = length(compact, false);
  if (!count || !ok()) return ok() ? std::nullopt : std::optional<std::size_t>(0);
  if (*count > remaining() / smallest || *count > budget_) {
    fail(Failure::length);
    return 0;
  }
  budget_ -= *count;
  return count;
}

std::size_t Reader::array(bool compact, std::size_t smallest) {
  const std::optional<std::size_t> count = nullable_array(compact, smallest);
  if (!count) fail(Failure::null);
  return count.value_or(0);
}

void Reader::skip_tagged_fields() {
  std::uint32_t count = unsigned_varint();
  for (; count > 0 && ok(); --count) {
    unsigned_varint();
    take(unsigned_varint());
  }
}

Reader Reader::part(std::size_t size) {
  return Reader(take(size), budget_);
}

void Reader::finish_part(const Reader& part) {
  budget_ = part.budget_;
  if (!part.ok()) {
    fail(part.failure_);
  } else if (part.remaining() > 0) {
    fail(Failure::trailing);
  }
}

Result<void> Reader::status(std::string_view what, std::int16_t version) const {
  namespace codes = errors::kafka_protocol;
  switch (failure_) {
    case Failure::none:
      return Ok();
    case Failure::truncated:
      return Error(codes::truncated, "{} v{} ends within a field, at byte {} of {}", what, version, failed_at_,
                   bytes_.size());
    case Failure::length:
      return Error(codes::bad_length, "{} v{} has an impossible length before byte {} of {}", what, version, failed_at_,
                   bytes_.size());
    case Failure::null:
      return Error(codes::unexpected_null, "{} v{} has a null before byte {} where a value must be", what, version,
                   failed_at_);
    case Failure::trailing:
      return Error(codes::trailing_bytes, "{} v{} has a tagged field, before byte {}, that is longer than its value",
                   what, version, failed_at_);
  }
  return Ok();
}

Result<void> Reader::finish(std::string_view what, std::int16_t version) const {
  STREAMOPS_RETURN_IF_ERROR(status(what, version));
  if (remaining() == 0) return Ok();
  return Error(errors::kafka_protocol::trailing_bytes, "{} v{} has {} bytes after its last field", what, version,
               remaining());
}

}  // namespace streamops::kafka
