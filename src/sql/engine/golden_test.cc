// What real Spark answered (tests/golden/sql) is what the engine answers, or it refuses; it never answers otherwise.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "sql/engine/coercion.h"
#include "sql/engine/query_state.h"
#include "sql/engine/test_rows.h"

using namespace streamops;
using namespace streamops::sql;

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// What the rows give at once; a query that groups as at the end of an epoch.
QueryResult result_of(const Query& query, const data::Batch& source) {
  if (!query.keeps_state()) return query.run(source, {});
  const std::unique_ptr<QueryState> state = query.open_state();
  QueryResult result;
  result.failures = state->take(source, {}).failures;
  Emitted emitted = state->end_epoch({});
  for (const Error& error : emitted.failures) result.failures.push_back({0, error});
  result.batch = std::move(emitted.batch);
  return result;
}

std::vector<std::string> split_row(std::string rest) {
  std::vector<std::string> values;
  for (std::size_t at; (at = rest.find(" | ")) != std::string::npos; rest = rest.substr(at + 3))
    values.push_back(rest.substr(0, at));
  values.push_back(rest);
  return values;
}

/// "TYPE values", "error MESSAGE" for a failing row, "refused MESSAGE" for a query that does not compile.
std::string answer(const std::string& expression, const data::Batch* source) {
  const data::SchemaPtr schema = source != nullptr ? source->schema : std::make_shared<const data::Schema>();
  const auto query =
      Query::compile("SELECT " + expression + " AS v" + (source != nullptr ? " FROM source" : ""), schema, {});
  if (!query) return "refused " + query.error().to_line();
  const QueryResult result = result_of(**query, source != nullptr ? *source : data::Batch{});
  if (!result.failures.empty()) return "error " + result.failures[0].error.message();
  std::string out = catalog_name(*(*query)->output()->fields()[0].type) + " ";
  for (std::size_t row = 0; row < result.batch.rows; ++row) {
    const data::Column& column = *result.batch.columns[0];
    std::string value = test::value(column, row);
    if (column.type()->id() == data::TypeId::binary && !column.is_null(row)) value = to_upper(value);
    out += (row == 0 ? "" : " | ") + escaped(value);
  }
  return out;
}

/// Spark's class of an error, without its subclass.
std::string main_class(std::string_view wanted) {
  return std::string(wanted.substr(6, wanted.find('.') - 6));
}

/// Row by row, for a comparison with another answer: a value, or "error CLASS" where the row fails.
std::string answer_by_row(const std::string& expression, const data::Batch& source) {
  const auto query = Query::compile("SELECT " + expression + " AS v FROM source", source.schema, {});
  if (!query) return "refused " + query.error().to_line();
  const QueryResult result = (*query)->run(source, {});
  std::vector<std::string> values(source.rows);
  for (const RowError& failure : result.failures) {
    const std::string text = failure.error.message();
    const std::size_t end = std::min(text.find(']'), text.size());
    const bool named = text.starts_with('[');
    values[static_cast<std::size_t>(failure.source_row)] =
        "error " + (named ? text.substr(1, end - 1) : "refused " + escaped(text));
  }
  for (std::size_t row = 0; row < result.batch.rows; ++row) {
    const data::Column& column = *result.batch.columns[0];
    std::string value = test::value(column, row);
    if (column.type()->id() == data::TypeId::binary && !column.is_null(row)) value = to_upper(value);
    values[static_cast<std::size_t>(result.batch.origin[row])] = escaped(value);
  }
  std::string out = catalog_name(*(*query)->output()->fields()[0].type) + " ";
  for (std::size_t row = 0; row < values.size(); ++row) out += (row == 0 ? "" : " | ") + values[row];
  return out;
}

/// Java and the C library may differ in the last digit of what is not algebraic (exp, pow, sin, ...).
bool neighbours(const std::string& wanted, const std::string& given) {
  if (!wanted.starts_with("double ") || !given.starts_with("double ")) return false;
  const double a = std::strtod(wanted.c_str() + 7, nullptr);
  const double b = std::strtod(given.c_str() + 7, nullptr);
  return std::nextafter(a, b) == b;
}

bool agrees(const std::string& file, const std::string& wanted, const std::string& given) {
  const bool refused_row = given.starts_with("error ") && given.find("is not served") != std::string::npos;
  if (given == wanted || given.starts_with("refused ") || refused_row) return true;
  // So may sums of floats, for which the order of the rows counts.
  if ((file.starts_with("math") || file == "aggregates.test") && neighbours(wanted, given)) return true;
  if (!wanted.starts_with("error ") || !given.starts_with("error ")) return false;
  std::string name = main_class(wanted);
  if (name.ends_with("Exception")) return true;  // Java's own, without a class of Spark's
  if (name == "BINARY_ARITHMETIC_OVERFLOW") name = "ARITHMETIC_OVERFLOW";
  return given.find("[" + name) != std::string::npos;
}

struct Counts {
  int same = 0;
  int refused = 0;
};

Counts check_file(const std::filesystem::path& path) {
  Counts counts;
  std::ifstream file(path);
  std::string line, schema;
  std::vector<std::vector<std::string>> rows;
  std::optional<test::Table> table;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    if (line.starts_with("input ")) {
      schema = line.substr(6);
    } else if (line.starts_with("row ")) {
      rows.push_back(split_row(line.substr(4)));
    } else {
      if (!schema.empty() && !table) table.emplace(schema, rows);
      const std::size_t arrow = line.find(" ==> ");
      REQUIRE_MESSAGE(arrow != std::string::npos, line);
      const std::string expression = line.substr(0, arrow), wanted = line.substr(arrow + 5);
      const std::string given = answer(expression, table ? &table->batch() : nullptr);
      CHECK_MESSAGE(agrees(path.filename().string(), wanted, given),
                    path.filename().string()
                        << ": " << expression << "\n  Spark: " << wanted << "\n  here:  " << given);
      if (given.starts_with("refused ") && !wanted.starts_with("error ")) {
        ++counts.refused;
        if (std::getenv("STREAMOPS_SHOW_REFUSED") != nullptr) MESSAGE(expression << " ==> " << given);
      } else {
        ++counts.same;
      }
    }
  }
  return counts;
}

}  // namespace

// tools/golden/fuzz.py names a file of expressions over a table; the answers go beside it.
TEST_CASE("expressions from a file are answered") {
  const char* path = std::getenv("STREAMOPS_ANSWER");
  if (path == nullptr) return;
  std::ifstream file(path);
  std::ofstream out(std::string(path) + ".answers");
  std::string line, schema;
  std::vector<std::vector<std::string>> rows;
  std::optional<test::Table> table;
  while (std::getline(file, line)) {
    if (line.starts_with("input ")) {
      schema = line.substr(6);
    } else if (line.starts_with("row ")) {
      rows.push_back(split_row(line.substr(4)));
    } else if (!line.empty() && line[0] != '#') {
      if (!table) table.emplace(schema, rows);
      out << answer_by_row(line, table->batch()) << '\n';
    }
  }
  CHECK(table.has_value());
}

TEST_CASE("golden answers of Spark 4.0") {
  int files = 0;
  Counts total;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(STREAMOPS_SOURCE_DIR) / "tests/golden/sql")) {
    if (entry.path().extension() != ".test") continue;
    ++files;
    const Counts counts = check_file(entry.path());
    total.same += counts.same;
    total.refused += counts.refused;
  }
  CHECK(files >= 5);
  MESSAGE(total.same << " answers are Spark's, " << total.refused << " refused");
  CHECK(total.refused * 8 < total.same);  // a refusal is honest, but the dialect must be served
}
