#include "observe/metrics.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/check.h"

namespace streamops::observe {

namespace {

bool is_metric_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
  };
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::all_of(name.begin(), name.end(), fits);
}

/// Escapes backslash, line feed and, in label values, the double quote.
std::string escaped(std::string_view text, bool quote) {
  std::string out;
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
  return out;
}

std::string label_text(const Labels& labels) {
  if (labels.empty()) return {};
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out += fmt::format("{}=\"{}\"", name, escaped(value, true));
  }
  return out + "}";
}

/// Seconds without trailing zeros.
std::string seconds_text(std::uint64_t micros) {
  std::string text = fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// The lines of one histogram: buckets that hold all below them too, sum and count.
void append_histogram(std::string& out, const Sample& sample) {
  Labels labels = sample.labels;
  labels.emplace_back("le", "");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < Histogram::buckets; ++i) {
    below += (*sample.counts)[i];
    labels.back().second =
        i < Histogram::bounds.size() ? seconds_text(static_cast<std::uint64_t>(Histogram::bounds[i])) : "+Inf";
    out += fmt::format("{}_bucket{} {}\n", sample.name, label_text(labels), below);
  }
  const std::string own = label_text(sample.labels);
  out +=
      fmt::format("{}_sum{} {}\n{}_count{} {}\n", sample.name, own, seconds_text(sample.sum), sample.name, own, below);
}

std::string_view to_string(MetricKind kind) {
  if (kind == MetricKind::histogram) return "histogram";
  return kind == MetricKind::counter ? "counter" : "gauge";
}

}  // namespace

std::int64_t Histogram::percentile(const Counts& counts, double share) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) all += count;
  if (all == 0) return 0;
  const double wanted = share * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto here = static_cast<double>(counts[i]);
    if (here > 0 && below + here >= wanted) {
      const std::int64_t low = i == 0 ? 0 : bounds[i - 1];
      return low + static_cast<std::int64_t>((wanted - below) / here * static_cast<double>(bounds[i] - low));
    }
    below += here;
  }
  return bounds.back();
}

Histogram::Counts Histogram::counts() const {
  Counts out{};
  for (std::size_t i = 0; i < buckets; ++i) out[i] = counts_[i].load(std::memory_order_relaxed);
  return out;
}

Metrics::Series& Metrics::series(std::string_view name, std::string_view help, MetricKind kind, Labels labels) {
  STREAMOPS_CHECK(is_metric_name(name), "a metric's name has letters, digits, _ and : only");
  const std::lock_guard lock(mutex_);
  auto family = families_.find(name);
  if (family == families_.end()) {
    family = families_.emplace(std::string(name), Family{std::string(help), kind, {}}).first;
  }
  STREAMOPS_CHECK(family->second.kind == kind, "one metric name has one kind");
  std::unique_ptr<Series>& found = family->second.series[labels];
  if (found == nullptr) {
    found = std::make_unique<Series>();
    found->labels = std::move(labels);
    if (kind == MetricKind::histogram) found->histogram = std::make_unique<Histogram>();
  }
  return *found;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  return series(name, help, MetricKind::counter, std::move(labels)).counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  return series(name, help, MetricKind::gauge, std::move(labels)).gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, Labels labels) {
  return *series(name, help, MetricKind::histogram, std::move(labels)).histogram;
}

void Metrics::watch(std::string_view name, std::string_view help, Labels labels, std::weak_ptr<const void> owner,
                    std::function<std::int64_t()> read) {
  Series& watched = series(name, help, MetricKind::gauge, std::move(labels));
  const std::lock_guard lock(mutex_);
  watched.owner = std::move(owner);
  watched.read = std::move(read);
}

std::vector<Sample> Metrics::samples() const {
  const std::lock_guard lock(mutex_);
  std::vector<Sample> out;
  for (const auto& [name, family] : families_) {
    for (const auto& [labels, series] : family.series) {
      std::int64_t value = family.kind == MetricKind::counter ? static_cast<std::int64_t>(series->counter.value())
                                                              : series->gauge.value();
      if (series->read) {
        const std::shared_ptr<const void> alive = series->owner.lock();
        if (alive == nullptr) continue;
        value = series->read();
      }
      Sample sample{name, labels, family.kind, value};
      if (series->histogram) {
        sample.counts = series->histogram->counts();
        sample.sum = series->histogram->sum();
        for (const std::uint64_t count : *sample.counts) sample.value += static_cast<std::int64_t>(count);
      }
      out.push_back(std::move(sample));
    }
  }
  return out;
}

std::string Metrics::to_prometheus() const {
  std::map<std::string, std::string, std::less<>> helps;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) helps.emplace(name, family.help);
  }
  std::string out;
  std::string_view current;
  const std::vector<Sample> all = samples();
  for (const Sample& sample : all) {
    if (sample.name != current) {
      current = sample.name;
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", sample.name, escaped(helps[sample.name], false), sample.name,
                         to_string(sample.kind));
    }
    if (sample.counts) {
      append_histogram(out, sample);
      continue;
    }
    out += fmt::format("{}{} {}\n", sample.name, label_text(sample.labels), sample.value);
  }
  return out;
}

}  // namespace streamops::observe
