// modules: format
// Any bytes as values of a schema with everything in it, read by columns and by a reader's schema: rows or poison, and
// columns whose lengths agree. What is read by its own schema and written again reads as the same row.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "format/avro/avro_reader.h"
#include "format/avro/avro_writer.h"
#include "format/avro/sql_types.h"
#include "format/avro/wire.h"
#include "format/json_writer.h"

using namespace streamops;
using namespace streamops::format;

namespace {

const char* const writer_text = R"({"type":"record","name":"R","fields":[
  {"name":"s","type":"string"},{"name":"i","type":"int"},{"name":"l","type":["null","long"]},
  {"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":20,"scale":3}},
  {"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"b","type":"boolean"},
  {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B","C"]}},
  {"name":"a","type":{"type":"array","items":{"type":"record","name":"I","fields":[
    {"name":"m","type":{"type":"map","values":["null","double","string"]}},{"name":"z","type":["null",{"type":"array","items":"float"}]}]}}},
  {"name":"f","type":{"type":"fixed","name":"F","size":3}},{"name":"u","type":["int","string","null","R2"]},
  {"name":"o","type":{"type":"array","items":{"type":"record","name":"Empty","fields":[]}}},{"name":"y","type":"bytes"}]})";

schema::AvroSchemaPtr parsed(std::string text) {
  const std::size_t at = text.find("\"R2\"");
  if (at != std::string::npos)
    text.replace(
        at, 4,
        R"({"type":"record","name":"R2","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","E"]}]})");
  return schema::AvroSchema::parse(text).value();
}

schema::AvroSchemaPtr reader_schema() {
  return parsed(R"({"type":"record","name":"R","fields":[
    {"name":"new","type":["null","string"],"default":null},{"name":"i","type":"double"},{"name":"s","type":"bytes"},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["B"],"default":"B"}},
    {"name":"a","type":{"type":"array","items":{"type":"record","name":"I","fields":[
      {"name":"x","type":"string","default":"xyz"},{"name":"m","type":{"type":"map","values":["null","double","string"]}}]}}},
    {"name":"u","type":["null","string"]}]})");
}

data::Records records_of(const std::string& value) {
  auto owner = std::make_shared<std::string>(value + std::string(64, '\x91'));
  data::Records records;
  records.records.emplace_back().value = std::string_view(*owner).substr(0, value.size());
  records.records.push_back(records.records[0]);
  records.owner = owner;
  return records;
}

Decoded decode(RecordReader& reader, const std::string& value) {
  Decoded decoded = reader.decode(records_of(value));
  if (decoded.batch.rows + decoded.poison.size() != 2) std::abort();
  for (const data::ColumnPtr& column : decoded.batch.columns) {
    if (column->length() != decoded.batch.rows) std::abort();
  }
  return decoded;
}

std::string row_of(const Decoded& decoded) {
  std::string out;
  JsonRowWriter(*decoded.batch.schema).append(decoded.batch, 0, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  static const schema::AvroSchemaPtr writer = parsed(writer_text);
  static const schema::AvroSchemaPtr target = reader_schema();
  static const data::SchemaPtr columns = avro_columns(*writer).value();
  const auto known = [](std::int32_t) { return writer; };
  static AvroReader by_schema({columns, writer}, {}, known);
  static AvroReader resolved({avro_columns(*target).value(), target}, {}, known);
  std::string value;
  append_frame(value, 1);
  value.append(reinterpret_cast<const char*>(input), size);
  decode(resolved, value);
  const Decoded decoded = decode(by_schema, value);
  if (decoded.batch.rows == 0) return 0;
  // Rows have other unions (members) than the writer, so they are written by the schema of their own columns.
  static const schema::AvroSchemaPtr own = avro_schema_of(*columns, "Own").value();
  static const std::unique_ptr<AvroWriter> rows = AvroWriter::make(own, 2, *columns).value();
  static AvroReader back({columns, nullptr}, {}, [](std::int32_t) { return own; });
  std::string again;
  if (rows->append(decoded.batch, 0, again)) std::abort();
  const Decoded reread = decode(back, again);
  if (reread.batch.rows != 2 || row_of(reread) != row_of(decoded)) {
    std::fprintf(stderr, "%s\n", row_of(decoded).c_str());
    std::abort();
  }
  return 0;
}
