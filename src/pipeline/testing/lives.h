// pipeline/testing/lives.h — for tests: a pipeline that dies at steps of a test's choosing, over a world that stays.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/memory_ports.h"
#include "pipeline/pipeline.h"
#include "runtime/virtual_loop.h"

namespace streamops::pipeline::testing {

inline CheckedPipelinePtr checked(const std::string& text) {
  const Checking checking = check_pipeline(text, "test.yaml", "embedded", Surroundings::of_process(""));
  for (const Error& error : checking.errors) FAIL(error.to_report());
  return checking.pipeline;
}

/// Epochs of a few records, slices of one or two.
inline settings::Pipeline small_slices() {
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
    const auto states = [this, &world](const std::string& owner) { return make_memory_state(world, owner, loop_); };
    pipeline_ = std::make_unique<Pipeline>(
        pipeline, PipelineEnvironment{loop_, *connectors_, checkpoints, nullptr, small_slices(), {}, states});
    pipeline_->start([this](const Result<void>& started) {
      if (!started) start_error_ = started.error();
    });
    loop_.settle();
    for (workflow::TaskSpec& task : pipeline_->dag().tasks) {
      workflow::TaskContext context{
          .dag_id = {}, .task_id = {}, .run_id = "r", .logical_date = {}, .conf = {}, .log = {}};
      handles_.push_back(task.body->start(std::move(context), [](const Result<void>&) {}));
    }
    loop_.settle();
  }
  runtime::VirtualLoop& loop() { return loop_; }
  Pipeline& pipeline() { return *pipeline_; }
  PipelineStatus status() const { return pipeline_->status(); }
  const std::optional<Error>& start_error() const { return start_error_; }

 private:
  std::optional<Error> start_error_;
  runtime::VirtualLoop loop_;
  std::unique_ptr<ConnectorFactory> connectors_;
  std::unique_ptr<Pipeline> pipeline_;
  std::vector<std::unique_ptr<workflow::TaskHandle>> handles_;
};

/// How many steps a life has, at most: 0 lets the first one go on for ever.
struct Fuse {
  std::uint64_t seed = 0;
  std::uint64_t limit = 0;
};

/// Runs a pipeline through as many lives as the fuse asks for. `feed` puts the next piece of input into the world and
/// returns false when there is none; between two pieces a few milliseconds pass.
inline void run_lives(const CheckedPipelinePtr& pipeline, MemoryWorld& world, Fuse fuse,
                      const std::function<bool(runtime::Random&)>& feed) {
  runtime::SeededRandom random(fuse.seed);
  std::uint64_t left = fuse.limit == 0 ? UINT64_MAX : 1 + random.below(fuse.limit);
  bool dead = false;
  world.permit = [&](std::string_view) {
    dead = dead || --left == 0;
    return !dead;
  };
  WallTime now = parse_iso8601("2024-01-01").value();
  auto life = std::make_unique<Life>(pipeline, world, now);
  bool fed = false;
  for (int rounds = 0; !fed || rounds < 400; ++rounds) {
    fed = fed || !feed(random);
    life->loop().advance(Milliseconds{static_cast<std::int64_t>(random.below(5))});
    if (!dead) continue;
    CHECK_FALSE(life->start_error());
    life.reset();
    dead = false;
    left = rounds < 300 ? 1 + random.below(fuse.limit) : UINT64_MAX;
    now += Microseconds{static_cast<std::int64_t>(random.below(20)) - 5};  // the clock may go back between two lives
    life = std::make_unique<Life>(pipeline, world, now);
  }
  left = UINT64_MAX;
  life->loop().advance(Seconds{3});
  world.permit = nullptr;
  life.reset();
}

}  // namespace streamops::pipeline::testing
