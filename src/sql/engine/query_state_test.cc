#include "sql/engine/query_state.h"

#include <doctest/doctest.h>

#include <map>

#include "errors/sql.h"
#include "sql/engine/test_rows.h"

using namespace streamops;
using namespace streamops::sql;
using test::Table;

namespace {

const char* const columns = "ts TIMESTAMP, k STRING, n BIGINT";

std::shared_ptr<const Query> compiled(std::string_view sql, OutputMode mode, std::string_view schema = columns) {
  CompileOptions options;
  options.mode = mode;
  if (schema == columns) options.watermark = {"ts", 60'000'000};
  const auto query = Query::compile(sql, test::schema(schema), options);
  REQUIRE_MESSAGE(query.ok(), (query ? "" : query.error().to_line()));
  return *query;
}

std::string refusal(std::string_view sql, OutputMode mode = OutputMode::update) {
  CompileOptions options;
  options.mode = mode;
  options.watermark = {"ts", 60'000'000};
  const auto query = Query::compile(sql, test::schema(columns), options);
  return query ? "fine" : query.error().to_line();
}

/// A minute of the first hour of 2024, as SQL.
std::string minute(int m) {
  return "timestamp_seconds(" + std::to_string(1704067200 + m * 60) + ")";
}

Table rows(const std::vector<std::tuple<int, std::string, std::string>>& given) {
  std::vector<std::vector<std::string>> out;
  for (const auto& [m, k, n] : given) out.push_back({minute(m), "'" + k + "'", n});
  return Table(columns, out);
}

std::string shown(const Emitted& emitted) {
  QueryResult result;
  result.batch = emitted.batch;
  return test::text(result);
}

std::string epoch(QueryState& state, const Table& table) {
  CHECK(state.take(table.batch(), {}).failures.empty());
  return shown(state.end_epoch({}));
}

using Stored = std::map<std::string, std::string>;
Stored changes(QueryState& state) {
  Stored out;
  state.take_changes([&](std::string_view key, std::optional<std::string_view> value) {
    out[std::string(key)] = value ? std::string(*value) : "gone";
  });
  return out;
}

}  // namespace

TEST_CASE("update gives the groups that an epoch changed, in the order in which it touched them") {
  const auto state =
      compiled("SELECT k, count(*) AS c, sum(n) AS s FROM source GROUP BY k", OutputMode::update)->open_state();
  CHECK(epoch(*state, rows({{0, "b", "1"}, {0, "a", "2"}, {0, "b", "3"}})) == "b|2|4\na|1|2");
  CHECK(epoch(*state, rows({{0, "c", "5"}, {0, "a", "1"}})) == "c|1|5\na|2|3");
  CHECK(epoch(*state, rows({})).empty());
  CHECK(state->keys() == 3);
}

TEST_CASE("append gives a window once, by its end and its key, and forgets it") {
  const auto state =
      compiled("SELECT window.start AS w, k, count(*) AS c FROM source GROUP BY window(ts, '5 minutes'), k",
               OutputMode::append)
          ->open_state();
  CHECK(epoch(*state, rows({{7, "b", "1"}, {1, "b", "1"}, {2, "a", "1"}})) ==
        "2024-01-01 00:00:00|a|1\n2024-01-01 00:00:00|b|1");
  CHECK(state->watermark_us() == (1704067200LL + 6 * 60) * 1'000'000);
  CHECK(state->keys() == 1);
  const Taken taken = state->take(rows({{4, "late", "1"}, {5, "in time", "1"}, {3, "late", "1"}}).batch(), {});
  CHECK(taken.late == std::vector<std::int32_t>{0, 2});
  CHECK(shown(state->end_epoch({})).empty());
  CHECK(state->keys() == 2);
}

TEST_CASE("a row of hopping windows is late only when all of them are closed") {
  const auto state =
      compiled("SELECT window.start AS w, count(*) AS c FROM source GROUP BY window(ts, '10 minutes', '5 minutes')",
               OutputMode::append)
          ->open_state();
  CHECK(epoch(*state, rows({{12, "a", "1"}})).empty());
  const Taken taken = state->take(rows({{7, "half", "1"}, {2, "late", "1"}}).batch(), {});
  CHECK(taken.late == std::vector<std::int32_t>{1});
  CHECK(epoch(*state, rows({{40, "a", "1"}})) == "2024-01-01 00:05:00|2\n2024-01-01 00:10:00|1");
}

TEST_CASE("a sum that would overflow strikes its row alone, and that row counts nowhere") {
  const auto state =
      compiled("SELECT k, count(*) AS c, sum(n) AS s, max(n) AS m FROM source GROUP BY k", OutputMode::update)
          ->open_state();
  CHECK(epoch(*state, rows({{0, "a", "9223372036854775806"}})) == "a|1|9223372036854775806|9223372036854775806");
  const Taken taken = state->take(rows({{0, "a", "1"}, {0, "a", "1"}, {0, "b", "5"}, {0, "a", "-1"}}).batch(), {});
  REQUIRE(taken.failures.size() == 1);
  CHECK(taken.failures[0].source_row == 1);
  CHECK(taken.failures[0].error.is(errors::sql::arithmetic_overflow));
  CHECK(shown(state->end_epoch({})) == "a|3|9223372036854775806|9223372036854775806\nb|1|5|5");
}

TEST_CASE("rows of one record that overflow together leave nothing behind") {
  const auto state = compiled("SELECT sum(x) AS s, count(*) AS c FROM source LATERAL VIEW explode(l) t AS x GROUP BY y",
                              OutputMode::update, "l ARRAY<BIGINT>, y INT")
                         ->open_state();
  const Table table(
      "l ARRAY<BIGINT>, y INT",
      {{"array(1L, 2L)", "1"}, {"array(9223372036854775807L, 5L)", "1"}, {"array(9223372036854775807L, 5L)", "2"}});
  const Taken taken = state->take(table.batch(), {});
  REQUIRE(taken.failures.size() == 2);
  CHECK(shown(state->end_epoch({})) == "3|2");
  CHECK(state->keys() == 1);
}

TEST_CASE("an error behind the aggregates costs the result row, not the group") {
  const auto state = compiled("SELECT k, 10 DIV sum(n) AS q FROM source GROUP BY k", OutputMode::update)->open_state();
  state->take(rows({{0, "a", "0"}, {0, "b", "5"}}).batch(), {});
  const Emitted emitted = state->end_epoch({});
  CHECK(shown(emitted) == "b|2");
  REQUIRE(emitted.failures.size() == 1);
  CHECK(emitted.failures[0].is(errors::sql::divide_by_zero));
  CHECK(epoch(*state, rows({{0, "a", "10"}})) == "a|1");
}

TEST_CASE("what is stored brings back the same groups, and only changes are stored") {
  const auto query = compiled(
      "SELECT window.end AS e, k, count(DISTINCT n) AS c, collect_list(n) AS l, max_by(k, n) AS m FROM "
      "source GROUP BY window(ts, '5 minutes'), k",
      OutputMode::append);
  const auto state = query->open_state();
  epoch(*state, rows({{1, "a", "1"}, {2, "a", "1"}, {2, "b", "3"}}));
  Stored stored = changes(*state);
  CHECK(stored.size() == 3);
  CHECK(changes(*state).empty());
  epoch(*state, rows({{3, "a", "2"}}));
  const Stored more = changes(*state);
  CHECK(more.size() == 2);
  for (const auto& [key, value] : more) stored[key] = value;

  const auto again = query->open_state();
  for (auto entry = stored.rbegin(); entry != stored.rend(); ++entry)
    CHECK(again->restore(entry->first, entry->second).ok());
  CHECK(again->keys() == 2);
  CHECK(again->watermark_us() == state->watermark_us());
  const Table last = rows({{20, "z", "1"}});
  CHECK(epoch(*state, last) == "2024-01-01 00:05:00|a|2|[1, 1, 2]|a\n2024-01-01 00:05:00|b|1|[3]|b");
  CHECK(epoch(*again, last) == "2024-01-01 00:05:00|a|2|[1, 1, 2]|a\n2024-01-01 00:05:00|b|1|[3]|b");
  int gone = 0;
  for (const auto& [key, value] : changes(*again)) gone += value == "gone" ? 1 : 0;
  CHECK(gone == 2);
}

TEST_CASE("a stored entry of another query, of a newer version or cut short is refused") {
  const auto query = compiled("SELECT k, sum(n) AS s FROM source GROUP BY k", OutputMode::update);
  const auto state = query->open_state();
  epoch(*state, rows({{1, "a", "1"}}));
  const Stored stored = changes(*state);
  for (const auto& [key, value] : stored) {
    CHECK(query->open_state()->restore(key, value).ok());
    for (std::size_t length = 0; length < value.size(); ++length) {
      const auto result = query->open_state()->restore(key, std::string_view(value).substr(0, length));
      REQUIRE_FALSE(result.ok());
      CHECK(result.error().code() == "SO-S030");
    }
    std::string newer = value;
    newer[0] = 9;
    CHECK(query->open_state()->restore(key, newer).error().code() == "SO-S031");
    if (key[0] == '\xff') continue;
    CHECK(query->open_state()->restore(key.substr(0, key.size() - 1), value).error().code() == "SO-S030");
    const auto other = compiled("SELECT k, avg(n) AS s FROM source GROUP BY k", OutputMode::update);
    CHECK(other->open_state()->restore(key, value).error().code() == "SO-S031");
    const auto twice = query->open_state();
    CHECK(twice->restore(key, value).ok());
    CHECK_FALSE(twice->restore(key, value).ok());
  }
}

TEST_CASE("memory is given back when windows close") {
  const auto state = compiled("SELECT window.start AS w, n, max(k) AS k FROM source GROUP BY window(ts, '1 minute'), n",
                              OutputMode::append)
                         ->open_state();
  for (int m = 0; m < 30; ++m) {
    std::vector<std::tuple<int, std::string, std::string>> given;
    for (int i = 0; i < 20; ++i) given.emplace_back(m, std::string(1000, 'x'), std::to_string(i));
    state->take(rows(given).batch(), {});
    state->end_epoch({});
    changes(*state);
    CHECK(state->keys() <= 40);
    CHECK(state->bytes() >= state->keys() * 1000);
    CHECK(state->bytes() < 200'000);
  }
}

TEST_CASE("grouping errors name the place and what to do") {
  CHECK(refusal("SELECT k, n, count(*) AS c FROM source GROUP BY k")
            .starts_with("SO-S014: `n` is neither grouped by nor inside an aggregate (input:1:11)"));
  CHECK(refusal("SELECT count(*) AS c FROM source WHERE sum(n) > 1")
            .starts_with("SO-S015: sum cannot stand here (input:1:40)"));
  CHECK(refusal("SELECT sum(count(*)) AS c FROM source").starts_with("SO-S015"));
  CHECK(refusal("SELECT count(*) AS c FROM source GROUP BY c").starts_with("SO-S015"));
  CHECK(refusal("SELECT k, count(*) AS c FROM source GROUP BY 3").starts_with("SO-S014: GROUP BY 3"));
  CHECK(refusal("SELECT window(ts, '5 min').start AS w, count(*) AS c FROM source GROUP BY k").starts_with("SO-S011"));
  CHECK(refusal("SELECT window(ts, '5 minutes').start AS w, count(*) AS c FROM source GROUP BY k")
            .starts_with("SO-S014"));
  CHECK(refusal("SELECT sum(n) FILTER (WHERE n) AS c FROM source").starts_with("SO-S010: FILTER takes BOOLEAN"));
  CHECK(refusal("SELECT k, count(*) AS c FROM source GROUP BY k HAVING n > 1").starts_with("SO-S014"));
  CHECK(refusal("SELECT nn, count(*) AS c FROM source GROUP BY k").starts_with("SO-S006: there is no column `nn`"));
  CHECK(refusal("SELECT upper(DISTINCT k) AS c FROM source").starts_with("SO-S009"));
}

TEST_CASE("output modes that do not fit are refused as Spark refuses them") {
  CHECK(refusal("SELECT k, count(*) AS c FROM source GROUP BY k", OutputMode::append).starts_with("SO-S016"));
  CHECK(refusal("SELECT k FROM source", OutputMode::complete).starts_with("SO-S016"));
  CHECK(
      refusal("SELECT k, count(*) AS c FROM source GROUP BY k, session_window(ts, '1 minute')").starts_with("SO-S016"));
  CHECK(refusal("SELECT max(c) AS m FROM (SELECT k, count(*) AS c FROM source GROUP BY k)").starts_with("SO-S016"));
  CompileOptions options;
  options.watermark = {"k", 1};
  CHECK(Query::compile("SELECT k FROM source", test::schema(columns), options).error().code() == "SO-S017");
  options.watermark = {"tz", 1};
  CHECK(Query::compile("SELECT k FROM source", test::schema(columns), options).error().label() == "did you mean `ts`?");
  options.watermark = {"ts", -1};
  CHECK(Query::compile("SELECT k FROM source", test::schema(columns), options).error().is(errors::sql::bad_watermark));
}

TEST_CASE("keys may be ordinals, aliases and expressions; ALL groups by what is no aggregate") {
  const Table table = rows({{0, "a", "1"}, {0, "A", "2"}, {0, "b", "3"}});
  for (const char* sql : {"SELECT upper(k) AS u, sum(n) AS s FROM source GROUP BY upper(k)",
                          "SELECT upper(k) AS u, sum(n) AS s FROM source GROUP BY u",
                          "SELECT upper(k) AS u, sum(n) AS s FROM source GROUP BY 1",
                          "SELECT upper(k) AS u, sum(n) AS s FROM source GROUP BY ALL",
                          "WITH x AS (SELECT upper(k) AS u, n FROM source) SELECT u, sum(n) AS s FROM x GROUP BY x.u",
                          "SELECT u, sum(n) AS s FROM (SELECT upper(k) AS a, n FROM source) AS t (u, n) GROUP BY u"}) {
    CAPTURE(sql);
    CHECK(epoch(*compiled(sql, OutputMode::update)->open_state(), table) == "A|3\nB|3");
  }
  CHECK(epoch(*compiled("SELECT upper(k) || count(*) AS x FROM source GROUP BY upper(k) HAVING max(n) < 3 AND x <> ''",
                        OutputMode::update)
                   ->open_state(),
              table) == "A2");
}

TEST_CASE("values that are equal are one key, null among them") {
  const char* schema = "d DOUBLE, s STRUCT<a: INT, b: STRING>, l ARRAY<INT>";
  const Table table(schema, {{"0.0D", "named_struct('a', 1, 'b', 'x')", "array(1)"},
                             {"-0.0D", "named_struct('a', 1, 'b', 'x')", "array(1)"},
                             {"double('NaN')", "null", "null"},
                             {"double('NaN')", "null", "null"},
                             {"null", "named_struct('a', null, 'b', 'x')", "array(null)"}});
  const auto state =
      compiled("SELECT d, s, l, count(*) AS c FROM source GROUP BY d, s, l", OutputMode::update, schema)->open_state();
  CHECK(epoch(*state, table) == "0.0|{1, x}|[1]|2\nNaN|NULL|NULL|2\nNULL|{null, x}|[null]|1");
}

TEST_CASE("rows left out because of the first conditions count as rows that came") {
  const auto query =
      compiled("SELECT count(*) AS c FROM source WHERE k = 'a' AND n > 0", OutputMode::update, "k STRING, n BIGINT");
  REQUIRE(query->first_conditions().size() == 1);
  const Table none("k STRING, n BIGINT", {}), other("k STRING, n BIGINT", {{"'b'", "1"}});
  const auto told = query->open_state(), left_out = query->open_state();
  CHECK(epoch(*told, other) == "0");
  EvaluationContext context;
  context.left_out = 1;
  CHECK(left_out->take(none.batch(), context).failures.empty());
  CHECK(shown(left_out->end_epoch({})) == "0");
  CHECK(epoch(*left_out, none).empty());
}
