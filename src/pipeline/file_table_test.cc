#include "pipeline/file_table.h"

#include <doctest/doctest.h>

#include "format/json_writer.h"
#include "sql/grammar/ddl.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

data::SchemaPtr schema(std::string_view ddl) {
  return sql::parse_schema(ddl, {}).value();
}

std::string rows(const Result<data::Batch>& table) {
  if (!table) return table.error().to_line();
  std::string out;
  for (std::size_t row = 0; row < table->rows; ++row) {
    format::JsonRowWriter(*table->schema).append(*table, row, out);
    out += '\n';
  }
  return out;
}

std::string csv(std::string_view text, std::string_view ddl = "code STRING, n INT") {
  return rows(read_csv_table(text, schema(ddl), "t.csv"));
}

}  // namespace

TEST_CASE("a CSV table is read by the names of its first line") {
  CHECK(csv("code,n\na,1\n") == "{\"code\":\"a\",\"n\":1}\n");
  CHECK(csv("\xEF\xBB\xBFn , other,code\r\n1,x,a\r\n\r\n2,,\"\"\r\n") ==
        "{\"code\":\"a\",\"n\":1}\n{\"code\":\"\",\"n\":2}\n");
  CHECK(csv("code,n\n,\n") == "{}\n");
  CHECK(csv("code,n\n\"a \"\"quoted\"\", one\nof two lines\",-7") ==
        "{\"code\":\"a \\\"quoted\\\", one\\nof two lines\",\"n\":-7}\n");
  CHECK(csv("at,d\n2024-01-01 00:00:05,1.50\n", "at TIMESTAMP, d DECIMAL(5,2)") ==
        "{\"at\":\"2024-01-01T00:00:05.000Z\",\"d\":1.50}\n");
  CHECK(csv("code,n\n").empty());
}

TEST_CASE("what is wrong in a CSV table is told with its line (SO-P047)") {
  CHECK(csv("") == "SO-P047: t.csv, line 1: a CSV file begins with the names of its columns");
  CHECK(csv("code,m\na,1\n") == "SO-P047: t.csv, line 1: there is no column `n` (there are: code, m)");
  CHECK(csv("code,n\na,1\nb\n") == "SO-P047: t.csv, line 3: 1 fields, and the first line names 2 columns");
  CHECK(csv("code,n\n\"a,1\n") == "SO-P047: t.csv, line 2: a quote is opened and never closed");
  CHECK(csv("code,n\n\"a\"b,1\n") ==
        "SO-P047: t.csv, line 2: behind a closing quote comes a comma or the end of the line");
  CHECK(csv("code,n\na,1\nb,one\n").starts_with("SO-P047: t.csv, line 3: "));
  CHECK(csv("code,n\na,1\n", "code STRING, n MAP<STRING, INT>").starts_with("SO-P047: t.csv: "));
}

TEST_CASE("a table of JSON lines is read, and what is wrong is told with its line (SO-P047)") {
  const auto json = [](std::string_view text) {
    return rows(read_json_table(text, schema("code STRING, n INT"), "t"));
  };
  CHECK(json("{\"code\":\"a\",\"n\":1}\n\n  {\"n\":2}") == "{\"code\":\"a\",\"n\":1}\n{\"n\":2}\n");
  CHECK(json("").empty());
  CHECK(json("{\"n\":1}\n\n{\"n\":\"x\"}\n").starts_with("SO-P047: t, line 3: "));
}
