// What a plan says of a step: what is skipped, what is remembered and until when, what is promised.
#include "pipeline/plan_text.h"

#include <doctest/doctest.h>

#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

CheckedPipelinePtr with(const std::string& select, const std::string& more = {}) {
  return checked(R"(
name: shop
streams:
  s:
    source: { kafka: { topic: entries, format: json }, schema: "k STRING, n INT, at TIMESTAMP, unused STRING" }
    select: )" + select +
                 more + R"(
    sink: { kafka: { topic: out, key: k, format: json } }
)");
}

std::string line(const StepPlan& plan, const std::string& part) {
  std::string found;
  for (const PlanLine& one : plan.lines) {
    if (one.part == part) found += (found.empty() ? "" : " | ") + one.text;
  }
  return found;
}

StepPlan plan(const CheckedPipelinePtr& pipeline) {
  return plan_of(*pipeline, pipeline->streams.at(0));
}

}  // namespace

TEST_CASE("a plan without state says what is read, what is skipped, and each condition") {
  const StepPlan found = plan(with("SELECT k, n FROM source WHERE n > 1 AND (k = 'a' OR k = 'b')"));
  CHECK_FALSE(found.keeps_state);
  CHECK(found.read == std::vector<std::string>{"k", "n"});
  CHECK(found.skipped == std::vector<std::string>{"at", "unused"});
  CHECK(line(found, "where") == "n > 1 | k = 'a' OR k = 'b'");
  CHECK(line(found, "state").empty());
  CHECK(line(found, "promise").starts_with("exactly once:"));
  CHECK(line(found, "dead letters").find("entries.dlq") != std::string::npos);
}

TEST_CASE("groups of a window end with the watermark, others stay for ever") {
  const std::string watermark = "\n    watermark: { column: at, delay: 10s }\n    mode: ";
  const StepPlan window = plan(
      with("SELECT k, window(at, '1 minute').start AS s, count(*) AS n FROM source GROUP BY k, window(at, '1 minute')",
           watermark + "append"));
  CHECK(window.keeps_state);
  CHECK(window.state_ends);
  CHECK(line(window, "group by") == "k, window(at, '1 minute')");
  CHECK(line(window, "state").find("until the watermark") != std::string::npos);
  CHECK(line(window, "watermark").find("less 10s") != std::string::npos);
  CHECK(line(window, "late rows") == "counted, not kept");

  const StepPlan endless =
      plan(with("SELECT k, count(*) AS n FROM source GROUP BY k", "\n    mode: update\n    memory: 1MiB"));
  CHECK_FALSE(endless.state_ends);
  CHECK(line(endless, "state").find("for ever") != std::string::npos);
  CHECK(line(endless, "state").find("1 MiB") != std::string::npos);
  CHECK(line(endless, "watermark") == "none: no row is ever late");

  const StepPlan all =
      plan(with("SELECT k, window(at, '1 minute') AS w, count(*) AS n FROM source GROUP BY k, window(at, '1 minute')",
                watermark + "complete"));
  CHECK_FALSE(all.state_ends);
}
