// Looks at a running stream: what they show, what they leave out, and that the stream goes on.
#include "pipeline/tap.h"

#include <doctest/doctest.h>

#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

constexpr const char* file = R"(
name: shop
streams:
  rows:
    source: { kafka: { topic: entries, format: json }, schema: "k STRING, n STRING, unused STRING" }
    select: SELECT k, CAST(n AS INT) AS n FROM source WHERE k <> 'skip'
    sink:
      cassandra: { table: l.rows, create: "CREATE TABLE IF NOT EXISTS l.rows (k text PRIMARY KEY, n int);" }
  sums:
    source: { kafka: { topic: entries, format: json }, schema: "k STRING, n STRING" }
    select: SELECT k, count(*) AS c FROM source GROUP BY k
    mode: update
    sink: { kafka: { topic: sums, key: k, format: json } }
)";

const WallTime start = parse_iso8601("2024-01-01").value();
using Lines = std::vector<std::string>;

void feed(MemoryWorld& world, const std::string& k, const std::string& n) {
  world.append("entries", 0, {5, "key", fmt::format(R"({{"k":"{}","n":"{}"}})", k, n)});
}

}  // namespace

TEST_CASE("each edge shows what passes it, through a filter") {
  MemoryWorld world;
  Life life(checked(file), world, start);
  std::map<std::string, std::uint64_t> taps;
  const auto ask = [&](const std::string& stream, Edge edge, const std::string& where = {}) {
    std::uint64_t& tap = taps[fmt::format("{} {} {}", stream, static_cast<int>(edge), where)];
    const Result<TapAnswer> answer = life.pipeline().tap(stream, {edge, where, tap});
    REQUIRE(answer);
    tap = answer->tap;
    return answer->rows;
  };
  const auto all = [&] {
    return std::vector<Lines>{
        ask("rows", Edge::source, "offset = 1"), ask("rows", Edge::decode),       ask("rows", Edge::select),
        ask("rows", Edge::select, "n > 1"),      ask("rows", Edge::dead_letters), ask("sums", Edge::select)};
  };
  for (const Lines& lines : all()) CHECK(lines.empty());
  for (const auto& [k, n] : {std::pair{"a", "1"}, {"skip", "2"}, {"b", "x"}, {"a", "3"}}) feed(world, k, n);
  life.loop().advance(Seconds{1});
  const std::vector<Lines> seen = all();
  CHECK(
      seen[0] ==
      Lines{
          R"({"partition":0,"offset":1,"at":"1970-01-01T00:00:00.005Z","key":"key","value":"{\"k\":\"skip\",\"n\":\"2\"}"})"});
  CHECK(seen[1] ==
        Lines{R"({"k":"a","n":"1"})", R"({"k":"skip","n":"2"})", R"({"k":"b","n":"x"})", R"({"k":"a","n":"3"})"});
  CHECK(seen[2] == Lines{R"({"k":"a","n":1})", R"({"k":"a","n":3})"});
  CHECK(seen[3] == Lines{R"({"k":"a","n":3})"});
  REQUIRE(seen[4].size() == 1);
  CHECK(seen[4][0].find(R"("stage":"select","partition":0,"offset":2,"key":"key")") != std::string::npos);
  CHECK(seen[5] == Lines{R"({"k":"a","c":2})", R"({"k":"skip","c":1})", R"({"k":"b","c":1})"});
  for (const Lines& lines : all()) CHECK(lines.empty());
}

TEST_CASE("a tap that is not asked for is gone, and one that is asked too seldom drops rows, not the stream") {
  MemoryWorld world;
  Life life(checked(file), world, start);
  const std::uint64_t tap = life.pipeline().tap("rows", {})->tap;
  for (std::size_t n = 0; n < Tap::most_rows + 50; ++n) feed(world, std::to_string(n), "1");
  life.loop().advance(Seconds{3});
  const Result<TapAnswer> answer = life.pipeline().tap("rows", {Edge::select, {}, tap});
  REQUIRE(answer);
  CHECK(answer->rows.size() == Tap::most_rows);
  CHECK(answer->passed == Tap::most_rows + 50);
  CHECK(answer->dropped == 50);
  CHECK(world.tables["rows"].visible({"k"}).size() == Tap::most_rows + 50);
  life.loop().advance(Taps::patience + Seconds{1});
  CHECK(life.pipeline().tap("rows", {Edge::select, {}, tap}).error().code() == "SO-P072");
}

TEST_CASE("what cannot be tapped is told (SO-P072)") {
  MemoryWorld world;
  Life life(checked(file), world, start);
  CHECK(life.pipeline().tap("row", {}).error().to_report().find("did you mean `rows`?") != std::string::npos);
  CHECK(life.pipeline().tap("rows", {Edge::decode, "unused = 'x'"}).error().code().starts_with("SO-S"));
  CHECK(life.pipeline().tap("rows", {Edge::select, "count(*) > 1"}).error().code().starts_with("SO-"));
  const Error wrong = life.pipeline().tap("rows", {Edge::select, "n > m"}).error();
  REQUIRE(wrong.place() != nullptr);
  CHECK(wrong.place()->line == 1);
  CHECK(wrong.place()->column == 5);
  CHECK(parse_edge("late") == Edge::late);
  CHECK_FALSE(parse_edge("sink"));
}
