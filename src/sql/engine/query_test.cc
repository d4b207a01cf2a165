#include "sql/engine/query.h"

#include <doctest/doctest.h>

#include "errors/sql.h"
#include "sql/engine/test_rows.h"

using namespace streamops;
using namespace streamops::sql;
using test::run;
using test::Table;

TEST_CASE("columns, expressions and a filter give the rows that pass") {
  const Table people("id STRING, n INT", {{"'a'", "1"}, {"'b'", "2"}, {"'c'", "NULL"}});
  CHECK(run("SELECT id, n * 10 AS tens FROM source WHERE n > 1", people) == "b|20");
  CHECK(run("SELECT * FROM source", people) == "a|1\nb|2\nc|NULL");
  CHECK(run("SELECT s.ID, S.n FROM source AS s WHERE n IS NULL", people) == "c|NULL");
}

TEST_CASE("LATERAL VIEW explode multiplies rows and keeps their origin") {
  const Table docs("results ARRAY<STRUCT<login: STRUCT<uuid: STRING>, n: INT>>, k STRING",
                   {{"array(named_struct('login', named_struct('uuid', 'u1'), 'n', 1), named_struct('login', "
                     "named_struct('uuid', 'u2'), 'n', 2))",
                     "'x'"},
                    {"array()", "'y'"},
                    {"NULL", "'z'"},
                    {"array(named_struct('login', named_struct('uuid', 'u3'), 'n', 3))", "'w'"}});
  CHECK(run("SELECT r.login.uuid AS id, k FROM source LATERAL VIEW explode(results) AS r", docs) == "u1|x\nu2|x\nu3|w");
  CHECK(run("SELECT r.login.uuid AS id, k FROM source LATERAL VIEW OUTER explode(results) t AS r", docs) ==
        "u1|x\nu2|x\nNULL|y\nNULL|z\nu3|w");
  CHECK(run("SELECT p, r.n, k FROM source LATERAL VIEW posexplode(results) t AS p, r WHERE r.n <> 2", docs) ==
        "0|1|x\n0|3|w");
  CHECK(run("SELECT t.n, login.uuid FROM source LATERAL VIEW inline(results) t", docs) == "1|u1\n2|u2\n3|u3");
  CHECK(run("SELECT a.n AS x, b.n AS y FROM source LATERAL VIEW explode(results) t AS a LATERAL VIEW explode(results) "
            "u AS b",
            docs) == "1|1\n1|2\n2|1\n2|2\n3|3");
  const QueryResult result =
      test::result("SELECT r.n FROM source LATERAL VIEW explode(results) AS r WHERE r.n > 1", docs);
  CHECK(result.batch.origin == std::vector<std::int32_t>{0, 3});
}

TEST_CASE("LATERAL VIEW of one element each leaves the rows where they are") {
  const Table lists("a ARRAY<INT>, k STRING", {{"array(1)", "'x'"}, {"array(2)", "'y'"}});
  CHECK(run("SELECT i, k FROM source LATERAL VIEW explode(a) AS i", lists) == "1|x\n2|y");
  CHECK(run("SELECT i, j FROM source LATERAL VIEW explode(a) AS i LATERAL VIEW explode(array(i, i + 1)) t AS j",
            lists) == "1|1\n1|2\n2|2\n2|3");
  CHECK(run("SELECT DATE(window.start) AS d, i FROM (SELECT TIMESTAMP'2024-01-01 00:07:00' AS t, a FROM source) "
            "LATERAL VIEW "
            "explode(a) AS i WHERE window(t, '1 day').start IS NOT NULL",
            lists)
            .starts_with("SO-S003"));
}

TEST_CASE("an ANSI error strikes its row alone and says where") {
  const Table numbers("a INT, b INT", {{"6", "3"}, {"1", "0"}, {"2147483647", "1"}});
  const QueryResult result = test::result("SELECT a / b AS q, a + 1 AS next FROM source", numbers);
  CHECK(test::text(result) == "2.0|7");
  REQUIRE(result.failures.size() == 2);
  CHECK(result.failures[0].source_row == 1);
  CHECK(result.failures[0].error.is(errors::sql::divide_by_zero));  // SO-S021
  CHECK(result.failures[0].error.message().find("[DIVIDE_BY_ZERO]") != std::string::npos);
  CHECK(result.failures[0].error.place()->column == 8);
  CHECK(result.failures[1].source_row == 2);
  CHECK(result.failures[1].error.is(errors::sql::arithmetic_overflow));  // SO-S020
  CHECK(result.batch.origin == std::vector<std::int32_t>{0});
}

TEST_CASE("a row of a LATERAL VIEW that fails takes its whole source row with it") {
  const Table lists("a ARRAY<INT>", {{"array(1, 2)"}, {"array(1, 0)"}, {"array(4)"}});
  const QueryResult result = test::result("SELECT 8 DIV x AS y FROM source LATERAL VIEW explode(a) AS x", lists);
  CHECK(test::text(result) == "8\n4\n2");
  CHECK(result.failures.size() == 1);
}

TEST_CASE("branches that are not taken raise nothing") {
  const Table rows("a INT, s STRING", {{"0", "'x'"}, {"5", "'10'"}});
  CHECK(run("SELECT CASE WHEN a = 0 THEN -1.0D ELSE 10 / a END AS x FROM source", rows) == "-1.0\n2.0");
  CHECK(run("SELECT a = 0 OR 10 / a > 1 AS x, a <> 0 AND CAST(s AS INT) > 5 AS y FROM source", rows) ==
        "true|false\ntrue|true");
  CHECK(run("SELECT coalesce(nullif(a, 0), -1, 1 / 0) AS x FROM source", rows) == "-1.0\n5.0");
  CHECK(run("SELECT if(a = 0, 'none', CAST(CAST(s AS INT) AS STRING)) AS x FROM source WHERE a = 0 OR CAST(s AS INT) = "
            "10",
            rows) == "none\n10");
}

TEST_CASE("an earlier column of the list is usable by its alias") {
  const Table rows("a INT", {{"3"}});
  CHECK(run("SELECT a * 2 AS b, b + 1 AS c, c * c AS d FROM source", rows) == "6|7|49");
}

TEST_CASE("without FROM there is one row") {
  const Table rows("a INT", {{"1"}, {"2"}});
  CHECK(run("SELECT 1 AS one, upper('x') AS x", rows) == "1|X");
}

TEST_CASE("the query says which columns it reads, and runs without the others") {
  const data::SchemaPtr schema = test::schema("a INT, b STRING, c DOUBLE, d INT");
  const auto query = Query::compile("SELECT b FROM source WHERE d > 1", schema, {}).value();
  CHECK(query->needed() == std::vector<bool>{false, true, false, true});
  CHECK(query->source_name() == "source");
  CHECK(query->output()->to_sql() == "b STRING");
  data::Batch batch = Table("a INT, b STRING, c DOUBLE, d INT", {{"1", "'x'", "1.5", "2"}}).batch();
  batch.columns[0] = nullptr;
  batch.columns[2] = nullptr;
  CHECK(test::text(query->run(batch, {})) == "x");
}

TEST_CASE("what replays gives the same, and what differs differs") {
  const auto query =
      Query::compile("SELECT uuid() AS a, uuid() AS b, rand() AS c, current_timestamp() AS t FROM source",
                     test::schema("x INT"), {})
          .value();
  const data::Batch batch = Table("x INT", {{"1"}, {"2"}}).batch();
  const std::vector<std::int32_t> partitions = {0, 1};
  const std::vector<std::int64_t> offsets = {7, 7};
  EvaluationContext context{1'700'000'000'000'000, 42, {}, partitions, offsets};
  const std::string first = test::text(query->run(batch, context));
  CHECK(first == test::text(query->run(batch, context)));
  CHECK(first.find("2023-11-14 22:13:20") != std::string::npos);
  const data::Batch out = query->run(batch, context).batch;
  CHECK(out.columns[0]->text(0) != out.columns[0]->text(1));
  CHECK(out.columns[0]->text(0) != out.columns[1]->text(0));
  context.stream_hash = 43;
  CHECK(first != test::text(query->run(batch, context)));
  // The same record in another batch, at another row.
  const std::vector<std::int32_t> alone = {1};
  const std::vector<std::int64_t> alone_offset = {7};
  const EvaluationContext replay{0, 42, {}, alone, alone_offset};
  CHECK(query->run(Table("x INT", {{"2"}}).batch(), replay).batch.columns[0]->text(0) == out.columns[0]->text(1));
}

TEST_CASE("mistakes are named with code, place and a suggestion") {
  struct Case {
    const char* sql;
    const char* line;
  };
  for (const Case& mistake : {
           Case{"SELECT nam FROM source", "SO-S006: there is no column `nam` (input:1:8)"},
           Case{"SELECT name.first FROM source", "SO-S010: `.first` needs a STRUCT before it, not STRING (input:1:13)"},
           Case{"SELECT uper(name) AS u FROM source", "SO-S008: there is no function `uper` (input:1:8)"},
           Case{"SELECT upper(name, 1) AS u FROM source",
                "SO-S009: upper does not take 2 arguments: upper(text) (input:1:8)"},
           Case{"SELECT n + true AS u FROM source",
                "SO-S010: + takes a number as argument 2, not BOOLEAN (input:1:10)"},
           Case{"SELECT upper(name) FROM source", "SO-S012: this column of the result has no name (input:1:8)"},
           Case{"SELECT rank(n) AS s FROM source",
                "SO-S003: the aggregate or window function rank is not served (input:1:8)"},
           Case{"SELECT explode(l) AS s FROM source",
                "SO-S003: explode outside of LATERAL VIEW is not served (input:1:8)"},
           Case{"SELECT n FROM source WHERE n", "SO-S010: WHERE takes BOOLEAN, not INT (input:1:28)"},
           Case{"SELECT n FROM source LATERAL VIEW explode(l) source AS x",
                "SO-S005: the table name `source` stands twice (input:1:46)"},
           Case{"SELECT n FROM source LATERAL VIEW explode(l) t AS n",
                "SO-S007: `n` fits more than one column (input:1:8)"},
           Case{"SELECT name RLIKE '(' AS x FROM source", "SO-S013"},
       }) {
    CAPTURE(mistake.sql);
    const auto query = Query::compile(mistake.sql, test::schema("name STRING, n INT, l ARRAY<INT>"), {});
    REQUIRE_FALSE(query.ok());
    CHECK(query.error().to_line().substr(0, std::string(mistake.line).size()) == mistake.line);
  }
  CHECK(Query::compile("SELECT nam FROM source", test::schema("name STRING"), {}).error().label() ==
        "did you mean `name`?");
}

TEST_CASE("row errors carry their codes") {
  const Table row("a INT, s STRING", {{"300", "'x'"}});
  const auto code = [&](const std::string& expression) {
    const QueryResult result = test::result("SELECT " + expression + " AS v FROM source", row);
    REQUIRE(result.failures.size() == 1);
    return std::string(result.failures[0].error.code());
  };
  CHECK(code("CAST(s AS INT)") == "SO-S022");
  CHECK(code("CAST(a AS TINYINT)") == "SO-S023");
  CHECK(code("array(a)[1]") == "SO-S024");
  CHECK(code("split_part(s, ',', a - 300)") == "SO-S025");
  CHECK(code("repeat(s, a * 1000000)") == "SO-S026");
}

TEST_CASE("what leaves its range fails, and never wraps") {
  const Table row("d DATE, t TIMESTAMP, n BIGINT, x DECIMAL(38,0)",
                  {{"DATE'999999-01-01'", "TIMESTAMP'290000-01-01 00:00:00'", "-9223372036854775808",
                    "99999999999999999999999999999999999999"}});
  for (const char* expression : {"CAST(d AS TIMESTAMP)", "d + INTERVAL 100000000 YEARS", "t + INTERVAL 10000000 MONTHS",
                                 "add_months(d, 2147483647)", "n - 1", "-n", "abs(n)", "n DIV -1", "x * 10",
                                 "x / CAST(0.00000000000000000000000000000000000001 AS DECIMAL(38,38))"}) {
    const std::string answer = run("SELECT " + std::string(expression) + " AS v FROM source", row);
    CHECK_MESSAGE(answer.starts_with("SO-S020"), std::string(expression), " gave ", answer);
  }
  CHECK(run("SELECT pmod(n, -9223372036854775807L) AS v FROM source", row) == "-1");
  CHECK(run("SELECT n % -1 AS v FROM source", row) == "0");
}

TEST_CASE("LATERAL VIEW does not repeat more than memory holds") {
  const Table row(
      "s STRING, a ARRAY<INT>",
      {{"repeat('x', 60000000)", "array(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)"},
       {"'y'", "array(1)"}});
  const QueryResult result = test::result("SELECT s FROM source LATERAL VIEW explode(a) AS i", row);
  CHECK(result.failures.size() == 1);
  CHECK(result.failures[0].error.is(errors::sql::value_too_large));
  CHECK(run("SELECT i FROM source LATERAL VIEW explode(a) AS i WHERE i > 19", row) == "20");
}

TEST_CASE("the first conditions are texts that come before anything that could fail or count") {
  const data::SchemaPtr schema = test::schema("a STRING, b STRING, n INT, l ARRAY<INT>");
  const auto conditions = [&](const std::string& text) {
    const auto query = Query::compile(text, schema, {});
    std::string out;
    for (const format::TextCondition& condition : query.value()->first_conditions())
      out += (*schema)[condition.column].name + "=" + condition.text + " ";
    return out;
  };
  CHECK(conditions("SELECT n FROM source WHERE a = 'x'") == "a=x ");
  CHECK(conditions("SELECT n FROM source WHERE 'x' = a AND b = 'y' AND n / 0 = 1") == "a=x b=y ");
  CHECK(conditions("SELECT n FROM (SELECT b AS k, n FROM source WHERE b = 'y') WHERE k = 'z'") == "b=y ");
  CHECK(conditions("SELECT b, count(*) AS c FROM source WHERE a = 'x' GROUP BY b") == "a=x ");
  CHECK(conditions("SELECT count(*) AS c FROM source WHERE a = 'x'") == "a=x ");
  for (const char* others :
       {"SELECT n FROM source", "SELECT n FROM source WHERE n / 0 = 1 AND a = 'x'",
        "SELECT n FROM source WHERE a <> 'x'", "SELECT n FROM source WHERE a = b",
        "SELECT n FROM source WHERE a = NULL", "SELECT n FROM source WHERE a = n",
        "SELECT n FROM source WHERE a = 'x' OR b = 'y'", "SELECT n FROM source WHERE lower(a) = 'x'",
        "SELECT i FROM source LATERAL VIEW explode(l) AS i WHERE a = 'x'",
        "SELECT n FROM source WHERE a = 'x' UNION ALL SELECT n FROM source"}) {
    CHECK_MESSAGE(conditions(others).empty(), others);
  }
}

TEST_CASE("a condition on a text keeps the rows that any other way of saying it keeps") {
  const Table table("a STRING, b STRING",
                    {{"'x'", "'1'"}, {"'y'", "'2'"}, {"NULL", "'3'"}, {"''", "'4'"}, {"'x'", "NULL"}});
  CHECK(run("SELECT b FROM source WHERE a = 'x'", table) == "1\nNULL");
  CHECK(run("SELECT b FROM source WHERE NOT (a = 'x')", table) == "2\n4");
  CHECK(run("SELECT b FROM source WHERE (a = 'x') IS NULL", table) == "3");
  CHECK(run("SELECT b FROM source WHERE a = ''", table) == "4");
  CHECK(run("SELECT a = 'x' AS same FROM source WHERE b = '1' OR b = '3'", table) == "true\nNULL");
}

TEST_CASE("lower and upper change ASCII texts all at once, and others one by one, alike") {
  const Table ascii("a STRING, n INT", {{"'aZ@[`{09 Az'", "1"}, {"NULL", "2"}, {"''", "3"}, {"'X'", "4"}});
  CHECK(run("SELECT lower(a) AS l, upper(a) AS u FROM source", ascii) == "az@[`{09 az|AZ@[`{09 AZ\nNULL|NULL\n|\nx|X");
  CHECK(run("SELECT lower(a) AS l FROM source WHERE n <> 2 AND upper(a) <> ''", ascii) == "az@[`{09 az\nx");
  const Table others("a STRING", {{"'aZ@[`{09 Az'"}, {"'ÀB'"}, {"NULL"}, {"'X'"}});
  CHECK(run("SELECT lower(a) AS l, upper(a) AS u FROM source", others) ==
        "az@[`{09 az|AZ@[`{09 AZ\nàb|ÀB\nNULL|NULL\nx|X");
  CHECK(run("SELECT lower('AB') || upper('cd') AS x FROM source", others) == "abCD\nabCD\nabCD\nabCD");
}
