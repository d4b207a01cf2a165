#include "pipeline/checkpoint.h"

#include <doctest/doctest.h>

#include "base/crc32c.h"
#include "errors/pipeline.h"
#include "errors/runtime.h"
#include "faulty_disk.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

/// Work is done at once.
class InlinePool final : public runtime::Pool {
 public:
  void run(runtime::Callback work) override { work(); }
};

struct Bench {
  test::FaultyDisk disk;
  runtime::VirtualLoop loop;
  InlinePool pool;

  std::unique_ptr<CheckpointStore> open() { return make_disk_checkpoints("d/s.checkpoint", disk, loop, pool); }

  Result<std::optional<Checkpoint>> load(CheckpointStore& store) {
    std::optional<Result<std::optional<Checkpoint>>> out;
    store.load([&](Result<std::optional<Checkpoint>> loaded) { out = std::move(loaded); });
    loop.settle();
    return *out;
  }
  Result<void> save(CheckpointStore& store, const Checkpoint& checkpoint) {
    std::optional<Result<void>> out;
    store.save(checkpoint, [&](Result<void> saved) { out = saved; });
    loop.settle();
    return *out;
  }
};

Checkpoint sample(std::uint64_t epoch) {
  return {epoch,
          1'700'000'000'000'000,
          2,
          77,
          epoch % 2 == 0,
          {{make_uuid(1, 2, 4), 0, 10, 15}, {{}, 3, 0, 0}},
          epoch / 2,
          epoch * 3};
}

void overwrite(runtime::Disk& disk, const std::string& path, std::uint64_t offset, const Bytes& bytes) {
  const runtime::FilePtr file = disk.open(path, runtime::OpenMode::write_existing).value();
  REQUIRE(file->write_at(offset, bytes).ok());
  REQUIRE(file->sync().ok());
}

}  // namespace

TEST_CASE("the newest checkpoint comes back, and there is none at first") {
  Bench bench;
  const auto store = bench.open();
  CHECK_FALSE(bench.load(*store)->has_value());
  for (std::uint64_t epoch = 1; epoch <= 5; ++epoch) {
    REQUIRE(bench.save(*store, sample(epoch)).ok());
    CHECK(**bench.load(*bench.open()) == sample(epoch));
  }
}

TEST_CASE("a power cut during a save leaves that checkpoint or the one before") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Bench bench;
    bench.disk = test::FaultyDisk(seed);
    auto store = bench.open();
    REQUIRE(bench.load(*store).ok());
    const std::uint64_t saved = seed % 4;
    for (std::uint64_t epoch = 1; epoch <= saved; ++epoch) REQUIRE(bench.save(*store, sample(epoch)).ok());
    bench.disk.failing_syncs = 1;
    Checkpoint large = sample(9);
    for (std::int32_t n = 0; n < 200; ++n) large.ranges.push_back({{}, n, n, n + 1});
    CHECK_FALSE(bench.save(*store, large).ok());
    bench.disk.crash();
    const Result<std::optional<Checkpoint>> loaded = bench.load(*bench.open());
    REQUIRE_MESSAGE(loaded.ok(), loaded.error().to_line());
    if (saved == 0) CHECK((!loaded->has_value() || **loaded == large));
    if (saved > 0) CHECK((**loaded == sample(saved) || **loaded == large));
  }
}

TEST_CASE("a full disk fails the save and keeps the checkpoint before") {
  Bench bench;
  const auto store = bench.open();
  REQUIRE(bench.load(*store).ok());
  REQUIRE(bench.save(*store, sample(1)).ok());
  bench.disk.capacity = 0;
  CHECK_FALSE(bench.save(*store, sample(2)).ok());
  CHECK(**bench.load(*bench.open()) == sample(1));
}

TEST_CASE("damage and newer versions stop the stream") {
  Bench bench;
  const auto store = bench.open();
  REQUIRE(bench.load(*store).ok());
  REQUIRE(bench.save(*store, sample(1)).ok());
  REQUIRE(bench.save(*store, sample(2)).ok());
  overwrite(bench.disk, "d/s.checkpoint.0", 40, {0xFF});
  CHECK(**bench.load(*bench.open()) == sample(1));
  overwrite(bench.disk, "d/s.checkpoint.1", 40, {0xFF});
  CHECK(bench.load(*bench.open()).error().is(errors::pipeline::bad_checkpoint));  // SO-P060
  overwrite(bench.disk, "d/s.checkpoint.1", 4, {0x00, 0x09});
  CHECK(bench.load(*bench.open()).error().is(errors::pipeline::newer_checkpoint));  // SO-P061
}

TEST_CASE("a checkpoint of version 1 is read: no state belonged to it") {
  Bench bench;
  // Epoch 3 at 1700000000000000 us, generation 2, plan 77, done, partition 4 of no topic from 5 to 9.
  Bytes old{'S', 'O', 'C', 'P', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 65};
  append_big_endian(old, std::uint64_t{3});
  append_big_endian(old, std::int64_t{1'700'000'000'000'000});
  append_big_endian(old, std::uint32_t{2});
  append_big_endian(old, std::uint32_t{77});
  old.push_back(1);
  append_big_endian(old, std::uint32_t{1});
  old.resize(old.size() + 16);
  append_big_endian(old, std::int32_t{4});
  append_big_endian(old, std::int64_t{5});
  append_big_endian(old, std::int64_t{9});
  append_big_endian(old, crc32c(old));
  REQUIRE(bench.disk.make_directories("d").ok());
  const runtime::FilePtr file = bench.disk.open("d/s.checkpoint.1", runtime::OpenMode::write_create).value();
  REQUIRE(file->write_at(0, old).ok());
  REQUIRE(file->sync().ok());
  const auto store = bench.open();
  const Result<std::optional<Checkpoint>> read = bench.load(*store);
  REQUIRE(read.ok());
  CHECK(**read == Checkpoint{3, 1'700'000'000'000'000, 2, 77, true, {{{}, 4, 5, 9}}, 0, 0});
}
