// kafka/protocol/record_batch.h — record batches of format 2, read in place and built.
//
//   offset  0  i64  base offset              not in the checksum: the broker gives it
//           8  i32  batch length             bytes after this field
//          12  i32  partition leader epoch   not in the checksum
//          16  i8   magic                    2
//          17  u32  checksum                 CRC-32C of everything from `attributes` on
//          21  i16  attributes               bits 0-2 compression, 3 log-append time, 4 transactional, 5 control
//          23  i32  last offset delta
//          27  i64  base timestamp           ms since 1970
//          35  i64  max timestamp
//          43  i64  producer id              -1: none
//          51  i16  producer epoch
//          53  i32  base sequence
//          57  i32  number of records
//          61       records, as one compressed block where compression is not none
//
//   record  | varint length | i8 attributes | varlong timestamp delta | varint offset delta | varint key length (-1:
//   null) | key
//           | varint value length (-1: null) | value | varint number of headers | header ... |
//   header  | varint key length | key | varint value length (-1: null) | value |
//
// Source: KIP-98, Kafka documentation "Record Batch". Views borrow their bytes; nothing here keeps state between calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace streamops::kafka {

enum class Compression : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// "none", "gzip", "snappy", "lz4", "zstd".
std::string_view to_string(Compression compression);

/// One batch in memory, its lengths checked.
class RecordBatchView {
 public:
  static constexpr std::size_t header_size = 61;
  /// Of base offset and batch length: what stands before the counted bytes.
  static constexpr std::size_t log_overhead = 12;

  /// Takes the first batch of `bytes`; more may follow it. Checks lengths, magic, counts, but not the checksum.
  /// Errors: SO-K107 (malformed or cut off), SO-K109 (magic below 2).
  static Result<RecordBatchView> parse(BytesView bytes);
  /// The whole size of the batch that begins here, once 12 bytes are there; nothing when fewer are or when the length
  /// is impossible.
  static std::optional<std::size_t> peek_size(BytesView bytes);

  std::int64_t base_offset() const { return at<std::int64_t>(0); }
  std::int32_t partition_leader_epoch() const { return at<std::int32_t>(12); }
  std::uint32_t checksum() const { return at<std::uint32_t>(17); }
  std::int16_t attributes() const { return at<std::int16_t>(21); }
  std::int32_t last_offset_delta() const { return at<std::int32_t>(23); }
  std::int64_t base_timestamp() const { return at<std::int64_t>(27); }
  std::int64_t max_timestamp() const { return at<std::int64_t>(35); }
  std::int64_t producer_id() const { return at<std::int64_t>(43); }
  std::int16_t producer_epoch() const { return at<std::int16_t>(51); }
  std::int32_t base_sequence() const { return at<std::int32_t>(53); }
  std::int32_t record_count() const { return at<std::int32_t>(57); }

  std::int64_t last_offset() const { return base_offset() + last_offset_delta(); }
  std::int64_t next_offset() const { return last_offset() + 1; }
  /// Number 0 to 7; above 4 there is none (parse() refuses it).
  Compression compression() const { return static_cast<Compression>(attributes() & 0x07); }
  bool has_log_append_time() const { return (attributes() & 0x08) != 0; }
  bool is_transactional() const { return (attributes() & 0x10) != 0; }
  /// Written by brokers: commit and abort markers.
  bool is_control() const { return (attributes() & 0x20) != 0; }
  bool has_producer() const { return producer_id() >= 0; }

  /// Errors: SO-K108.
  Result<void> verify_checksum() const;

  BytesView bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  /// What follows the header: records, compressed where compression() says so.
  BytesView payload() const { return bytes_.subspan(header_size); }

 private:
  explicit RecordBatchView(BytesView bytes) : bytes_(bytes) {}
  template <typename T>
  T at(std::size_t offset) const {
    return load_big_endian<T>(bytes_.data() + offset);
  }

  BytesView bytes_;
};

/// Cuts a run of batches, as Produce and Fetch carry them. Errors: as RecordBatchView::parse().
Result<std::vector<RecordBatchView>> parse_batches(BytesView bytes);

// What a broker sets in a batch of its own memory. The first two are outside of the checksum, the others compute it
// anew.
void set_base_offset(std::span<std::uint8_t> batch, std::int64_t offset);
void set_partition_leader_epoch(std::span<std::uint8_t> batch, std::int32_t epoch);
void set_producer(std::span<std::uint8_t> batch, std::int64_t producer_id, std::int16_t epoch,
                  std::int32_t base_sequence);
/// Marks log-append time and sets the max timestamp, which then holds for all records.
void set_log_append_time(std::span<std::uint8_t> batch, std::int64_t timestamp);

struct RecordHeader {
  std::string_view key;
  std::optional<BytesView> value;
};

/// One record; its bytes belong to the payload that it was read from.
struct RecordView {
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;  // ms since 1970
  std::optional<BytesView> key;
  std::optional<BytesView> value;
  std::vector<RecordHeader> headers;
};

/// Reads records one after the other. The records' payload must be uncompressed, or come from decompress().
class RecordIterator {
 public:
  /// `payload` is batch.payload(), or what decompress() made of it.
  RecordIterator(const RecordBatchView& batch, BytesView payload) : batch_(batch), rest_(payload) {}
  /// The next record; nothing after the last. Errors: SO-K107 (a record that is malformed, or bytes after the last).
  Result<std::optional<RecordView>> next();

 private:
  RecordBatchView batch_;
  BytesView rest_;
  std::int32_t read_ = 0;
};

/// Builds one uncompressed batch.
class RecordBatchBuilder {
 public:
  explicit RecordBatchBuilder(std::int64_t base_timestamp_ms = 0) : base_timestamp_(base_timestamp_ms) {}

  struct Header {
    std::string_view key;
    std::optional<BytesView> value;
  };
  /// Appends one record with the next offset.
  void add(std::int64_t timestamp_ms, std::optional<BytesView> key, std::optional<BytesView> value,
           std::span<const Header> headers = {});
  void set_base_offset(std::int64_t offset) { base_offset_ = offset; }
  void set_producer(std::int64_t producer_id, std::int16_t epoch, std::int32_t base_sequence);
  void set_transactional(bool control) { attributes_ = static_cast<std::int16_t>(control ? 0x30 : 0x10); }

  std::size_t count() const { return count_; }
  /// The batch's size as it stands.
  std::size_t size() const { return RecordBatchView::header_size + records_.size(); }
  /// The batch, with its checksum; the builder is empty afterwards.
  Bytes build();

 private:
  std::int64_t base_timestamp_;
  std::int64_t max_timestamp_ = -1;
  std::int64_t base_offset_ = 0;
  std::int64_t producer_id_ = -1;
  std::int16_t producer_epoch_ = -1;
  std::int32_t base_sequence_ = -1;
  std::int16_t attributes_ = 0;
  std::size_t count_ = 0;
  Bytes records_;
};

/// What a control batch says.
enum class ControlType : std::int16_t { abort = 0, commit = 1, unknown = -1 };
/// The type of a control batch's first record; unknown when it has none that is known. Errors: SO-K107.
Result<ControlType> control_type(const RecordBatchView& batch);

}  // namespace streamops::kafka
