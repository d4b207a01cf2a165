#include "pipeline/scenario.h"

#include <doctest/doctest.h>

#include "errors/pipeline.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

CheckedPipelinePtr pipeline() {
  const Checking checking = check_pipeline(R"(
name: p
streams:
  rows:
    source: { kafka: { topic: t, format: json }, schema: "id STRING, n INT" }
    select: SELECT id, n FROM source
    sink: { cassandra: { table: k.rows, create: "CREATE TABLE IF NOT EXISTS k.rows (id text PRIMARY KEY, n int);" } }
)",
                                           "p.yaml", "embedded", Surroundings::of_process(""));
  for (const Error& error : checking.errors) FAIL(error.to_report());
  return checking.pipeline;
}

TestOutcome run(const std::string& text) {
  const Result<Scenario> scenario = parse_scenario("pipeline p.yaml\n" + text, "x.test");
  REQUIRE_MESSAGE(scenario.ok(), scenario.error().to_report());
  return run_scenario(*scenario, pipeline());
}

std::string parse_failure(const std::string& text) {
  const Result<Scenario> scenario = parse_scenario(text, "x.test");
  REQUIRE_FALSE(scenario.ok());
  CHECK(scenario.error().is(errors::pipeline::bad_test_file));  // SO-P090
  return scenario.error().message();
}

}  // namespace

TEST_CASE("a test passes when exactly what is expected comes out, whatever the blanks and the order of keys") {
  const TestOutcome outcome =
      run("in t {\"id\":\"a\",\"n\":1}  # one\n---  # settle\nout rows { \"n\" : 1, \"id\" : \"a\" }\n");
  CHECK_MESSAGE(outcome.passed, (outcome.error ? outcome.error->to_report() : std::string()));
}

TEST_CASE("a test fails and shows what differs") {
  const TestOutcome outcome =
      run("in t {\"id\":\"a\",\"n\":1}\nin t oops\n---\nout rows {\"id\":\"a\",\"n\":2}\nout rows {\"id\":\"b\"}\n");
  CHECK_FALSE(outcome.passed);
  CHECK(outcome.difference == std::vector<std::string>{"+ error SO-F001 t/0/1/decode",
                                                       "- out rows {\"id\":\"a\",\"n\":2}", "- out rows {\"id\":\"b\"}",
                                                       "+ out rows {\"id\":\"a\",\"n\":1}"});
  CHECK(outcome.error->is(errors::pipeline::test_failed));  // SO-P091
  CHECK(outcome.error->place()->line == 4);
}

TEST_CASE("rows that nobody expected fail a test, also at its end") {
  CHECK_FALSE(run("in t {\"id\":\"a\"}\n---\n").passed);
  CHECK_FALSE(run("in t {\"id\":\"a\"}\n---\nout rows {\"id\":\"a\"}\nin t {\"id\":\"b\"}\nadvance 1s\n").passed);
}

TEST_CASE("an expectation that can never hold is a mistake in the test") {
  CHECK(run("---\nout rows {\"idd\":\"a\"}\n").error->message() == "the rows of rows have no column `idd`");
  CHECK(run("---\nout rows {\"n\":\"a\"}\n").error->is(errors::pipeline::bad_test_file));
  CHECK(run("---\nout row {\"id\":\"a\"}\n").error->message() == "the pipeline writes no table or topic `row`");
  CHECK(run("out rows {\"id\":\"a\"}\n").error->message() == "what has to come out stands below a --- line");
}

TEST_CASE("a test file that cannot be read says where") {
  CHECK(parse_failure("pipeline p.yaml\ninn t {}\n") == "`inn` begins no line of a test");
  CHECK(parse_failure("in t {}\n") == "a test names its pipeline: pipeline FILE");
  CHECK(parse_failure("pipeline p.yaml\nin\n") == "`in` needs a name behind it");
  CHECK(parse_failure("pipeline p.yaml\nadvance soon\n").find("soon") != std::string::npos);
  CHECK(parse_failure("pipeline p.yaml\nin t partition=x {}\n") == "`x` is no number of a partition");
  CHECK(parse_scenario("pipeline p\n\n  inn t\n", "x.test").error().place()->line == 3);
}
