// data/position.h — raw records as sources hand them on, and the positions that flow back when they are durable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"

namespace streamops::data {

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;
};

/// One record as it was read: a Kafka record, or one HTTP body (partition 0, offset = number of the poll).
/// The views point into the owner of the Records that holds it.
struct Record {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;  // milliseconds since the epoch, the record's own
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  // nothing is a delete (a Kafka tombstone)
  std::vector<Header> headers;
};

/// Records of one source, ordered by offset within each partition, with the memory that their views point into.
/// Each value is followed by at least 64 readable bytes (simdjson's padding).
struct Records {
  std::shared_ptr<const void> owner;
  std::vector<Record> records;
  std::size_t bytes = 0;  // keys and values, for credit
};

/// How far one partition has been read: `next` is the offset of the first record not yet covered.
struct Position {
  Uuid topic_id;  // nil for sources that are no topics
  std::int32_t partition = 0;
  std::int64_t next = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

/// Everything below these positions is durable in the sink.
struct Ack {
  std::vector<Position> positions;
};

}  // namespace streamops::data
