// cql/protocol/notation.h — the small words of the native protocol (v5 §3): read with every length checked, written by
// appending.
//
//   [int] i32   [long] i64   [short] u16   [string] u16 n, bytes   [long string] i32 n, bytes   [uuid] 16 bytes
//   [bytes] i32 n, bytes (n < 0: null)     [value] the same, and n = -2: not set     [short bytes] u16 n, bytes
//   [inetaddr] u8 n (4|16), bytes          [inet] [inetaddr] i32 port                 [string map] u16 n, n ×
//   ([string], [string])
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"

namespace streamops::cql {

/// Consistency levels by their wire number.
enum class Consistency : std::uint16_t {
  any = 0,
  one = 1,
  two = 2,
  three = 3,
  quorum = 4,
  all = 5,
  local_quorum = 6,
  each_quorum = 7,
  serial = 8,
  local_serial = 9,
  local_one = 10
};
/// "LOCAL_QUORUM".
std::string_view to_string(Consistency consistency);
std::optional<Consistency> parse_consistency(std::string_view name);

/// One value on the wire: bytes, null, or "not set" (v4 on: leave the column as it is). The bytes are a view.
struct Value {
  enum class State : std::uint8_t { bytes, null, unset };
  State state = State::null;
  BytesView bytes;

  static Value of(BytesView bytes) { return {State::bytes, bytes}; }
  static Value null() { return {}; }
  static Value unset() { return {State::unset, {}}; }
  bool is_null() const { return state == State::null; }
  bool is_unset() const { return state == State::unset; }
  bool has_bytes() const { return state == State::bytes; }
};

using StringMap = std::vector<std::pair<std::string, std::string>>;
using StringMultimap = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// An address as CQL has it: 4 or 16 bytes.
struct InetAddress {
  std::uint8_t size = 4;
  std::array<std::uint8_t, 16> bytes{};
  BytesView view() const { return {bytes.data(), size}; }
  friend bool operator==(const InetAddress&, const InetAddress&) = default;
};

/// Reads front to back; views point into the given bytes. The first error sticks: later reads give zero values, so a
/// message is read straight through and `status()` is asked once at the end (and before any loop bound is trusted:
/// counts are checked against what is left).
class Reader {
 public:
  explicit Reader(BytesView bytes) : bytes_(bytes) {}

  std::uint8_t byte();
  std::uint16_t short_();
  std::int32_t int_();
  std::int64_t long_();
  std::string_view string();
  std::string_view long_string();
  Uuid uuid();
  /// Null gives nothing.
  std::optional<BytesView> bytes();
  BytesView short_bytes();
  Value value();
  InetAddress inet_address();
  std::pair<InetAddress, std::int32_t> inet();
  Consistency consistency();
  std::vector<std::string> string_list();
  StringMap string_map();
  StringMultimap string_multimap();
  /// A count of things that each take at least `least` bytes: refused when that many cannot be there.
  std::size_t count16(std::size_t least);
  std::size_t count32(std::size_t least);
  /// `size` raw bytes.
  BytesView raw(std::size_t size);

  std::size_t left() const { return bytes_.size() - at_; }
  std::size_t position() const { return at_; }
  bool ok() const { return problem_ == nullptr; }
  /// Errors: SO-C103 (the message is shorter than it says, or a field has an impossible value).
  Result<void> status() const;
  /// Makes the reader fail with `what` ("unknown consistency level"); a literal.
  void fail(const char* what);

 private:
  bool take(std::size_t size, const std::uint8_t*& at);

  BytesView bytes_;
  std::size_t at_ = 0;
  const char* problem_ = nullptr;
};

void append_string(Bytes& out, std::string_view text);  // at most 65535 bytes (checked)
void append_long_string(Bytes& out, std::string_view text);
void append_uuid(Bytes& out, const Uuid& uuid);
void append_bytes_value(Bytes& out, const std::optional<BytesView>& bytes);  // [bytes]
void append_short_bytes(Bytes& out, BytesView bytes);
void append_value(Bytes& out, const Value& value);
void append_inet(Bytes& out, const InetAddress& address, std::int32_t port);
void append_string_list(Bytes& out, const std::vector<std::string>& list);
void append_string_map(Bytes& out, const StringMap& map);
void append_string_multimap(Bytes& out, const StringMultimap& map);

}  // namespace streamops::cql
