// modules: format
// Nanoseconds a record: the twelve texts of the reference pipeline's table, and a record of mixed types, from Avro into
// columns and back. `resolved` has a reader's schema in another order, with a default and a promotion; `three` wants
// three of the twelve columns.
#include <benchmark/benchmark.h>

#include "format/avro/avro_reader.h"
#include "format/avro/avro_writer.h"
#include "format/avro/sql_types.h"
#include "format/json_reader.h"

using namespace streamops;
using namespace streamops::format;
using data::Type;
using data::TypeId;

namespace {

data::TypePtr text() {
  return Type::scalar(TypeId::string);
}

data::SchemaPtr flat_columns() {
  std::vector<data::Field> fields;
  for (const char* name : {"id", "first_name", "last_name", "gender", "address", "post_code", "email", "username",
                           "dob", "registered_date", "phone", "picture"}) {
    fields.push_back({name, text(), false});
  }
  return std::make_shared<const data::Schema>(data::Schema(std::move(fields)));
}

const std::string flat_document =
    R"({"id":"2f8b3c1e-5d7a-4e9b-8c6f-1a2b3c4d5e6f","first_name":"Ingrid","last_name":"Haugen","gender":"female",)"
    R"("address":"4711 Storgata, Narvik, Nordland, Norway","post_code":"0412","email":"ingrid.haugen@example.com",)"
    R"("username":"silverswan131","dob":"1978-05-30T07:45:12.123Z","registered_date":"2011-11-02T21:13:09.400Z",)"
    R"("phone":"75618293","picture":"https://randomuser.me/api/portraits/med/women/12.jpg"})";

data::SchemaPtr mixed_columns() {
  return std::make_shared<const data::Schema>(data::Schema({{"id", Type::scalar(TypeId::int64), false},
                                                            {"name", text(), true},
                                                            {"at", Type::scalar(TypeId::timestamp), true},
                                                            {"price", Type::scalar(TypeId::float64), false},
                                                            {"paid", Type::decimal(12, 2), true},
                                                            {"flag", Type::scalar(TypeId::boolean), false},
                                                            {"tags", Type::array(text()), true}}));
}
const std::string mixed_document =
    R"({"id":123456789,"name":"Ingrid","at":"2024-02-29T12:00:00Z","price":19.99,"paid":1234.56,"flag":true,)"
    R"("tags":["a","bc","def"]})";

data::Records repeat(const std::string& value, std::size_t times) {
  auto arena = std::make_shared<std::string>();
  for (std::size_t i = 0; i < times; ++i) *arena += value;
  arena->append(64, '\0');
  data::Records records;
  for (std::size_t i = 0; i < times; ++i)
    records.records.emplace_back().value = std::string_view(*arena).substr(i * value.size(), value.size());
  records.owner = arena;
  return records;
}

struct Case {
  data::SchemaPtr columns;
  schema::AvroSchemaPtr schema;
  data::Batch batch;
  std::string value;

  Case(data::SchemaPtr of, const std::string& document)
      : columns(std::move(of)), schema(avro_schema_of(*columns, "Row").value()) {
    batch = JsonReader(columns).decode(repeat(document, 1000)).batch;
    const auto writer = AvroWriter::make(schema, 1, *columns).value();
    (void)writer->append(batch, 0, value);
  }
};

void read(benchmark::State& state, const Case& from, AvroReader&& reader) {
  const data::Records records = repeat(from.value, 1000);
  for (auto _ : state) benchmark::DoNotOptimize(reader.decode(records));
  state.SetItemsProcessed(1000 * state.iterations());
  state.SetBytesProcessed(1000 * state.iterations() * static_cast<std::int64_t>(from.value.size()));
}

void read_flat(benchmark::State& state) {
  const Case from(flat_columns(), flat_document);
  read(state, from, AvroReader({from.columns, nullptr}, {}, [&](std::int32_t) { return from.schema; }));
}
BENCHMARK(read_flat);

void read_flat_three(benchmark::State& state) {
  const Case from(flat_columns(), flat_document);
  std::vector<bool> needed(from.columns->size(), false);
  needed[0] = needed[6] = needed[11] = true;
  read(state, from, AvroReader({from.columns, nullptr}, needed, [&](std::int32_t) { return from.schema; }));
}
BENCHMARK(read_flat_three);

void read_mixed(benchmark::State& state) {
  const Case from(mixed_columns(), mixed_document);
  read(state, from, AvroReader({from.columns, nullptr}, {}, [&](std::int32_t) { return from.schema; }));
}
BENCHMARK(read_mixed);

void read_mixed_resolved(benchmark::State& state) {
  const Case from(mixed_columns(), mixed_document);
  const auto target = schema::AvroSchema::parse(R"({"type":"record","name":"Row","fields":[
      {"name":"tags","type":["null",{"type":"array","items":["null","string"]}],"default":null},
      {"name":"city","type":"string","default":"Ulm"},{"name":"id","type":"double"},
      {"name":"name","type":["null","string"],"default":null},
      {"name":"at","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}]})")
                          .value();
  read(state, from, AvroReader({avro_columns(*target).value(), target}, {}, [&](std::int32_t) { return from.schema; }));
}
BENCHMARK(read_mixed_resolved);

void write(benchmark::State& state, const Case& from) {
  const auto writer = AvroWriter::make(from.schema, 1, *from.columns).value();
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (std::size_t row = 0; row < from.batch.rows; ++row)
      benchmark::DoNotOptimize(writer->append(from.batch, row, out));
  }
  state.SetItemsProcessed(1000 * state.iterations());
}

void write_flat(benchmark::State& state) {
  write(state, Case(flat_columns(), flat_document));
}
BENCHMARK(write_flat);

void write_mixed(benchmark::State& state) {
  write(state, Case(mixed_columns(), mixed_document));
}
BENCHMARK(write_mixed);

}  // namespace

BENCHMARK_MAIN();
