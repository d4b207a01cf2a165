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

}  // namespace

Metrics::Series& Metrics::series(std::string_view name, std::string_view help, MetricKind kind, Labels labels) {
  STREAMOPS_CHECK(is_metric_name(name), "a metric's name has letters, digits, _ and : only");
  const std::lock_guard lock(mutex_);
  auto family = families_.find(name);
  if (family == families_.end()) {
    family = families_.emplace(std::string(name), Family{std::string(help), kind, {}}).first;
  }
  STREAMOPS_CHECK(family->second.kind == kind, "one metric name is either a counter or a gauge");
  std::unique_ptr<Series>& found = family->second.series[labels];
  if (found == nullptr) {
    found = std::make_unique<Series>();
    found->labels = std::move(labels);
  }
  return *found;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  return series(name, help, MetricKind::counter, std::move(labels)).counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  return series(name, help, MetricKind::gauge, std::move(labels)).gauge;
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
      out.push_back({name, labels, family.kind, value});
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
                         sample.kind == MetricKind::counter ? "counter" : "gauge");
    }
    out += fmt::format("{}{} {}\n", sample.name, label_text(sample.labels), sample.value);
  }
  return out;
}

}  // namespace streamops::observe
