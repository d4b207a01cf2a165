#include "log/journal.h"

#include <doctest/doctest.h>

#include <optional>

#include "errors/log.h"
#include "errors/runtime.h"
#include "faulty_disk.h"
#include "runtime/virtual_loop.h"

namespace streamops::log {
namespace {

// A journal on a disk in memory, with what it replayed.
struct Fixture {
  explicit Fixture(std::uint64_t seed = 1) : disk(seed) { REQUIRE(disk.make_directories("/data")); }

  Result<void> open(SyncPolicy policy = SyncPolicy::group) {
    journal.reset();
    replayed.clear();
    JournalOptions options;
    options.sync.policy = policy;
    options.max_record_bytes = 100'000;
    auto opened = Journal::open("/data/journal", options, disk, loop, *pool, [this](BytesView record) -> Result<void> {
      replayed.emplace_back(as_text(record));
      return Ok();
    });
    if (!opened) return opened.error();
    journal = std::move(*opened);
    return Ok();
  }
  /// Of ten appends of one turn, which all become durable.
  std::uint64_t syncs_of_ten_appends() {
    const std::uint64_t before = disk.syncs;
    int done = 0;
    for (int i = 0; i < 10; ++i)
      journal->append(as_bytes("x"), [&](const Result<void>& result) { done += result.ok() ? 1 : 0; });
    loop.settle();
    CHECK(done == 10);
    return disk.syncs - before;
  }

  test::FaultyDisk disk;
  runtime::VirtualLoop loop;
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  std::unique_ptr<Journal> journal;
  std::vector<std::string> replayed;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("records come back in order after a restart") {
  Fixture f;
  REQUIRE(f.open());
  bool durable = false;
  REQUIRE(f.journal->append(as_bytes("one")));
  f.journal->append(as_bytes(""), [&](const Result<void>& result) { durable = result.ok(); });
  CHECK_FALSE(durable);
  f.loop.settle();
  CHECK(durable);
  REQUIRE(f.open());
  CHECK(f.replayed == Texts{"one", ""});
  CHECK(f.journal->cut_bytes() == 0);
}

TEST_CASE("appends of one turn share one sync") {
  Fixture f;
  REQUIRE(f.open());
  CHECK(f.syncs_of_ten_appends() == 1);
}

TEST_CASE("with `always` each append has a sync of its own") {
  Fixture f;
  REQUIRE(f.open(SyncPolicy::always));
  CHECK(f.syncs_of_ten_appends() == 10);
}

TEST_CASE("with `interval` appends are done at once and synced by the timer") {
  Fixture f;
  REQUIRE(f.open(SyncPolicy::interval));
  const std::uint64_t before = f.disk.syncs;
  bool done = false;
  f.journal->append(as_bytes("x"), [&](const Result<void>& result) { done = result.ok(); });
  CHECK(done);
  f.loop.settle();
  CHECK(f.disk.syncs == before);
  f.loop.advance(Seconds{2});
  CHECK(f.disk.syncs == before + 1);
}

TEST_CASE("a torn tail is cut and earlier records survive") {
  Fixture f;
  REQUIRE(f.open(SyncPolicy::never));
  REQUIRE(f.journal->append(as_bytes("whole")));
  const std::uint64_t whole = f.journal->size_bytes();
  REQUIRE(f.journal->append(as_bytes("to be torn")));
  f.journal.reset();
  REQUIRE((*f.disk.open("/data/journal", runtime::OpenMode::write_existing))->truncate(whole + 9));
  REQUIRE(f.open());
  CHECK(f.replayed == Texts{"whole"});
  CHECK(f.journal->cut_bytes() == 9);
  CHECK(f.journal->size_bytes() == whole);
}

TEST_CASE("damage below what was durable is an error (SO-L002), not a cut") {
  Fixture f;
  REQUIRE(f.open());
  for (const char* text : {"first", "second", "third"}) {
    REQUIRE(f.journal->append(as_bytes(text)));
    f.loop.settle();
  }
  f.journal.reset();
  f.disk.flip_byte("/data/journal", 4 + 16 + 2);
  const Result<void> opened = f.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code() == "SO-L002");
}

TEST_CASE("a file of somebody else is refused (SO-L001) and left alone") {
  Fixture f;
  auto file = *f.disk.open("/data/journal", runtime::OpenMode::write_create);
  REQUIRE(file->append(as_bytes("shopping list")));
  const Result<void> opened = f.open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code() == "SO-L001");
  CHECK(file->size() == 13);
}

TEST_CASE("a record above the limit is refused (SO-L003)") {
  Fixture f;
  REQUIRE(f.open());
  const auto appended = f.journal->append(Bytes(100'001));
  REQUIRE_FALSE(appended);
  CHECK(appended.error().code() == "SO-L003");
}

TEST_CASE("on a full disk an append fails, leaves nothing, and works again when there is room") {
  Fixture f;
  REQUIRE(f.open());
  REQUIRE(f.journal->append(as_bytes("kept")));
  f.disk.capacity = f.journal->size_bytes() + 20;
  const auto refused = f.journal->append(as_bytes("does not fit in here"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is(errors::runtime::disk_full));
  f.disk.capacity = UINT64_MAX;
  REQUIRE(f.journal->append(as_bytes("later")));
  f.loop.settle();
  REQUIRE(f.open());
  CHECK(f.replayed == Texts{"kept", "later"});
}

TEST_CASE("a failed sync tells its writers, and takes their records back") {
  Fixture f;
  REQUIRE(f.open());
  REQUIRE(f.journal->append(as_bytes("kept")));
  f.loop.settle();
  f.disk.failing_syncs = 1;
  std::optional<Error> error;
  f.journal->append(as_bytes("lost"), [&](const Result<void>& result) { error = result.error(); });
  f.loop.settle();
  REQUIRE(error);
  bool later = false;
  f.journal->append(as_bytes("later"), [&](const Result<void>& result) { later = result.ok(); });
  f.loop.settle();
  CHECK(later);
  REQUIRE(f.open());
  CHECK(f.replayed == Texts{"kept", "later"});
}

TEST_CASE("a rewrite replaces all records, and appends go on behind it") {
  Fixture f;
  REQUIRE(f.open());
  for (int i = 0; i < 100; ++i) REQUIRE(f.journal->append(as_bytes("same key, new value")));
  f.loop.settle();
  CHECK(f.journal->worth_rewriting(100));
  REQUIRE(f.journal->rewrite([](const auto& emit) { emit(as_bytes("state")); }));
  bool done = false;
  f.journal->append(as_bytes("after"), [&](const Result<void>& result) { done = result.ok(); });
  CHECK_FALSE(done);
  f.loop.settle();
  CHECK(done);
  CHECK_FALSE(f.journal->worth_rewriting(100));
  REQUIRE(f.open());
  CHECK(f.replayed == Texts{"state", "after"});
}

// The law: after any crash the journal replays what was acknowledged, in order, with nothing foreign in between.
TEST_CASE("whatever a power cut does, acknowledged records survive in order") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Fixture f(seed);
    runtime::SeededRandom random(seed);
    Texts appended;  // since the last rewrite or crash began: what must be a prefix
    std::size_t acknowledged = 0;
    int next = 0;
    for (int round = 0; round < 6; ++round) {
      REQUIRE(f.open());
      REQUIRE(f.replayed.size() >= acknowledged);
      REQUIRE(f.replayed.size() <= appended.size());
      REQUIRE(std::equal(f.replayed.begin(), f.replayed.end(), appended.begin()));
      appended = f.replayed;
      acknowledged = appended.size();
      for (std::uint64_t i = random.below(20); i > 0; --i) {
        const std::string text = std::to_string(next++) + std::string(random.below(1500), 'x');
        appended.push_back(text);
        const std::size_t index = appended.size();
        f.journal->append(as_bytes(text), [&acknowledged, index](const Result<void>& result) {
          if (result) acknowledged = std::max(acknowledged, index);
        });
        if (random.below(4) == 0) f.loop.settle();
        if (random.below(10) == 0) {
          REQUIRE(f.journal->rewrite([&](const auto& emit) {
            for (const std::string& record : appended) emit(as_bytes(record));
          }));
        }
      }
      f.journal.reset();
      f.disk.crash();
    }
  }
}

}  // namespace streamops::log
