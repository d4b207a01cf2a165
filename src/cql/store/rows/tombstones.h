// cql/store/rows/tombstones.h — deletions wider than a row: of a partition, and of ranges of its clustering columns.
//
//   value := | u8 has partition deletion | [i64 timestamp, u32 time] | varint n | n × range |
//   range := | varint n, lower | varint n, upper | i64 timestamp | u32 time |
//
// Bounds are encoded clustering bytes (clustering.h): a range hides the rows whose encoded clustering c has lower <= c
// < upper; an empty upper bound is open. The partition's deletion hides the static row too, a range does not. They are
// kept until their table is truncated or dropped: the rows that they hide are other keys, which compaction cannot see
// from here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cql/store/rows/row.h"

namespace streamops::cql::store {

struct RangeDeletion {
  std::string lower;
  std::string upper;
  DeletionTime deletion;

  bool covers(std::string_view clustering) const {
    return clustering >= lower && (upper.empty() || clustering < upper);
  }
};

struct Tombstones {
  DeletionTime partition;
  std::vector<RangeDeletion> ranges;

  bool empty() const { return !partition.any() && ranges.empty(); }
  /// What hides a row at `clustering`.
  DeletionTime over(std::string_view clustering) const;
};

void append_tombstones(std::string& out, const Tombstones& tombstones);
/// Adds what `bytes` hold. False: damaged.
bool parse_tombstones(std::string_view bytes, Tombstones& out);
/// Drops ranges that others cover.
void resolve(Tombstones& tombstones);

}  // namespace streamops::cql::store
