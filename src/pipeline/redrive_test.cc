// Dead letters that enter again: mended or not, once, wherever the process dies.
#include "pipeline/redrive.h"

#include <doctest/doctest.h>

#include <set>

#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

using Fate = RedrivenLetter::Fate;

constexpr const char* shop = R"(
name: shop
tasks:
  load:
    source: { http: { url: "http://localhost/" }, schema: "k STRING, n STRING" }
    select: SELECT k, CAST(n AS INT) AS n FROM source
    sink: { kafka: { topic: loaded, key: k, format: json } }
streams:
  rows:
    source: { kafka: { topic: entries, format: json }, schema: "k STRING, n STRING" }
    select: SELECT k, CAST(n AS INT) AS n, uuid() AS u FROM source
    sink:
      cassandra:
        table: l.rows
        create: CREATE TABLE IF NOT EXISTS l.rows (k text PRIMARY KEY, n int, u uuid);
  copy:
    source: { kafka: { topic: entries, format: json }, schema: "k STRING, n STRING" }
    select: SELECT k, CAST(n AS INT) * 2 AS n FROM source
    sink: { kafka: { topic: copies, key: k, format: json } }
  sums:
    source: { kafka: { topic: other, format: json }, schema: "k STRING, n STRING" }
    select: SELECT k, sum(CAST(n AS INT)) AS n FROM source GROUP BY k
    mode: update
    sink: { kafka: { topic: totals, key: k, format: json } }
)";

const WallTime start = parse_iso8601("2024-01-01").value();

void feed(MemoryWorld& world, const std::string& k, const std::string& n) {
  world.append("entries", 0, {0, std::nullopt, fmt::format(R"({{"k":"{}","n":"{}"}})", k, n)});
}

Result<RedriveOutcome> redrive(Life& life, const std::string& name, const char* fix = nullptr, bool dry_run = false,
                               std::size_t letters = 500) {
  Result<RedriveOutcome> out = RedriveOutcome{};
  RedriveOutcome all;
  RedriveRequest request;
  request.dry_run = dry_run;
  request.letters = letters;
  if (fix != nullptr) request.fix = LetterFix::compile(fix).value();
  do {
    life.pipeline().redrive(name, request, [&](Result<RedriveOutcome> done) { out = std::move(done); });
    life.loop().advance(Milliseconds{50});
    if (!out) return out;
    all.rows += out->rows;
    all.others += out->others;
    all.letters.insert(all.letters.end(), out->letters.begin(), out->letters.end());
    request.until = out->until;
    request.from = out->next;
  } while (out->more);
  return all;
}

std::vector<Fate> fates(const RedriveOutcome& outcome) {
  std::vector<Fate> out;
  for (const RedrivenLetter& letter : outcome.letters) out.push_back(letter.fate);
  return out;
}

std::vector<std::string> values(const MemoryWorld& world, const std::string& topic) {
  std::vector<std::string> out;
  const auto found = world.topics.find(topic);
  if (found == world.topics.end()) return out;
  for (const auto& [partition, records] : found->second.partitions) {
    for (const MemoryRecord& record : records) out.push_back(record.value.value_or("-"));
  }
  return out;
}

}  // namespace

TEST_CASE("a mended letter becomes a row with its own timestamp, and a second redrive finds nothing") {
  MemoryWorld world;
  Life life(checked(shop), world, start);
  feed(world, "a", "oops");
  life.loop().advance(Seconds{1});
  feed(world, "a", "2");
  feed(world, "b", "N/A");
  life.loop().advance(Seconds{1});
  REQUIRE(world.dead_letters["entries.dlq"].size() == 4);  // two of each stream

  const Result<RedriveOutcome> done = redrive(life, "rows", "replace(replace(value, 'N/A', '0'), 'oops', '1')");
  REQUIRE(done);
  CHECK(fates(*done) == std::vector{Fate::passed, Fate::passed});
  CHECK(done->others == 2);
  CHECK(done->rows == 2);
  const std::vector<std::string> rows = world.tables["rows"].visible({"k", "n"});
  CHECK(rows == std::vector<std::string>{R"({"k":"a","n":2})", R"({"k":"b","n":0})"});  // `a` was overtaken: 2 stays
  CHECK(values(world, "copies") == std::vector<std::string>{R"({"k":"a","n":4})"});

  const std::size_t before = world.events.size();
  CHECK(redrive(life, "rows", "replace(value, 'N/A', '7')")->letters.empty());
  CHECK(world.events.size() == before);

  const Result<RedriveOutcome> copied = redrive(life, "copy", "regexp_replace(value, 'oops|N/A', '5')", false, 1);
  REQUIRE(copied);
  CHECK(fates(*copied) == std::vector{Fate::passed, Fate::passed});
  CHECK(values(world, "copies").size() == 3);
  CHECK(redrive(life, "copy")->letters.empty());
}

TEST_CASE("what fails again keeps its bytes and its origin, counts its redrives, and stays after the last one") {
  MemoryWorld world;
  Life life(checked(shop), world, start);
  feed(world, "a", "x");
  life.loop().advance(Seconds{1});
  for (int n = 1; n <= 3; ++n) {
    const Result<RedriveOutcome> again = redrive(life, "copy", "replace(value, 'x', 'y')");
    REQUIRE(again);
    CHECK(fates(*again) == std::vector{Fate::failed_again});
    const data::DeadLetter& letter = world.dead_letters["entries.dlq"].back();
    CHECK(letter.redrives == n);
    CHECK(letter.step == "shop.copy");
    CHECK(letter.identity() == "entries/0/0/select");
    CHECK(letter.value == R"({"k":"a","n":"x"})");
  }
  const std::size_t letters = world.dead_letters["entries.dlq"].size();
  CHECK(fates(*redrive(life, "copy", "replace(value, 'x', '1')")) == std::vector{Fate::redriven_too_often});
  CHECK(world.dead_letters["entries.dlq"].size() == letters);
  feed(world, "b", "z");  // behind it others wait: then it is written again, as it was
  life.loop().advance(Seconds{1});
  CHECK(fates(*redrive(life, "copy", "replace(value, 'z', '1')")) ==
        std::vector{Fate::redriven_too_often, Fate::passed});
  CHECK(world.dead_letters["entries.dlq"].back().redrives == 3);
  CHECK(values(world, "copies") == std::vector<std::string>{R"({"k":"b","n":2})"});
}

TEST_CASE("a dry run says what would become of each letter and changes nothing") {
  MemoryWorld world;
  Life life(checked(shop), world, start);
  for (const char* n : {"x", "y", "z"}) feed(world, n, n);
  life.loop().advance(Seconds{1});
  const std::size_t before = world.events.size();
  const char* fix =
      "SELECT replace(value, '\"n\":\"x\"', '\"n\":\"1\"') AS value FROM letters WHERE key IS NULL AND value NOT LIKE "
      "'%z%'";
  for (int n = 0; n < 2; ++n) {
    const Result<RedriveOutcome> dry = redrive(life, "copy", fix, true, 2);
    REQUIRE(dry);
    CHECK(fates(*dry) == std::vector{Fate::passed, Fate::failed_again, Fate::not_mended});
    CHECK(world.events.size() == before);
  }
  CHECK(fates(*redrive(life, "copy", fix)) == std::vector{Fate::passed, Fate::failed_again, Fate::not_mended});
  CHECK(fates(*redrive(life, "copy", "regexp_replace(value, '\"[yz]\"}', '\"2\"}')")) ==
        std::vector{Fate::passed, Fate::passed});
  CHECK(values(world, "copies").size() == 3);
}

TEST_CASE("a letter of a task goes to the task's topic, once") {
  MemoryWorld world;
  Life life(checked(shop), world, start);
  world.answer("shop.load", R"({"k":"a","n":"x"})");
  life.loop().advance(Seconds{1});
  REQUIRE(world.dead_letters["shop.load.dlq"].size() == 1);
  CHECK(redrive(life, "load", "replace(value, 'x', '3')")->rows == 1);
  CHECK(redrive(life, "shop.load", "replace(value, 'x', '4')")->rows == 0);
  CHECK(values(world, "loaded") == std::vector<std::string>{R"({"k":"a","n":3})"});
}

TEST_CASE("what cannot be redriven is told (SO-P070, SO-P071)") {
  MemoryWorld world;
  Life life(checked(shop), world, start);
  CHECK(redrive(life, "entries").error().code() == "SO-P071");
  CHECK(redrive(life, "entries").error().message().find("rows or copy") != std::string::npos);
  CHECK(redrive(life, "entrees").error().code() == "SO-P071");
  CHECK(redrive(life, "sums").error().message().find("groups") != std::string::npos);
  for (const char* sql : {"1", "SELECT value, code FROM letters", "SELECT key FROM letters",
                          "SELECT max(value) AS value FROM letters GROUP BY key"}) {
    CAPTURE(sql);
    CHECK(LetterFix::compile(sql).error().code() == "SO-P070");
  }
  const Error unknown = LetterFix::compile("replace(valu, 'a', 'b')").error();
  CHECK(unknown.code().starts_with("SO-S"));
  REQUIRE(unknown.place() != nullptr);
  CHECK(unknown.place()->column == 9);  // as written
}

TEST_CASE("wherever a redrive dies, every letter enters once") {
  const CheckedPipelinePtr pipeline = checked(shop);
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    MemoryWorld world;
    WallTime now = start;
    {
      Life life(pipeline, world, now);
      for (int i = 0; i < 7; ++i) feed(world, std::to_string(i), i % 2 == 0 ? "x" : "y");
      life.loop().advance(Seconds{1});
    }
    for (const char* step : {"copy", "rows"}) {
      std::uint64_t left = seed;
      bool dead = false;
      world.permit = [&](std::string_view) {
        dead = dead || --left == 0;
        return !dead;
      };
      for (int lives = 0; lives < 12; ++lives) {
        now += Seconds{10};
        Life life(pipeline, world, now);
        RedriveRequest request;
        request.letters = 8;
        request.fix = LetterFix::compile("replace(value, 'x', '4')").value();
        life.pipeline().redrive(step, request, [](const Result<RedriveOutcome>&) {});
        life.loop().advance(Seconds{1});
        dead = false;
        left = lives < 3 ? seed + static_cast<std::uint64_t>(lives) : UINT64_MAX;
      }
      world.permit = nullptr;
    }
    const std::vector<std::string> copies = values(world, "copies");
    CHECK(copies.size() == 4);
    CHECK(std::set<std::string>(copies.begin(), copies.end()).size() == 4);
    CHECK(world.tables["rows"].visible({"k", "n"}).size() == 4);
  }
}
