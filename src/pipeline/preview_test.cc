// What a preview shows of each stage, and that it is what the stream would write.
#include "pipeline/preview.h"

#include <doctest/doctest.h>

#include "format/json_reader.h"
#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

constexpr const char* file = R"(
name: shop
streams:
  rows:
    source: { kafka: { topic: entries, format: json }, schema: "ks ARRAY<STRING>, n STRING, extra STRING" }
    select: SELECT k, CAST(n AS INT) AS n FROM source LATERAL VIEW explode(ks) AS k WHERE n <> '0'
    sink:
      cassandra: { table: l.rows, create: "CREATE TABLE IF NOT EXISTS l.rows (k text PRIMARY KEY, n int);" }
  sums:
    source: { kafka: { topic: entries, format: json }, schema: "ks ARRAY<STRING>, n STRING" }
    select: SELECT ks[0] AS k, count(*) AS c FROM source GROUP BY ks[0]
    mode: update
    sink: { kafka: { topic: sums, key: k, format: json } }
)";

struct Texts {
  std::vector<std::string> values;
  data::Records records;

  explicit Texts(std::vector<std::string> given) : values(std::move(given)) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t size = values[i].size();
      values[i].append(64, '\0');
      data::Record record;
      record.offset = static_cast<std::int64_t>(i);
      record.value = std::string_view(values[i]).substr(0, size);
      records.records.push_back(record);
    }
  }
};

std::vector<std::string> texts(const Preview& preview) {
  std::vector<std::string> out;
  for (const PreviewRow& row : preview.rows) out.push_back((row.key ? *row.key + " " : "") + row.text.value_or("-"));
  return out;
}

Preview show(const CheckedPipelinePtr& pipeline, const char* name, const Texts& given, Stage stage,
             std::size_t limit = 10) {
  const CheckedStep& step = *pipeline->step(name);
  std::vector<bool> needed = step.query->needed();
  if (stage == Stage::decode) needed.assign(needed.size(), true);
  return preview(*pipeline, step, std::make_unique<format::JsonReader>(step.source_schema, needed), given.records,
                 stage, limit, 1'000'000);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("each stage shows what it makes of the records") {
  const CheckedPipelinePtr pipeline = checked(file);
  const Texts given(
      {R"({"ks":["a","b"],"n":"1","extra":"e"})", R"({"ks":["c"],"n":"0"})", "{", R"({"ks":["d"],"n":"x"})"});
  const Preview source = show(pipeline, "rows", given, Stage::source, 1);
  CHECK(texts(source) == Lines{R"({"ks":["a","b"],"n":"1","extra":"e"})"});
  CHECK(source.all_rows == 4);

  const Preview decode = show(pipeline, "rows", given, Stage::decode);
  CHECK(texts(decode) ==
        Lines{R"({"ks":["a","b"],"n":"1","extra":"e"})", R"({"ks":["c"],"n":"0"})", R"({"ks":["d"],"n":"x"})"});
  REQUIRE(decode.letters.size() == 1);
  CHECK(decode.letters[0].identity() == "entries/0/2/decode");

  const Preview select = show(pipeline, "rows", given, Stage::select);
  CHECK(texts(select) == Lines{R"({"k":"a","n":1})", R"({"k":"b","n":1})"});
  CHECK(select.letters.size() == 2);
  CHECK(select.rows[1].record == std::pair<std::int32_t, std::int64_t>{0, 0});
  CHECK(texts(show(pipeline, "rows", given, Stage::sink)) ==
        Lines{R"({"k":"a"} {"k":"a","n":1})", R"({"k":"b"} {"k":"b","n":1})"});
}

TEST_CASE("a query that groups shows its groups, as after one epoch") {
  const Texts given({R"({"ks":["a"]})", R"({"ks":["b"]})", R"({"ks":["a"]})"});
  const Preview sink = show(checked(file), "sums", given, Stage::sink);
  CHECK(texts(sink) == Lines{R"(a {"k":"a","c":2})", R"(b {"k":"b","c":1})"});
  CHECK_FALSE(sink.rows[0].record);
}

TEST_CASE("stages go by their names") {
  CHECK(parse_stage("decode") == Stage::decode);
  CHECK(parse_stage("sink") == Stage::sink);
  CHECK_FALSE(parse_stage("sinks"));
}
