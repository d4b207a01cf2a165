// The law of state: wherever the process dies, groups end as without, a closed window is in its topic once, and each
// state is that of a whole epoch.
#include <doctest/doctest.h>

#include <algorithm>

#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

constexpr const char* totals = R"(
name: shop
streams:
  totals:
    source: { kafka: { topic: orders, format: json }, schema: "shop STRING, at TIMESTAMP, amount DOUBLE" }
    mode: update
    select: SELECT shop, count(*) AS n, sum(amount) AS amount, max(at) AS latest FROM source GROUP BY shop
    sink:
      cassandra:
        table: shop.totals
        create: |
          CREATE TABLE IF NOT EXISTS shop.totals (shop text PRIMARY KEY, n bigint, amount double, latest timestamp);
)";

constexpr const char* windows = R"(
name: shop
streams:
  counts:
    source: { kafka: { topic: orders, format: json }, schema: "shop STRING, at TIMESTAMP, amount DOUBLE" }
    watermark: { column: at, delay: 1h }
    select: |
      SELECT window.start AS start, shop, count(*) AS n, sum(amount) AS amount FROM source
      GROUP BY window(at, '1 minute'), shop
    sink: { kafka: { topic: counts, key: shop, format: json } }
)";

struct Input {
  std::int32_t partition;
  std::string value;
};

/// Orders of ten minutes over three partitions, poison among them; the last one closes every window before it.
std::vector<Input> inputs(runtime::Random& random) {
  std::vector<Input> out;
  for (int n = 0; n < 80; ++n) {
    const auto minute = random.below(10);
    const auto second = random.below(60);
    out.push_back({static_cast<std::int32_t>(random.below(3)),
                   fmt::format(R"({{"shop":"s{}","at":"2024-01-01T00:{:02}:{:02}Z","amount":{}}})", random.below(3),
                               minute, second, n)});
    if (n % 19 == 5) out.back().value = "poison";
  }
  out.push_back({2, R"({"shop":"s0","at":"2024-01-01T05:00:00Z","amount":1})"});
  return out;
}

void run(const char* text, MemoryWorld& world, const std::vector<Input>& input, Fuse fuse,
         std::uint64_t lose_one_in = 0) {
  std::size_t fed = 0;
  run_lives(checked(text), world, fuse, [&](runtime::Random& random) {
    if (lose_one_in > 0 && random.below(lose_one_in) == 0) world.lost_transactions = 1;
    for (std::uint64_t portion = random.below(4); portion > 0 && fed < input.size(); --portion, ++fed) {
      world.append("orders", input[fed].partition, {0, std::nullopt, input[fed].value});
    }
    return fed < input.size();
  });
}

std::vector<std::string> written(MemoryWorld& world) {
  std::vector<std::string> out;
  for (const MemoryRecord& record : world.topics["counts"].partitions[0]) out.push_back(*record.value);
  for (const data::DeadLetter& letter : world.dead_letters["orders.dlq"]) out.push_back(letter.identity());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_CASE("wherever the process dies, the groups of a table end as without") {
  const std::vector<std::string> columns{"shop", "n", "amount", "latest"};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    runtime::SeededRandom random(seed);
    const std::vector<Input> input = inputs(random);
    MemoryWorld calm;
    run(totals, calm, input, {seed, 0});
    MemoryWorld stormy;
    run(totals, stormy, input, {seed, 2 + seed});
    CAPTURE(seed);
    REQUIRE(calm.tables["totals"].visible(columns).size() == 3);
    CHECK(stormy.tables["totals"].visible(columns) == calm.tables["totals"].visible(columns));
    CHECK(stormy.states["shop.totals"].entries == calm.states["shop.totals"].entries);
  }
}

TEST_CASE("wherever the process dies, each window that closed is in its topic once, with every record") {
  std::size_t closed = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    runtime::SeededRandom random(seed);
    const std::vector<Input> input = inputs(random);
    MemoryWorld calm;
    run(windows, calm, input, {seed, 0});
    MemoryWorld stormy;
    run(windows, stormy, input, {seed, 2 + seed / 2}, seed % 3 == 0 ? 5 : 0);
    CAPTURE(seed);
    closed += written(calm).size();
    CHECK(written(stormy) == written(calm));
    CHECK(stormy.states["shop.counts"].entries == calm.states["shop.counts"].entries);
  }
  CHECK(closed > 20 * 20);
}

TEST_CASE("a state that is not of its checkpoint's epoch is refused (SO-P067)") {
  MemoryWorld world;
  const WallTime now = parse_iso8601("2024-01-01").value();
  const auto live = [&] {
    Life life(checked(totals), world, now);
    world.append("orders", 0, {0, std::nullopt, R"({"shop":"a","at":"2024-01-01T00:00:00Z","amount":1})"});
    life.loop().advance(Seconds{2});
    return life.status().streams.at(0);
  };
  const StreamStatus first = live();
  CHECK(first.state == StreamState::running);
  REQUIRE(first.memory);
  CHECK(first.memory->keys == 1);
  CHECK(first.memory->bytes > 0);
  CHECK(live().rows_out == 1);
  world.states.clear();
  const StreamStatus lost = live();
  CHECK(lost.state == StreamState::failed);
  REQUIRE(lost.trouble);
  CHECK(lost.trouble->code() == "SO-P067");
}

TEST_CASE("a stream that would remember more than it may stops and says so (SO-P068)") {
  std::string text = totals;
  text.replace(text.find("    mode:"), 0, "    memory: 1KiB\n");
  MemoryWorld world;
  Life life(checked(text), world, parse_iso8601("2024-01-01").value());
  for (int n = 0; n < 200; ++n) {
    world.append("orders", 0, {0, std::nullopt, fmt::format(R"({{"shop":"shop {}","amount":1}})", n)});
  }
  life.loop().advance(Seconds{2});
  const StreamStatus status = life.status().streams.at(0);
  CHECK(status.state == StreamState::failed);
  REQUIRE(status.trouble);
  CHECK(status.trouble->code() == "SO-P068");
  CHECK(status.trouble->message().find("totals remembers") != std::string::npos);
}
