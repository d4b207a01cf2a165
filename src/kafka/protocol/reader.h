// kafka/protocol/reader.h — takes the primitive types of the Kafka protocol from bytes.
//
// A Reader remembers its first failure: from then on every read gives zero or an empty value and ok() is false, so
// decoders read field after field and ask once, at the end. Nothing is allocated for a length before it was checked
// against the bytes that are left, and the arrays of one message share a budget of elements, so a small frame cannot
// ask for much memory.
//
// Types (Kafka protocol guide, "Protocol Primitive Types"): integers are big-endian; a string has an i16 length, bytes
// and arrays an i32 length, -1 being null; the compact forms of flexible versions have an unsigned varint of length +
// 1, 0 being null.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"
#include "kafka/protocol/records.h"

namespace streamops::kafka {

class Reader {
 public:
  /// The most array elements that one message may have, all arrays together.
  static constexpr std::size_t default_element_budget = std::size_t{1} << 20;

  explicit Reader(BytesView bytes, std::size_t element_budget = default_element_budget)
      : bytes_(bytes), budget_(element_budget) {}

  bool ok() const { return failure_ == Failure::none; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  BytesView rest() const { return bytes_.subspan(position_); }

  bool boolean() { return integer<std::int8_t>() != 0; }
  std::int8_t i8() { return integer<std::int8_t>(); }
  std::int16_t i16() { return integer<std::int16_t>(); }
  std::int32_t i32() { return integer<std::int32_t>(); }
  std::int64_t i64() { return integer<std::int64_t>(); }
  std::uint32_t u32() { return integer<std::uint32_t>(); }
  Uuid uuid();
  /// Base-128, low group first, at most 5 bytes.
  std::uint32_t unsigned_varint();
  /// Zigzag forms, at most 5 and 10 bytes.
  std::int32_t varint();
  std::int64_t varlong();

  std::string string(bool compact);
  std::optional<std::string> nullable_string(bool compact);
  Bytes bytes(bool compact);
  std::optional<Bytes> nullable_bytes(bool compact);
  /// Borrowed from the bytes of this reader.
  Records records(bool compact);
  /// Exactly `count` bytes, borrowed.
  BytesView take(std::size_t count);

  /// The number of elements of an array whose elements have at least `smallest` bytes each.
  std::size_t array(bool compact, std::size_t smallest);
  /// As array(); nothing for a null array.
  std::optional<std::size_t> nullable_array(bool compact, std::size_t smallest);

  /// Skips a section of tagged fields, none of which is known.
  void skip_tagged_fields();
  /// A reader of the next `size` bytes, for one tagged field; they count as read here. Give it back with finish_part().
  Reader part(std::size_t size);
  void finish_part(const Reader& part);

  /// Marks the failure "null where no null may be", as decoders find it.
  void fail_null() { fail(Failure::null); }

  /// Ok, or the first failure. `what` names the message: "MetadataRequest v9".
  /// Errors: SO-K102 (ends too early), SO-K103 (impossible length), SO-K104 (unexpected null), SO-K105 (a tagged field
  /// is longer than its value).
  Result<void> status(std::string_view what, std::int16_t version) const;
  /// status(), and all bytes must have been read. Errors: as status(), SO-K105 (bytes are left).
  Result<void> finish(std::string_view what, std::int16_t version) const;

 private:
  enum class Failure : std::uint8_t { none, truncated, length, null, trailing };

  template <typename T>
  T integer() {
    if (remaining() < sizeof(T) || !ok()) [[unlikely]] {
      fail(Failure::truncated);
      return T{};
    }
    const T value = load_big_endian<T>(bytes_.data() + position_);
    position_ += sizeof(T);
    return value;
  }
  template <typename T>
  T base128(unsigned max_bytes);
  /// The length of a string (i16) or of bytes (i32), or of the compact form of both; nothing for null.
  std::optional<std::size_t> length(bool compact, bool is_short);
  void fail(Failure failure);

  BytesView bytes_;
  std::size_t position_ = 0;
  std::size_t budget_;
  Failure failure_ = Failure::none;
  std::size_t failed_at_ = 0;
};

}  // namespace streamops::kafka
