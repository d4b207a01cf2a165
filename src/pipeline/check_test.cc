#include "pipeline/check.h"

#include <doctest/doctest.h>

#include "errors/pipeline.h"
#include "pipeline/infer.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

constexpr const char* text = R"(
name: p
schedule: "@hourly"
time_zone: Europe/Zurich
tasks:
  load:
    source: { http: { url: "http://localhost/" }, schema: "id STRING" }
    select: SELECT id FROM source
    sink: { kafka: { topic: t, format: json } }
  load_again:
    source: { http: { url: "http://localhost/" }, schema: "id STRING" }
    select: SELECT id FROM source
    sink: { kafka: { topic: t, format: json } }
    after: [load]
    retries: 3
streams:
  rows:
    source: { kafka: { topic: t, format: json }, schema: "id STRING, n STRING" }
    select: |
      SELECT id,
             n AS "n" FROM source
    sink:
      cassandra:
        table: k.rows
        ttl: 30d
        create: |
          CREATE KEYSPACE IF NOT EXISTS k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};
          CREATE TABLE IF NOT EXISTS k.rows (id text, n list<int>, PRIMARY KEY ((id), n));
)";

std::string without_quotes() {
  std::string out = text;
  out.replace(out.find("n AS \"n\""), 8, "n AS n");
  return out;
}

Checking check(const std::string& file, const ColumnFits& fits = {}) {
  return check_pipeline(file, "p.yaml", "embedded", Surroundings::of_process(""), fits);
}

}  // namespace

TEST_CASE("a checked pipeline holds what running it needs") {
  const Checking checking = check(without_quotes());
  for (const Error& error : checking.errors) FAIL(error.to_report());
  const CheckedPipeline& pipeline = *checking.pipeline;
  CHECK(pipeline.schedule.text() == "@hourly");
  CHECK(pipeline.schedule.time_zone() == "Europe/Zurich");
  CHECK(pipeline.file.tasks[1].retries == 3);
  const CheckedStep& rows = *pipeline.step("rows");
  CHECK(pipeline.owner(rows) == "p.rows");
  CHECK(rows.query->output()->to_sql() == "id STRING, n STRING");
  CHECK(rows.key_columns == std::vector<std::string>{"id", "n"});
  CHECK(rows.cassandra_sink->create.size() == 2);
  CHECK(rows.cassandra_sink->create[1].starts_with("CREATE TABLE"));
  CHECK(rows.cassandra_sink->ttl == std::chrono::days{30});
  CHECK(pipeline.step("nobody") == nullptr);
}

TEST_CASE("another select is another plan, another description is not") {
  const auto fingerprint = [](const std::string& file) { return check(file).pipeline->step("rows")->fingerprint; };
  std::string renamed = without_quotes();
  CHECK(fingerprint(renamed + "description: x\n") == fingerprint(renamed));
  std::string other = renamed;
  other.replace(other.find("n AS n"), 6, "id AS n");
  CHECK(fingerprint(other) != fingerprint(renamed));
}

TEST_CASE("the connector has its word on every column, at the column's place") {
  const ColumnFits fits = [](const std::string& column, const data::Type& from,
                             const std::string& cql_type) -> Result<void> {
    if (column == "id") return Ok();
    return Error(errors::pipeline::bad_value, "{} is {}, the table has {}", column, from.to_sql(), cql_type);
  };
  const Checking checking = check(without_quotes(), fits);
  REQUIRE(checking.errors.size() == 1);
  CHECK(checking.pipeline == nullptr);
  CHECK(checking.errors[0].to_line() == "SO-P013: n is STRING, the table has list<int> (p.yaml:21:19)");
}
