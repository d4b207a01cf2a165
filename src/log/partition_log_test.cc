#include "log/partition_log.h"

#include <doctest/doctest.h>

#include <map>
#include <optional>

#include "base/crc32c.h"
#include "errors/runtime.h"
#include "faulty_disk.h"
#include "runtime/virtual_loop.h"

namespace streamops::log {
namespace {

// A whole batch of format 2 with `records` offsets; its records are only `payload`, which a log never looks at.
Bytes make_batch(std::string_view payload, std::int32_t records = 1, std::int64_t timestamp = 1000) {
  Bytes batch(batch_header_bytes);
  append_text(batch, payload);
  std::uint8_t* at = batch.data();
  store_big_endian(at + 8, static_cast<std::int32_t>(batch.size() - 12));
  at[16] = 2;
  store_big_endian(at + 23, records - 1);
  store_big_endian(at + 27, timestamp);
  store_big_endian(at + 35, timestamp);
  store_big_endian(at + 43, std::int64_t{-1});
  store_big_endian(at + 57, records);
  store_big_endian(at + 17, crc32c(BytesView(batch).subspan(21)));
  return batch;
}

struct Read {
  Offset offset;
  std::string payload;
  friend bool operator==(const Read&, const Read&) = default;
};
[[maybe_unused]] std::ostream& operator<<(std::ostream& out, const Read& read) {
  return out << read.offset << ":" << read.payload.substr(0, 12);
}

struct Fixture {
  explicit Fixture(std::uint64_t seed = 1) : disk(seed), loop(from_millis(1'000'000)) {
    REQUIRE(disk.make_directories("/p"));
    options.segment_bytes = 1 << 20;
  }
  void open() {
    log.reset();
    auto opened = PartitionLog::open("/p", options, disk, loop, *pool);
    REQUIRE(opened);
    log = std::move(*opened);
  }
  Result<Offset> append(std::string_view payload, std::int32_t records = 1, std::int64_t timestamp = 1000) {
    Bytes batch = make_batch(payload, records, timestamp);
    return log->append(batch);
  }
  // All readable batches from `offset` on, `max_bytes` a read.
  std::vector<Read> read_all(Offset offset, std::size_t max_bytes = 1 << 20) {
    std::vector<Read> out;
    while (true) {
      Bytes bytes;
      REQUIRE(log->read(offset, max_bytes, bytes));
      if (bytes.empty()) return out;
      for (BytesView rest = bytes; !rest.empty();) {
        const auto header = read_batch_header(rest);
        REQUIRE(header);
        const BytesView batch = rest.first(header->size);
        REQUIRE(batch_checksum_matches(batch));
        out.push_back({header->base_offset, std::string(as_text(batch.subspan(batch_header_bytes)))});
        offset = header->next_offset();
        rest = rest.subspan(header->size);
      }
    }
  }

  test::FaultyDisk disk;
  runtime::VirtualLoop loop;
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  LogOptions options;
  std::unique_ptr<PartitionLog> log;
};

using Reads = std::vector<Read>;

}  // namespace

TEST_CASE("readers see a batch only once it is on disk") {
  Fixture f;
  f.open();
  REQUIRE(*f.append("a", 3) == 0);
  REQUIRE(*f.append("b") == 3);
  CHECK(f.log->end_offset() == 4);
  CHECK(f.log->high_watermark() == 0);
  CHECK(f.read_all(0).empty());
  bool durable = false;
  f.log->when_durable(4, [&](const Result<void>& result) { durable = result.ok(); });
  f.loop.settle();
  CHECK(durable);
  CHECK(f.read_all(0) == Reads{{0, "a"}, {3, "b"}});
  CHECK(f.read_all(2) == Reads{{0, "a"}, {3, "b"}});  // whole batches: the first holds offset 2
  CHECK(f.read_all(3) == Reads{{3, "b"}});
}

TEST_CASE("a read gives whole batches, and the first one even when it is too large") {
  Fixture f;
  f.open();
  for (int i = 0; i < 3; ++i) REQUIRE(f.append(std::string(1000, 'x')));
  f.loop.settle();
  const auto size_of_read = [&](std::size_t max_bytes) {
    Bytes bytes;
    REQUIRE(f.log->read(0, max_bytes, bytes));
    return bytes.size();
  };
  CHECK(size_of_read(1) == 1061);
  CHECK(size_of_read(2500) == 2122);
  CHECK(size_of_read(1 << 20) == 3183);
}

TEST_CASE("an offset outside of the log is an error (SO-L005)") {
  Fixture f;
  f.open();
  Bytes out;
  const Result<void> read = f.log->read(1, 100, out);
  REQUIRE_FALSE(read);
  CHECK(read.error().code() == "SO-L005");
}

TEST_CASE("segments roll by size and everything is found again after a restart") {
  Fixture f;
  f.options.segment_bytes = 5000;
  f.open();
  Reads expected;
  for (int i = 0; i < 50; ++i) {
    const std::string payload = std::to_string(i) + std::string(500, '.');
    expected.push_back({*f.append(payload, 2), payload});
  }
  f.loop.settle();
  CHECK(f.disk.list("/p")->size() > 5);
  CHECK(f.read_all(0, 1200) == expected);
  f.open();
  CHECK(f.log->end_offset() == 100);
  CHECK(f.read_all(0, 1200) == expected);
  CHECK(*f.append("next") == 100);
}

TEST_CASE("segments roll by age of their first batch") {
  Fixture f;
  f.options.segment_ms = 60'000;
  f.open();
  REQUIRE(f.append("a"));
  f.loop.advance(Seconds{61});
  REQUIRE(f.append("b"));
  f.loop.settle();
  CHECK(f.disk.exists("/p/00000000000000000001.log"));
}

TEST_CASE("timestamps find the first batch at or after them") {
  Fixture f;
  f.options.segment_bytes = 40'000;
  f.open();
  for (int i = 0; i < 100; ++i) REQUIRE(f.append(std::string(1000, 'x'), 1, i * 10));
  f.loop.settle();
  CHECK(**f.log->find_time(0) == 0);
  CHECK(**f.log->find_time(501) == 51);
  CHECK(**f.log->find_time(990) == 99);
  CHECK_FALSE(f.log->find_time(991)->has_value());
  CHECK(f.log->max_timestamp() == 990);
}

TEST_CASE("retention by time lets go of whole segments, the last one too, and offsets go on") {
  Fixture f;
  f.options.segment_bytes = 3000;
  f.options.retention_ms = 1000;
  f.open();
  for (int i = 0; i < 6; ++i) REQUIRE(f.append(std::string(1000, 'x'), 1, 500));
  f.loop.settle();
  f.log->enforce_retention(1500);
  CHECK(f.log->start_offset() == 0);
  f.log->enforce_retention(1501);
  f.loop.settle();
  CHECK(f.log->start_offset() == 6);
  CHECK(f.log->size_bytes() == 0);
  f.open();
  CHECK(f.log->start_offset() == 6);
  CHECK(*f.append("next") == 6);
}

TEST_CASE("retention by size keeps at least that much") {
  Fixture f;
  f.options.segment_bytes = 3000;
  f.options.retention_bytes = 5000;
  f.open();
  for (int i = 0; i < 10; ++i) REQUIRE(f.append(std::string(1000, 'x')));
  f.loop.settle();
  f.log->enforce_retention(0);
  f.loop.settle();
  CHECK(f.log->start_offset() == 4);
  CHECK(f.log->size_bytes() == 6366);
}

TEST_CASE("deleted records stay deleted after a restart") {
  Fixture f;
  f.open();
  for (int i = 0; i < 5; ++i) REQUIRE(f.append("x"));
  f.loop.settle();
  bool done = false;
  f.log->delete_before(3, [&](const Result<void>& result) { done = result.ok(); });
  f.loop.settle();
  CHECK(done);
  f.open();
  CHECK(f.log->start_offset() == 3);
  CHECK(f.read_all(3) == Reads{{3, "x"}, {4, "x"}});
}

TEST_CASE("on a full disk an append fails, keeps what was there, and works again when there is room") {
  Fixture f;
  f.open();
  REQUIRE(f.append("kept"));
  f.disk.capacity = 100;
  const auto refused = f.append("no room for this one");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is(errors::runtime::disk_full));
  f.disk.capacity = UINT64_MAX;
  REQUIRE(*f.append("later") == 1);
  f.loop.settle();
  f.open();
  CHECK(f.read_all(0) == Reads{{0, "kept"}, {1, "later"}});
}

TEST_CASE("a failed sync takes its batches back before anybody saw them") {
  Fixture f;
  f.options.segment_bytes = 2000;
  f.open();
  REQUIRE(f.append("kept"));
  f.loop.settle();
  bool told = false;
  std::optional<Error> error;
  f.log->set_on_taken_back([&] { told = !error; });
  f.disk.failing_syncs = 1;
  for (int i = 0; i < 4; ++i) REQUIRE(f.append(std::string(1000, 'x')));
  f.log->when_durable(5, [&](const Result<void>& result) { error = result.error(); });
  f.loop.settle();
  CHECK(told);
  REQUIRE(error);
  CHECK(f.log->end_offset() == 1);
  REQUIRE(*f.append("later") == 1);
  f.loop.settle();
  f.open();
  CHECK(f.read_all(0) == Reads{{0, "kept"}, {1, "later"}});
}

TEST_CASE(
    "bytes that had been on disk and are gone are reported (SO-L004), the file is kept aside, whole batches are "
    "served") {
  Fixture f;
  f.options.segment_bytes = 5000;
  f.open();
  for (int i = 0; i < 10; ++i) REQUIRE(f.append(std::string(1000, 'x')));
  f.loop.settle();
  f.log.reset();
  REQUIRE((*f.disk.open("/p/00000000000000000000.log", runtime::OpenMode::write_existing))->truncate(2500));
  f.open();
  REQUIRE(f.log->recovery().damage);
  CHECK(f.log->recovery().damage->code() == "SO-L004");
  CHECK(f.disk.exists("/p/00000000000000000000.log.damaged"));
  const Reads left = f.read_all(0);
  REQUIRE(left.size() == 8);  // offsets 2 and 3 are lost
  CHECK(left[1].offset == 1);
  CHECK(left[2].offset == 4);
  f.open();
  CHECK_FALSE(f.log->recovery().damage);
}

TEST_CASE("a clean close leaves an index that vouches for the whole log") {
  Fixture f;
  f.options.segment_bytes = 1 << 30;
  f.open();
  for (int i = 0; i < 3; ++i) REQUIRE(f.append(std::string(600'000, 'x')));
  bool closed = false;
  f.log->close([&](const Result<void>& result) { closed = result.ok(); });
  f.loop.settle();
  CHECK(closed);
  const auto index = SegmentIndex::decode(*f.disk.read_file("/p/00000000000000000000.index"));
  REQUIRE(index);
  CHECK(index->verified_bytes == f.log->size_bytes());
  CHECK(index->next_offset == 3);
  Bytes broken = *f.disk.read_file("/p/00000000000000000000.index");
  broken[9] ^= 1;
  CHECK_FALSE(SegmentIndex::decode(broken));
}

// The law: whatever a power cut leaves, every acknowledged batch is there at its offset, and offsets only grow.
TEST_CASE("acknowledged batches survive any crash, in order, and what was read once is never gone") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Fixture f(seed);
    runtime::SeededRandom random(seed);
    f.options.segment_bytes = static_cast<std::int64_t>(2000 + random.below(8000));
    std::map<Offset, std::string> acknowledged;
    int next = 0;
    for (int round = 0; round < 5; ++round) {
      f.open();
      std::map<Offset, std::string> found;
      Offset last = -1;
      for (Read& read : f.read_all(0, 700)) {
        REQUIRE(read.offset > last);
        last = read.offset;
        found[read.offset] = std::move(read.payload);
      }
      for (const auto& [offset, payload] : acknowledged) REQUIRE(found[offset] == payload);
      acknowledged = found;
      for (std::uint64_t i = random.below(25); i > 0; --i) {
        const std::string payload = std::to_string(next++) + std::string(random.below(1500), 'x');
        const auto records = static_cast<std::int32_t>(1 + random.below(5));
        const auto base = f.append(payload, records);
        REQUIRE(base);
        f.log->when_durable(*base + records, [&acknowledged, offset = *base, payload](const Result<void>& result) {
          if (result) acknowledged[offset] = payload;
        });
        if (random.below(4) == 0) f.loop.settle();
      }
      f.log.reset();
      f.disk.crash();
    }
  }
}

}  // namespace streamops::log
