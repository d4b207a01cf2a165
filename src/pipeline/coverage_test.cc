// Which branches tests reach, and tests that are written from records.
#include "pipeline/coverage.h"

#include <doctest/doctest.h>

#include "pipeline/memory_ports.h"
#include "pipeline/test_runner.h"
#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

constexpr const char* file = R"(
name: shop
streams:
  rows:
    source: { kafka: { topic: entries, format: json }, schema: "k STRING, n STRING, d INT" }
    select: |
      SELECT k, CAST(n AS INT) AS n,
             CASE k WHEN 'a' THEN 'first' WHEN 'b' THEN CASE WHEN d > 5 THEN 'big' ELSE 'small' END END AS name,
             10 / d AS share
      FROM source WHERE k IS NOT NULL AND d >= 0
    sink:
      cassandra:
        table: l.rows
        create: CREATE TABLE IF NOT EXISTS l.rows (k text PRIMARY KEY, n int, name text, share double);
tests:
  one:
    of: rows
    given: |
      {"k":"a","n":"1","d":2}
      {"k":"b","n":"1","d":7}
      {"d":1}
    expect: |
      {"k":"a","n":1,"name":"first","share":5.0}
      {"k":"b","n":1,"name":"big","share":1.4285714285714286}
)";

std::vector<std::string> missed(const Coverage& coverage) {
  std::vector<std::string> out;
  for (const StepCoverage& step : coverage.report()) {
    for (const Branch& branch : step.branches) {
      if (!branch.reached) out.push_back(branch.what);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("branches that no test reached are told, with their places") {
  const CheckedPipelinePtr pipeline = checked(file);
  Coverage coverage(pipeline);
  const std::vector<TestOutcome> outcomes = run_file_tests(pipeline, &coverage);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].passed);
  CHECK(missed(coverage) == std::vector<std::string>{
                                "a record is not what `schema` says: a dead letter",
                                "WHERE d >= 0: a row falls out",
                                "CAST(n AS INT) fails: a dead letter",
                                "CASE ELSE 'small'",
                                "CASE ELSE NULL",
                                "10 / d divides by zero",
                            });
  const StepCoverage rows = coverage.report().at(0);
  CHECK(rows.branches.size() == 12);
  CHECK(rows.reached() == 6);
  CHECK(rows.not_measured == 0);
  CHECK(rows.branches.back().place.line == 9);

  std::vector<MemoryRecord> more;
  for (const char* value :
       {"{", R"({"k":"c","n":"x","d":-1})", R"({"k":"c","n":"x","d":0})", R"({"k":"b","n":"1","d":1})"}) {
    more.push_back({0, {}, value});
  }
  coverage.take("rows", to_records(more));
  CHECK(missed(coverage).empty());
}

TEST_CASE("a test written from records passes, and expects rows and dead letters") {
  const CheckedPipelinePtr pipeline = checked(file);
  std::vector<MemoryRecord> given;
  given.push_back({1'704'067'200'000, "key", R"({"k":"a","n":"1",
                                                 "d":2})"});
  given.push_back({1'704'067'201'500, {}, R"({"k":"b","n":"x","d":2})"});
  given.push_back({1'704'067'202'000, {}, "\xff\xfe"});
  given.push_back({1'704'067'202'000, "a", {}});
  const Result<RecordedTest> test = record_test(pipeline, pipeline->streams[0], to_records(given), "shop.yaml");
  REQUIRE(test);
  CHECK(test->records == 3);
  CHECK(test->left_out == 1);
  CHECK(test->lines == 3);
  CHECK(test->text.find("pipeline  shop.yaml\n") != std::string::npos);
  CHECK(test->text.find("clock     2024-01-01T00:00:02") != std::string::npos);
  CHECK(test->text.find("in        entries key=key at=2024-01-01T00:00:00") != std::string::npos);
  CHECK(test->text.find("\ntombstone entries key=a at=") != std::string::npos);
  CHECK(test->text.find("\nerror SO-S") != std::string::npos);
  CHECK(test->text.find("\ngone rows {\"k\":\"a\"}\n") != std::string::npos);
}

TEST_CASE("a record that would read as a comment is left out, rather than to give an unstable test (SO-P092)") {
  const CheckedPipelinePtr pipeline = checked(file);
  const Result<RecordedTest> test =
      record_test(pipeline, pipeline->streams[0], to_records({{0, {}, "{\"k\":\"a\"}  # no comment"}}), "shop.yaml");
  REQUIRE(test);
  CHECK(test->left_out == 1);
  CHECK(test->lines == 0);
}
