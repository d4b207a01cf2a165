// cql/store/rows/row.h — the value of a row: what was written, with its times, so that writes can be merged in any
// order.
//
//   row  := | u8 flags | marker: i64 timestamp [u32 ttl, u32 expiry] | row deletion: i64 timestamp, u32 time | cell … |
//             flags: 1 marker, 2 marker expires, 4 row deletion
//   cell := | varint column id | u8 flags | i64 timestamp | [u32 ttl] [u32 time] | [varint n, path] | [varint n, bytes]
//   |
//             flags: 1 tombstone (time = when it was deleted), 2 expiring (ttl; time = when it expires), 4 has a path,
//                    8 deletion of a whole collection, 16 the timestamp is the marker's and left out
//
// Timestamps are microseconds as clients give them, times are seconds since the epoch. The path is an element's place
// in a collection that is not frozen: a set's element, a map's key, a list's timeuuid. Cells are sorted by column, a
// collection's deletion first, then by path.
//
// Which cell wins (merge is associative and commutative; golden-tested on Cassandra): later timestamp; then tombstone
// over expiring over live; then later expiry; then larger bytes. A row deletion hides the marker and the cells with a
// timestamp at most its own, a collection's deletion the elements alike.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamops::cql::store {

using ColumnId = std::uint16_t;

inline constexpr std::int64_t kNoTimestamp = INT64_MIN;

/// A deletion of everything written up to and with `timestamp`, made at `time` (seconds).
struct DeletionTime {
  std::int64_t timestamp = kNoTimestamp;
  std::uint32_t time = 0;

  bool any() const { return timestamp != kNoTimestamp; }
  bool hides(std::int64_t written) const { return written <= timestamp && any(); }
  friend bool operator==(const DeletionTime&, const DeletionTime&) = default;
};
/// The one that hides more.
DeletionTime stronger(const DeletionTime& a, const DeletionTime& b);

/// Says that a row exists even without cells: what INSERT leaves and UPDATE does not.
struct RowMarker {
  std::int64_t timestamp = kNoTimestamp;
  std::uint32_t ttl = 0;     // seconds; 0: for ever
  std::uint32_t expiry = 0;  // seconds since the epoch, when ttl is not 0

  bool any() const { return timestamp != kNoTimestamp; }
  bool is_live(std::uint32_t now) const { return any() && (ttl == 0 || now < expiry); }
};

struct Cell {
  ColumnId column = 0;
  bool tombstone = false;
  bool collection_deletion = false;
  std::int64_t timestamp = kNoTimestamp;
  std::uint32_t ttl = 0;   // not 0: expiring
  std::uint32_t time = 0;  // expiry of an expiring cell, moment of deletion of a tombstone
  std::string_view path;
  std::string_view value;

  bool is_live(std::uint32_t now) const { return !tombstone && !collection_deletion && (ttl == 0 || now < time); }
};

/// A row taken apart; the cells' texts are views into what was parsed or given.
struct Row {
  RowMarker marker;
  DeletionTime deletion;
  std::vector<Cell> cells;

  void clear();
  bool empty() const { return !marker.any() && !deletion.any() && cells.empty(); }
};

/// Appends the stored form; sorts the cells first.
void append_row(std::string& out, Row& row);
/// Adds what `bytes` hold to `row` (cells behind those that are there). False: damaged; every length is checked.
bool parse_row(std::string_view bytes, Row& row);
/// Resolves a row whose cells come from several writes: sorts, picks the winners, drops what deletions hide.
void resolve(Row& row);
/// True when `a` wins over `b`, both being of one column and path.
bool wins(const Cell& a, const Cell& b);
bool wins(const RowMarker& a, const RowMarker& b);

/// Drops what nobody can see or needs any more: cells hidden by `deletion`, tombstones and expired cells older than
/// `purge_before` (seconds). Returns true when anything went.
bool purge(Row& row, std::uint32_t purge_before);

}  // namespace streamops::cql::store
