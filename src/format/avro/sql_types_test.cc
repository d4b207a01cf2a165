#include "format/avro/sql_types.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>

using namespace streamops;
using namespace streamops::format;
using data::Type;
using data::TypeId;

namespace {

/// `key = "value"` lines of one section of the table; a value in single quotes may hold double ones.
std::map<std::string, std::string> table(const std::string& section) {
  std::ifstream file(STREAMOPS_SOURCE_DIR "/spec/conversions/avro_to_sql.toml");
  std::map<std::string, std::string> out;
  std::string line;
  bool inside = false;
  while (std::getline(file, line)) {
    if (line.starts_with("[")) inside = line == "[" + section + "]";
    const std::size_t equals = line.find(" = ");
    if (!inside || equals == std::string::npos || line.starts_with("#")) continue;
    std::string key = line.substr(0, equals);
    if (key[0] == '"') key = key.substr(1, key.size() - 2);
    const char quote = line[equals + 3];
    out[key] = line.substr(equals + 4, line.find(quote, equals + 4) - equals - 4);
  }
  return out;
}

/// The schema of a key of the table: "long timestamp-millis", "union null int".
std::string avro_of(const std::string& key) {
  const std::size_t blank = key.find(' ');
  const std::string kind = key.substr(0, blank);
  const std::string rest = blank == std::string::npos ? "" : key.substr(blank + 1);
  if (kind == "union") {
    std::string out;
    std::size_t begin = 0;
    while (begin <= rest.size()) {
      const std::size_t end = std::min(rest.find(' ', begin), rest.size());
      out += (out.empty() ? "\"" : ",\"") + rest.substr(begin, end - begin) + "\"";
      begin = end + 1;
    }
    return "[" + out + "]";
  }
  std::string out = R"({"type":")" + kind + "\"";
  if (kind == "fixed") out += R"(,"name":"F","size":16)";
  if (kind == "enum") out += R"(,"name":"E","symbols":["A"])";
  if (kind == "record") out += R"(,"name":"N","fields":[{"name":"a","type":"int"}])";
  if (kind == "array") out += R"(,"items":"int")";
  if (kind == "map") out += R"(,"values":"int")";
  if (!rest.empty()) out += R"(,"logicalType":")" + rest + "\"";
  if (rest == "decimal") out += R"(,"precision":10,"scale":2)";
  return out + "}";
}

schema::AvroSchemaPtr row_of(const std::string& type) {
  const auto schema =
      schema::AvroSchema::parse(R"({"type":"record","name":"Row","fields":[{"name":"c","type":)" + type + "}]}");
  if (!schema) FAIL(schema.error().to_line());
  return *schema;
}

const std::map<std::string, data::TypePtr> sql_types = {
    {"VOID", Type::scalar(TypeId::null)},
    {"BOOLEAN", Type::scalar(TypeId::boolean)},
    {"TINYINT", Type::scalar(TypeId::int8)},
    {"SMALLINT", Type::scalar(TypeId::int16)},
    {"INT", Type::scalar(TypeId::int32)},
    {"BIGINT", Type::scalar(TypeId::int64)},
    {"FLOAT", Type::scalar(TypeId::float32)},
    {"DOUBLE", Type::scalar(TypeId::float64)},
    {"STRING", Type::scalar(TypeId::string)},
    {"BINARY", Type::scalar(TypeId::binary)},
    {"DATE", Type::scalar(TypeId::date)},
    {"TIMESTAMP", Type::scalar(TypeId::timestamp)},
    {"TIMESTAMP_NTZ", Type::scalar(TypeId::timestamp_ntz)},
    {"DECIMAL(10,2)", Type::decimal(10, 2)},
    {"ARRAY<INT>", Type::array(Type::scalar(TypeId::int32))},
    {"MAP<STRING, INT>", Type::map(Type::scalar(TypeId::string), Type::scalar(TypeId::int32))},
    {"STRUCT<a: INT>", Type::structure({{"a", Type::scalar(TypeId::int32)}})}};

}  // namespace

TEST_CASE("each Avro type has the SQL type of the table") {
  const auto reads = table("reads");
  REQUIRE(reads.size() > 20);
  for (const auto& [avro, sql] : reads) {
    CAPTURE(avro);
    const Result<data::SchemaPtr> columns = avro_columns(*row_of(avro_of(avro)));
    REQUIRE(columns.ok());
    CHECK((**columns)[0].type->to_sql() == sql);
  }
}

TEST_CASE("each SQL type has the Avro type of the table") {
  const auto writes = table("writes");
  REQUIRE(writes.size() == sql_types.size());
  for (const auto& [sql, avro] : writes) {
    CAPTURE(sql);
    const data::Schema columns({{"c", sql_types.at(sql), false}});
    const Result<schema::AvroSchemaPtr> schema = avro_schema_of(columns, "Row");
    REQUIRE(schema.ok());
    CHECK((*schema)->text() == R"({"type":"record","name":"Row","fields":[{"name":"c","type":)" + avro + "}]}");
  }
}

TEST_CASE("what may be null is a union that begins with null, and comes back") {
  const data::Schema columns({{"id", Type::scalar(TypeId::string), false}, {"n", Type::scalar(TypeId::int64), true}});
  const Result<schema::AvroSchemaPtr> schema = avro_schema_of(columns, "shop.User");
  REQUIRE(schema.ok());
  CHECK((*schema)->root().name == "shop.User");
  CHECK((*schema)->text().find(R"({"name":"n","type":["null","long"],"default":null})") != std::string::npos);
  const Result<data::SchemaPtr> back = avro_columns(**schema);
  REQUIRE(back.ok());
  CHECK(**back == columns);
}

TEST_CASE("what has no SQL type is refused by name") {
  const auto problem = [](const std::string& type) {
    const Result<data::SchemaPtr> columns = avro_columns(*row_of(type));
    return columns ? std::string("none") : columns.error().to_line();
  };
  CHECK(problem(R"({"type":"fixed","name":"D","size":12,"logicalType":"duration"})").starts_with("SO-F014: c has no"));
  CHECK(problem(R"(["null","Row"])").find("contains itself") != std::string::npos);
  CHECK(problem(R"({"type":"bytes","logicalType":"decimal","precision":50})").starts_with("SO-F014"));
  CHECK_FALSE(avro_columns(**schema::AvroSchema::parse("\"int\"")).ok());
}

TEST_CASE("columns that Avro cannot name or type are refused") {
  const auto problem = [](const std::string& name, const data::TypePtr& type) {
    const auto schema = avro_schema_of(data::Schema({{name, type}}), "Row");
    return schema ? std::string("none") : schema.error().to_line();
  };
  CHECK(problem("first name", Type::scalar(TypeId::string)).starts_with("SO-F015"));
  CHECK(problem("i", Type::scalar(TypeId::interval_day)).find("INTERVAL") != std::string::npos);
  CHECK(problem("m", Type::map(Type::scalar(TypeId::int32), Type::scalar(TypeId::string))).starts_with("SO-F015"));
}
