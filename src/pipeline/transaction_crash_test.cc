// The law of transactions: wherever the process dies, and whenever a transaction is lost, a topic holds each record's
// rows exactly once, and so does the topic of dead letters.
#include <doctest/doctest.h>

#include <algorithm>

#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

constexpr const char* copying = R"(
name: shop
streams:
  copy:
    source: { kafka: { topic: entries, format: json }, schema: "ks ARRAY<STRING>, n STRING" }
    select: SELECT k, CAST(n AS INT) AS n, uuid() AS u FROM source LATERAL VIEW explode(ks) AS k
    sink: { kafka: { topic: copied, key: k, format: json } }
)";

struct Input {
  std::int32_t partition;
  MemoryRecord record;
};

/// Over three partitions, poison among them.
std::vector<Input> inputs(runtime::Random& random) {
  std::vector<Input> out;
  for (int n = 0; n < 60; ++n) {
    MemoryRecord record{n, std::nullopt, fmt::format(R"({{"ks":["a{}","b"],"n":"{}"}})", random.below(3), n)};
    if (n % 13 == 5) record.value = "poison";
    if (n % 17 == 6) record.value = R"({"ks":["a"],"n":"many"})";
    out.push_back({static_cast<std::int32_t>(random.below(3)), std::move(record)});
  }
  return out;
}

void run(MemoryWorld& world, const std::vector<Input>& input, Fuse fuse, std::uint64_t lose_one_in = 0) {
  std::size_t fed = 0;
  run_lives(checked(copying), world, fuse, [&](runtime::Random& random) {
    if (lose_one_in > 0 && random.below(lose_one_in) == 0) world.lost_transactions = 1;
    for (std::uint64_t portion = random.below(4); portion > 0 && fed < input.size(); --portion, ++fed) {
      world.append("entries", input[fed].partition, input[fed].record);
    }
    return fed < input.size();
  });
}

/// Values and dead letters, each as often as it is there.
std::vector<std::string> everything(MemoryWorld& world) {
  std::vector<std::string> out;
  for (const MemoryRecord& record : world.topics["copied"].partitions[0]) out.push_back(*record.key + *record.value);
  for (const data::DeadLetter& letter : world.dead_letters["entries.dlq"]) out.push_back(letter.identity());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("wherever the process dies, a topic written in transactions holds every row once") {
  std::size_t rows = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    runtime::SeededRandom random(seed);
    const std::vector<Input> input = inputs(random);
    MemoryWorld calm;
    run(calm, input, {seed, 0});
    MemoryWorld stormy;
    run(stormy, input, {seed, 2 + seed / 2});
    CAPTURE(seed);
    rows += everything(calm).size();
    CHECK(everything(stormy) == everything(calm));
    CHECK(stormy.transactions["shop.copy"].opened > 1);
    CHECK(stormy.transactions["shop.copy"].positions == calm.transactions["shop.copy"].positions);
  }
  CHECK(rows > 20 * 80);
}

TEST_CASE("a transaction that the broker drops is done again, and nothing of it doubles") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    runtime::SeededRandom random(seed);
    const std::vector<Input> input = inputs(random);
    MemoryWorld calm;
    run(calm, input, {seed, 0});
    MemoryWorld lossy;
    run(lossy, input, {seed, seed % 2 == 0 ? 0 : 20 + seed}, 5);
    CAPTURE(seed);
    CHECK(everything(lossy) == everything(calm));
  }
}

TEST_CASE("an older owner of a stream stops and says so; it has written nothing twice") {
  MemoryWorld world;
  const CheckedPipelinePtr pipeline = checked(copying);
  const WallTime now = parse_iso8601("2024-01-01").value();
  Life first(pipeline, world, now);
  world.append("entries", 0, {0, std::nullopt, R"({"ks":["a"],"n":"1"})"});
  first.loop().advance(Seconds{1});
  REQUIRE(everything(world).size() == 1);
  ++world.transactions["shop.copy"].opened;  // another process
  world.append("entries", 0, {0, std::nullopt, R"({"ks":["a"],"n":"2"})"});
  first.loop().advance(Seconds{1});
  const StreamStatus status = first.status().streams.at(0);
  CHECK(status.state == StreamState::failed);
  REQUIRE(status.trouble);
  CHECK(status.trouble->message().find("shop.copy") != std::string::npos);
  CHECK(everything(world).size() == 1);
}

TEST_CASE("a data directory that others have overtaken is refused (SO-P066); after a reset it begins anew") {
  MemoryWorld world;
  const CheckedPipelinePtr pipeline = checked(copying);
  const WallTime now = parse_iso8601("2024-01-01").value();
  const auto live = [&](int n) {
    Life life(pipeline, world, now);
    world.append("entries", 0, {0, std::nullopt, fmt::format(R"({{"ks":["a"],"n":"{}"}})", n)});
    life.loop().advance(Seconds{2});
    return life.status().streams.at(0);
  };
  CHECK(live(1).state == StreamState::running);
  const auto older = world.checkpoints["shop.copy"];
  CHECK(live(2).state == StreamState::running);
  CHECK(live(3).state == StreamState::running);

  world.checkpoints["shop.copy"] = older;
  const StreamStatus stale = live(4);
  CHECK(stale.state == StreamState::failed);
  REQUIRE(stale.trouble);
  CHECK(stale.trouble->code() == "SO-P066");
  CHECK(everything(world).size() == 3);

  world.checkpoints["shop.copy"].reset();
  CHECK(live(5).state == StreamState::running);
  CHECK(everything(world).size() == 3 + 5);
}
