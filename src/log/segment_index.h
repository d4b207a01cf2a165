// log/segment_index.h — where to look in a segment: a sparse list of batches, by offset and by time, and how far the
// file is known to be good.
//
//   <base offset>.index:  | "SOX1" | u64 verified bytes | i64 next offset | i64 max timestamp | u32 entries | entry ...
//   | u32 crc32c of all before | entry:                | u32 offset - base offset | u32 position in the segment | i64
//   max timestamp of all batches before |      big-endian
//
// Written beside and renamed, when `verified bytes` of the segment are on disk. A missing or broken index costs a scan
// of the segment, nothing else. Invariants: entries grow in offset and position and lie at the beginning of batches
// below `verified bytes`.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "log/batch_header.h"

namespace streamops::log {

class SegmentIndex {
 public:
  /// Notes a batch that begins at `position`; keeps it when the last entry lies far enough behind. Batches come in
  /// order.
  void note(const BatchHeader& header, std::uint64_t position, Offset base_offset);
  /// Position of a batch at or before the one that holds `offset`.
  std::uint64_t position_before(Offset offset, Offset base_offset) const;
  /// Position at or before the first batch whose max timestamp is `timestamp` or later.
  std::uint64_t position_before_time(std::int64_t timestamp) const;
  /// Goes back to the last entry before `position`, as if the batches from there on had never been noted.
  void rewind(std::uint64_t position, Offset base_offset);

  Bytes encode() const;
  static std::optional<SegmentIndex> decode(BytesView bytes);

  std::uint64_t verified_bytes = 0;  // end of the last batch noted
  Offset next_offset = 0;
  std::int64_t max_timestamp = -1;

 private:
  struct Entry {
    std::uint32_t relative_offset;
    std::uint32_t position;
    std::int64_t max_timestamp_before;
  };
  std::vector<Entry> entries_;
};

}  // namespace streamops::log
