// State on a real disk: whole epochs, and one step back.
#include <doctest/doctest.h>

#include <map>

#include "errors/pipeline.h"
#include "pipeline/state_store.h"
#include "runtime/virtual_loop.h"
#include "temporary_folder.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

using Entries = std::map<std::string, std::string>;

struct Bench {
  TemporaryFolder folder;
  runtime::VirtualLoop loop;
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  std::unique_ptr<StateStore> store = open();

  std::unique_ptr<StateStore> open() {
    return make_disk_state(folder.path() + "/s.state", runtime::system_disk(), loop, *pool);
  }
  /// As a new process would.
  Result<StoredState> load(std::uint64_t newest) {
    store.reset();
    store = open();
    std::optional<Result<StoredState>> out;
    store->load(newest, [&](Result<StoredState> loaded) { out = std::move(loaded); });
    loop.settle();
    return *out;
  }
  void commit(std::uint64_t epoch, std::vector<std::pair<std::string, std::optional<std::string>>> changes) {
    std::optional<Result<void>> out;
    store->commit({epoch, std::move(changes)}, [&](Result<void> stored) { out = std::move(stored); });
    loop.settle();
    REQUIRE(out->ok());
  }
};

Entries entries(const Result<StoredState>& state) {
  REQUIRE(state.ok());
  return {state->entries.begin(), state->entries.end()};
}

}  // namespace

TEST_CASE("nothing is stored at first; then what was stored comes back with its epoch") {
  Bench bench;
  const Result<StoredState> first = bench.load(0);
  CHECK(entries(first).empty());
  CHECK(first->epoch == 0);
  bench.commit(1, {{"a", "1"}, {"b", "2"}, {std::string("\0z", 2), ""}});
  bench.commit(2, {{"a", "3"}, {"b", std::nullopt}});
  const Result<StoredState> second = bench.load(2);
  CHECK(second->epoch == 2);
  CHECK(entries(second) == Entries{{"a", "3"}, {std::string("\0z", 2), ""}});
}

TEST_CASE("the last epoch can be taken back, for good; the one before cannot") {
  Bench bench;
  CHECK(entries(bench.load(0)).empty());
  bench.commit(1, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  bench.commit(5, {{"a", "4"}, {"b", std::nullopt}, {"d", "5"}});
  const Result<StoredState> back = bench.load(4);
  CHECK(back->epoch == 1);
  CHECK(entries(back) == Entries{{"a", "1"}, {"b", "2"}, {"c", "3"}});
  CHECK(entries(bench.load(5)) == Entries{{"a", "1"}, {"b", "2"}, {"c", "3"}});
  const Result<StoredState> further = bench.load(0);
  REQUIRE(!further.ok());
  CHECK(further.error().code() == "SO-P067");
  CHECK(entries(bench.load(1)).size() == 3);
  bench.commit(6, {{"a", "7"}});
  CHECK(entries(bench.load(6)).at("a") == "7");
  CHECK(entries(bench.load(5)).at("a") == "1");
}

TEST_CASE("the first epoch can be taken back too: nothing is stored then") {
  Bench bench;
  CHECK(entries(bench.load(0)).empty());
  bench.commit(1, {{"a", "1"}});
  const Result<StoredState> back = bench.load(0);
  CHECK(back->epoch == 0);
  CHECK(entries(back).empty());
}
