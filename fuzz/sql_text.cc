// modules: sql/engine
// Any text as a query, a schema and an expression: it is refused with an error or runs on a tiny batch; it never
// crashes, and two runs give the same. A query that keeps state is also stored and restored between two epochs.
#include <cstdlib>
#include <map>
#include <string_view>

#include "sql/engine/cast.h"
#include "sql/engine/query.h"
#include "sql/engine/query_state.h"
#include "sql/grammar/ddl.h"

using namespace streamops;
using namespace streamops::sql;

namespace {

const char* const columns =
    "a INT, b STRING, c DOUBLE, d DECIMAL(10,2), e DATE, t TIMESTAMP, l ARRAY<STRUCT<x: INT, y: STRING>>, m "
    "MAP<STRING, INT>, n BIGINT, "
    "s STRUCT<p: STRING, q: ARRAY<INT>>";
const char* const rows[] = {
    "SELECT 1 AS a, 'one' AS b, 1.5D AS c, CAST(1.25 AS DECIMAL(10,2)) AS d, DATE'2024-02-29' AS e, "
    "TIMESTAMP'2024-01-01 12:00:00' AS t, "
    "array(named_struct('x', 1, 'y', 'p')) AS l, map('k', 1) AS m, 9223372036854775807 AS n, named_struct('p', 'z', "
    "'q', array(1, 2)) AS s",
    "SELECT CAST(NULL AS INT) AS a, CAST(NULL AS STRING) AS b, double('NaN') AS c, CAST(NULL AS DECIMAL(10,2)) AS d, "
    "CAST(NULL AS DATE) AS e, "
    "CAST(NULL AS TIMESTAMP) AS t, CAST(NULL AS ARRAY<STRUCT<x: INT, y: STRING>>) AS l, CAST(NULL AS MAP<STRING, INT>) "
    "AS m, 0L AS n, "
    "CAST(NULL AS STRUCT<p: STRING, q: ARRAY<INT>>) AS s",
    "SELECT -2147483648 AS a, 'é\\n{\"k\":[1,2]}' AS b, -0.0D AS c, CAST(-99999999.99 AS DECIMAL(10,2)) AS d, "
    "DATE'0001-01-01' AS e, "
    "TIMESTAMP'1969-12-31 23:59:59.999999' AS t, CAST(array() AS ARRAY<STRUCT<x: INT, y: STRING>>) AS l, map('j', -1, "
    "'k', 0) AS m, "
    "-9223372036854775808 AS n, named_struct('p', '', 'q', CAST(array() AS ARRAY<INT>)) AS s"};

data::Batch make_batch() {
  data::Batch batch;
  batch.schema = parse_schema(columns, {}).value();
  batch.rows = std::size(rows);
  std::vector<data::ColumnBuilder> builders;
  for (const data::Field& field : batch.schema->fields()) builders.emplace_back(field.type);
  for (const char* row : rows) {
    const QueryResult result = Query::compile(row, batch.schema, {}).value()->run({}, {});
    for (std::size_t i = 0; i < builders.size(); ++i) builders[i].append_from(*result.batch.columns[i], 0);
  }
  for (data::ColumnBuilder& builder : builders) batch.columns.push_back(builder.finish());
  return batch;
}

std::string shown(const QueryResult& result) {
  std::string out;
  for (const data::ColumnPtr& column : result.batch.columns) {
    for (std::size_t row = 0; row < result.batch.rows; ++row) append_text_form(*column, row, out);
  }
  for (const RowError& failure : result.failures) out += failure.error.to_line();
  return out;
}

std::string epoch(QueryState& state, const data::Batch& batch) {
  QueryResult result;
  result.failures = state.take(batch, {}).failures;
  const Emitted emitted = state.end_epoch({});
  result.batch = emitted.batch;
  std::string out = shown(result);
  for (const Error& error : emitted.failures) out += error.to_line();
  return out;
}

/// Two epochs, with the state carried over in memory or through what is stored.
std::string epochs(const Query& query, const data::Batch& batch, bool stored) {
  std::unique_ptr<QueryState> state = query.open_state();
  std::string out = epoch(*state, batch);
  if (stored) {
    std::map<std::string, std::string, std::greater<>> entries;
    state->take_changes([&](std::string_view key, std::optional<std::string_view> value) {
      if (value) entries[std::string(key)] = std::string(*value);
    });
    state = query.open_state();
    for (const auto& [key, value] : entries) {
      if (!state->restore(key, value)) std::abort();
    }
  }
  return out + epoch(*state, batch);
}

void run_stateful(const Query& query, const data::Batch& batch) {
  const std::string first = epochs(query, batch, false);
  if (first != epochs(query, batch, false) || first != epochs(query, batch, true)) std::abort();
}

void run(std::string_view sql, const data::Batch& batch) {
  for (const OutputMode mode : {OutputMode::update, OutputMode::append, OutputMode::complete}) {
    const auto query = Query::compile(sql, batch.schema, {.at = {}, .watermark = Watermark{"t", 0}, .mode = mode});
    if (!query) {
      (void)query.error().to_report();
      continue;
    }
    if ((*query)->keeps_state()) {
      run_stateful(**query, batch);
    } else if (shown((*query)->run(batch, {})) != shown((*query)->run(batch, {}))) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const data::Batch batch = make_batch();
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  run(text, batch);
  run("SELECT " + std::string(text) + " AS v FROM source", batch);
  if (const auto schema = parse_schema(text, {}); schema.ok()) {
    // What is read can be written and read again.
    const auto again = parse_schema((*schema)->to_sql(), {});
    if (!again || **again != **schema) std::abort();
  }
  return 0;
}
