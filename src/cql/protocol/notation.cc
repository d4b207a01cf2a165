#include "cql/protocol/notation.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/text.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

constexpr std::array<std::string_view, 11> kConsistencyNames = {"ANY",    "ONE",          "TWO",          "THREE",
                                                                "QUORUM", "ALL",          "LOCAL_QUORUM", "EACH_QUORUM",
                                                                "SERIAL", "LOCAL_SERIAL", "LOCAL_ONE"};

}  // namespace

std::string_view to_string(Consistency consistency) {
  const auto index = static_cast<std::size_t>(consistency);
  return index < kConsistencyNames.size() ? kConsistencyNames[index] : "unknown";
}

std::optional<Consistency> parse_consistency(std::string_view name) {
  for (std::size_t i = 0; i < kConsistencyNames.size(); ++i) {
    if (equals_ignore_case(name, kConsistencyNames[i])) return static_cast<Consistency>(i);
  }
  return std::nullopt;
}

bool Reader::take(std::size_t size, const std::uint8_t*& at) {
  if (problem_ != nullptr) return false;
  if (size > left()) {
    fail("it ends before its fields do");
    return false;
  }
  at = bytes_.data() + at_;
  at_ += size;
  return true;
}

void Reader::fail(const char* what) {
  if (problem_ != nullptr) return;
  problem_ = what;
}

Result<void> Reader::status() const {
  if (ok()) return Ok();
  return Error(errors::cql_protocol::bad_message, "a message cannot be read: {}", problem_);
}

std::uint8_t Reader::byte() {
  const std::uint8_t* at = nullptr;
  return take(1, at) ? *at : std::uint8_t{0};
}
std::uint16_t Reader::short_() {
  const std::uint8_t* at = nullptr;
  return take(2, at) ? load_big_endian<std::uint16_t>(at) : std::uint16_t{0};
}
std::int32_t Reader::int_() {
  const std::uint8_t* at = nullptr;
  return take(4, at) ? load_big_endian<std::int32_t>(at) : 0;
}
std::int64_t Reader::long_() {
  const std::uint8_t* at = nullptr;
  return take(8, at) ? load_big_endian<std::int64_t>(at) : 0;
}

BytesView Reader::raw(std::size_t size) {
  const std::uint8_t* at = nullptr;
  if (!take(size, at)) return {};
  return {at, size};
}

std::string_view Reader::string() {
  return as_text(raw(short_()));
}

std::string_view Reader::long_string() {
  const std::int32_t size = int_();
  if (size < 0) {
    fail("a string has a negative length");
    return {};
  }
  return as_text(raw(static_cast<std::size_t>(size)));
}

Uuid Reader::uuid() {
  Uuid out;
  const BytesView from = raw(out.bytes.size());
  std::copy(from.begin(), from.end(), out.bytes.begin());
  return out;
}

std::optional<BytesView> Reader::bytes() {
  const std::int32_t size = int_();
  if (size < 0 || !ok()) return std::nullopt;
  return raw(static_cast<std::size_t>(size));
}

BytesView Reader::short_bytes() {
  return raw(short_());
}

Value Reader::value() {
  const std::int32_t size = int_();
  if (!ok() || size == -1) return Value::null();
  if (size == -2) return Value::unset();
  if (size < 0) {
    fail("a value has a negative length");
    return Value::null();
  }
  return Value::of(raw(static_cast<std::size_t>(size)));
}

InetAddress Reader::inet_address() {
  InetAddress out;
  out.size = byte();
  if (out.size != 4 && out.size != 16) {
    fail("an address has neither 4 nor 16 bytes");
    out.size = 4;
    return out;
  }
  const BytesView from = raw(out.size);
  std::copy(from.begin(), from.end(), out.bytes.begin());
  return out;
}

std::pair<InetAddress, std::int32_t> Reader::inet() {
  const InetAddress address = inet_address();
  return {address, int_()};
}

Consistency Reader::consistency() {
  const std::uint16_t number = short_();
  if (number >= kConsistencyNames.size()) {
    fail("the consistency level does not exist");
    return Consistency::one;
  }
  return static_cast<Consistency>(number);
}

std::size_t Reader::count16(std::size_t least) {
  const std::size_t count = short_();
  if (count * least > left()) {
    fail("it announces more items than it has bytes for");
    return 0;
  }
  return count;
}

std::size_t Reader::count32(std::size_t least) {
  const std::int32_t count = int_();
  if (count < 0 || static_cast<std::size_t>(count) > left() / std::max<std::size_t>(least, 1)) {
    fail("it announces more items than it has bytes for");
    return 0;
  }
  return static_cast<std::size_t>(count);
}

std::vector<std::string> Reader::string_list() {
  std::vector<std::string> out;
  const std::size_t count = count16(2);
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.emplace_back(string());
  return out;
}

StringMap Reader::string_map() {
  StringMap out;
  const std::size_t count = count16(4);
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view key = string();
    out.emplace_back(key, string());
  }
  return out;
}

StringMultimap Reader::string_multimap() {
  StringMultimap out;
  const std::size_t count = count16(4);
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view key = string();
    out.emplace_back(key, string_list());
  }
  return out;
}

void append_string(Bytes& out, std::string_view text) {
  STREAMOPS_CHECK(text.size() <= 0xFFFF, "a [string] has at most 65535 bytes");
  append_big_endian(out, static_cast<std::uint16_t>(text.size()));
  append_text(out, text);
}

void append_long_string(Bytes& out, std::string_view text) {
  append_big_endian(out, static_cast<std::int32_t>(text.size()));
  append_text(out, text);
}

void append_uuid(Bytes& out, const Uuid& uuid) {
  append_bytes(out, uuid.bytes);
}

void append_bytes_value(Bytes& out, const std::optional<BytesView>& bytes) {
  append_big_endian(out, bytes ? static_cast<std::int32_t>(bytes->size()) : std::int32_t{-1});
  if (bytes) append_bytes(out, *bytes);
}

void append_short_bytes(Bytes& out, BytesView bytes) {
  STREAMOPS_CHECK(bytes.size() <= 0xFFFF, "[short bytes] has at most 65535 bytes");
  append_big_endian(out, static_cast<std::uint16_t>(bytes.size()));
  append_bytes(out, bytes);
}

void append_value(Bytes& out, const Value& value) {
  if (value.is_unset()) {
    append_big_endian(out, std::int32_t{-2});
  } else {
    append_bytes_value(out, value.has_bytes() ? std::optional(value.bytes) : std::nullopt);
  }
}

void append_inet(Bytes& out, const InetAddress& address, std::int32_t port) {
  out.push_back(address.size);
  append_bytes(out, address.view());
  append_big_endian(out, port);
}

void append_string_list(Bytes& out, const std::vector<std::string>& list) {
  append_big_endian(out, static_cast<std::uint16_t>(list.size()));
  for (const std::string& item : list) append_string(out, item);
}

void append_string_map(Bytes& out, const StringMap& map) {
  append_big_endian(out, static_cast<std::uint16_t>(map.size()));
  for (const auto& [key, value] : map) {
    append_string(out, key);
    append_string(out, value);
  }
}

void append_string_multimap(Bytes& out, const StringMultimap& map) {
  append_big_endian(out, static_cast<std::uint16_t>(map.size()));
  for (const auto& [key, values] : map) {
    append_string(out, key);
    append_string_list(out, values);
  }
}

}  // namespace streamops::cql
