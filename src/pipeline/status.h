// pipeline/status.h — what a pipeline is doing, as plain values: for the console, the command line and metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace streamops::pipeline {

enum class StreamState : std::uint8_t { starting, running, stopping, stopped, failed };
std::string_view to_string(StreamState state);

/// What a stream's query remembers.
struct StateStatus {
  std::size_t keys = 0;
  std::size_t bytes = 0;              // in memory
  std::optional<WallTime> watermark;  // nothing: no event time has moved it yet
};

/// One stream at one moment. Counts begin with the process.
struct StreamStatus {
  std::string name;
  std::string topic;
  std::string table;   // or the topic that it writes
  std::string engine;  // who runs it, where that is not this process: "Spark 4.0.0"
  StreamState state = StreamState::starting;
  std::int64_t records_in = 0;
  std::int64_t rows_out = 0;     // durable in the table
  std::int64_t deletes_out = 0;  // the same, of them deletes
  std::int64_t poison = 0;       // dead letters written
  std::int64_t late = 0;         // rows behind the watermark
  std::int64_t epochs = 0;
  double records_per_second = 0;    // over the last seconds
  std::optional<std::int64_t> lag;  // records that wait in the topic
  Microseconds epoch_latency{0};    // of the last epoch: from its begin until its rows were durable
  Microseconds latency_p50{0};      // source timestamp -> durable, of the last ten to twenty seconds with records
  Microseconds latency_p99{0};
  Microseconds checkpoint_time{0};                               // that the last checkpoint took
  std::optional<WallTime> last_record_at;                        // when the last epoch ended
  std::optional<Error> trouble;                                  // retried right now, or why the stream failed
  std::vector<std::pair<std::int32_t, std::int64_t>> positions;  // partition, next offset
  std::optional<StateStatus> memory;                             // of a query that keeps state
};

enum class TaskRunState : std::uint8_t { running, succeeded, failed, cancelled };
std::string_view to_string(TaskRunState state);

/// One run of a task at one moment.
struct TaskStatus {
  std::string name;
  std::string run;
  std::string topic;
  TaskRunState state = TaskRunState::running;
  std::int64_t polls = 0;     // answers that arrived
  std::int64_t rows_out = 0;  // durable in the topic
  std::int64_t poison = 0;
  std::optional<Error> trouble;
};

}  // namespace streamops::pipeline
