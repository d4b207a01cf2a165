// modules: log
// What a partition's log costs without a disk: appends into the page cache and reads out of it, per batch size. Bytes a
// second are the figure.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "base/crc32c.h"
#include "log/partition_log.h"
#include "runtime/virtual_loop.h"

namespace streamops::log {
namespace {

Bytes make_batch(std::size_t size) {
  Bytes batch(size);
  store_big_endian(batch.data() + 8, static_cast<std::int32_t>(size - 12));
  batch[16] = 2;
  store_big_endian(batch.data() + 57, std::int32_t{1});
  store_big_endian(batch.data() + 17, crc32c(BytesView(batch).subspan(21)));
  return batch;
}

struct Room {
  Room() {
    std::filesystem::create_directories(directory);
    options.sync.policy = SyncPolicy::never;
    options.segment_bytes = 256 << 20;
    options.retention_bytes = 512 << 20;
    log = std::move(*PartitionLog::open(directory, options, runtime::system_disk(), loop, *pool));
  }
  ~Room() {
    log.reset();
    std::filesystem::remove_all(directory);
  }

  std::string directory = (std::filesystem::temp_directory_path() / "streamops-bench-log").string();
  runtime::VirtualLoop loop;
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  LogOptions options;
  std::unique_ptr<PartitionLog> log;
};

void append(benchmark::State& state) {
  Room room;
  Bytes batch = make_batch(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    if (!room.log->append(batch)) state.SkipWithError("append failed");
    room.log->enforce_retention(0);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append)->Arg(200)->Arg(16 << 10)->Arg(1 << 20);

void read(benchmark::State& state) {
  Room room;
  Bytes batch = make_batch(static_cast<std::size_t>(state.range(0)));
  while (room.log->size_bytes() < (64 << 20)) {
    if (!room.log->append(batch)) state.SkipWithError("append failed");
  }
  Offset offset = 0;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    Bytes out;
    if (!room.log->read(offset, 1 << 20, out)) state.SkipWithError("read failed");
    benchmark::DoNotOptimize(out.data());
    offset += static_cast<Offset>(out.size() / batch.size());
    if (offset >= room.log->high_watermark()) offset = 0;
    bytes += static_cast<std::int64_t>(out.size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(read)->Arg(200)->Arg(16 << 10)->Arg(1 << 20);

}  // namespace
}  // namespace streamops::log

BENCHMARK_MAIN();
