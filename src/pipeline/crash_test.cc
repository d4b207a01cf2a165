// The law of replays: however often and wherever the process dies, tables end as they would have without, a record is
// always written with the same values and the same timestamp, and no record is lost.
#include <doctest/doctest.h>

#include <map>
#include <set>

#include "pipeline/memory_ports.h"
#include "pipeline/pipeline.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::pipeline;

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

CheckedPipelinePtr checked() {
  const Checking checking = check_pipeline(ledger, "ledger.yaml", "embedded", Surroundings::of_process(""));
  for (const Error& error : checking.errors) FAIL(error.to_report());
  return checking.pipeline;
}

settings::Pipeline small_slices() {
  settings::Pipeline settings = settings::Pipeline::from(SettingValues());
  settings.epoch_bytes = 400;
  settings.slice_bytes = 100;
  return settings;
}

/// One process: a pipeline over a world, until it is destroyed.
class Life {
 public:
  Life(const CheckedPipelinePtr& pipeline, MemoryWorld& world, WallTime start)
      : loop_(start), connectors_(make_memory_connectors(world)) {
    const auto checkpoints = [this, &world](const std::string& owner) {
      return make_memory_checkpoints(world, owner, loop_);
    };
    pipeline_ = std::make_unique<Pipeline>(
        pipeline, PipelineEnvironment{loop_, *connectors_, checkpoints, nullptr, small_slices()});
    pipeline_->start([](const Result<void>& started) { CHECK(started.ok()); });
    loop_.settle();
    for (workflow::TaskSpec& task : pipeline_->dag().tasks) {
      workflow::TaskContext context{
          .dag_id = {}, .task_id = {}, .run_id = "r", .logical_date = {}, .conf = {}, .log = {}};
      handles_.push_back(task.body->start(std::move(context), [](const Result<void>&) {}));
    }
    loop_.settle();
  }
  runtime::VirtualLoop& loop() { return loop_; }

 private:
  runtime::VirtualLoop loop_;
  std::unique_ptr<ConnectorFactory> connectors_;
  std::unique_ptr<Pipeline> pipeline_;
  std::vector<std::unique_ptr<workflow::TaskHandle>> handles_;
};

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
  runtime::SeededRandom random(seed);
  const CheckedPipelinePtr pipeline = checked();
  std::uint64_t fuse = fuse_limit == 0 ? UINT64_MAX : 1 + random.below(fuse_limit);
  bool dead = false;
  world.permit = [&](std::string_view) {
    dead = dead || --fuse == 0;
    return !dead;
  };
  WallTime now = parse_iso8601("2024-01-01").value();
  auto life = std::make_unique<Life>(pipeline, world, now);
  std::size_t fed = 0;
  for (int rounds = 0; fed < input.size() || rounds < 400; ++rounds) {
    for (std::uint64_t portion = random.below(4); portion > 0 && fed < input.size(); --portion, ++fed) {
      world.append("entries", input[fed].partition, input[fed].record);
      world.answer("ledger.load", fmt::format(R"({{"k":"k{}","v":"v{}"}})", fed % 5, fed));
    }
    life->loop().advance(Milliseconds{static_cast<std::int64_t>(random.below(5))});
    if (!dead) continue;
    life.reset();
    dead = false;
    fuse = rounds < 300 ? 1 + random.below(fuse_limit) : UINT64_MAX;
    now += Microseconds{static_cast<std::int64_t>(random.below(20)) - 5};  // the clock may go back between two lives
    life = std::make_unique<Life>(pipeline, world, now);
  }
  world.permit = nullptr;
  life.reset();
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
