// data/ports.h — the doors of the pipeline: connectors implement them, pipeline/ drives them, tests replace them.
//
// Threads: a port belongs to one loop; every call and every callback happens there. Nothing here blocks.
// Back-pressure: a source holds at most its credit in bytes; a sink calls `done` when it can take more.
#pragma once

#include <functional>
#include <memory>
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

  /// Begins at `from` (a partition that is not named starts at the source's configured start); calls `on_ready` each time records
  /// may be waiting or the source has ended or failed, not again before poll() was called.
  virtual void start(std::vector<Position> from, std::function<void()> on_ready) = 0;
  /// What has arrived, at most about `max_bytes`; empty when nothing waits. An error is final for this source; errors that pass
  /// by themselves (a broker away) are retried inside and shown by trouble().
  virtual Result<Records> poll(std::size_t max_bytes) = 0;
  /// True when no record will come any more (a bounded source).
  virtual bool ended() const { return false; }
  /// Everything up to `ack` is durable downstream: commit it where others look (advisory), delete spool files, ...
  virtual void acknowledge(const Ack& ack) = 0;
  /// What is wrong right now though retried, for the status page; nothing when all is well.
  virtual std::optional<Error> trouble() const { return std::nullopt; }
  /// The positions of a source restored after a re-creation of its topic are void: topic ids tell. Nil for non-topics.
  virtual Uuid topic_id() const { return {}; }
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
  /// Writes all rows. Calls `done` once, when every row is durable or refused for its own sake (listed); an Error is of the kind that
  /// hits every row (missing table, credentials). Errors that pass are retried inside, without end, and shown by trouble().
  virtual void write(SinkBatch rows, std::function<void(Result<std::vector<RowFailure>>)> done) = 0;
  virtual std::optional<Error> trouble() const { return std::nullopt; }
  virtual void close(std::function<void()> done) = 0;
};

}  // namespace streamops::data
