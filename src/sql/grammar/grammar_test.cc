#include <doctest/doctest.h>

#include "data/text_form.h"
#include "errors/sql.h"
#include "sql/grammar/ddl.h"
#include "sql/grammar/parser.h"

using namespace streamops;
using namespace streamops::sql;

namespace {

/// The tree as nested lists: (+ 1 (* 2 c)).
std::string shown(const Expression& e) {
  std::string out;
  switch (e.kind) {
    case ExpressionKind::literal:
      if (e.literal.is_null) return "null";
      if (e.literal.type->id() == data::TypeId::string) return "'" + e.literal.text + "'";
      if (e.literal.type->id() == data::TypeId::float64 || e.literal.type->id() == data::TypeId::float32) {
        data::append_double(out, e.literal.real);
      } else {
        data::append_decimal(out, e.literal.number, e.literal.type->scale());
      }
      return out + (e.literal.type->id() == data::TypeId::int32 ? "" : ":" + e.literal.type->to_sql());
    case ExpressionKind::column:
    case ExpressionKind::star:
      for (const Name& part : e.parts) out += (out.empty() ? "" : ".") + part.text;
      return e.kind == ExpressionKind::star ? out + "*" : out;
    case ExpressionKind::member:
      return "(. " + shown(*e.children[0]) + " " + e.parts[0].text + ")";
    case ExpressionKind::cast:
      return "(cast " + shown(*e.children[0]) + " " + e.type->to_sql() + (e.lenient ? " try)" : ")");
    case ExpressionKind::lambda:
      for (const Name& part : e.parts) out += part.text + " ";
      return "(" + out + "-> " + shown(*e.children[0]) + ")";
    case ExpressionKind::call:
      break;
  }
  out = "(" + e.function;
  for (const ExpressionPtr& child : e.children) out += " " + shown(*child);
  return out + ")";
}

std::string parsed(std::string_view text) {
  const SourceText source(text, {});
  const auto expression = parse_expression(source);
  return expression ? shown(**expression) : std::string(expression.error().code()) + " " + expression.error().message();
}

std::string query_error(std::string_view text, const Place& at = {}) {
  const SourceText source(text, at);
  const auto query = parse_query(source);
  return query ? "fine" : query.error().to_line();
}

std::string schema(std::string_view text) {
  const auto read = parse_schema(text, {});
  return read ? (*read)->to_sql() : read.error().to_line();
}

}  // namespace

TEST_CASE("operators bind as in Spark") {
  CHECK(parsed("1 + 2 * c") == "(+ 1 (* 2 c))");
  CHECK(parsed("a OR b AND NOT c = d") == "(or a (and b (not (= c d))))");
  CHECK(parsed("a || b || c") == "(|| (|| a b) c)");
  CHECK(parsed("a BETWEEN 1 AND 2 AND b") == "(and (and (>= a 1) (<= a 2)) b)");
  CHECK(parsed("a NOT IN (1, 2) OR x NOT LIKE 'a%'") == "(or (not (in a 1 2)) (not (like x 'a%')))");
  CHECK(parsed("-a.b[0].c::INT") == "(negative (cast (. ([] a.b 0) c) INT))");
  CHECK(parsed("a IS NOT DISTINCT FROM b") == "(<=> a b)");
  CHECK(parsed("NOT a IS NULL") == "(not (isnull a))");
  CHECK(parsed("5 DIV 2 % 3") == "(% (div 5 2) 3)");
  CHECK(parsed("1 | 2 & 3 ^ 4") == "(| 1 (^ (& 2 3) 4))");
}

TEST_CASE("literals have Spark's types") {
  CHECK(parsed("2147483648") == "2147483648:BIGINT");
  CHECK(parsed("-2147483648") == "-2147483648");
  CHECK(parsed("12345678901234567890") == "12345678901234567890:DECIMAL(20,0)");
  CHECK(parsed("1.50") == "1.50:DECIMAL(3,2)");
  CHECK(parsed(".5") == "0.5:DECIMAL(1,1)");
  CHECK(parsed("1e3") == "1000.0:DOUBLE");
  CHECK(parsed("1Y") == "1:TINYINT");
  CHECK(parsed("128Y") == "SO-S011 `128Y` is out of the range of TINYINT");
  CHECK(parsed("5BD") == "5:DECIMAL(1,0)");
  CHECK(parsed("'a' \"b\"") == "'ab'");
  CHECK(parsed("'it''s'") == "'its'");
  CHECK(parsed(R"('it\'s')") == "'it's'");
  CHECK(parsed(R"('\t\u00e9\\d')") == "'\té\\d'");
  CHECK(parsed(R"(r'\d')") == "'\\d'");
  CHECK(parsed("DATE'1970-01-03'") == "2:DATE");
  CHECK(parsed("DATE'1970-13-03'") == "SO-S011 '1970-13-03' is not a DATE");
  CHECK(parsed("INTERVAL '1 02:00' DAY TO MINUTE") == "93600000000:INTERVAL DAY TO SECOND");
  CHECK(parsed("INTERVAL 1 YEAR 2 MONTHS") == "14:INTERVAL YEAR TO MONTH");
  CHECK(parsed("INTERVAL '1 day -2 hours'") == "79200000000:INTERVAL DAY TO SECOND");
  CHECK(parsed("INTERVAL '1' MONTH") == "1:INTERVAL YEAR TO MONTH");
}

TEST_CASE("special forms become calls") {
  CHECK(parsed("CASE a WHEN 1 THEN 'x' ELSE 'y' END") == "(case (= a 1) 'x' 'y')");
  CHECK(parsed("CAST(a AS ARRAY<STRUCT<b: INT>>)") == "(cast a ARRAY<STRUCT<b: INT>>)");
  CHECK(parsed("TRY_CAST(a AS INT)") == "(cast a INT try)");
  CHECK(parsed("EXTRACT(YEAR FROM d)") == "(date_part 'YEAR' d)");
  CHECK(parsed("TRIM(LEADING 'x' FROM y)") == "(ltrim 'x' y)");
  CHECK(parsed("substring(a FROM 2 FOR 3)") == "(substring a 2 3)");
  CHECK(parsed("position('a' IN b)") == "(locate 'a' b)");
  CHECK(parsed("current_date") == "(current_date)");
  CHECK(parsed("(1, a)") == "(struct 1 a)");
  CHECK(parsed("a -- comment\n + /* b /* c */ */ /*+ hint */ 1") == "(+ a 1)");
}

TEST_CASE("a query's clauses are read, and unserved ones named with their place") {
  const SourceText source(
      "SELECT r.login.uuid AS id, s.*, `odd name` x FROM source AS s LATERAL VIEW OUTER explode(results) t AS r WHERE "
      "r.a > 1;",
      {});
  const SelectQuery query = parse_query(source).value().selects[0];
  REQUIRE(query.items.size() == 3);
  CHECK(query.items[0].alias->text == "id");
  CHECK(query.items[2].alias->text == "x");
  CHECK(query.source_alias->text == "s");
  REQUIRE(query.views.size() == 1);
  CHECK(query.views[0].outer);
  CHECK(query.views[0].table.text == "t");
  CHECK(query.views[0].columns[0].text == "r");
  CHECK(shown(*query.where) == "(> r.a 1)");
  CHECK(query_error("SELECT a FROM t NATURAL JOIN u") == "SO-S003: NATURAL JOIN is not served (input:1:17)");
  CHECK(query_error("SELECT a FROM t JOIN u USING (a)") ==
        "SO-S003: JOIN … USING (write ON a.x = b.x) is not served (input:1:24)");
  CHECK(query_error("SELECT a FROM t JOIN LATERAL (SELECT 1)") == "SO-S003: JOIN LATERAL is not served (input:1:22)");
  CHECK(query_error("SELECT a FROM (SELECT 1) LIMIT 1") == "SO-S003: LIMIT is not served (input:1:26)");
  CHECK(query_error("SELECT a FROM (SELECT 1 LIMIT 1)") == "SO-S003: LIMIT is not served (input:1:25)");
  CHECK(query_error("SELECT a FROM t GROUP BY ROLLUP (a)") == "SO-S003: GROUP BY ROLLUP is not served (input:1:26)");
  CHECK(query_error("WITH x AS SELECT 1 SELECT 1") == "SO-S001: `(` is expected here, not `SELECT` (input:1:11)");
  CHECK(query_error("SELECT sum(a) OVER () FROM t") == "SO-S003: a window function (OVER) is not served (input:1:15)");
  CHECK(query_error("SELECT FROM t") == "SO-S001: an expression is expected here, not `FROM` (input:1:8)");
  CHECK(query_error("SELECT a FROM t WHERE") ==
        "SO-S001: an expression is expected here, not the end of the text (input:1:22)");
  CHECK(query_error("SELECT 'a FROM t") == "SO-S001: the text that starts here has no closing quote (input:1:8)");
}

TEST_CASE("grouping, subqueries and unions are read") {
  const SourceText source(
      "WITH x (p, q) AS (SELECT a, b FROM t), y AS (SELECT * FROM x) SELECT DISTINCT p, count(DISTINCT q, p) c, sum(q) "
      "FILTER (WHERE q > 1) AS s, first(q) IGNORE NULLS AS f, transform(l, (e, i) -> e + i) AS l FROM (SELECT 1 AS p "
      "UNION ALL (SELECT 2)) AS u (p) WHERE p = 1 GROUP BY 1, p + 1 HAVING c > 1 UNION ALL SELECT * FROM y GROUP BY "
      "ALL",
      {});
  const QueryTree tree = parse_query(source).value();
  REQUIRE(tree.with.size() == 2);
  CHECK(tree.with[0].columns[1].text == "q");
  CHECK(tree.with[1].query->selects[0].source->text == "x");
  REQUIRE(tree.selects.size() == 2);
  const SelectQuery& query = tree.selects[0];
  CHECK(query.distinct);
  CHECK(query.items[1].expression->distinct);
  CHECK(shown(*query.items[1].expression) == "(count q p)");
  CHECK(shown(*query.items[2].expression->filter) == "(> q 1)");
  CHECK(shown(*query.items[3].expression) == "(first q 1:BOOLEAN)");
  CHECK(shown(*query.items[4].expression) == "(transform l (e i -> (+ e i)))");
  CHECK(query.subquery->selects.size() == 2);
  CHECK(query.source_alias->text == "u");
  CHECK(query.source_columns.size() == 1);
  CHECK(query.group_by.size() == 2);
  CHECK(shown(*query.having) == "(> c 1)");
  CHECK(tree.selects[1].group_by_all);
}

TEST_CASE("joins are read in their order, with what each joins and on what") {
  const SourceText source(
      "SELECT * FROM a x JOIN b ON x.k = b.k LEFT OUTER JOIN (SELECT 1 AS k) AS c (j) ON j = x.k AND 1 = 1 CROSS JOIN "
      "d "
      "RIGHT JOIN e FULL JOIN f ON TRUE LEFT SEMI JOIN g ON TRUE ANTI JOIN h ON TRUE INNER JOIN i LATERAL VIEW "
      "explode(l) AS m WHERE x.k > 1",
      {});
  const QueryTree tree = parse_query(source).value();
  REQUIRE(tree.selects[0].joins.size() == 8);
  const std::vector<Join>& joins = tree.selects[0].joins;
  CHECK(joins[0].type == JoinType::inner);
  CHECK(shown(*joins[0].on) == "(= x.k b.k)");
  CHECK(joins[1].type == JoinType::left);
  CHECK(source.text(joins[1].head) == "LEFT OUTER JOIN");
  CHECK(joins[1].relation.subquery->selects.size() == 1);
  CHECK(joins[1].relation.source_columns[0].text == "j");
  CHECK(joins[2].type == JoinType::inner);
  CHECK(joins[2].on == nullptr);
  CHECK(joins[3].type == JoinType::right);
  CHECK(joins[4].type == JoinType::full);
  CHECK(joins[5].type == JoinType::semi);
  CHECK(joins[6].type == JoinType::anti);
  CHECK(joins[7].relation.source->text == "i");
  CHECK(tree.selects[0].views.size() == 1);
  CHECK(query_error("SELECT a FROM t LEFT SEMI u") == "SO-S001: `JOIN` is expected here, not `u` (input:1:27)");
  std::string many = "SELECT 1 FROM t";
  for (int n = 0; n < 17; ++n) many += " JOIN u";
  CHECK(query_error(many).starts_with("SO-S003: more than 16 joins in one SELECT is not served"));
}

TEST_CASE("UNION without ALL is a query without duplicates over those before it") {
  const QueryTree tree = parse_query(SourceText("SELECT 1 AS a UNION SELECT 2 UNION ALL SELECT 3", {})).value();
  REQUIRE(tree.selects.size() == 2);
  CHECK(tree.selects[0].distinct);
  CHECK(tree.selects[0].subquery->selects.size() == 2);
  std::string many = "SELECT 1";
  for (int n = 0; n < 257; ++n) many += " UNION DISTINCT SELECT 1";
  CHECK(query_error(many).starts_with("SO-S003: more than 256 UNIONs is not served"));
}

TEST_CASE("places count from where the text stands in its file, in columns") {
  const Place at{"pipeline.yaml", 20, 7, "", 1};
  CHECK(query_error("SELECT a,\n  é + FROM t", at) ==
        "SO-S001: an expression is expected here, not `FROM` (pipeline.yaml:21:13)");
  const SourceText source("SELECT a\nFROM t LIMIT 1", at);
  const Error error = parse_query(source).error();
  CHECK(error.place()->source_line == "      FROM t LIMIT 1");
  CHECK(error.place()->width == 5);
}

TEST_CASE("a schema reads back as it is written") {
  for (const char* text : {"id STRING, n BIGINT NOT NULL",
                           "results ARRAY<STRUCT<login: STRUCT<uuid: STRING, username: STRING>>>, d DECIMAL(10,2)",
                           "m MAP<STRING, ARRAY<DOUBLE>>, `odd name` DATE, t TIMESTAMP_NTZ, b BINARY"}) {
    CHECK(schema(text) == text);
  }
  CHECK(schema("`a``b` long COMMENT 'its', c: struct<>, x dec") == "`a``b` BIGINT, c STRUCT<>, x DECIMAL(10,0)");
  CHECK(schema("a ARRAY<ARRAY<ARRAY<INT>>>") == "a ARRAY<ARRAY<ARRAY<INT>>>");
}

TEST_CASE("a wrong schema is refused with code and place") {
  CHECK(schema("id STRNG").starts_with("SO-S004: there is no type `STRNG` (input:1:4)"));
  CHECK(parse_schema("id STRNG", {}).error().label() == "did you mean `STRING`?");
  CHECK(schema("a INT, A STRING") == "SO-S005: the name `A` stands twice (input:1:8)");
  CHECK(schema("a DECIMAL(40,2)").starts_with("SO-S004"));
  CHECK(schema("a INT b INT") == "SO-S001: `,` or the end of the text is expected here, not `b` (input:1:7)");
  CHECK(schema("a VARIANT").starts_with("SO-S003"));
  CHECK(schema("").starts_with("SO-S001"));
}

TEST_CASE("a megabyte of nesting is refused, not a crash") {
  for (const char* piece : {"(", "NOT ", "- ", "CASE WHEN ", "a[", "f(", "ARRAY<", "CAST(", "1+(", "a.b.(", "x IN (",
                            "~", "(SELECT (", "f(x -> ", "a FROM (SELECT "}) {
    std::string text;
    while (text.size() < 1'000'000) text += piece;
    CAPTURE(piece);
    CHECK(query_error("SELECT " + text).starts_with("SO-S00"));
    CHECK(schema("a " + text).starts_with("SO-S00"));
  }
  CHECK(query_error("SELECT " + std::string(2'000'000, '(')).starts_with("SO-S002"));
  std::string sum = "1", types = "a ";
  for (int i = 0; i < 100'000; ++i) sum += "+1";
  CHECK(query_error("SELECT " + sum).starts_with("SO-S002"));
  for (int i = 0; i < 100'000; ++i) types += "ARRAY<";
  CHECK(schema(types).starts_with("SO-S002"));
}
