// The law of replays: however often and wherever the process dies, tables end as they would have without, a record is
// always written with the same values and the same timestamp, and no record is lost.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

constexpr const char* ledger = R"(
name: ledger
tasks:
  load:
    source: { http: { url: "http://localhost/" }, schema: "k STRING, v STRING" }
    select: SELECT k, v, uuid() AS u FROM source
    sink: { kafka: { topic: loaded, key: k, format: json } }
streams:
  rows:
    source: { kafka: { topic: entries, format: json }, schema: "ks ARRAY<STRING>, v STRING, n STRING" }
    select: SELECT k, v, CAST(n AS INT) AS n, uuid() AS u FROM source LATERAL VIEW explode(ks) AS k
    sink:
      cassandra:
        table: l.rows
        create: |
          CREATE TABLE IF NOT EXISTS l.rows (k text PRIMARY KEY, v text, n int, u uuid);
)";

/// What arrives: entries with few keys over three partitions (a key always in the same one), deletes and poison among
/// them.
struct Input {
  std::int32_t partition;
  MemoryRecord record;
};

std::vector<Input> inputs(runtime::Random& random) {
  std::vector<Input> out;
  for (int n = 0; n < 60; ++n) {
    const auto partition = static_cast<std::int32_t>(random.below(3));
    const std::string key = fmt::format("k{}{}", partition, random.below(3));
    const std::string other = fmt::format("k{}{}", partition, random.below(3));
    MemoryRecord record{n, key, fmt::format(R"({{"ks":["{}","{}"],"v":"v{}","n":"{}"}})", key, other, n, n)};
    if (n % 11 == 3) record.value = std::nullopt;
    if (n % 13 == 5) record.value = "poison";
    if (n % 17 == 6) record.value = fmt::format(R"({{"ks":["{}"],"v":"v{}","n":"many"}})", key, n);
    out.push_back({partition, std::move(record)});
  }
  return out;
}

/// Feeds all inputs in small portions through as many lives as the fuses ask for; 0 lets it run undisturbed.
void run(MemoryWorld& world, const std::vector<Input>& input, std::uint64_t seed, std::uint64_t fuse_limit) {
  std::size_t fed = 0;
  run_lives(checked(ledger), world, {seed, fuse_limit}, [&](runtime::Random& random) {
    for (std::uint64_t portion = random.below(4); portion > 0 && fed < input.size(); --portion, ++fed) {
      world.append("entries", input[fed].partition, input[fed].record);
      world.answer("ledger.load", fmt::format(R"({{"k":"k{}","v":"v{}"}})", fed % 5, fed));
    }
    return fed < input.size();
  });
}

std::set<std::string> identities(const MemoryWorld& world) {
  std::set<std::string> out;
  for (const auto& [topic, letters] : world.dead_letters) {
    for (const data::DeadLetter& letter : letters) out.insert(topic + " " + letter.code + " " + letter.identity());
  }
  return out;
}

std::set<std::string> values_of(const MemoryTopic& topic) {
  std::set<std::string> out;
  for (const MemoryRecord& record : topic.partitions.at(0)) out.insert(*record.value);
  return out;
}

}  // namespace

TEST_CASE("wherever the process dies, tables, topics and dead letters end as without") {
  const std::vector<std::string> columns{"k", "v", "n", "u"};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    runtime::SeededRandom random(seed);
    const std::vector<Input> input = inputs(random);
    MemoryWorld calm;
    run(calm, input, seed, 0);
    MemoryWorld stormy;
    run(stormy, input, seed, 2 + seed);
    CAPTURE(seed);
    REQUIRE(calm.tables["rows"].visible(columns).size() > 3);
    CHECK(stormy.tables["rows"].visible(columns) == calm.tables["rows"].visible(columns));
    REQUIRE(identities(calm).size() >= 6);
    CHECK(identities(stormy) == identities(calm));
    CHECK(values_of(stormy.topics["loaded"]) == values_of(calm.topics["loaded"]));
    CHECK(values_of(calm.topics["loaded"]).size() == input.size());
  }
}

TEST_CASE("a record is written with one timestamp, however often it is written") {
  std::size_t writes = 0;
  std::size_t distinct = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    runtime::SeededRandom random(seed);
    MemoryWorld world;
    run(world, inputs(random), seed, 2 + seed);
    std::map<std::string, std::set<std::int64_t>> timestamps;  // by row or dead letter: each stems from one record
    for (const MemoryEvent& event : world.events) {
      if (event.kind == MemoryEvent::Kind::gone) continue;
      timestamps[event.target + event.text].insert(event.timestamp);
      ++writes;
    }
    CAPTURE(seed);
    distinct += timestamps.size();
    for (const auto& [row, stamps] : timestamps) CHECK_MESSAGE(stamps.size() == 1, row);
  }
  CHECK(writes > distinct + 100);  // many were written again
}
