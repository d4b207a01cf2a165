// modules: sql/engine
// The reference query of the benchmarks on columns in memory: filter by gender, ten columns out. Per row, without
// decoding and encoding.
#include <benchmark/benchmark.h>

#include <string>

#include "sql/engine/query.h"
#include "sql/grammar/ddl.h"

using namespace streamops;

namespace {

const char* const schema_text =
    "id STRING, first_name STRING, last_name STRING, gender STRING, address STRING, post_code STRING, email STRING, "
    "username STRING, "
    "dob STRING, registered_date STRING, phone STRING, picture STRING";
const char* const reference_query =
    "SELECT id, first_name || ' ' || last_name AS full_name, lower(email) AS email, split_part(email, '@', 2) AS "
    "email_domain, "
    "CAST(substring(dob, 1, 4) AS INT) AS birth_year, post_code, address, phone, registered_date AS registered_at, "
    "picture "
    "FROM source WHERE gender = 'female'";

data::Batch users(std::size_t rows) {
  data::Batch batch;
  batch.schema = sql::parse_schema(schema_text, {}).value();
  batch.rows = rows;
  for (const data::Field& field : batch.schema->fields()) {
    data::ColumnBuilder builder(field.type);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::string n = std::to_string(i);
      if (field.name == "gender") {
        builder.append_text(i % 2 == 0 ? "female" : "male");
      } else if (field.name == "dob") {
        builder.append_text("1980-06-1" + n.substr(n.size() - 1) + "T04:05:06.789Z");
      } else if (field.name == "email") {
        builder.append_text("Ada.Lovelace" + n + "@Example.com");
      } else if (field.name == "address") {
        builder.append_text(n + " High Street, Springfield, Oregon, United States");
      } else {
        builder.append_text(field.name + "-" + n);
      }
    }
    batch.columns.push_back(builder.finish());
  }
  return batch;
}

void run_query(benchmark::State& state, const char* text) {
  const data::Batch batch = users(static_cast<std::size_t>(state.range(0)));
  const auto query = sql::Query::compile(text, batch.schema, {}).value();
  for (auto _ : state) {
    benchmark::DoNotOptimize(query->run(batch, {}).batch.rows);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void reference(benchmark::State& state) {
  run_query(state, reference_query);
}
void columns_only(benchmark::State& state) {
  run_query(state, "SELECT id, first_name, email FROM source");
}
void branches(benchmark::State& state) {
  run_query(state,
            "SELECT CASE WHEN gender = 'female' THEN upper(first_name) ELSE coalesce(nullif(last_name, 'x'), 'none') "
            "END AS x FROM source");
}
void compile(benchmark::State& state) {
  const data::SchemaPtr schema = sql::parse_schema(schema_text, {}).value();
  for (auto _ : state) benchmark::DoNotOptimize(sql::Query::compile(reference_query, schema, {}).ok());
}

BENCHMARK(reference)->Arg(28)->Arg(1000)->Arg(10000);
BENCHMARK(columns_only)->Arg(1000);
BENCHMARK(branches)->Arg(1000);
BENCHMARK(compile);

}  // namespace

BENCHMARK_MAIN();
