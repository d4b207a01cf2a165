#include "kafka/broker/groups/group.h"

#include <doctest/doctest.h>

#include <memory>

#include "runtime/virtual_loop.h"

namespace streamops::kafka {
namespace {

using runtime::VirtualLoop;

/// A member as a client plays it: joins, syncs, and remembers what it was told.
struct Player {
  std::string client = "app";
  std::optional<std::string> instance;
  std::string id;
  std::string topics = "t";
  std::vector<std::string> protocols = {"range"};
  JoinFeatures features;
  std::optional<JoinGroupResponse> joined;
  std::optional<SyncGroupResponse> synced;

  JoinGroupRequest join_request() const {
    JoinGroupRequest request;
    request.group_id = "g";
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 60'000;
    request.member_id = id;
    request.group_instance_id = instance;
    request.protocol_type = "consumer";
    for (const std::string& name : protocols)
      request.protocols.push_back({.name = name, .metadata = Bytes(topics.begin(), topics.end())});
    return request;
  }
  void join(Group& group) {
    joined.reset();
    group.join(join_request(), {client, "/127.0.0.1"}, features,
               [this](JoinGroupResponse response) { joined = std::move(response); });
    if (joined && joined->error_code == wire(ErrorCode::member_id_required)) {
      id = joined->member_id;
      join(group);
    }
  }
  /// Takes the generation that the join ended with; the leader gives every member its own name as assignment.
  void sync(Group& group) {
    REQUIRE(joined.has_value());
    id = joined->member_id;
    synced.reset();
    SyncGroupRequest request;
    request.group_id = "g";
    request.generation_id = joined->generation_id;
    request.member_id = id;
    request.group_instance_id = instance;
    for (const auto& member : joined->members) {
      request.assignments.push_back(
          {.member_id = member.member_id, .assignment = Bytes(member.member_id.begin(), member.member_id.end())});
    }
    group.sync(request, [this](SyncGroupResponse response) { synced = std::move(response); });
  }
  ErrorCode beat(Group& group) const { return group.heartbeat(id, instance, joined->generation_id); }
  bool is_leader() const { return joined->leader == joined->member_id; }
  std::string assignment() const { return std::string(as_text(synced->assignment)); }
};

struct Fixture {
  VirtualLoop loop;
  GroupOptions options;
  int changes = 0;
  Group group{"g", options, loop, [this](const Group&) { ++changes; }};

  void settle(std::vector<Player*> players) {
    for (Player* player : players) player->join(group);
    for (Player* player : players) REQUIRE(player->joined.has_value());
    for (Player* player : players) player->sync(group);
    for (Player* player : players) REQUIRE(player->synced.has_value());
  }
  /// `a` leads, then `b` joins it.
  void settle_both(Player& a, Player& b) {
    settle({&a});
    b.join(group);
    a.join(group);
    a.sync(group);
    b.sync(group);
  }
  void beat_for(std::vector<Player*> players, Microseconds duration) {
    for (Microseconds passed{0}; passed < duration; passed += Seconds{3}) {
      loop.advance(Seconds{3});
      for (Player* player : players) CHECK(player->beat(group) == ErrorCode::none);
    }
  }
};

TEST_CASE("one member is its own leader and gets what it assigned") {
  Fixture f;
  Player a;
  f.settle({&a});
  CHECK(a.joined->error_code == 0);
  CHECK(a.joined->generation_id == 1);
  CHECK(a.joined->protocol_name == "range");
  CHECK(a.is_leader());
  CHECK(a.joined->members.size() == 1);
  CHECK(a.assignment() == a.id);
  CHECK(f.group.state() == GroupState::stable);
  CHECK(a.id.starts_with("app-"));
}

TEST_CASE("a new dynamic member is told its id first, and an old client is not") {
  Fixture f;
  JoinGroupResponse answer;
  Player a;
  f.group.join(a.join_request(), {"app", "/h"}, {}, [&](JoinGroupResponse response) { answer = std::move(response); });
  CHECK(answer.error_code == wire(ErrorCode::member_id_required));
  CHECK(answer.member_id.starts_with("app-"));
  CHECK_FALSE(f.group.has_members());

  Player old;
  old.features = {.must_know_id = false, .may_skip_assignment = false};
  Fixture g;
  old.join(g.group);
  CHECK(old.joined->error_code == 0);
}

TEST_CASE("two members rebalance: the first hears of it by its heartbeat, and both get their part") {
  Fixture f;
  Player a;
  Player b;
  f.settle({&a});
  b.join(f.group);
  CHECK_FALSE(b.joined.has_value());
  CHECK(a.beat(f.group) == ErrorCode::rebalance_in_progress);
  a.join(f.group);
  REQUIRE(a.joined.has_value());
  REQUIRE(b.joined.has_value());
  CHECK(a.joined->generation_id == 2);
  CHECK(b.joined->generation_id == 2);
  CHECK(a.is_leader());
  CHECK(a.joined->members.size() == 2);
  CHECK(b.joined->members.empty());

  b.sync(f.group);
  CHECK_FALSE(b.synced.has_value());  // the leader has not assigned yet
  a.sync(f.group);
  REQUIRE(b.synced.has_value());
  CHECK(a.assignment() == a.id);
  CHECK(b.assignment() == b.id);
  CHECK(f.group.state() == GroupState::stable);
}

TEST_CASE("a member that falls silent is out after its session timeout") {
  Fixture f;
  Player a;
  Player b;
  f.settle_both(a, b);
  f.beat_for({&a}, Seconds{9});
  CHECK(f.group.view().members.size() == 2);
  f.loop.advance(Seconds{1});
  CHECK(f.group.view().members.size() == 1);
  CHECK(a.beat(f.group) == ErrorCode::rebalance_in_progress);
  CHECK(b.beat(f.group) == ErrorCode::unknown_member_id);
  a.join(f.group);
  REQUIRE(a.joined.has_value());
  CHECK(a.joined->generation_id == 3);
  CHECK(a.joined->members.size() == 1);
}

TEST_CASE("heartbeats keep a member alive for ever") {
  Fixture f;
  Player a;
  f.settle({&a});
  f.beat_for({&a}, Seconds{3600});
  CHECK(f.group.state() == GroupState::stable);
  CHECK(f.group.generation() == 1);
}

TEST_CASE("who does not rejoin within the rebalance timeout is out, and the others go on") {
  Fixture f;
  Player a;
  Player b;
  f.settle({&a});
  b.join(f.group);
  // The first beats but never joins again: its poll loop hangs.
  for (int i = 0; i < 19; ++i) {
    f.loop.advance(Seconds{3});
    CHECK(a.beat(f.group) == ErrorCode::rebalance_in_progress);
    CHECK_FALSE(b.joined.has_value());
  }
  f.loop.advance(Seconds{3});
  REQUIRE(b.joined.has_value());
  CHECK(b.is_leader());
  CHECK(b.joined->members.size() == 1);
  CHECK(a.beat(f.group) == ErrorCode::unknown_member_id);
}

TEST_CASE("a member that joined and never syncs is out after the rebalance timeout") {
  Fixture f;
  Player a;
  Player b;
  b.join(f.group);
  b.sync(f.group);
  a.join(f.group);
  b.join(f.group);
  b.sync(f.group);
  REQUIRE(a.joined.has_value());
  for (int i = 0; i < 21; ++i) {
    f.loop.advance(Seconds{3});
    a.beat(f.group);
    b.beat(f.group);
  }
  CHECK(a.beat(f.group) == ErrorCode::unknown_member_id);
  CHECK(f.group.state() == GroupState::preparing_rebalance);
}

TEST_CASE("a member that leaves starts a rebalance, and the last one empties the group") {
  Fixture f;
  Player a;
  Player b;
  f.settle_both(a, b);
  CHECK(f.group.leave(a.id, std::nullopt) == ErrorCode::none);
  CHECK(b.beat(f.group) == ErrorCode::rebalance_in_progress);
  b.join(f.group);
  CHECK(b.is_leader());
  CHECK(f.group.leave(b.id, std::nullopt) == ErrorCode::none);
  CHECK(f.group.state() == GroupState::empty);
  CHECK(f.group.leave(b.id, std::nullopt) == ErrorCode::unknown_member_id);
  CHECK(f.group.protocol_type() == "consumer");
}

TEST_CASE("commits from an old generation or a stranger are refused, and none pass between generations") {
  Fixture f;
  Player a;
  CHECK(f.group.may_commit("", std::nullopt, -1) == ErrorCode::none);  // only stores offsets
  f.settle({&a});
  CHECK(f.group.may_commit(a.id, std::nullopt, 1) == ErrorCode::none);
  CHECK(f.group.may_commit(a.id, std::nullopt, 0) == ErrorCode::illegal_generation);
  CHECK(f.group.may_commit("stranger", std::nullopt, 1) == ErrorCode::unknown_member_id);
  CHECK(f.group.may_commit("", std::nullopt, -1) == ErrorCode::unknown_member_id);

  Player b;
  b.join(f.group);
  CHECK(f.group.may_commit(a.id, std::nullopt, 1) == ErrorCode::none);  // its last chance before it joins again
  a.join(f.group);
  CHECK(f.group.state() == GroupState::completing_rebalance);
  CHECK(f.group.may_commit(a.id, std::nullopt, 1) == ErrorCode::illegal_generation);
  CHECK(f.group.may_commit(a.id, std::nullopt, 2) == ErrorCode::rebalance_in_progress);
}

TEST_CASE("a static member that comes back keeps its assignment, and nobody rebalances") {
  Fixture f;
  Player a{.instance = "one"};
  Player b{.instance = "two"};
  f.settle_both(a, b);
  const std::string before = b.assignment();
  const std::int32_t generation = f.group.generation();

  Player again{.instance = "two"};
  again.join(f.group);
  REQUIRE(again.joined.has_value());
  CHECK(again.joined->error_code == 0);
  CHECK(again.joined->generation_id == generation);
  CHECK(again.joined->member_id != b.id);
  CHECK_FALSE(again.joined->skip_assignment);
  again.sync(f.group);
  CHECK(again.assignment() == before);
  CHECK(a.beat(f.group) == ErrorCode::none);
  CHECK(b.beat(f.group) == ErrorCode::fenced_instance_id);
}

TEST_CASE("a static leader that comes back is told not to assign, in the words of its version") {
  for (const bool may_skip : {true, false}) {
    Fixture f;
    Player a{.instance = "one"};
    f.settle({&a});
    Player again{.instance = "one", .features = {.must_know_id = true, .may_skip_assignment = may_skip}};
    again.join(f.group);
    REQUIRE(again.joined.has_value());
    CHECK(again.joined->skip_assignment == may_skip);
    CHECK(again.is_leader() == may_skip);
    again.joined->members.clear();
    again.sync(f.group);
    CHECK(again.assignment() == a.id);
  }
}

TEST_CASE("a static member away for longer than its session is out") {
  Fixture f;
  Player a{.instance = "one"};
  f.settle({&a});
  f.loop.advance(Seconds{10});
  CHECK(f.group.state() == GroupState::empty);
}

TEST_CASE("an administrator removes a static member by its instance") {
  Fixture f;
  Player a{.instance = "one"};
  f.settle({&a});
  CHECK(f.group.leave("", std::string("other")) == ErrorCode::unknown_member_id);
  CHECK(f.group.leave("wrong id", std::string("one")) == ErrorCode::fenced_instance_id);
  CHECK(f.group.leave("", std::string("one")) == ErrorCode::none);
  CHECK_FALSE(f.group.has_members());
}

TEST_CASE("members that speak no common protocol are refused, and the preferred common one is chosen") {
  Fixture f;
  Player a{.protocols = {"range", "roundrobin"}};
  Player b{.protocols = {"roundrobin", "sticky"}};
  Player c{.protocols = {"sticky"}};
  f.settle({&a});
  CHECK(a.joined->protocol_name == "range");
  b.join(f.group);
  a.join(f.group);
  CHECK(a.joined->protocol_name == "roundrobin");
  c.join(f.group);
  CHECK(c.joined->error_code == wire(ErrorCode::inconsistent_group_protocol));
}

TEST_CASE("timeouts, protocols and sizes out of bounds are refused") {
  Fixture f;
  f.options.max_members = 1;
  JoinGroupResponse answer;
  const auto keep = [&](JoinGroupResponse response) { answer = std::move(response); };
  JoinGroupRequest request = Player{}.join_request();
  request.session_timeout_ms = 5'999;
  f.group.join(request, {}, {}, keep);
  CHECK(answer.error_code == wire(ErrorCode::invalid_session_timeout));
  request = Player{}.join_request();
  request.protocols.clear();
  f.group.join(request, {}, {}, keep);
  CHECK(answer.error_code == wire(ErrorCode::inconsistent_group_protocol));
  request = Player{}.join_request();
  request.member_id = "nobody";
  f.group.join(request, {}, {}, keep);
  CHECK(answer.error_code == wire(ErrorCode::unknown_member_id));
  Player a;
  f.settle({&a});
  Player b;
  b.join(f.group);
  CHECK(b.joined->error_code == wire(ErrorCode::group_max_size_reached));
}

TEST_CASE("sync is refused by generation, protocol and state") {
  Fixture f;
  Player a;
  f.settle({&a});
  std::int16_t code = 0;
  const auto keep = [&](const SyncGroupResponse& response) { code = response.error_code; };
  SyncGroupRequest request;
  request.member_id = a.id;
  request.generation_id = 7;
  f.group.sync(request, keep);
  CHECK(code == wire(ErrorCode::illegal_generation));
  request.generation_id = 1;
  request.protocol_name = "sticky";
  f.group.sync(request, keep);
  CHECK(code == wire(ErrorCode::inconsistent_group_protocol));
  request.protocol_name.reset();
  Player b;
  b.join(f.group);
  f.group.sync(request, keep);
  CHECK(code == wire(ErrorCode::rebalance_in_progress));
}

TEST_CASE("a join while others wait for their assignment sends them back to join") {
  Fixture f;
  Player a;
  Player b;
  f.settle({&a});
  b.join(f.group);
  a.join(f.group);
  b.sync(f.group);
  Player c;
  c.join(f.group);
  REQUIRE(b.synced.has_value());
  CHECK(b.synced->error_code == wire(ErrorCode::rebalance_in_progress));
}

TEST_CASE("an initial delay gathers members into the first generation") {
  Fixture f;
  f.options.initial_rebalance_delay = Seconds{3};
  Player a;
  Player b;
  a.join(f.group);
  f.loop.advance(Seconds{2});
  b.join(f.group);
  CHECK_FALSE(a.joined.has_value());
  f.loop.advance(Seconds{1});
  CHECK_FALSE(a.joined.has_value());  // somebody came: it waits once more
  f.loop.advance(Seconds{3});
  REQUIRE(a.joined.has_value());
  REQUIRE(b.joined.has_value());
  CHECK(a.joined->generation_id == 1);
  CHECK(b.joined->generation_id == 1);
}

TEST_CASE("a member that was told its id and never came does not hold the others for ever") {
  Fixture f;
  Player lost;
  f.group.join(lost.join_request(), {}, {}, [](const JoinGroupResponse&) {});
  Player a;
  a.join(f.group);
  CHECK_FALSE(a.joined.has_value());
  f.loop.advance(Seconds{10});
  REQUIRE(a.joined.has_value());
  CHECK(a.joined->members.size() == 1);
}

TEST_CASE("every join and sync is answered exactly once, whatever happens") {
  // Random steps of a few members, against a count of open requests.
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    VirtualLoop loop(WallTime{}, seed);
    runtime::SeededRandom random(seed);
    GroupOptions options;
    Group group("g", options, loop, [](const Group&) {});
    int open = 0;
    std::vector<std::string> ids = {"", "", "nobody"};
    std::int32_t generation = 0;
    for (int step = 0; step < 200; ++step) {
      const std::string id = ids[random.below(ids.size())];
      const std::uint64_t what = random.below(10);
      const std::optional<std::string> instance = random.below(5) == 0 ? std::optional<std::string>("i") : std::nullopt;
      if (what < 4) {
        Player player{.instance = instance};
        player.id = id;
        ++open;
        group.join(player.join_request(), {"c", "h"}, {.must_know_id = random.below(2) == 0},
                   [&, answered = std::make_shared<int>(0)](const JoinGroupResponse& r) {
                     CHECK(++*answered == 1);
                     --open;
                     if (!r.member_id.empty()) ids.push_back(r.member_id);
                     if (r.error_code == 0) generation = r.generation_id;
                   });
      } else if (what < 7) {
        SyncGroupRequest request;
        request.member_id = id;
        request.group_instance_id = instance;
        request.generation_id = generation;
        ++open;
        group.sync(request, [&, answered = std::make_shared<int>(0)](const SyncGroupResponse&) {
          CHECK(++*answered == 1);
          --open;
        });
      } else if (what == 7) {
        group.leave(id, instance);
      } else if (what == 8) {
        group.heartbeat(id, instance, generation);
      } else {
        loop.advance(Seconds{static_cast<std::int64_t>(random.below(20))});
      }
    }
    loop.advance(Seconds{600});
    CHECK(open == 0);
    CHECK(group.state() == GroupState::empty);
  }
}

}  // namespace
}  // namespace streamops::kafka
