// log/segment.h — one file of a partition's log.
//
//   <base offset, 20 digits>.log    | batch | batch | ... |
//   <base offset, 20 digits>.index  see log/segment_index.h
//
// Invariants: offsets only grow; what the index notes is what append() wrote or recovery checked; the file holds
// nothing behind size(). Threads: owned by one PartitionLog on one loop; its file is also synced from the pool.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "log/batch_header.h"
#include "log/segment_index.h"
#include "runtime/disk.h"

namespace streamops::log {

/// What recovery found when a segment was opened.
struct Recovery {
  std::uint64_t cut_bytes = 0;  // torn tail that was cut: never acknowledged
  std::optional<Error> damage;  // SO-L004: bytes that had been on disk are broken; the file was kept aside
};

class Segment {
 public:
  /// Creates an empty segment. Errors: the disk's.
  static Result<std::unique_ptr<Segment>> create(runtime::Disk& disk, const std::string& directory, Offset base_offset);
  /// Opens an existing one: takes what its index vouches for, checks the CRC of every batch behind that, cuts what is
  /// torn. When bytes that the index vouches for are missing, or `must_be_whole` and the segment is not, the file is
  /// copied to `.damaged` and its good batches are kept. The recovered tail is synced before this returns. Errors: the
  /// disk's.
  static Result<std::unique_ptr<Segment>> open(runtime::Disk& disk, const std::string& directory, Offset base_offset,
                                               bool must_be_whole, Recovery& recovery);

  /// Writes one batch that has its offset already. On an error nothing of it stays, or this says so: see is_torn().
  /// Errors: the disk's.
  Result<void> append(BytesView batch, const BatchHeader& header);
  /// True when a failed append could not be taken back: no further append until truncate() worked.
  bool is_torn() const { return torn_; }

  /// Appends to `out` whole batches from the one that holds `offset` on, below `limit`: as many as fit in `max_bytes`,
  /// but at least one when `at_least_one`. Leaves `out` alone when there is none. Errors: the disk's, SO-L004.
  Result<void> read(Offset offset, Offset limit, std::size_t max_bytes, bool at_least_one, Bytes& out);
  /// The base offset of the first batch below `limit` with a max timestamp of `timestamp` (ms) or later.
  Result<std::optional<Offset>> find_time(std::int64_t timestamp, Offset limit);
  /// Calls `visit` for every batch from the one that holds `from` on.
  Result<void> for_each_batch(Offset from, const std::function<void(const BatchHeader&)>& visit);
  /// Cuts all batches at or behind `offset`. Errors: the disk's.
  Result<void> truncate(Offset offset);

  Offset base_offset() const { return base_offset_; }
  Offset next_offset() const { return index_.next_offset; }
  std::uint64_t size() const { return index_.verified_bytes; }
  std::int64_t max_timestamp() const { return index_.max_timestamp; }
  bool empty() const { return size() == 0; }

  const std::shared_ptr<runtime::File>& file() const { return file_; }
  Bytes encode_index() const { return index_.encode(); }
  std::string log_path() const;
  std::string index_path() const;

 private:
  struct Found {
    std::uint64_t position;
    BatchHeader header;
  };
  struct Hint {
    Offset offset = -1;
    std::uint64_t position = 0;
  };

  Segment(runtime::Disk& disk, std::string directory, Offset base_offset, std::shared_ptr<runtime::File> file);
  Result<void> recover(bool must_be_whole, Recovery& recovery);
  Result<void> scan();
  Result<void> keep_aside() const;
  Result<std::optional<Found>> first_from(std::uint64_t position,
                                          const std::function<bool(const BatchHeader&)>& wanted);
  Result<std::optional<Found>> locate(Offset offset);
  Error damaged(std::uint64_t position) const;

  runtime::Disk& disk_;
  std::string directory_;
  Offset base_offset_;
  std::shared_ptr<runtime::File> file_;
  SegmentIndex index_;
  bool torn_ = false;
  std::array<Hint, 4> hints_;  // where the last reads ended: a consumer goes on there
  std::size_t next_hint_ = 0;
};

/// "00000000000000000042.log" and back; nothing for other names.
std::string segment_name(Offset base_offset, std::string_view extension);
std::optional<Offset> parse_segment_name(std::string_view name, std::string_view extension);

}  // namespace streamops::log
