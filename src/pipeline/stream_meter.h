// pipeline/stream_meter.h — what a stream tells of itself: its status for the console and its metrics.
//
// Threads: the stream's loop, but status(), which any thread may call.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "observe/metrics.h"
#include "pipeline/check.h"
#include "pipeline/latency.h"
#include "pipeline/slicer.h"
#include "pipeline/status.h"
#include "runtime/loop.h"

namespace streamops::pipeline {

class StreamMeter {
 public:
  /// What the stream looks like right now.
  struct Now {
    StreamState state = StreamState::starting;
    std::optional<Error> trouble;
    std::optional<std::int64_t> lag;
    std::vector<std::pair<std::int32_t, std::int64_t>> positions;
    std::optional<StateStatus> memory;
  };

  /// `metrics` may be null.
  StreamMeter(const std::string& owner, const CheckedStep& step, observe::Metrics* metrics);

  /// Records of the epoch under way.
  void take(const data::Records& records) {
    for (const data::Record& record : records.records) latencies_.add(record.timestamp_ms);
  }
  /// `done` for the save of a checkpoint, or of state, that begins now; notes how long it took.
  std::function<void(Result<void>)> timed(const runtime::Loop& loop, std::function<void(Result<void>)> done);
  /// An epoch of `records` records is done.
  void add_epoch(std::int64_t records, const Slicer::Outcome& outcome, Microseconds took, WallTime at);
  void update(Now now);
  /// Once a second: for the rate.
  void tick();

  StreamStatus status() const;

 private:
  void add_checkpoint(Microseconds took);
  void name_metrics(observe::Metrics& metrics, const observe::Labels& labels, bool keeps_state);

  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  mutable std::mutex mutex_;  // guards status_, which other threads read
  StreamStatus status_;
  std::deque<std::int64_t> records_by_second_;
  Latency latencies_;
  observe::Counter* records_ = nullptr;  // null with all others: no metrics
  observe::Counter* rows_ = nullptr;
  observe::Counter* poison_ = nullptr;
  observe::Gauge* epoch_ = nullptr;
  observe::Gauge* rate_ = nullptr;
  observe::Histogram* latency_ = nullptr;
  observe::Histogram* checkpoint_ = nullptr;
  observe::Gauge* lag_ = nullptr;
  // Of a stream whose query keeps state.
  observe::Counter* late_ = nullptr;
  observe::Gauge* watermark_ = nullptr;
  observe::Gauge* state_keys_ = nullptr;
  observe::Gauge* state_bytes_ = nullptr;
};

}  // namespace streamops::pipeline
