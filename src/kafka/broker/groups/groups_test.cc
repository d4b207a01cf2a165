#include "kafka/broker/groups/groups.h"

#include <doctest/doctest.h>
#include <faulty_disk.h>

#include "kafka/broker/groups/offset_journal.h"
#include "kafka/protocol/writer.h"
#include "log/journal.h"
#include "runtime/virtual_loop.h"

namespace streamops::kafka {
namespace {

struct Fixture {
  test::FaultyDisk disk;
  runtime::VirtualLoop loop{from_millis(1'700'000'000'000)};
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  GroupOptions options;
  std::unique_ptr<Groups> groups;

  Fixture() { start(); }
  void start() { groups = Groups::open("/data/groups", options, {}, disk, loop, *pool).value(); }
  /// A power cut, and a start from what the disk has kept.
  void crash() {
    groups.reset();
    disk.crash();
    start();
  }
  ErrorCode commit(const std::string& group, const std::string& topic, std::int32_t partition, std::int64_t offset,
                   const Committer& who = {}) {
    std::optional<ErrorCode> answer;
    CommittedOffset committed{offset, 3, "note", to_millis(loop.clock().wall())};
    groups->commit(group, who, {{{topic, partition}, committed}}, [&](ErrorCode code) { answer = code; });
    loop.settle();
    REQUIRE(answer.has_value());
    return *answer;
  }
  std::int64_t committed(const std::string& group, const std::string& topic, std::int32_t partition) const {
    const CommittedOffset* found = groups->committed(group, {topic, partition});
    return found == nullptr ? -1 : found->offset;
  }
  ErrorCode remove(const std::string& group) {
    std::optional<ErrorCode> answer;
    groups->remove(group, [&](ErrorCode code) { answer = code; });
    loop.settle();
    return answer.value();
  }
  /// Joins and syncs one member of `group`, subscribed to `topic`.
  Committer member(const std::string& group, const std::string& topic) {
    JoinGroupRequest request;
    request.group_id = group;
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 10'000;
    request.protocol_type = "consumer";
    Writer subscription;
    subscription.i16(0);
    subscription.array(1, false);
    subscription.string(topic, false);
    subscription.nullable_bytes(std::nullopt, false);
    request.protocols.push_back({.name = "range", .metadata = std::move(subscription).take()});
    JoinGroupResponse joined;
    groups->join(request, {"app", "/h"}, {.must_know_id = false},
                 [&](JoinGroupResponse response) { joined = std::move(response); });
    SyncGroupRequest sync;
    sync.group_id = group;
    sync.member_id = joined.member_id;
    sync.generation_id = joined.generation_id;
    groups->sync(sync, [](const SyncGroupResponse& response) { CHECK(response.error_code == 0); });
    loop.settle();
    return {joined.member_id, std::nullopt, joined.generation_id};
  }
};

TEST_CASE("a committed offset is there with its metadata, and survives a power cut") {
  Fixture f;
  CHECK(f.commit("g", "t", 0, 42) == ErrorCode::none);
  CHECK(f.commit("g", "t", 0, 43) == ErrorCode::none);
  CHECK(f.commit("g", "u", 7, 1) == ErrorCode::none);
  CHECK(f.commit("h", "t", 0, 5) == ErrorCode::none);
  f.crash();
  CHECK(f.committed("g", "t", 0) == 43);
  CHECK(f.committed("g", "u", 7) == 1);
  CHECK(f.committed("h", "t", 0) == 5);
  CHECK(f.committed("g", "t", 1) == -1);
  const CommittedOffset* found = f.groups->committed("g", {"t", 0});
  CHECK(found->metadata == "note");
  CHECK(found->leader_epoch == 3);
}

TEST_CASE("a commit that the disk refuses is an error and is not visible, before and after a restart") {
  Fixture f;
  CHECK(f.commit("g", "t", 0, 1) == ErrorCode::none);
  f.disk.failing_syncs = 1;
  CHECK(f.commit("g", "t", 0, 2) == ErrorCode::coordinator_not_available);
  CHECK(f.committed("g", "t", 0) == 1);
  CHECK(f.commit("g", "t", 0, 3) == ErrorCode::none);
  f.crash();
  CHECK(f.committed("g", "t", 0) == 3);
}

TEST_CASE("a commit is not answered before it is on disk") {
  Fixture f;
  bool answered = false;
  f.groups->commit("g", {}, {{{"t", 0}, {9, -1, "", 0}}}, [&](ErrorCode) { answered = true; });
  const bool before_the_sync = answered;
  const std::uint64_t syncs = f.disk.syncs;
  f.loop.settle();
  CHECK(answered);
  CHECK_FALSE(before_the_sync);
  CHECK(f.disk.syncs >= syncs);
}

TEST_CASE("commits of a member are checked, and generations go on after a restart") {
  Fixture f;
  const Committer who = f.member("g", "t");
  CHECK(f.commit("g", "t", 0, 10, who) == ErrorCode::none);
  CHECK(f.commit("g", "t", 0, 11) == ErrorCode::unknown_member_id);
  CHECK(f.commit("new", "t", 0, 11, who) == ErrorCode::illegal_generation);
  f.crash();
  CHECK(f.commit("g", "t", 0, 12, who) == ErrorCode::unknown_member_id);
  CHECK(f.committed("g", "t", 0) == 10);
  CHECK(f.groups->view("g")->protocol_type == "consumer");
  CHECK(f.member("g", "t").generation > who.generation);
}

TEST_CASE("a group is deleted with its offsets, but not while it has members") {
  Fixture f;
  const Committer who = f.member("g", "t");
  f.commit("g", "t", 0, 10, who);
  CHECK(f.remove("g") == ErrorCode::non_empty_group);
  CHECK(f.remove("unknown") == ErrorCode::group_id_not_found);
  CHECK(f.groups->leave("g", who.member, std::nullopt) == ErrorCode::none);
  CHECK(f.remove("g") == ErrorCode::none);
  CHECK_FALSE(f.groups->view("g").has_value());
  f.crash();
  CHECK_FALSE(f.groups->view("g").has_value());
  CHECK(f.committed("g", "t", 0) == -1);
}

TEST_CASE("single offsets are forgotten, except those of topics in use") {
  Fixture f;
  const Committer who = f.member("g", "used");
  f.commit("g", "used", 0, 1, who);
  f.commit("g", "idle", 0, 1, who);
  std::vector<ErrorCode> codes;
  f.groups->forget("g", {{"used", 0}, {"idle", 0}}, [&](ErrorCode error, std::vector<ErrorCode> each) {
    CHECK(error == ErrorCode::none);
    codes = std::move(each);
  });
  f.loop.settle();
  CHECK(codes == std::vector{ErrorCode::group_subscribed_to_topic, ErrorCode::none});
  CHECK(f.committed("g", "used", 0) == 1);
  CHECK(f.committed("g", "idle", 0) == -1);
  ErrorCode unknown = ErrorCode::none;
  f.groups->forget("x", {{"t", 0}}, [&](ErrorCode error, const std::vector<ErrorCode>&) { unknown = error; });
  CHECK(unknown == ErrorCode::group_id_not_found);
}

TEST_CASE("no offset outlives its topic") {
  Fixture f;
  f.commit("g", "t", 0, 1);
  f.commit("g", "u", 0, 2);
  f.groups->forget_topic("t");
  f.loop.settle();
  CHECK(f.committed("g", "t", 0) == -1);
  CHECK(f.committed("g", "u", 0) == 2);
}

TEST_CASE("offsets expire when their group has had no members for the retention") {
  Fixture f;
  const Committer who = f.member("used", "t");
  f.commit("used", "t", 0, 1, who);
  f.commit("alone", "t", 0, 1);
  const auto beat = [&] {
    HeartbeatRequest request;
    request.group_id = "used";
    request.member_id = who.member;
    request.generation_id = who.generation;
    return f.groups->heartbeat(request);
  };
  for (int i = 0; i < 8 * 24 * 3600 / 9; ++i) {
    f.loop.advance(Seconds{9});
    REQUIRE(beat() == ErrorCode::none);
  }
  CHECK(f.committed("used", "t", 0) == 1);
  CHECK(f.committed("alone", "t", 0) == -1);
  CHECK_FALSE(f.groups->view("alone").has_value());

  f.groups->leave("used", who.member, std::nullopt);
  f.loop.advance(Seconds{6 * 24 * 3600});
  CHECK(f.committed("used", "t", 0) == 1);
  f.loop.advance(Seconds{24 * 3600 + 1200});
  CHECK(f.committed("used", "t", 0) == -1);
  f.crash();
  CHECK(f.committed("used", "t", 0) == -1);
}

TEST_CASE("the journal stays small however often a group commits") {
  Fixture f;
  auto store = OffsetJournal::open("/data/small.journal", {}, f.disk, f.loop, *f.pool).value();
  const std::string metadata(1000, 'm');
  for (int i = 0; i < 6000; ++i) {
    bool done = false;
    store->commit("g", {{{"t", i % 3}, {i, -1, metadata, 0}}}, [&](const Result<void>& result) { done = result.ok(); });
    f.loop.settle();
    REQUIRE(done);
  }
  CHECK(store->size_bytes() < 4 << 20);
  store.reset();
  f.disk.crash();
  store = OffsetJournal::open("/data/small.journal", {}, f.disk, f.loop, *f.pool).value();
  CHECK(store->find("g")->offsets.at({"t", 2}).offset == 5999);
  CHECK(store->find("g")->offsets.at({"t", 0}).offset == 5997);
}

TEST_CASE("commits under way while the journal is rewritten are answered and kept") {
  Fixture f;
  std::map<std::int32_t, std::int64_t> acknowledged;
  auto store = OffsetJournal::open("/data/busy.journal", {}, f.disk, f.loop, *f.pool).value();
  const std::string metadata(4000, 'm');
  std::int64_t next = 0;
  std::uint64_t largest = 0;
  for (int burst = 0; burst < 40; ++burst) {
    for (int i = 0; i < 50; ++i) {
      const std::int32_t partition = i % 7;
      const std::int64_t offset = ++next;
      store->commit("g", {{{"t", partition}, {offset, -1, metadata, 0}}},
                    [&, partition, offset](const Result<void>& done) {
                      REQUIRE(done.ok());
                      acknowledged[partition] = offset;
                    });
      if (i % 20 == 19) f.loop.settle();
    }
    largest = std::max(largest, store->size_bytes());
  }
  CHECK(largest < 4 << 20);  // of 8 MB of commits: it has been rewritten
  f.loop.settle();
  store.reset();
  f.disk.crash();
  store = OffsetJournal::open("/data/busy.journal", {}, f.disk, f.loop, *f.pool).value();
  for (const auto& [partition, offset] : acknowledged)
    CHECK(store->find("g")->offsets.at({"t", partition}).offset == offset);
}

TEST_CASE("a journal of a newer version is refused, not read wrongly") {
  Fixture f;
  {
    auto journal = log::Journal::open("/data/new.journal", {}, f.disk, f.loop, *f.pool, [](BytesView) -> Result<void> {
                     return Ok();
                   }).value();
    journal->append(Bytes{99, 2, 'g'}, [](const Result<void>&) {});
    f.loop.settle();
  }
  const auto opened = OffsetJournal::open("/data/new.journal", {}, f.disk, f.loop, *f.pool);
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code() == "SO-K150");
}

TEST_CASE("what is acknowledged survives power cuts at any time") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    test::FaultyDisk disk(seed);
    runtime::VirtualLoop loop(from_millis(1), seed);
    runtime::SeededRandom random(seed);
    const auto pool = runtime::make_inline_pool();
    std::map<std::int32_t, std::int64_t> acknowledged;
    std::int64_t next = 0;
    for (int life = 0; life < 5; ++life) {
      auto groups = Groups::open("/data", {}, {}, disk, loop, *pool).value();
      for (const auto& [partition, offset] : acknowledged) {
        REQUIRE(groups->committed("g", {"t", partition}) != nullptr);
        CHECK(groups->committed("g", {"t", partition})->offset >= offset);
      }
      for (int i = 0; i < 20; ++i) {
        const auto partition = static_cast<std::int32_t>(random.below(3));
        const std::int64_t offset = ++next;
        groups->commit("g", {}, {{{"t", partition}, {offset, -1, "", 0}}},
                       [&acknowledged, partition, offset](ErrorCode code) {
                         if (code == ErrorCode::none) acknowledged[partition] = offset;
                       });
        if (random.below(3) == 0) loop.settle();
      }
      groups.reset();  // with what is not yet on disk
      disk.crash();
      loop.settle();
    }
  }
}

}  // namespace
}  // namespace streamops::kafka
