#include "spark/stream_query.h"

#include <doctest/doctest.h>

#include "errors/spark.h"
#include "spark/fake_spark_test.h"
#include "temporary_folder.h"

using namespace streamops;
using namespace streamops::spark;

namespace {

constexpr const char* report = R"({"timestamp":"2024-01-01T00:00:0%.000Z","sources":[{"numInputRows":2}]})";

std::string report_at(char second) {
  std::string text = report;
  text[text.find('%')] = second;
  return text;
}

/// A stream and a cluster; processes of ours come and go.
struct World {
  runtime::VirtualLoop loop;
  FakeSpark spark{loop};
  TemporaryFolder folder;
  std::unique_ptr<runtime::Pool> files = runtime::make_inline_pool();
  StreamJob job;
  std::unique_ptr<StreamQuery> query;
  std::optional<Result<void>> told;

  World() {
    job.name = "p.users";
    job.select = "SELECT 1";
    job.checkpoint_location = "file:///c";
  }
  ~World() { query.reset(); }

  std::string record_path() const { return folder.path() + "/p.users.spark"; }
  void make() {
    told.reset();
    query = std::make_unique<StreamQuery>(job, Connection{{"spark", 15002, false, {}, {}}, std::nullopt, "me"},
                                          QueryEnvironment{loop, spark, runtime::system_disk(), *files, record_path()});
  }
  Done<void> telling() {
    return [this](const Result<void>& result) { told = result; };
  }
  void start() {
    make();
    query->start(telling());
    loop.settle();
  }
  void run_once() {
    make();
    query->run_once(telling());
    loop.settle();
  }
  std::string code() const { return told && !*told ? std::string(told->error().code()) : std::string(); }
};

}  // namespace

TEST_CASE("a stream becomes two queries, and a new process of ours finds them") {
  World world;
  world.start();
  REQUIRE(world.told.has_value());
  CHECK(world.told->ok());
  CHECK(world.spark.active() == 2);
  CHECK(world.spark.settings.at("spark.sql.ansi.enabled") == "true");
  CHECK(world.spark.find("p.users")->start.options.at("checkpointLocation") == "file:///c/p.users/0/rows");
  CHECK_FALSE(world.query->status().found);

  world.spark.find("p.users")->reports = {report_at('1')};
  world.start();  // the old one is gone without a word
  CHECK(world.spark.starts == 2);
  CHECK(world.query->status().found);
  CHECK(world.query->status().state == QueryState::running);
  CHECK(world.query->status().records_in == 0);  // what was before is not ours to count
  world.spark.find("p.users")->reports.push_back(report_at('2'));
  world.loop.advance(Seconds{2});
  CHECK(world.query->status().records_in == 2);
}

TEST_CASE("another job, or half of one, is stopped before the new one starts") {
  World world;
  world.start();
  world.job.select = "SELECT 2";
  world.start();
  CHECK(world.spark.starts == 4);
  CHECK(world.spark.active() == 2);
  CHECK(world.spark.find("p.users")->start.input->sql->query == "SELECT 2");
  world.spark.find("p.users.dead_letters")->active = false;
  world.start();
  CHECK(world.spark.starts == 6);
  CHECK(world.spark.active() == 2);
}

TEST_CASE("a Spark that is away is waited for, and its restart starts the queries again") {
  World world;
  world.spark.away = true;
  world.start();
  CHECK_FALSE(world.told.has_value());
  REQUIRE(world.query->status().trouble.has_value());
  CHECK(world.query->status().trouble->is(errors::spark::unreachable));
  world.spark.away = false;
  world.loop.advance(Seconds{30});
  CHECK(world.told->ok());
  CHECK_FALSE(world.query->status().trouble.has_value());
  world.spark.restart();
  world.loop.advance(Seconds{30});
  CHECK(world.spark.active() == 2);
  CHECK(world.query->status().state == QueryState::running);
}

TEST_CASE("a table that was made just now is waited for, one that never comes is an error") {
  World world;
  world.spark.table_unknown = 3;
  world.run_once();
  CHECK_FALSE(world.told.has_value());
  world.loop.advance(Seconds{4});
  CHECK(world.spark.active() == 2);
  World without;
  without.spark.table_unknown = 1000;
  without.run_once();
  without.loop.advance(Seconds{30});
  CHECK(without.code() == "SO-E012");
}

TEST_CASE("a closed session is replaced by a new one") {
  World world;
  world.start();
  const std::string session = world.spark.queries[0].session;
  world.spark.closed.insert(session);
  world.spark.queries.clear();
  world.loop.advance(Seconds{30});
  CHECK(world.spark.active() == 2);
  CHECK(world.spark.queries[0].session != session);
}

TEST_CASE("what will not pass by itself fails, with Spark's words and place") {
  World world;
  world.spark.refuses = "[UNRESOLVED_COLUMN] no such column SQLSTATE: 42703; line 1 pos 7";
  world.start();
  CHECK(world.code() == "SO-E012");  // without details Spark's words alone do not make it the user's SQL
  world.spark.refuses.clear();
  world.start();
  world.spark.find("p.users")->active = false;
  world.spark.find("p.users")->exception = "[STREAM_FAILED] [DIVIDE_BY_ZERO] Division by zero.";
  world.loop.advance(Seconds{3});
  CHECK(world.query->status().state == QueryState::failed);
  CHECK(world.query->status().trouble->is(errors::spark::query_failed));
  CHECK(world.spark.active() == 0);  // the dead letters' query does not go on alone
}

TEST_CASE("Kafka out of Spark's reach is tried again, one pass says so") {
  World world;
  world.start();
  const auto away = [&] {
    world.spark.find("p.users")->active = false;
    world.spark.find("p.users")->exception = "TimeoutException: Timed out waiting for a node assignment";
  };
  away();
  world.loop.advance(Seconds{10});
  CHECK(world.spark.active() == 2);
  CHECK(world.query->status().state == QueryState::running);
  world.query->stop(world.telling());
  world.loop.settle();
  world.run_once();
  away();
  world.loop.advance(Seconds{1});
  CHECK(world.code() == "SO-E014");
}

TEST_CASE("one pass ends when both queries have ended") {
  World world;
  world.run_once();
  CHECK_FALSE(world.told.has_value());
  CHECK(world.spark.find("p.users")->start.available_now == true);
  world.spark.find("p.users")->reports = {report_at('1')};
  world.spark.find("p.users")->active = false;
  world.loop.advance(Seconds{1});
  CHECK_FALSE(world.told.has_value());
  world.spark.find("p.users.dead_letters")->active = false;
  world.loop.advance(Seconds{1});
  REQUIRE(world.told.has_value());
  CHECK(world.told->ok());
  CHECK(world.query->status().records_in == 2);
  world.spark.away = true;
  world.run_once();
  CHECK(world.code() == "SO-E001");
}

TEST_CASE("a stop ends the queries, closes the session and forgets it; a reset moves the checkpoint") {
  World world;
  world.start();
  const std::string session = world.spark.queries[0].session;
  world.query->stop(world.telling());
  world.loop.settle();
  CHECK(world.told->ok());
  CHECK(world.spark.active() == 0);
  CHECK(world.spark.closed.contains(session));
  CHECK_FALSE(runtime::system_disk().exists(world.record_path()));
  world.start();
  CHECK(world.spark.find("p.users")->session != session);
  QueryRecord record = **load_query_record(runtime::system_disk(), world.record_path());
  ++record.generation;
  REQUIRE(save_query_record(runtime::system_disk(), world.record_path(), record).ok());
  world.start();
  CHECK(world.spark.active() == 2);
  CHECK(world.spark.find("p.users")->start.options.at("checkpointLocation") == "file:///c/p.users/1/rows");
}
