// Every entry of the function table: its examples hold, its name is unique, and its page in the reference is fresh.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "sql/engine/aggregate.h"
#include "sql/engine/function.h"
#include "sql/engine/query_state.h"
#include "sql/engine/reference.h"
#include "sql/engine/test_rows.h"

using namespace streamops;
using namespace streamops::sql;

TEST_CASE("every function has examples, and they hold") {
  int functions = 0;
  for (const Family& family : function_families()) {
    for (const Function& function : *family.functions) {
      ++functions;
      CHECK_MESSAGE(!function.examples.empty(), function.name);
      CHECK_MESSAGE(function.summary.ends_with('.'), function.name);
      CHECK_MESSAGE((function.bind != nullptr) != !function.overloads.empty(), function.name);
      for (const Example& example : function.examples) {
        const std::string sql = "SELECT " + std::string(example.expression) + " AS v";
        const auto query = Query::compile(sql, std::make_shared<const data::Schema>(), {});
        REQUIRE_MESSAGE(query.ok(), sql << ": " << (query ? "" : query.error().to_line()));
        const QueryResult result = (*query)->run({}, {});
        CHECK_MESSAGE(result.failures.empty(), sql);
        CHECK_MESSAGE(test::text(result) == example.result, sql);
      }
    }
  }
  CHECK(functions >= 100);
}

TEST_CASE("every aggregate has examples, and they hold") {
  const auto rows = Query::compile(example_rows(), std::make_shared<const data::Schema>(), {}).value()->run({}, {});
  int functions = 0;
  for (const AggregateFamily& family : aggregate_families()) {
    for (const AggregateFunction& function : *family.functions) {
      ++functions;
      CHECK_MESSAGE(!function.entry.examples.empty(), function.entry.name);
      CHECK_MESSAGE(function.entry.summary.ends_with('.'), function.entry.name);
      CHECK(find_aggregate(function.entry.name) == &function);
      CHECK_MESSAGE(find_function(function.entry.name) == nullptr, function.entry.name);
      for (const Example& example : function.entry.examples) {
        const std::string sql = "SELECT " + std::string(example.expression) + " AS v FROM source";
        const auto query = Query::compile(sql, rows.batch.schema, {});
        REQUIRE_MESSAGE(query.ok(), sql << ": " << (query ? "" : query.error().to_line()));
        const auto state = (*query)->open_state();
        CHECK_MESSAGE(state->take(rows.batch, {}).failures.empty(), sql);
        QueryResult result;
        result.batch = state->end_epoch({}).batch;
        CHECK_MESSAGE(test::text(result) == example.result, sql);
      }
    }
  }
  CHECK(functions >= 25);
}

TEST_CASE("every function of Spark's is served, or refused with a reason") {
  std::ifstream file(STREAMOPS_SOURCE_DIR "/tests/golden/spark_functions.txt");
  std::string name;
  int functions = 0;
  while (std::getline(file, name)) {
    const bool word = std::all_of(name.begin(), name.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
    if (!word || name.empty()) continue;
    ++functions;
    const auto query = Query::compile("SELECT " + name + "() AS v FROM source", test::schema("a INT"), {});
    CHECK_MESSAGE((query.ok() || query.error().code() != errors::sql::unknown_function.code), name);
    CHECK_MESSAGE((find_function(name) == nullptr || refusal_of(name).empty()), name);
  }
  CHECK(functions > 400);
}

TEST_CASE("no two functions share a name") {
  std::set<std::string_view> names;
  for (const Family& family : function_families()) {
    for (const Function& function : *family.functions) {
      CHECK_MESSAGE(names.insert(function.name).second, function.name);
      for (std::string_view alias : function.aliases) CHECK_MESSAGE(names.insert(alias).second, alias);
      CHECK(find_function(function.name) == &function);
    }
  }
}

TEST_CASE("docs/reference/functions.md is what the table says") {
  const std::string path = STREAMOPS_SOURCE_DIR "/docs/reference/functions.md";
  if (std::getenv("STREAMOPS_WRITE_REFERENCE") != nullptr) std::ofstream(path) << function_reference();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  // To write it anew: STREAMOPS_WRITE_REFERENCE=1 test_sql_engine -tc="docs*"
  CHECK(text.str() == function_reference());
}
