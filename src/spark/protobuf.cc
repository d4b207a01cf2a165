#include "spark/protobuf.h"

#include "errors/spark.h"

namespace streamops::spark {

namespace {

constexpr std::uint32_t type_varint = 0;
constexpr std::uint32_t type_fixed64 = 1;
constexpr std::uint32_t type_delimited = 2;
constexpr std::uint32_t type_fixed32 = 5;
constexpr int varint_bytes = 10;

}  // namespace

bool ProtobufReader::next() {
  if (!ok() || position_ == bytes_.size()) return false;
  if (*budget_ == 0) {
    fail("it has too many fields");
    return false;
  }
  --*budget_;
  const std::uint64_t key = varint();
  field_ = static_cast<std::uint32_t>(key >> 3);
  type_ = static_cast<std::uint32_t>(key & 7);
  if (key > UINT32_MAX || field_ == 0) fail("a field has an impossible number");
  return ok();
}

std::uint64_t ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (int i = 0; i < varint_bytes; ++i) {
    if (position_ == bytes_.size()) {
      fail("it ends in the middle of a number");
      return 0;
    }
    const auto byte = static_cast<std::uint8_t>(bytes_[position_++]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) return value;
  }
  fail("a number is longer than ten bytes");
  return 0;
}

std::uint64_t ProtobufReader::varint_value() {
  if (type_ != type_varint) fail("a field has another type than expected");
  return ok() ? varint() : 0;
}

std::string_view ProtobufReader::take(std::uint64_t count) {
  if (count > bytes_.size() - position_) fail("a length goes beyond the end");
  if (!ok()) return {};
  const std::string_view out = bytes_.substr(position_, static_cast<std::size_t>(count));
  position_ += out.size();
  return out;
}

std::string_view ProtobufReader::delimited() {
  if (type_ != type_delimited) fail("a field has another type than expected");
  if (!ok()) return {};
  return take(varint());
}

void ProtobufReader::map_entry(std::map<std::string, std::string>& into) {
  ProtobufReader entry(delimited(), budget_);
  std::string key;
  std::string value;
  while (entry.next()) {
    if (entry.field() == 1) {
      key = entry.string_value();
    } else if (entry.field() == 2) {
      value = entry.string_value();
    } else {
      entry.skip();
    }
  }
  if (!entry.ok()) return fail(entry.failure_);
  if (ok()) into.insert_or_assign(std::move(key), std::move(value));
}

void ProtobufReader::skip() {
  switch (type_) {
    case type_varint:
      varint();
      return;
    case type_fixed64:
      take(8);
      return;
    case type_delimited:
      delimited();
      return;
    case type_fixed32:
      take(4);
      return;
    default:
      fail("a field has a type that is no longer in use");
  }
}

void ProtobufReader::fail(const char* why) {
  if (failure_ == nullptr) failure_ = why;
}

Result<void> ProtobufReader::finish(std::string_view what) const {
  if (failure_ == nullptr) return Ok();
  return Error(errors::spark::broken_message, "{} of {} bytes cannot be read: {}", what, bytes_.size(), failure_);
}

void ProtobufWriter::string(std::uint32_t field, std::string_view value) {
  varint((std::uint64_t{field} << 3) | type_delimited);
  varint(value.size());
  text_ += value;
}

void ProtobufWriter::map(std::uint32_t field, const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    ProtobufWriter entry;
    entry.string(1, key);
    entry.string(2, value);
    string(field, entry.text_);
  }
}

void ProtobufWriter::number(std::uint32_t field, std::uint64_t value) {
  varint((std::uint64_t{field} << 3) | type_varint);
  varint(value);
}

void ProtobufWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    text_ += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  text_ += static_cast<char>(value);
}

}  // namespace streamops::spark
