// The law of state, for joins: wherever the process dies, each pair of two streams comes out once, rows without a
// partner once, and a row of the stream meets the table as it would have without.
#include <doctest/doctest.h>

#include <algorithm>

#include "pipeline/testing/lives.h"

using namespace streamops;
using namespace streamops::pipeline;
using namespace streamops::pipeline::testing;

namespace {

constexpr const char* streams = R"(
name: shop
streams:
  paid:
    source: { kafka: { topic: orders, format: json }, schema: "id STRING, at TIMESTAMP, amount INT" }
    watermark: { column: at, delay: 2h }
    joins:
      payments:
        kafka: { topic: payments, format: json }
        schema: "id STRING, at TIMESTAMP, paid INT"
        watermark: { column: at, delay: 2h }
    select: |
      SELECT concat(o.id, '/', o.amount, '/', coalesce(p.paid, -1)) AS pair, o.amount AS amount, p.paid AS paid
      FROM source o LEFT JOIN payments p ON o.id = p.id AND p.at BETWEEN o.at AND o.at + INTERVAL 10 MINUTES
    sink:
      cassandra:
        table: shop.paid
        create: CREATE TABLE IF NOT EXISTS shop.paid (pair text PRIMARY KEY, amount int, paid int);
)";

constexpr const char* table = R"(
name: shop
streams:
  paid:
    source: { kafka: { topic: orders, format: json }, schema: "id STRING, at TIMESTAMP, amount INT" }
    tables:
      customers: { kafka: { topic: customers, format: json }, schema: "id STRING, name STRING" }
    select: SELECT concat(o.id, '/', o.amount) AS pair, name FROM source o LEFT JOIN customers c ON o.id = c.id
    sink:
      cassandra:
        table: shop.paid
        create: CREATE TABLE IF NOT EXISTS shop.paid (pair text PRIMARY KEY, name text);
)";

struct Input {
  std::string topic;
  std::int32_t partition;
  std::string value;
};

std::string record(runtime::Random& random, const char* number, int n) {
  return fmt::format(R"({{"id":"i{}","at":"2024-01-01T00:{:02}:{:02}Z","{}":{}}})", random.below(8), random.below(20),
                     random.below(60), number, n);
}

/// Orders and payments of twenty minutes over two partitions each; the last ones, in the partitions that are read last,
/// end whatever still waits.
std::vector<Input> inputs(runtime::Random& random) {
  std::vector<Input> out;
  for (int n = 0; n < 60; ++n) {
    const bool order = random.below(2) == 0;
    out.push_back({order ? "orders" : "payments", static_cast<std::int32_t>(random.below(2)),
                   record(random, order ? "amount" : "paid", n)});
    if (n % 19 == 5) out.back().value = "poison";
  }
  out.push_back({"orders", 1, R"({"id":"last","at":"2024-01-01T05:00:00Z","amount":1})"});
  out.push_back({"payments", 1, R"({"id":"none","at":"2024-01-01T05:00:00Z","paid":1})"});
  return out;
}

void run(const char* text, MemoryWorld& world, const std::vector<Input>& input, Fuse fuse) {
  std::size_t fed = 0;
  run_lives(checked(text), world, fuse, [&](runtime::Random& random) {
    for (std::uint64_t portion = random.below(4); portion > 0 && fed < input.size(); --portion, ++fed)
      world.append(input[fed].topic, input[fed].partition, {0, std::nullopt, input[fed].value});
    return fed < input.size();
  });
}

std::vector<std::string> letters(MemoryWorld& world) {
  std::vector<std::string> out;
  for (const data::DeadLetter& letter : world.dead_letters["orders.dlq"]) out.push_back(letter.identity());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

TEST_CASE("wherever the process dies, two streams are joined as without") {
  const std::vector<std::string> columns{"pair", "amount", "paid"};
  std::size_t pairs = 0, alone = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    runtime::SeededRandom random(seed);
    const std::vector<Input> input = inputs(random);
    MemoryWorld calm;
    run(streams, calm, input, {seed, 0});
    MemoryWorld stormy;
    run(streams, stormy, input, {seed, 2 + seed});
    CAPTURE(seed);
    const std::vector<std::string> wanted = calm.tables["paid"].visible(columns);
    for (const std::string& row : wanted) (row.find("\"paid\"") == std::string::npos ? alone : pairs) += 1;
    CHECK(stormy.tables["paid"].visible(columns) == wanted);
    CHECK(letters(stormy) == letters(calm));
    CHECK(letters(calm).size() >= 3);
    CHECK(stormy.states["shop.paid"].entries.size() == calm.states["shop.paid"].entries.size());
  }
  CHECK(pairs > 300);
  CHECK(alone > 150);
}

TEST_CASE("wherever the process dies, a stream meets the rows of a table that is a topic") {
  const std::vector<std::string> columns{"pair", "name"};
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    runtime::SeededRandom random(seed);
    const auto fill = [](MemoryWorld& world) {
      for (int n = 0; n < 12; ++n) {
        const std::string key = fmt::format("i{}", n % 6);
        world.append("customers", 0, {0, key, fmt::format(R"({{"id":"{}","name":"name {}"}})", key, n)});
      }
      world.append("customers", 0, {0, "i3", std::nullopt});
    };
    const std::vector<Input> input = inputs(random);
    MemoryWorld calm;
    fill(calm);
    run(table, calm, input, {seed, 0});
    MemoryWorld stormy;
    fill(stormy);
    run(table, stormy, input, {seed, 2 + seed});
    CAPTURE(seed);
    REQUIRE(calm.tables["paid"].visible(columns).size() > 10);
    CHECK(stormy.tables["paid"].visible(columns) == calm.tables["paid"].visible(columns));
    CHECK(stormy.states["shop.paid"].entries == calm.states["shop.paid"].entries);
    CHECK(calm.states["shop.paid"].entries.size() == 5);
  }
}

TEST_CASE("a record of a table's topic without a key is a dead letter (SO-P048), and the stream goes on") {
  MemoryWorld world;
  world.append("customers", 0, {0, std::nullopt, R"({"id":"i1","name":"nobody"})"});
  world.append("customers", 0, {0, "i1", R"({"id":"i1","name":"Ann"})"});
  Life life(checked(table), world, parse_iso8601("2024-01-01").value());
  world.append("orders", 0, {0, std::nullopt, R"({"id":"i1","amount":1})"});
  life.loop().advance(Seconds{2});
  REQUIRE(world.dead_letters["orders.dlq"].size() == 1);
  CHECK(world.dead_letters["orders.dlq"][0].code == "SO-P048");
  CHECK(world.dead_letters["orders.dlq"][0].identity() == "customers/0/0/decode");
  CHECK(world.tables["paid"].visible({"pair", "name"}) == std::vector<std::string>{R"({"pair":"i1/1","name":"Ann"})"});
}
