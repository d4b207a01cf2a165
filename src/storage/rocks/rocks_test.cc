#include "storage/rocks/rocks.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "errors/runtime.h"
#include "errors/storage.h"
#include "runtime/virtual_loop.h"
#include "storage/rocks/group_commit.h"
#include "temporary_folder.h"

using namespace streamops;
using namespace streamops::storage;

namespace {

/// A directory of its own, gone at the end.
struct Scratch {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path();
  std::string at(const char* name) const { return (path / name).string(); }
};

/// Joins operands with commas.
class Joining final : public MergeRule {
 public:
  const char* name() const override { return "joining"; }
  bool merge(std::string_view, std::span<const std::string_view> parts, std::string& out) const override {
    out.clear();
    for (const std::string_view part : parts) {
      if (!out.empty()) out += ',';
      out += part;
    }
    return true;
  }
};

/// Drops values that start with "old", shortens those that start with "long".
class Dropping final : public PurgeRule {
 public:
  const char* name() const override { return "dropping"; }
  Verdict judge(std::string_view, std::string_view value, std::string& replacement) const override {
    if (value.starts_with("old")) return Verdict::remove;
    if (!value.starts_with("long")) return Verdict::keep;
    replacement = "short";
    return Verdict::replace;
  }
};

std::unique_ptr<Rocks> open(const std::string& directory, RocksOptions options = {}) {
  options.directory = directory;
  Result<std::unique_ptr<Rocks>> rocks = Rocks::open(std::move(options));
  REQUIRE(rocks.ok());
  return std::move(rocks).value();
}

std::string get(const Rocks& rocks, std::string_view key) {
  Result<std::optional<std::string>> value = rocks.get(key);
  REQUIRE(value.ok());
  return value->value_or("(none)");
}

}  // namespace

TEST_CASE("what was written is found again, also after opening anew") {
  Scratch scratch;
  {
    auto rocks = open(scratch.at("db"));
    WriteBatch batch;
    batch.put("a", "1");
    batch.put("b", "2");
    batch.put("c", "3");
    batch.remove_range("b", "c");
    CHECK(rocks->write(batch, true).ok());
  }
  auto rocks = open(scratch.at("db"));
  CHECK(get(*rocks, "a") == "1");
  CHECK(get(*rocks, "b") == "(none)");
  CHECK(get(*rocks, "c") == "3");
}

TEST_CASE("operands are folded in the order of the writes, in memory and on disk") {
  Scratch scratch;
  RocksOptions options;
  options.merge = std::make_shared<Joining>();
  auto rocks = open(scratch.at("db"), options);
  for (const char* operand : {"x", "y", "z"}) {
    WriteBatch batch;
    batch.merge("k", operand);
    REQUIRE(rocks->write(batch, false).ok());
    REQUIRE(rocks->flush().ok());
  }
  CHECK(get(*rocks, "k") == "x,y,z");
  REQUIRE(rocks->compact({}, {}).ok());
  CHECK(get(*rocks, "k") == "x,y,z");
}

TEST_CASE("compaction asks the purge rule") {
  Scratch scratch;
  RocksOptions options;
  options.purge = std::make_shared<Dropping>();
  auto rocks = open(scratch.at("db"), options);
  WriteBatch batch;
  batch.put("1", "old thing");
  batch.put("2", "long thing");
  batch.put("3", "thing");
  REQUIRE(rocks->write(batch, false).ok());
  REQUIRE(rocks->flush().ok());
  REQUIRE(rocks->compact({}, {}).ok());
  CHECK(get(*rocks, "1") == "(none)");
  CHECK(get(*rocks, "2") == "short");
  CHECK(get(*rocks, "3") == "thing");
}

TEST_CASE("an iterator keeps to its bounds and its moment, in both directions") {
  Scratch scratch;
  auto rocks = open(scratch.at("db"));
  WriteBatch batch;
  for (const char* key : {"a", "b", "c", "d"}) batch.put(key, key);
  REQUIRE(rocks->write(batch, false).ok());
  auto walk = rocks->iterate("b", "d");
  WriteBatch later;
  later.put("bb", "late");
  REQUIRE(rocks->write(later, false).ok());
  std::string seen;
  for (walk->seek("b"); walk->valid(); walk->next()) seen += walk->key();
  CHECK(seen == "bc");
  seen.clear();
  for (walk->seek_for_previous("z"); walk->valid(); walk->previous()) seen += walk->key();
  CHECK(seen == "cb");
  CHECK(walk->status().ok());
}

TEST_CASE("a full disk is SO-D001; writes work again when there is room, and nothing acknowledged is lost") {
  Scratch scratch;
  std::atomic<bool> room = true;
  RocksOptions options;
  options.has_room = [&room](std::uint64_t) { return room.load(); };
  auto rocks = open(scratch.at("db"), options);
  WriteBatch first;
  first.put("acknowledged", "yes");
  REQUIRE(rocks->write(first, true).ok());
  room = false;
  WriteBatch second;
  second.put("refused", "yes");
  const Result<void> refused = rocks->write(second, true);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is(errors::runtime::disk_full));  // SO-D001
  CHECK(get(*rocks, "acknowledged") == "yes");
  room = true;
  WriteBatch third;
  third.put("later", "yes");
  CHECK(rocks->write(third, true).ok());
  rocks.reset();
  rocks = open(scratch.at("db"));
  CHECK(get(*rocks, "acknowledged") == "yes");
  CHECK(get(*rocks, "later") == "yes");
  CHECK(get(*rocks, "refused") == "(none)");
}

TEST_CASE("a second opening of the same directory is SO-D003") {
  Scratch scratch;
  auto rocks = open(scratch.at("db"));
  RocksOptions options;
  options.directory = scratch.at("db");
  const auto second = Rocks::open(options);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().is(errors::runtime::directory_locked));
}

TEST_CASE("a damaged file is SO-D101 and another merge rule SO-D102") {
  Scratch scratch;
  RocksOptions options;
  options.merge = std::make_shared<Joining>();
  {
    auto rocks = open(scratch.at("db"), options);
    WriteBatch batch;
    batch.merge("k", "x");
    REQUIRE(rocks->write(batch, true).ok());
    REQUIRE(rocks->flush().ok());
  }
  {
    auto rocks = open(scratch.at("db"));  // without the rule
    const auto value = rocks->get("k");
    REQUIRE_FALSE(value.ok());
    CHECK(value.error().code() == "SO-D102");
  }
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path / "db")) {
    if (!entry.path().filename().string().starts_with("MANIFEST")) continue;
    std::ofstream(entry.path(), std::ios::in | std::ios::out).write("damaged damaged damaged", 23);
  }
  options.directory = scratch.at("db");
  const auto opened = Rocks::open(options);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code() == "SO-D101");
}

TEST_CASE("commits of one turn share a group and are told when it is durable") {
  Scratch scratch;
  auto rocks = open(scratch.at("db"));
  runtime::VirtualLoop loop;
  auto pool = runtime::make_inline_pool();
  auto commits = make_group_commit(*rocks, loop, *pool, {});
  int done = 0;
  for (int i = 0; i < 10; ++i) {
    WriteBatch batch;
    batch.put("key" + std::to_string(i), "v");
    commits->commit(std::move(batch), [&done](const Result<void>& result) { done += result.ok() ? 1 : 100; });
  }
  CHECK(done == 0);
  CHECK(commits->pending_bytes() > 0);
  bool settled = false;
  commits->when_settled([&settled] { settled = true; });
  loop.run_dry(Seconds{1});
  CHECK(done == 10);
  CHECK(settled);
  CHECK(commits->syncs() == 1);
  CHECK(commits->pending_bytes() == 0);
  CHECK(get(*rocks, "key9") == "v");
}

TEST_CASE("mode always syncs each commit; interval and never acknowledge before the sync") {
  Scratch scratch;
  auto rocks = open(scratch.at("db"));
  runtime::VirtualLoop loop;
  auto pool = runtime::make_inline_pool();
  for (const auto& [text, syncs] : {std::pair{"always", 3}, {"interval", 1}, {"never", 0}}) {
    CAPTURE(text);
    auto commits = make_group_commit(*rocks, loop, *pool, {.mode = parse_sync_mode(text)});
    int done = 0;
    for (int i = 0; i < 3; ++i) {
      WriteBatch batch;
      batch.put("k", "v");
      commits->commit(std::move(batch), [&done](const Result<void>&) { ++done; });
    }
    loop.settle();
    CHECK(done == 3);
    loop.advance(Seconds{2});
    CHECK(commits->syncs() == static_cast<std::uint64_t>(syncs));
  }
}

TEST_CASE("memory in use is told") {
  Scratch scratch;
  auto rocks = open(scratch.at("db"));
  WriteBatch batch;
  batch.put("k", std::string(100'000, 'x'));
  REQUIRE(rocks->write(batch, false).ok());
  CHECK(rocks->memory().write_buffers >= 100'000);
}
