// cql/store/rows/key.h — where a row lies in the ordered store.
//
//   | u32 table id | u64 token, sign flipped | partition key, escaped, 00 00 | u8 kind | clustering columns
//   (clustering.h) |
//
//   kind 0: deletions of the partition and of ranges in it (tombstones.h)    kind 1: the static row    kind 2: a row
//
// Everything big-endian, so bytes compare as Cassandra orders rows: by token, then partition key, then clustering. In
// escaped text a 00 byte becomes 00 FF; 00 00 ends it. Table id 0 is the schema's own (schema/journal.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace streamops::cql::store {

using TableId = std::uint32_t;

enum class RowKind : std::uint8_t { deletions = 0, statics = 1, row = 2 };

/// The parts of a key; views into it, but for the partition key, which is unescaped.
struct RowKey {
  TableId table = 0;
  std::int64_t token = 0;
  std::string partition;
  RowKind kind = RowKind::row;
  std::string_view clustering;
};

void append_escaped(std::string& out, std::string_view text);
/// Reads what append_escaped wrote, from `at` on, and moves `at` behind it. False: no end was found.
bool read_escaped(std::string_view from, std::size_t& at, std::string& out);

/// The first key of a table; with its id plus one, the end of its keys.
std::string table_prefix(TableId table);
/// The first key of a table whose token is at least `token`.
std::string token_prefix(TableId table, std::int64_t token);
/// Everything up to and without the kind.
std::string partition_prefix(TableId table, std::int64_t token, std::string_view partition);
std::string row_key(std::string_view partition_prefix, RowKind kind, std::string_view clustering = {});

/// Nothing when `key` is not of this form.
std::optional<RowKey> parse_row_key(std::string_view key);
/// The length of the partition prefix of a well-formed key (the kind stands behind it); 0 when malformed.
std::size_t partition_prefix_size(std::string_view key);

/// The smallest text greater than every text that starts with `prefix`; empty when there is none.
std::string after_prefix(std::string_view prefix);

}  // namespace streamops::cql::store
