#include "observe/metrics.h"

#include <doctest/doctest.h>

#include <thread>

using namespace streamops::observe;

TEST_CASE("metrics are written as Prometheus reads them") {
  Metrics metrics;
  metrics.counter("rows_total", "Rows written.", {{"table", "a \"b\"\\\n"}}).add(3);
  metrics.counter("rows_total", "Rows written.", {{"table", "c"}}).add();
  metrics.gauge("lag", "Records behind.").set(-2);
  CHECK(metrics.to_prometheus() ==
        "# HELP lag Records behind.\n# TYPE lag gauge\nlag -2\n"
        "# HELP rows_total Rows written.\n# TYPE rows_total counter\n"
        "rows_total{table=\"a \\\"b\\\"\\\\\\n\"} 3\nrows_total{table=\"c\"} 1\n");
}

TEST_CASE("the same name and labels are the same series, from any thread") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      Counter& counter = metrics.counter("n_total", "");
      for (int n = 0; n < 1000; ++n) counter.add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(metrics.counter("n_total", "").value() == 4000);
}

TEST_CASE("a watched gauge is read until its owner is gone") {
  Metrics metrics;
  auto owner = std::make_shared<int>(7);
  metrics.watch("depth", "", {}, owner, [raw = owner.get()] { return static_cast<std::int64_t>(*raw); });
  REQUIRE(metrics.samples().size() == 1);
  CHECK(metrics.samples()[0].value == 7);
  owner.reset();
  CHECK(metrics.samples().empty());
}

TEST_CASE("a histogram counts into buckets that hold all below them, and tells percentiles") {
  Metrics metrics;
  Histogram& took = metrics.histogram("took_seconds", "Time.", {{"stream", "s"}});
  took.add(-5);
  took.add(100);
  took.add(150, 2);
  took.add(1'500'000);
  took.add(400'000'000);
  const std::string text = metrics.to_prometheus();
  CHECK(
      text.starts_with("# HELP took_seconds Time.\n# TYPE took_seconds histogram\n"
                       "took_seconds_bucket{stream=\"s\",le=\"0.0001\"} 2\n"
                       "took_seconds_bucket{stream=\"s\",le=\"0.0002\"} 4\n"));
  CHECK(text.find("took_seconds_bucket{stream=\"s\",le=\"1\"} 4\n"
                  "took_seconds_bucket{stream=\"s\",le=\"2\"} 5\n") != std::string::npos);
  CHECK(
      text.ends_with("took_seconds_bucket{stream=\"s\",le=\"300\"} 5\n"
                     "took_seconds_bucket{stream=\"s\",le=\"+Inf\"} 6\n"
                     "took_seconds_sum{stream=\"s\"} 401.5004\n"
                     "took_seconds_count{stream=\"s\"} 6\n"));
  const auto counts = took.counts();
  CHECK(Histogram::percentile(counts, 0.5) == 150);
  CHECK(Histogram::percentile(counts, 1.0) == 300'000'000);
  CHECK(Histogram::percentile({}, 0.99) == 0);
  CHECK(metrics.samples().at(0).value == 6);
}
