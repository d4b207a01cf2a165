#include "pipeline/pipeline.h"

#include <doctest/doctest.h>

#include "errors/pipeline.h"
#include "errors/runtime.h"
#include "pipeline/memory_ports.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

std::string file(std::string_view select) {
  return fmt::format(R"(
name: p
tasks:
  load:
    source: {{ http: {{ url: "http://localhost/" }}, schema: "id STRING" }}
    select: SELECT id FROM source
    sink: {{ kafka: {{ topic: loaded, format: json }} }}
streams:
  rows:
    source: {{ kafka: {{ topic: entries, format: json }}, schema: "id STRING, n STRING" }}
    select: {}
    sink:
      cassandra:
        table: k.rows
        create: CREATE TABLE IF NOT EXISTS k.rows (id text PRIMARY KEY, n int);
)",
                     select);
}

/// A pipeline over a world, in virtual time.
class Bench {
 public:
  explicit Bench(MemoryWorld& world, std::string_view select = "SELECT id, CAST(n AS INT) AS n FROM source")
      : loop(parse_iso8601("2024-01-01").value()), connectors_(make_memory_connectors(world)) {
    const Checking checking = check_pipeline(file(select), "p.yaml", "embedded", Surroundings::of_process(""));
    for (const Error& error : checking.errors) FAIL(error.to_report());
    const auto checkpoints = [this, &world](const std::string& owner) {
      return make_memory_checkpoints(world, owner, loop);
    };
    const auto states = [this, &world](const std::string& owner) { return make_memory_state(world, owner, loop); };
    pipeline = std::make_unique<Pipeline>(
        checking.pipeline,
        PipelineEnvironment{
            loop, *connectors_, checkpoints, &metrics, settings::Pipeline::from(SettingValues()), {}, states});
    pipeline->start([this](const Result<void>& result) { started = result; });
    loop.settle();
  }

  StreamStatus stream() const { return pipeline->status().streams.at(0); }

  /// Starts a run of the task; its end lands in `ended`.
  std::unique_ptr<workflow::TaskHandle> run(const std::string& id, std::optional<Result<void>>& ended) {
    workflow::TaskContext context{
        .dag_id = "p", .task_id = "load", .run_id = id, .logical_date = {}, .conf = {}, .log = {}};
    auto handle = pipeline->dag().tasks.at(0).body->start(std::move(context),
                                                          [&ended](const Result<void>& result) { ended = result; });
    loop.settle();
    return handle;
  }

  /// The time that stop() takes; nothing when it never ends.
  std::optional<Microseconds> stop_time() {
    const runtime::MonotonicTime begin = loop.clock().monotonic();
    std::optional<Microseconds> took;
    pipeline->stop([&] { took = loop.clock().monotonic() - begin; });
    loop.advance(Seconds{10});
    return took;
  }

  runtime::VirtualLoop loop;
  observe::Metrics metrics;
  std::unique_ptr<Pipeline> pipeline;
  std::optional<Result<void>> started;

 private:
  std::unique_ptr<ConnectorFactory> connectors_;
};

void append(MemoryWorld& world, const std::string& json) {
  world.append("entries", 0, {1, std::nullopt, json});
}

std::int64_t metric(const observe::Metrics& metrics, std::string_view name) {
  for (const observe::Sample& sample : metrics.samples()) {
    if (sample.name == name) return sample.value;
  }
  return -1;
}

}  // namespace

TEST_CASE("a pipeline tells what it is doing") {
  MemoryWorld world;
  Bench bench(world);
  REQUIRE(bench.started->ok());
  for (const char* json : {R"({"id":"a","n":"1"})", R"({"id":"b","n":"x"})", R"({"id":"c"})"}) append(world, json);
  bench.loop.advance(Seconds{3});
  const StreamStatus status = bench.stream();
  CHECK(to_string(status.state) == "running");
  CHECK(status.name == "rows");
  CHECK(status.topic == "entries");
  CHECK(status.table == "k.rows");
  CHECK(status.records_in == 3);
  CHECK(status.rows_out == 2);
  CHECK(status.poison == 1);
  CHECK(status.records_per_second > 0);
  CHECK(status.positions == std::vector<std::pair<std::int32_t, std::int64_t>>{{0, 3}});
  CHECK_FALSE(status.trouble.has_value());
  CHECK(metric(bench.metrics, "streamops_stream_rows_total") == 2);
  CHECK(metric(bench.metrics, "streamops_stream_dead_letters_total") == 1);
  CHECK(bench.stop_time() <= Seconds{1});
  CHECK(to_string(bench.stream().state) == "stopped");
}

TEST_CASE("a dead letter holds the raw bytes, the code and the timestamp that its row would have had") {
  MemoryWorld world;
  Bench bench(world);
  world.append("entries", 0, {7, "the key", R"({"id":"a","n":"x"})"});
  bench.loop.settle();
  const data::DeadLetter letter = world.dead_letters.at("entries.dlq").at(0);
  CHECK(letter.identity() == "entries/0/0/select");
  CHECK(letter.key == "the key");
  CHECK(letter.value == R"({"id":"a","n":"x"})");
  CHECK(letter.code == "SO-S022");
  CHECK(letter.record_timestamp_ms == 7);
  CHECK(letter.write_timestamp == to_micros(parse_iso8601("2024-01-01").value()));
}

TEST_CASE("a row that the sink refuses for its own sake becomes a dead letter, the others are written") {
  MemoryWorld world;
  world.refuse = [](const std::string& row) -> std::optional<Error> {
    if (row.find("\"b\"") == std::string::npos) return std::nullopt;
    return Error(errors::pipeline::bad_value, "no {}", row);
  };
  Bench bench(world);
  for (const char* id : {"a", "b", "c"}) append(world, fmt::format(R"({{"id":"{}"}})", id));
  bench.loop.settle();
  CHECK(world.tables["rows"].visible({"id"}) == std::vector<std::string>{R"({"id":"a"})", R"({"id":"c"})"});
  CHECK(world.dead_letters.at("entries.dlq").at(0).identity() == "entries/0/1/sink");
  CHECK(bench.stream().rows_out == 2);
}

TEST_CASE("an error that hits every row stops the stream, keeps its place and says why") {
  MemoryWorld world;
  {
    Bench bench(world);
    world.cannot_write = Error(errors::pipeline::unreadable_file, "the table is gone{}", "");
    append(world, R"({"id":"a"})");
    bench.loop.settle();
    CHECK(to_string(bench.stream().state) == "failed");
    CHECK(bench.stream().trouble->message() == "the table is gone");
    CHECK(world.dead_letters.empty());
    CHECK(bench.stop_time() <= Seconds{1});
    CHECK(to_string(bench.stream().state) == "failed");
  }
  world.cannot_write.reset();
  Bench again(world);
  again.loop.settle();
  CHECK(world.tables["rows"].rows.size() == 1);
}

TEST_CASE("what cannot be opened fails the start and names the reason") {
  MemoryWorld world;
  world.cannot_open = Error(errors::pipeline::unreadable_file, "no such keyspace{}", "");
  Bench bench(world);
  REQUIRE(bench.started.has_value());
  CHECK(bench.started->error().message() == "no such keyspace");
  std::optional<Result<void>> ended;
  const auto run = bench.run("r", ended);
  CHECK(ended->error().message() == "no such keyspace");
  CHECK(bench.stop_time() <= Seconds{1});
}

TEST_CASE("a full disk holds the stream up and loses nothing") {
  MemoryWorld world;
  Bench bench(world);
  world.cannot_save = Error(errors::runtime::disk_full, "no room{}", "");
  append(world, R"({"id":"a"})");
  bench.loop.advance(Seconds{5});
  CHECK(world.tables["rows"].rows.empty());
  CHECK(bench.stream().trouble->is(errors::runtime::disk_full));
  CHECK(to_string(bench.stream().state) == "running");
  world.cannot_save.reset();
  bench.loop.advance(Seconds{1});
  CHECK(world.tables["rows"].rows.size() == 1);
  CHECK_FALSE(bench.stream().trouble.has_value());
}

TEST_CASE("a topic that was created again stops the stream") {
  MemoryWorld world;
  world.topics["entries"].id = make_uuid(1, 1, 4);
  {
    Bench bench(world);
    append(world, R"({"id":"a"})");
    bench.loop.settle();
    CHECK(bench.stop_time() <= Seconds{1});
  }
  world.topics["entries"].id = make_uuid(2, 2, 4);
  append(world, R"({"id":"b"})");
  Bench bench(world);
  bench.loop.settle();
  CHECK(to_string(bench.stream().state) == "failed");
  CHECK(bench.stream().trouble->is(errors::pipeline::topic_recreated));  // SO-P062
}

TEST_CASE("stop() ends within two seconds though the sink never answers, and the epoch is done again") {
  MemoryWorld world;
  std::int64_t first = 0;
  {
    Bench bench(world);
    world.permit = [](std::string_view step) { return step != "letters"; };
    append(world, R"({"id":"a"})");
    append(world, "poison");
    bench.loop.advance(Seconds{1});
    first = world.tables["rows"].rows.begin()->second.cells.at("id").timestamp;
    const std::optional<Microseconds> took = bench.stop_time();
    REQUIRE(took.has_value());
    CHECK(*took <= Seconds{2});
  }
  world.permit = nullptr;
  Bench bench(world);
  bench.loop.advance(Seconds{1});
  CHECK(world.dead_letters.at("entries.dlq").size() == 1);
  CHECK(world.tables["rows"].rows.begin()->second.cells.at("id").timestamp == first);
}

TEST_CASE("an epoch that another plan left open is done by the new plan, later, so that it wins") {
  MemoryWorld world;
  {
    Bench bench(world);
    world.permit = [](std::string_view step) { return step != "letters"; };
    append(world, R"({"id":"a","n":"1"})");
    append(world, "poison");
    bench.loop.settle();
  }
  world.permit = nullptr;
  const std::int64_t before = world.tables["rows"].rows.begin()->second.cells.at("n").timestamp;
  Bench bench(world, "SELECT id, CAST(n AS INT) + 1 AS n FROM source");
  bench.loop.settle();
  const MemoryCell& cell = world.tables["rows"].rows.begin()->second.cells.at("n");
  CHECK(cell.value == "2");
  CHECK(cell.timestamp > before);
  CHECK(world.checkpoints.at("p.rows")->generation == 1);
}

TEST_CASE("a task ends with its source and says what it did") {
  MemoryWorld world;
  Bench bench(world);
  std::optional<Result<void>> ended;
  const auto handle = bench.run("r1", ended);
  world.answer("p.load", R"({"id":"a"})");
  world.answer("p.load", "oops");
  bench.loop.settle();
  CHECK(bench.pipeline->status().runs.at(0).polls == 2);
  CHECK(to_string(bench.pipeline->status().runs.at(0).state) == "running");
  CHECK_FALSE(ended.has_value());
  world.end_answers("p.load");
  bench.loop.settle();
  REQUIRE(ended.has_value());
  CHECK(ended->ok());
  const TaskStatus status = bench.pipeline->status().runs.at(0);
  CHECK(to_string(status.state) == "succeeded");
  CHECK(status.rows_out == 1);
  CHECK(status.poison == 1);
  CHECK(world.dead_letters.at("p.load.dlq").at(0).identity() == "p.load/r1/0/1/decode");
  CHECK(world.acknowledged.at("p.load") == 2);
}

TEST_CASE("a run of which no answer passes fails with the first error") {
  MemoryWorld world;
  Bench bench(world);
  std::optional<Result<void>> ended;
  const auto handle = bench.run("r1", ended);
  world.answer("p.load", "oops");
  world.end_answers("p.load");
  bench.loop.settle();
  REQUIRE(ended.has_value());
  CHECK(ended->error().code() == "SO-F001");
  CHECK(to_string(bench.pipeline->status().runs.at(0).state) == "failed");
}

TEST_CASE("a cancelled run leaves what was not acknowledged to the next start") {
  MemoryWorld world;
  Bench bench(world);
  world.permit = [](std::string_view step) { return step != "write"; };
  std::optional<Result<void>> ended;
  const auto handle = bench.run("r1", ended);
  world.answer("p.load", R"({"id":"a"})");
  bench.loop.settle();
  handle->cancel();
  handle->cancel();
  bench.loop.settle();
  REQUIRE(ended.has_value());
  CHECK(ended->error().is(errors::pipeline::stopped));  // SO-P065
  CHECK(to_string(bench.pipeline->status().runs.at(0).state) == "cancelled");
  world.permit = nullptr;
  std::optional<Result<void>> again;
  const auto second = bench.run("r1", again);
  CHECK(world.topics.at("loaded").partitions.at(0).size() == 1);
  CHECK(bench.stop_time() <= Seconds{1});
  CHECK(again->error().is(errors::pipeline::stopped));
}
