// spark/protobuf.h — the wire format of protocol buffers: what generated messages (spec/spark) read and write with.
//
//   message :  | key varint = number << 3 | type | value | ...      type 0 varint, 1 eight bytes, 2 length and bytes,
//                                                                   5 four bytes; groups (3, 4) are refused
//
// A ProtobufReader remembers its first failure: from then on next() is false and every value is zero or empty, so that
// messages read field after field and the caller asks once, at the end. No length is believed before it was compared
// with the bytes that are left, and all fields of one answer share a budget, so a small answer cannot ask for much
// memory. Nesting is as deep as the tables in spec/spark and no deeper.
// Source: protobuf.dev, "Encoding".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace streamops::spark {

class ProtobufReader {
 public:
  /// The most fields that one message may have, those of messages inside it included.
  static constexpr std::size_t default_field_budget = std::size_t{1} << 20;

  explicit ProtobufReader(std::string_view bytes) : bytes_(bytes), budget_(&own_budget_) {}
  ProtobufReader(const ProtobufReader&) = delete;
  ProtobufReader& operator=(const ProtobufReader&) = delete;

  bool ok() const { return failure_ == nullptr; }
  /// Goes to the next field; false at the end and after a failure.
  bool next();
  std::uint32_t field() const { return field_; }

  // The value of the field that next() found. One of these, or skip(), is called for each.
  bool bool_value() { return varint_value() != 0; }
  std::int32_t i32_value() { return static_cast<std::int32_t>(varint_value()); }
  std::int64_t i64_value() { return static_cast<std::int64_t>(varint_value()); }
  std::string string_value() { return std::string(delimited()); }
  std::string bytes_value() { return std::string(delimited()); }
  template <typename Message>
  void message(Message& into) {
    ProtobufReader inner(delimited(), budget_);
    into.merge_from(inner);
    if (!inner.ok()) fail(inner.failure_);
  }
  template <typename Message>
  void message(std::optional<Message>& into) {
    if (!into) into.emplace();
    message(*into);
  }
  void map_entry(std::map<std::string, std::string>& into);
  void skip();

  /// Ok, or the first failure. `what` names the message. Errors: SO-E101.
  Result<void> finish(std::string_view what) const;

 private:
  ProtobufReader(std::string_view bytes, std::size_t* budget) : bytes_(bytes), budget_(budget) {}
  std::uint64_t varint();
  std::uint64_t varint_value();
  std::string_view delimited();
  std::string_view take(std::uint64_t count);
  void fail(const char* why);

  std::string_view bytes_;
  std::size_t position_ = 0;
  std::size_t own_budget_ = default_field_budget;
  std::size_t* budget_;
  std::uint32_t field_ = 0;
  std::uint32_t type_ = 0;
  const char* failure_ = nullptr;  // in words
};

class ProtobufWriter {
 public:
  void boolean(std::uint32_t field, bool value) { number(field, value ? 1 : 0); }
  void i32(std::uint32_t field, std::int32_t value) { number(field, static_cast<std::uint64_t>(std::int64_t{value})); }
  void i64(std::uint32_t field, std::int64_t value) { number(field, static_cast<std::uint64_t>(value)); }
  void string(std::uint32_t field, std::string_view value);
  void bytes(std::uint32_t field, std::string_view value) { string(field, value); }
  template <typename Message>
  void message(std::uint32_t field, const Message& value) {
    ProtobufWriter inner;
    value.write_to(inner);
    string(field, inner.text_);
  }
  void map(std::uint32_t field, const std::map<std::string, std::string>& values);

  std::string take() && { return std::move(text_); }

 private:
  void number(std::uint32_t field, std::uint64_t value);
  void varint(std::uint64_t value);

  std::string text_;
};

/// The bytes of a message.
template <typename Message>
std::string encode(const Message& message) {
  ProtobufWriter out;
  message.write_to(out);
  return std::move(out).take();
}

/// A message from exactly these bytes. Errors: SO-E101.
template <typename Message>
Result<Message> decode(std::string_view bytes) {
  ProtobufReader in(bytes);
  Message message;
  message.merge_from(in);
  STREAMOPS_RETURN_IF_ERROR(in.finish(Message::message_name));
  return message;
}

}  // namespace streamops::spark
