// kafka/protocol/writer.h — writes the primitive types of the Kafka protocol, into a list of byte pieces.
//
// Small values are appended to one buffer; large owned records become a piece of their own and are never copied. The
// pieces, one after the other, are the message; a connection writes them in that order.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "kafka/protocol/records.h"

namespace streamops::kafka {

class Writer {
 public:
  /// Owned records of at least this many bytes become a piece of their own.
  static constexpr std::size_t own_piece_from = 4096;

  void boolean(bool value) { current_.push_back(value ? 1 : 0); }
  void i8(std::int8_t value) { append_big_endian(current_, value); }
  void i16(std::int16_t value) { append_big_endian(current_, value); }
  void i32(std::int32_t value) { append_big_endian(current_, value); }
  void i64(std::int64_t value) { append_big_endian(current_, value); }
  void u32(std::uint32_t value) { append_big_endian(current_, value); }
  void uuid(const Uuid& value) { append_bytes(current_, value.bytes); }
  void unsigned_varint(std::uint32_t value);
  void varint(std::int32_t value);
  void varlong(std::int64_t value);
  void raw(BytesView value) { append_bytes(current_, value); }

  /// A text longer than the 32767 bytes that the classic form can say is cut there.
  void string(std::string_view value, bool compact);
  /// Null is written as an empty text where the version has no null.
  void nullable_string(const std::optional<std::string>& value, bool compact, bool may_be_null = true);
  void bytes(BytesView value, bool compact);
  void nullable_bytes(const std::optional<Bytes>& value, bool compact, bool may_be_null = true);
  void records(Records&& value, bool compact);
  void array(std::size_t count, bool compact);
  void null_array(bool compact);

  /// Appends all of another writer's pieces behind an unsigned varint of their size: one tagged field's value.
  void sized(Writer&& value);

  /// Bytes written so far.
  std::size_t size() const { return done_size_ + current_.size(); }
  /// Puts a big-endian number over 4 bytes written earlier, within the first piece.
  void patch_i32(std::size_t at, std::int32_t value);

  /// The message as pieces to be sent in order.
  std::vector<Bytes> take_pieces() &&;
  /// The message as one piece; copies when there are several.
  Bytes take() &&;

 private:
  void null_length(bool compact, bool is_short);
  void append_piece(Bytes piece);

  std::vector<Bytes> done_;
  std::size_t done_size_ = 0;
  Bytes current_;
};

}  // namespace streamops::kafka
