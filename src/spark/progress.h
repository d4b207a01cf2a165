// spark/progress.h — what a streaming query tells about each of its batches (StreamingQueryProgress, as JSON).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace streamops::spark {

struct Progress {
  std::string timestamp;  // when the batch was triggered, "2024-01-31T12:00:00.000Z"; grows from one to the next
  std::int64_t batch = 0;
  std::int64_t records_in = 0;
  std::int64_t rows_out = 0;  // records_in where the sink does not count
  double records_per_second = 0;
  Microseconds took{0};
  std::optional<std::int64_t> lag;                               // records behind the topic's end
  std::vector<std::pair<std::int32_t, std::int64_t>> positions;  // partition, next offset
};

/// Errors: SO-E101.
Result<Progress> parse_progress(const std::string& json);

/// Adds up what a query did since it was first looked at.
class ProgressCounter {
 public:
  /// `skip_past`: what happened before the first look is not counted (a query that was found again).
  explicit ProgressCounter(bool skip_past = false) : skip_(skip_past) {}

  /// Takes the latest reports in any number, old ones again; counts each once. Errors: as parse_progress().
  Result<void> add(const std::vector<std::string>& reports);

  std::int64_t records_in() const { return records_in_; }
  std::int64_t rows_out() const { return rows_out_; }
  std::int64_t batches() const { return batches_; }
  /// The latest report with records, or the latest at all.
  const std::optional<Progress>& last() const { return last_; }

 private:
  bool skip_;
  std::string seen_;  // timestamp of the latest report that was taken
  std::int64_t records_in_ = 0;
  std::int64_t rows_out_ = 0;
  std::int64_t batches_ = 0;
  std::optional<Progress> last_;
};

}  // namespace streamops::spark
