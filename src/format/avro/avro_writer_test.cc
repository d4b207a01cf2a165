#include "format/avro/avro_writer.h"

#include "format/avro/avro_test.h"
#include "format/json_reader.h"

using namespace streamops;
using namespace streamops::format;
using data::Type;
using data::TypeId;
using namespace std::string_literals;

namespace {

data::Batch batch_of(const data::SchemaPtr& schema, const std::vector<std::string>& documents) {
  auto owner = std::make_shared<std::vector<std::string>>();
  for (const std::string& document : documents) owner->push_back(document + std::string(64, '\0'));
  data::Records records;
  for (std::size_t i = 0; i < documents.size(); ++i)
    records.records.emplace_back().value = std::string_view((*owner)[i]).substr(0, documents[i].size());
  records.owner = owner;
  Decoded decoded = JsonReader(schema).decode(records);
  REQUIRE(decoded.poison.empty());
  return decoded.batch;
}

/// One row as Avro, without the header.
std::string written(const schema::AvroSchemaPtr& schema, const data::SchemaPtr& columns, const std::string& document) {
  const auto writer = AvroWriter::make(schema, 1, *columns);
  if (!writer) return writer.error().to_line();
  std::string out;
  const auto refused = (*writer)->append(batch_of(columns, {document}), 0, out);
  return refused ? refused->to_line() : out.substr(5);
}

}  // namespace

TEST_CASE("rows go out behind their schema's id and come back equal") {
  const data::SchemaPtr schema =
      columns({{"id", scalar(TypeId::string)},
               {"b", scalar(TypeId::boolean)},
               {"i1", scalar(TypeId::int8)},
               {"i4", scalar(TypeId::int32)},
               {"i8", scalar(TypeId::int64)},
               {"f4", scalar(TypeId::float32)},
               {"f8", scalar(TypeId::float64)},
               {"x", scalar(TypeId::binary)},
               {"day", scalar(TypeId::date)},
               {"at", scalar(TypeId::timestamp)},
               {"wall", scalar(TypeId::timestamp_ntz)},
               {"paid", Type::decimal(20, 3)},
               {"tags", Type::array(Type::structure({{"k", scalar(TypeId::string)}, {"n", scalar(TypeId::int64)}}))},
               {"m", Type::map(scalar(TypeId::string), Type::array(scalar(TypeId::int32)))}});
  const std::vector<std::string> rows = {
      R"({"id":"a","b":true,"i1":-128,"i4":-2147483648,"i8":9223372036854775807,"f4":1.5,"f8":-0.1,"x":"AAH/",)"
      R"("day":"1969-12-31","at":"1969-12-31T23:59:59.999Z","wall":"2024-02-29T12:00:00.001","paid":-12345678901234567.891,)"
      R"("tags":[{"k":"ü","n":1},{"n":-64}],"m":{"a":[1,null,3],"b":[]}})",
      "{}", R"({"id":"","tags":[],"m":{}})"};
  const Result<schema::AvroSchemaPtr> avro_schema = avro_schema_of(*schema, "shop.Row");
  REQUIRE(avro_schema.ok());
  auto writer = AvroWriter::make(*avro_schema, 258, *schema);
  REQUIRE(writer.ok());
  const data::Batch batch = batch_of(schema, rows);
  std::vector<std::string> payloads;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::string value;
    CHECK_FALSE((*writer)->append(batch, row, value).has_value());
    CHECK(value.substr(0, 5) == "\0\0\0\x01\x02"s);
    payloads.push_back(value.substr(5));
  }
  AvroReader by_columns({schema, nullptr}, {}, [&](std::int32_t) { return *avro_schema; });
  CHECK(rows_of(by_columns, framed(payloads)) == rows);
  // TINYINT is an int in Avro, and comes back as INT.
  AvroReader by_schema({*avro_columns(**avro_schema), *avro_schema}, {}, [&](std::int32_t) { return *avro_schema; });
  CHECK(rows_of(by_schema, framed(payloads)) == rows);
}

TEST_CASE("a schema that was there before decides about order, units and defaults") {
  const auto schema = avro_record(R"({"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},
      {"name":"k","type":{"type":"enum","name":"K","symbols":["A","B"]}},
      {"name":"d","type":["null","string"],"default":null},{"name":"l","type":{"type":"array","items":"int"},"default":[3]},
      {"name":"n","type":["string","long","null"]},
      {"name":"p","type":{"type":"bytes","logicalType":"decimal","precision":6,"scale":3}})");
  const data::SchemaPtr wanted = columns({{"n", scalar(TypeId::int32)},
                                          {"k", scalar(TypeId::string)},
                                          {"t", scalar(TypeId::timestamp)},
                                          {"p", Type::decimal(4, 2)}});
  CHECK(written(schema, wanted, R"({"n":1,"k":"B","t":"1969-12-31T23:59:59.9999Z","p":-1.25})") ==
        "\x01\x02\x00\x02\x06\x00\x02\x02\x04\xfb\x1e"s);
  CHECK(written(schema, wanted, R"({"k":"B","t":"1970-01-01T00:00:00Z","p":0})") ==
        "\x00\x02\x00\x02\x06\x00\x04\x02\x00"s);
  CHECK(written(schema, wanted, R"({"n":1,"k":"C","t":"1970-01-01T00:00:00Z","p":0})").starts_with("SO-F016"));
  CHECK(written(schema, wanted, R"({"n":1,"k":"A","p":0})").find("`t`: null") != std::string::npos);
}

TEST_CASE("columns that do not fit the schema are told before the first row") {
  const auto schema = avro_record(R"({"name":"a","type":"int"})");
  const auto problem = [&](std::vector<data::Field> fields) {
    const auto writer = AvroWriter::make(schema, 1, data::Schema(std::move(fields)));
    return writer ? std::string("none") : writer.error().to_line();
  };
  CHECK(problem({{"a", scalar(TypeId::int32)}}) == "none");
  CHECK(problem({{"a", scalar(TypeId::int64)}}).starts_with("SO-F015: field `a`: BIGINT cannot be written as int"));
  CHECK(problem({}).find("no such column") != std::string::npos);
  CHECK(problem({{"a", scalar(TypeId::int32)}, {"b", scalar(TypeId::int32)}}).find("no field for the column `b`") !=
        std::string::npos);
  CHECK_FALSE(AvroWriter::make(avro("\"int\""), 1, data::Schema()).ok());
}
