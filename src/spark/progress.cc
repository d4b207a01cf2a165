#include "spark/progress.h"

#include <simdjson.h>

#include <charconv>

#include "errors/spark.h"

namespace streamops::spark {

namespace {

using simdjson::dom::element;

std::int64_t integer(element object, std::string_view key) {
  std::int64_t value = 0;
  return object[key].get(value) == simdjson::SUCCESS ? value : 0;
}

/// Spark writes whole numbers of this kind with a fraction, and NaN or infinity as texts.
double real(element object, std::string_view key) {
  double value = 0;
  return object[key].get(value) == simdjson::SUCCESS ? value : 0;
}

using Offsets = std::vector<std::pair<std::int32_t, std::int64_t>>;

/// {"topic": {"0": 17, …}}: the offsets of all partitions.
Offsets offsets_of(element topics) {
  Offsets out;
  simdjson::dom::object by_topic;
  if (topics.get(by_topic) != simdjson::SUCCESS) return out;
  for (const simdjson::dom::key_value_pair topic : by_topic) {
    simdjson::dom::object partitions;
    if (topic.value.get(partitions) != simdjson::SUCCESS) continue;
    for (const simdjson::dom::key_value_pair partition : partitions) {
      std::int32_t number = 0;
      std::int64_t offset = 0;
      std::from_chars(partition.key.data(), partition.key.data() + partition.key.size(), number);
      if (partition.value.get(offset) == simdjson::SUCCESS) out.emplace_back(number, offset);
    }
  }
  return out;
}

/// Through Connect the offsets are JSON in a text.
Offsets offsets(element source, std::string_view key) {
  element value;
  std::string_view text;
  if (source[key].get(value) != simdjson::SUCCESS) return {};
  if (value.get(text) != simdjson::SUCCESS) return offsets_of(value);
  simdjson::dom::parser parser;
  element inner;
  return parser.parse(std::string(text)).get(inner) == simdjson::SUCCESS ? offsets_of(inner) : Offsets();
}

/// The whole has no sums in Spark 4, so they are made here.
void read_source(element source, Progress& progress) {
  progress.records_in += integer(source, "numInputRows");
  progress.records_per_second += real(source, "processedRowsPerSecond");
  progress.positions = offsets(source, "endOffset");
  const Offsets latest = offsets(source, "latestOffset");
  if (latest.empty()) return;
  std::int64_t behind = 0;
  for (const auto& [partition, end] : latest) {
    for (const auto& [other, next] : progress.positions) {
      if (other == partition && end > next) behind += end - next;
    }
  }
  progress.lag = behind;
}

}  // namespace

Result<Progress> parse_progress(const std::string& json) {
  simdjson::dom::parser parser;
  element root;
  std::string_view timestamp;
  if (parser.parse(json).get(root) != simdjson::SUCCESS || root["timestamp"].get(timestamp) != simdjson::SUCCESS) {
    return Error(errors::spark::broken_message, "the report of a query is not what Spark writes");
  }
  Progress progress;
  progress.timestamp = timestamp;
  progress.batch = integer(root, "batchId");
  simdjson::dom::array sources;
  if (root["sources"].get(sources) == simdjson::SUCCESS) {
    for (const element source : sources) read_source(source, progress);
  }
  progress.rows_out = progress.records_in;
  element part;
  if (root["durationMs"].get(part) == simdjson::SUCCESS) {
    progress.took = Milliseconds{integer(part, "triggerExecution")};
  }
  if (root["sink"].get(part) == simdjson::SUCCESS) {
    const std::int64_t rows = integer(part, "numOutputRows");
    if (rows >= 0) progress.rows_out = rows;
  }
  return progress;
}

Result<void> ProgressCounter::add(const std::vector<std::string>& reports) {
  std::string latest = seen_;
  for (const std::string& json : reports) {
    STREAMOPS_ASSIGN(Progress progress, parse_progress(json));
    if (progress.timestamp <= seen_) continue;
    latest = std::max(latest, progress.timestamp);
    if (!skip_ && progress.records_in > 0) {
      records_in_ += progress.records_in;
      rows_out_ += progress.rows_out;
      ++batches_;
    }
    if (progress.records_in > 0 || !last_ || last_->records_in == 0) last_ = std::move(progress);
  }
  seen_ = std::move(latest);
  skip_ = false;
  return Ok();
}

}  // namespace streamops::spark
