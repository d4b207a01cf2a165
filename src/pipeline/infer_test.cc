#include "pipeline/infer.h"

#include <doctest/doctest.h>

#include <vector>

#include "errors/pipeline.h"
#include "sql/grammar/ddl.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

std::string inferred(const std::vector<std::string>& samples) {
  const Result<data::SchemaPtr> schema = infer_schema(samples);
  REQUIRE(schema.ok());
  return (*schema)->to_sql();
}

}  // namespace

TEST_CASE("types of samples are merged") {
  CHECK(inferred({R"({"id": 1, "tags": []})", R"({"id": 2.5, "tags": ["a"]})"}) == "id DOUBLE, tags ARRAY<STRING>");
  CHECK(inferred({R"({"a": null})", R"({"a": true})"}) == "a BOOLEAN");
  CHECK(inferred({R"({"a": null, "b": {}})"}) == "a STRING, b STRING");
  CHECK(inferred({R"({"p": 8001})", R"({"p": "SW1Y"})"}) == "p STRING");
  CHECK(inferred({R"({"s": {"x": 1}})", R"({"s": {"y": "t"}})"}) == "s STRUCT<x: BIGINT, y: STRING>");
  CHECK(inferred({R"({"n": 12345678901234567890})"}) == "n DECIMAL(38,0)");
  CHECK(inferred({R"({"n": -1e3, "t": "a\"b"})"}) == "n DOUBLE, t STRING");
}

TEST_CASE("samples that are no objects are passed over, and only they are an error") {
  CHECK(inferred({"[1]", "oops", R"({"a": "x"})", R"({"a":)"}) == "a STRING");
  for (const char* text : {"", "[]", "{}", "{\"a\":1", "{\"a\" 1}", "nul"}) {
    CHECK_MESSAGE(infer_schema(std::vector<std::string>{text}).error().is(errors::pipeline::no_samples),
                  text);  // SO-P045
  }
}

TEST_CASE("an inferred schema is one that a pipeline file may hold") {
  const std::vector<std::string> samples{R"({"results": [{"name": {"first": "Ada"}, "n": 1}], "odd name": 1})"};
  const std::string text = to_schema_text(**infer_schema(samples));
  const Result<data::SchemaPtr> read = sql::parse_schema(text, {});
  REQUIRE_MESSAGE(read.ok(), text);
  CHECK(**read == **infer_schema(samples));
}
