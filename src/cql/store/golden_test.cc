// Which cell wins, as Cassandra itself answered: tests/golden/cql/cells.test, made by tools/golden_cql.py.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "cql/store/test_store.h"

using namespace streamops;
using namespace streamops::cql::store;

namespace {

struct GoldenCase {
  std::string name;
  std::vector<std::string> steps;  // statements, and "sleep"
  std::string question;
  std::vector<std::string> rows;
};

struct GoldenFile {
  std::vector<std::string> tables;
  std::vector<GoldenCase> cases;
};

GoldenFile read_golden() {
  GoldenFile out;
  std::ifstream file(std::string(STREAMOPS_SOURCE_DIR) + "/tests/golden/cql/cells.test");
  for (std::string line; std::getline(file, line);) {
    const std::string word = line.substr(0, line.find(' '));
    const std::string rest = line.size() > 6 ? line.substr(6) : "";
    if (word == "table") out.tables.push_back(rest);
    if (word == "case") out.cases.push_back({rest, {}, {}, {}});
    if (word == "run") out.cases.back().steps.push_back(rest);
    if (word == "sleep") out.cases.back().steps.push_back("sleep");
    if (word == "ask") out.cases.back().question = rest;
    if (word == "row") out.cases.back().rows.push_back(rest);
  }
  return out;
}

void run(TestStore& store, const std::string& statement) {
  CAPTURE(statement);
  const Result<Answer> done = store.run(statement);
  REQUIRE_MESSAGE(done.ok(), done.error().message());
}

}  // namespace

TEST_CASE("cells are resolved as Cassandra resolves them") {
  const GoldenFile golden = read_golden();
  REQUIRE(golden.cases.size() >= 60);
  // From memory, and from compacted files that hold the writes in pieces: the same answers.
  for (const bool on_disk : {false, true}) {
    TestStore store;
    run(store, "CREATE KEYSPACE golden WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    for (const std::string& table : golden.tables) run(store, table);
    int steps = 0;
    for (const GoldenCase& each : golden.cases) {
      CAPTURE(each.name);
      for (const std::string& step : each.steps) {
        if (step == "sleep") {
          store.loop().advance(Seconds{3});
        } else {
          run(store, step);
        }
        if (on_disk && ++steps % 40 == 0) REQUIRE(store.rocks().flush().ok());
      }
    }
    if (on_disk) REQUIRE(store.rocks().compact({}, {}).ok());
    for (const GoldenCase& each : golden.cases) {
      CAPTURE(each.name);
      CAPTURE(on_disk);
      const Result<Answer> answer = store.run(each.question);
      REQUIRE_MESSAGE(answer.ok(), answer.error().message());
      CHECK(TestStore::texts(*answer) == each.rows);
    }
  }
}
