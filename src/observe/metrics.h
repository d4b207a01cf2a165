// observe/metrics.h — named numbers that any thread may raise and any thread may read.
//
//   observe::Counter& sent = metrics.counter("streamops_kafka_records_sent_total", "Records handed to the broker.",
//   {{"topic", name}}); sent.add(batch.rows);
//
// A family (one name) has one help text and one kind; each set of labels is a series of it. A series lives as long as
// the Metrics: keep the reference, look it up once. Names and labels follow Prometheus' rules. Threads: all calls from
// any thread. add() and set() are one relaxed atomic operation; looking a series up takes a lock.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamops::observe {

/// Only grows, from 0 at start.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// How long things took, counted into buckets of fixed bounds, from 100 µs to five minutes.
class Histogram {
 public:
  /// Upper bounds in microseconds, each included; what is longer falls into one more bucket.
  static constexpr std::array<std::int64_t, 19> bounds = {
      100,     200,     500,       1'000,     2'000,     5'000,      10'000,     20'000,     50'000,     100'000,
      200'000, 500'000, 1'000'000, 2'000'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000, 300'000'000};
  static constexpr std::size_t buckets = bounds.size() + 1;
  using Counts = std::array<std::uint64_t, buckets>;

  /// The bucket of a time; a negative one counts as 0.
  static std::size_t bucket_of(std::int64_t micros) {
    return static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), micros) - bounds.begin());
  }
  /// The time below which the fraction `share` (0 to 1) of the counts lies, in microseconds, straight between the
  /// bounds of its bucket; 0 without counts.
  static std::int64_t percentile(const Counts& counts, double share);

  /// `times` things took `micros` each.
  void add(std::int64_t micros, std::uint64_t times = 1) {
    counts_[bucket_of(micros)].fetch_add(times, std::memory_order_relaxed);
    sum_.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)) * times, std::memory_order_relaxed);
  }
  Counts counts() const;
  /// Microseconds.
  std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

/// Label names and values of one series, in the order in which they are shown.
using Labels = std::vector<std::pair<std::string, std::string>>;

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

/// One series at one moment.
struct Sample {
  std::string name;
  Labels labels;
  MetricKind kind;
  std::int64_t value;  // of a histogram: how many
  std::optional<Histogram::Counts> counts = {};
  std::uint64_t sum = 0;  // microseconds
};

class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The series of that name and labels, made at the first call. One name has one kind and a well-formed name
  /// (checked).
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  /// Its name ends with _seconds.
  Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {});
  /// A gauge that is asked when somebody reads, from the reader's thread, until `owner` is gone.
  void watch(std::string_view name, std::string_view help, Labels labels, std::weak_ptr<const void> owner,
             std::function<std::int64_t()> read);

  /// All series, sorted by name, then by labels.
  std::vector<Sample> samples() const;
  /// Prometheus text exposition format 0.0.4.
  std::string to_prometheus() const;

 private:
  struct Series {
    Labels labels;
    Counter counter;
    Gauge gauge;
    std::unique_ptr<Histogram> histogram;
    std::weak_ptr<const void> owner;
    std::function<std::int64_t()> read;  // set for watch()
  };
  struct Family {
    std::string help;
    MetricKind kind;
    std::map<Labels, std::unique_ptr<Series>> series;
  };

  Series& series(std::string_view name, std::string_view help, MetricKind kind, Labels labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace streamops::observe
