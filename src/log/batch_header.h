// log/batch_header.h — the fields of a Kafka record batch's header that a log needs, read without its records.
//
//   0 i64 base offset | 8 i32 length of what follows | 12 i32 leader epoch | 16 i8 magic = 2 | 17 u32 crc32c of the
//   bytes from 21 on | 21 i16 attributes | 23 i32 last offset delta | 27 i64 first timestamp | 35 i64 max timestamp |
//   43 i64 producer id | 51 i16 producer epoch | 53 i32 base sequence | 57 i32 record count | 61 records
//
// Base offset and leader epoch lie outside the checksum: a broker sets them without touching the rest. Source: Kafka
// documentation, Record Batch.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace streamops::log {

/// Position of a record in a partition; -1 stands for none where a field says so.
using Offset = std::int64_t;

inline constexpr std::size_t batch_header_bytes = 61;

struct BatchHeader {
  Offset base_offset = 0;
  std::uint32_t size = 0;  // bytes of the whole batch
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  std::int64_t max_timestamp = -1;  // milliseconds since the epoch
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  std::int32_t record_count = 0;

  Offset next_offset() const { return base_offset + last_offset_delta + 1; }
  bool is_transactional() const { return (attributes & 0x10) != 0; }
  bool is_control() const { return (attributes & 0x20) != 0; }
};

/// Reads a header; nothing when `bytes` holds less than one, or no batch of format 2 begins there.
std::optional<BatchHeader> read_batch_header(BytesView bytes);
/// True when the whole `batch` matches its checksum.
bool batch_checksum_matches(BytesView batch);
/// Gives a batch its place in the log.
void place_batch(std::span<std::uint8_t> batch, Offset base_offset, std::int32_t leader_epoch);

}  // namespace streamops::log
