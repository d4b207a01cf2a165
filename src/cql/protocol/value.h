// cql/protocol/value.h — single values: between constants of CQL text, wire bytes, and text for people.
//
//   ascii, text, blob: as they are      int 4, bigint, counter, timestamp (ms), time (ns) 8, smallint 2, tinyint,
//   boolean 1 bytes, big-endian date: u32 days, 2^31 = 1970-01-01   float, double: IEEE 754     uuid, timeuuid: 16
//   bytes    inet: 4 or 16 bytes varint: two's complement, shortest  decimal: i32 scale, varint  duration: three zigzag
//   vints (months, days, nanoseconds) list, set: i32 n, n × [bytes]       map: i32 n, n × ([bytes], [bytes])     tuple,
//   udt: one [bytes] a member (trailing ones may be missing) vector: the elements one after the other (those of varying
//   length each with an unsigned vint length)
//
// Everything here is pure. Errors: SO-C120 (a value that its type cannot hold; Cassandra's 0x2200).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cql/protocol/notation.h"
#include "cql/protocol/type.h"

namespace streamops::cql {

__extension__ using Int128 = __int128;

/// How a constant was written; with its text this decides which types it fits.
enum class ConstantKind : std::uint8_t { string, integer, floating, boolean, uuid, blob, duration };
std::string_view to_string(ConstantKind kind);  // "STRING", "INTEGER", "FLOAT", … as Cassandra's messages have it

/// Whether a constant of this kind may stand for a value of a scalar type at all (a STRING for a timestamp: yes; for an
/// int: no).
bool constant_fits(ConstantKind kind, const CqlType& type);

/// The wire bytes of a constant for a scalar type, under Cassandra's rules ('2024-01-01' fits timestamp and date, 1
/// fits double, …). `text` is the constant without quotes; blobs with their 0x. Errors: SO-C120.
Result<Bytes> encode_constant(ConstantKind kind, std::string_view text, const CqlType& type);

/// Whether `bytes` are a value of `type`, all the way down; every value that comes from a client passes here. Errors:
/// SO-C120.
Result<void> validate(const CqlType& type, BytesView bytes);

/// Cassandra's order of two valid values (of clustering columns, sets, map keys). Empty values come first.
std::strong_ordering compare_values(const CqlType& type, BytesView a, BytesView b);

/// The value as CQL text would write it: 'it''s', 0xcafe, {'a': 1}, 2024-01-01 in quotes. `bytes` must be valid.
std::string to_cql_literal(const CqlType& type, BytesView bytes);
/// The value as plain text, for CSV and listings: strings at the top bare, everything else as a literal without quotes.
std::string to_plain_text(const CqlType& type, BytesView bytes);
/// As SELECT JSON has it.
void append_json(std::string& out, const CqlType& type, BytesView bytes);

// --- pieces, for those who encode straight into a frame's buffer (the length goes in front with append_big_endian)
// ---------------------------

/// The shortest two's complement of a number.
void append_varint(Bytes& out, Int128 value);
/// A varint of up to 128 bits; nothing when it is wider.
std::optional<Int128> read_varint(BytesView bytes);
/// A decimal integer of any length, with sign. Errors: SO-C120.
Result<Bytes> varint_from_text(std::string_view digits);
std::string varint_to_text(BytesView bytes);
/// "-12.5e3" → scale and unscaled value. Errors: SO-C120.
Result<Bytes> decimal_from_text(std::string_view text);
std::string decimal_to_text(BytesView bytes);

struct Duration {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t nanos = 0;
  friend bool operator==(const Duration&, const Duration&) = default;
};
/// Cassandra's vints: as many leading one bits as bytes follow. Durations and vectors are made of them.
void append_unsigned_vint(Bytes& out, std::uint64_t value);
/// Takes one off the front; nothing when it is not whole.
std::optional<std::uint64_t> take_unsigned_vint(BytesView& bytes);

/// "1y2mo3d4h5m6s7ms", "P1Y2M3DT4H5M6S", "P1W", "P0001-02-03T04:05:06". Errors: SO-C120.
Result<Duration> duration_from_text(std::string_view text);
std::string duration_to_text(const Duration& duration);
void append_duration(Bytes& out, const Duration& duration);
std::optional<Duration> read_duration(BytesView bytes);

/// Milliseconds since the epoch from Cassandra's forms: integer, "2024-01-31", "2024-01-31 12:00[:00[.fff]][zone]", T
/// as well. Errors: SO-C120.
Result<std::int64_t> timestamp_from_text(std::string_view text);
std::string timestamp_to_text(std::int64_t millis);  // "2024-01-31 12:00:00.000Z"
/// Days since 1970-01-01. Errors: SO-C120.
Result<std::int64_t> date_from_text(std::string_view text);
std::string date_to_text(std::int64_t days);
/// Nanoseconds since midnight. Errors: SO-C120.
Result<std::int64_t> time_from_text(std::string_view text);
std::string time_to_text(std::int64_t nanos);
Result<InetAddress> inet_from_text(std::string_view text);
std::string inet_to_text(BytesView bytes);
/// Milliseconds since the epoch in a version 1 UUID.
std::int64_t timeuuid_to_millis(BytesView uuid);
/// A version 1 UUID of an instant (100 ns ticks since 1970), with clock sequence and node in one word.
Uuid make_timeuuid(std::int64_t ticks_since_epoch, std::uint64_t clock_and_node);

/// Encodes collections: begin, one append_element (or an [bytes] of yours) an element, end.
std::size_t begin_counted(Bytes& out);                             // writes a count of 0, returns where
void end_counted(Bytes& out, std::size_t at, std::int32_t count);  // fills the count in
/// The elements of a valid list or set, or keys and values of a map in turns.
std::vector<BytesView> split_collection(const CqlType& type, BytesView bytes);
/// The members of a valid tuple, udt or vector; missing and null ones are nothing.
std::vector<std::optional<BytesView>> split_members(const CqlType& type, BytesView bytes);
/// A set or map as Cassandra serializes it: sorted by key, the last of equal keys wins. `elements` as split_collection
/// gives them.
Bytes join_collection(const CqlType& type, std::vector<BytesView> elements);

}  // namespace streamops::cql
