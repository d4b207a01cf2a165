// pipeline/latency.h — how long records take from their source's timestamp until their rows are durable.
//
//   add() at an epoch's records -> written() when the epoch is done -> counts of all time, and of the last seconds
//
// Hot path: add() is called once per record; runs of equal timestamps are kept, not records. Threads: the stream's
// loop.
#pragma once

#include <cstdint>
#include <vector>

#include "observe/metrics.h"

namespace streamops::pipeline {

class Latency {
 public:
  /// A record of the epoch under way.
  void add(std::int64_t timestamp_ms) {
    if (!runs_.empty() && runs_.back().timestamp_ms == timestamp_ms) {
      ++runs_.back().records;
    } else {
      runs_.push_back({timestamp_ms, 1});
    }
  }

  /// The epoch is done; `all` may be null.
  void written(std::int64_t now_us, observe::Histogram* all) {
    for (const Run& run : runs_) {
      const std::int64_t took = now_us - run.timestamp_ms * 1000;
      now_[observe::Histogram::bucket_of(took)] += run.records;
      if (all != nullptr) all->add(took, run.records);
    }
    runs_.clear();
  }

  /// Once a second: what is told is of the last ten to twenty seconds.
  void tick() {
    if (++ticks_ % window_ticks != 0) return;
    before_ = now_;
    now_ = {};
  }

  /// Microseconds; 0 while nothing was written.
  std::int64_t percentile(double share) const {
    observe::Histogram::Counts counts = now_;
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += before_[i];
    return observe::Histogram::percentile(counts, share);
  }

 private:
  static constexpr int window_ticks = 10;
  struct Run {
    std::int64_t timestamp_ms;
    std::uint64_t records;
  };
  std::vector<Run> runs_;  // of the epoch under way
  observe::Histogram::Counts now_{};
  observe::Histogram::Counts before_{};
  int ticks_ = 0;
};

}  // namespace streamops::pipeline
