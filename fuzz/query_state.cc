// modules: sql/engine
// Any bytes as a stored entry of a query's state: it is refused, or the state goes on with it; nothing crashes. The
// first byte chooses the query, the second the length of the key.
#include "sql/engine/query_state.h"

#include <array>
#include <memory>
#include <string_view>

#include "sql/grammar/ddl.h"

using namespace streamops;
using namespace streamops::sql;

namespace {

struct Case {
  const char* text;
  OutputMode mode;
};
constexpr std::array<Case, 4> cases = {{
    {"SELECT k, count(*) AS c, sum(n) AS s, max(k) AS m, avg(d) AS a, bool_or(n > 1) AS b FROM source GROUP BY k",
     OutputMode::update},
    {"SELECT window.start AS w, l, count(DISTINCT k) AS c, collect_list(k) AS cl, collect_set(n) AS cs, max_by(k, n) "
     "AS x, "
     "first(l) AS f, stddev(d) AS sd FROM source GROUP BY window(ts, '1 minute'), l",
     OutputMode::append},
    {"SELECT session_window.end AS e, k, sum(DISTINCT d) AS s, min(k) AS m FROM source GROUP BY session_window(ts, '1 "
     "minute'), k",
     OutputMode::append},
    {"SELECT DISTINCT k, n, l FROM source", OutputMode::complete},
}};

data::SchemaPtr schema() {
  return parse_schema("ts TIMESTAMP, k STRING, n BIGINT, d DECIMAL(10,2), l ARRAY<STRUCT<x: INT, y: STRING>>", {})
      .value();
}

std::array<std::shared_ptr<const Query>, cases.size()> compiled() {
  std::array<std::shared_ptr<const Query>, cases.size()> out;
  for (std::size_t i = 0; i < cases.size(); ++i)
    out[i] = Query::compile(cases[i].text, schema(), {.at = {}, .watermark = Watermark{"ts", 0}, .mode = cases[i].mode})
                 .value();
  return out;
}

data::Batch rows() {
  data::Batch batch;
  batch.schema = schema();
  batch.rows = 1;
  const auto query = Query::compile(
                         "SELECT TIMESTAMP'2200-01-01 00:00:00' AS ts, 'k' AS k, 1L AS n, 1.50 AS d, "
                         "array(named_struct('x', 1, 'y', 'p')) AS l",
                         batch.schema, {})
                         .value();
  batch.columns = query->run({}, {}).batch.columns;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    data::ColumnBuilder builder((*batch.schema)[i].type);
    builder.append_from(*batch.columns[i], 0);
    batch.columns[i] = builder.finish();
  }
  return batch;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const auto queries = compiled();
  static const data::Batch batch = rows();
  if (size < 2) return 0;
  const Query& query = *queries[bytes[0] % queries.size()];
  const std::string_view rest(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const std::string_view key = rest.substr(0, std::min<std::size_t>(bytes[1], rest.size()));
  const std::unique_ptr<QueryState> state = query.open_state();
  if (!state->restore(key, rest.substr(key.size()))) return 0;
  // Damage that cannot be seen must not crash either.
  (void)state->take(batch, {});
  (void)state->end_epoch({});
  state->take_changes([](std::string_view, std::optional<std::string_view>) {});
  (void)state->bytes();
  return 0;
}
