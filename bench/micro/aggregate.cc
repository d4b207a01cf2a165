// modules: sql/engine
// Grouping on columns in memory: count by (window, gender, post_code) as in the benchmark's job J4, batches of 10,000
// rows, a thousand post codes. Per row, without decoding and encoding.
#include <benchmark/benchmark.h>

#include <string>

#include "sql/engine/query_state.h"
#include "sql/grammar/ddl.h"

using namespace streamops;

namespace {

const char* const schema_text = "at TIMESTAMP, gender STRING, post_code STRING, n BIGINT, x DOUBLE";

data::Batch people(std::size_t rows, std::size_t codes) {
  data::Batch batch;
  batch.schema = sql::parse_schema(schema_text, {}).value();
  batch.rows = rows;
  std::vector<data::ColumnBuilder> columns;
  for (const data::Field& field : batch.schema->fields()) columns.emplace_back(field.type);
  std::uint64_t random = 88172645463325252ULL;
  for (std::size_t i = 0; i < rows; ++i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    columns[0].append_integer(1'704'067'200'000'000 + static_cast<std::int64_t>(i) * 1'000);
    columns[1].append_text(random % 2 == 0 ? "female" : "male");
    columns[2].append_text(std::to_string(10'000 + random / 7 % codes));
    columns[3].append_integer(static_cast<std::int64_t>(random % 1'000));
    columns[4].append_float(static_cast<double>(random % 1'000) / 8);
  }
  for (data::ColumnBuilder& column : columns) batch.columns.push_back(column.finish());
  return batch;
}

void group(benchmark::State& state, const char* text, std::size_t codes) {
  const data::Batch batch = people(static_cast<std::size_t>(state.range(0)), codes);
  sql::CompileOptions options;
  options.watermark = {"at", 10'000'000};
  const auto query = sql::Query::compile(text, batch.schema, options).value();
  const auto memory = query->open_state();
  for (auto _ : state) benchmark::DoNotOptimize(memory->take(batch, {}).late.size());
  memory->end_epoch({});
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["groups"] = static_cast<double>(memory->keys());
  state.counters["bytes_a_group"] = static_cast<double>(memory->bytes()) / static_cast<double>(memory->keys());
}

void count_by_window(benchmark::State& state) {
  group(state,
        "SELECT window.start AS w, gender, post_code, count(*) AS n FROM source GROUP BY window(at, '1 minute'), "
        "gender, post_code",
        1'000);
}
void count_many_groups(benchmark::State& state) {
  group(state, "SELECT gender, post_code, count(*) AS n FROM source GROUP BY gender, post_code", 1'000'000);
}
void several_aggregates(benchmark::State& state) {
  group(state,
        "SELECT post_code, count(*) AS c, sum(n) AS s, avg(x) AS a, min(x) AS lo, max(x) AS hi FROM source GROUP BY "
        "post_code",
        1'000);
}
void global_count(benchmark::State& state) {
  group(state, "SELECT count(*) AS n FROM source", 1'000);
}

BENCHMARK(count_by_window)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(count_many_groups)->Arg(1'000'000);
BENCHMARK(several_aggregates)->Arg(10'000);
BENCHMARK(global_count)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
