// modules: format connect/randomuser
// Nanoseconds a document: users of the randomuser API into the twelve columns of the reference pipeline's table, and
// whole answers of the API into one nested column. `lenient` has one bare NaN that sends each document the slow way.
#include "format/json_reader.h"

#include <benchmark/benchmark.h>

#include "connect/randomuser/people.h"
#include "format/json_writer.h"

using namespace streamops;
using data::Type;
using data::TypeId;

namespace {

data::TypePtr text() {
  return Type::scalar(TypeId::string);
}

data::SchemaPtr flat_schema() {
  std::vector<data::Field> fields;
  for (const char* name : {"id", "first_name", "last_name", "gender", "address", "post_code", "email", "username",
                           "dob", "registered_date", "phone", "picture"}) {
    fields.push_back({name, text()});
  }
  return std::make_shared<const data::Schema>(data::Schema(std::move(fields)));
}

data::SchemaPtr nested_schema() {
  const data::TypePtr street = Type::structure({{"number", Type::scalar(TypeId::int32)}, {"name", text()}});
  const data::TypePtr user = Type::structure(
      {{"gender", text()},
       {"name", Type::structure({{"first", text()}, {"last", text()}})},
       {"location",
        Type::structure(
            {{"street", street}, {"city", text()}, {"state", text()}, {"country", text()}, {"postcode", text()}})},
       {"email", text()},
       {"login", Type::structure({{"uuid", text()}, {"username", text()}})},
       {"dob", Type::structure({{"date", text()}})},
       {"registered", Type::structure({{"date", text()}})},
       {"phone", text()},
       {"picture", Type::structure({{"medium", text()}})}});
  return std::make_shared<const data::Schema>(data::Schema({{"results", Type::array(user)}}));
}

data::Records repeat(const std::string& document, std::size_t times) {
  auto arena = std::make_shared<std::string>();
  for (std::size_t i = 0; i < times; ++i) *arena += document;
  arena->append(64, '\0');
  data::Records records;
  for (std::size_t i = 0; i < times; ++i) {
    records.records.emplace_back().value = std::string_view(*arena).substr(i * document.size(), document.size());
  }
  records.owner = arena;
  return records;
}

const std::string flat_document =
    R"({"id":"2f8b3c1e-5d7a-4e9b-8c6f-1a2b3c4d5e6f","first_name":"Ingrid","last_name":"Haugen","gender":"female",)"
    R"("address":"4711 Storgata, Narvik, Nordland, Norway","post_code":"0412","email":"ingrid.haugen@example.com",)"
    R"("username":"silverswan131","dob":"1978-05-30T07:45:12.123Z","registered_date":"2011-11-02T21:13:09.400Z",)"
    R"("phone":"75618293","picture":"https://randomuser.me/api/portraits/med/women/12.jpg"})";

void decode(benchmark::State& state, const data::SchemaPtr& schema, const std::string& document, std::size_t times) {
  const data::Records records = repeat(document, times);
  format::JsonReader reader(schema);
  for (auto _ : state) benchmark::DoNotOptimize(reader.decode(records));
  const auto documents = static_cast<std::int64_t>(times) * state.iterations();
  state.SetItemsProcessed(documents);
  state.SetBytesProcessed(documents * static_cast<std::int64_t>(document.size()));
}

void read_flat(benchmark::State& state) {
  decode(state, flat_schema(), flat_document, 1000);
}
BENCHMARK(read_flat);

void read_flat_lenient(benchmark::State& state) {
  decode(state, flat_schema(), "{\"x\":NaN," + flat_document.substr(1), 1000);
}
BENCHMARK(read_flat_lenient);

void read_nested(benchmark::State& state) {
  connect::PeopleRequest request;
  request.seed = "bench";
  decode(state, nested_schema(), connect::people_json(request), 1000);
}
BENCHMARK(read_nested);

void write_flat(benchmark::State& state) {
  format::JsonReader reader(flat_schema());
  const format::Decoded decoded = reader.decode(repeat(flat_document, 1000));
  const format::JsonRowWriter writer(*decoded.batch.schema);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (std::size_t row = 0; row < decoded.batch.rows; ++row) writer.append(decoded.batch, row, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(1000 * state.iterations());
}
BENCHMARK(write_flat);

}  // namespace

BENCHMARK_MAIN();
