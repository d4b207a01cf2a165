// data/ports.h — the doors of the pipeline: connectors implement them, pipeline/ drives them, tests replace them.
//
// Threads: a port belongs to one loop; every call and every callback happens there. Nothing here blocks.
// Back-pressure: a source holds at most its credit in bytes; a sink calls `done` when it can take more.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "data/batch.h"
#include "data/position.h"

namespace streamops::data {

/// Hands out raw records, from where it was told to start.
class Source {
 public:
  virtual ~Source() = default;

  /// Begins at `from` (a partition that is not named starts at the source's configured start); calls `on_ready` each
  /// time records may be waiting or the source has ended or failed, not again before poll() was called. A position that
  /// the source no longer holds (records deleted, topic created again with fewer) is an error of poll(), never a silent
  /// jump elsewhere.
  virtual void start(std::vector<Position> from, std::function<void()> on_ready) = 0;
  /// What has arrived, at most about `max_bytes`; empty when nothing waits. An error is final for this source; errors
  /// that pass by themselves (a broker away) are retried inside and shown by trouble().
  virtual Result<Records> poll(std::size_t max_bytes) = 0;
  /// True when no record will come any more (a bounded source).
  virtual bool ended() const { return false; }
  /// Everything up to `ack` is durable downstream: commit it where others look (advisory), delete spool files, ...
  virtual void acknowledge(const Ack& ack) = 0;
  /// What is wrong right now though retried, for the status page; nothing when all is well.
  virtual std::optional<Error> trouble() const { return std::nullopt; }
  /// The positions of a source restored after a re-creation of its topic are void: topic ids tell. Nil for non-topics
  /// and where the broker gives none; otherwise known before the first poll() that returns records.
  virtual Uuid topic_id() const { return {}; }
  /// Records known to wait behind the last one handed out; nothing when the source cannot tell.
  virtual std::optional<std::int64_t> lag() const { return std::nullopt; }
  /// Ends reading; no callback comes any more. Nothing is acknowledged by it.
  virtual void stop() = 0;
};

/// One row that a sink refused for the row's own sake.
struct RowFailure {
  std::size_t row;  // in the batch that was written
  Error error;
};

/// Rows to write, with what makes a replay write the same again.
struct SinkBatch {
  Batch batch;
  /// One a row: microseconds since the epoch, unique and ordered within the stream (design §4).
  std::vector<std::int64_t> write_timestamps;
  /// One a row: 1 when the row is a delete of its key.
  std::vector<std::uint8_t> deletes;
  /// Record timestamps, one a row, milliseconds: TTL counts from here; Kafka sinks stamp with it.
  std::vector<std::int64_t> record_timestamps_ms;
};

/// Writes rows durably.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Creates what is missing (topic, keyspace, table) and checks that `schema` fits. Calls `done` once.
  virtual void open(const SchemaPtr& schema, std::function<void(Result<void>)> done) = 0;
  /// Writes all rows. Calls `done` once, when every row is durable or refused for its own sake (listed); an Error is of
  /// the kind that hits every row (missing table, credentials). Errors that pass are retried inside, without end, and
  /// shown by trouble().
  virtual void write(SinkBatch rows, std::function<void(Result<std::vector<RowFailure>>)> done) = 0;
  /// The columns whose equal values name the same row (a table's primary key), known once open() is done; rows of one
  /// record with equal keys collapse to the last, and a record without a value deletes the row of its key. Empty: the
  /// sink only appends. A delete carries these columns; all its others are null.
  virtual std::vector<std::string> key_columns() const { return {}; }
  virtual std::optional<Error> trouble() const { return std::nullopt; }
  virtual void close(std::function<void()> done) = 0;
};

/// A record that cannot be processed, as it is kept for a later look and redrive (design §4).
struct DeadLetter {
  std::string origin;  // the topic, or <dag>.<task>/<run>
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string stage;  // "decode", "select" or "sink": where it failed and where a redrive enters again
  std::optional<std::string> key;
  std::optional<std::string> value;  // the raw bytes of the record
  std::string code;                  // "SO-P041"
  std::string message;
  std::int64_t write_timestamp = 0;      // microseconds: what its first row had, or would have had
  std::int64_t record_timestamp_ms = 0;  // the record's own
  std::string step;                      // whose record it was: "user_automation.created_users"
  int redrives = 0;                      // how often it has entered again, and failed again

  /// "users_created/0/17/decode": the key under which it is kept; a replay keeps it under the same.
  std::string identity() const {
    return origin + "/" + std::to_string(partition) + "/" + std::to_string(offset) + "/" + stage;
  }
};

/// Keeps dead letters durably: a topic whose records have identity() as key and the raw bytes as value, the rest in
/// headers.
class DeadLetterSink {
 public:
  virtual ~DeadLetterSink() = default;
  /// Calls `done` once, when every letter is durable. Errors and trouble() as for Sink. Creates its topic with the
  /// first letter.
  virtual void write(std::vector<DeadLetter> letters, std::function<void(Result<void>)> done) = 0;
  virtual std::optional<Error> trouble() const { return std::nullopt; }
  virtual void close(std::function<void()> done) = 0;
};

}  // namespace streamops::data
