// format/avro/avro_test.h — what the tests of reading and writing Avro share.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "format/avro/avro_reader.h"
#include "format/avro/sql_types.h"
#include "format/avro/wire.h"
#include "format/json_writer.h"

namespace streamops::format {

inline schema::AvroSchemaPtr avro(std::string_view text) {
  const Result<schema::AvroSchemaPtr> schema = schema::AvroSchema::parse(text);
  if (!schema) FAIL(schema.error().to_line());
  return *schema;
}

/// A record with these fields, as JSON.
inline schema::AvroSchemaPtr avro_record(const std::string& fields) {
  return avro(R"({"type":"record","name":"Row","fields":[)" + fields + "]}");
}

inline data::TypePtr scalar(data::TypeId id) {
  return data::Type::scalar(id);
}

inline data::SchemaPtr columns(std::vector<data::Field> fields) {
  return std::make_shared<const data::Schema>(std::move(fields));
}

/// Values behind the header of a schema id, with the padding that readers want.
inline data::Records framed(const std::vector<std::string>& payloads, std::int32_t id = 1) {
  auto owner = std::make_shared<std::vector<std::string>>();
  for (const std::string& payload : payloads) {
    std::string value;
    append_frame(value, id);
    owner->push_back(value + payload + std::string(64, '\x7F'));
  }
  data::Records records;
  for (const std::string& value : *owner) {
    data::Record& record = records.records.emplace_back();
    record.value = std::string_view(value).substr(0, value.size() - 64);
  }
  records.owner = owner;
  return records;
}

/// Rows as JSON; "poison: ..." where a record gave none.
inline std::vector<std::string> rows_of(RecordReader& reader, const data::Records& records) {
  const Decoded decoded = reader.decode(records);
  std::vector<std::string> out(records.records.size(), "delete");
  const JsonRowWriter writer(*decoded.batch.schema);
  for (std::size_t row = 0; row < decoded.batch.rows; ++row) {
    std::string& json = out[static_cast<std::size_t>(decoded.batch.origin[row])];
    json.clear();
    writer.append(decoded.batch, row, json);
  }
  for (const Poison& poison : decoded.poison) out[poison.record] = "poison: " + poison.error.to_line();
  return out;
}

/// One value of one writer's schema, read by columns or (`reader` given) by a schema.
inline std::string read_one(const schema::AvroSchemaPtr& writer, const std::string& payload, data::SchemaPtr wanted,
                            schema::AvroSchemaPtr reader = nullptr) {
  if (wanted == nullptr) wanted = *avro_columns(*reader);
  AvroReader decoder({std::move(wanted), std::move(reader)}, {}, [&](std::int32_t) { return writer; });
  return rows_of(decoder, framed({payload}))[0];
}

}  // namespace streamops::format
