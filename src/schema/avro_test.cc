#include "schema/avro.h"

#include <doctest/doctest.h>

#include "schema/test_schema.h"

using namespace streamops;
using namespace streamops::schema;

namespace {

std::string problem(std::string_view text) {
  const Result<AvroSchemaPtr> schema = AvroSchema::parse(text);
  return schema ? std::string("none") : schema.error().to_line();
}

}  // namespace

TEST_CASE("a record is read with names in full, defaults, aliases and logical types") {
  const AvroSchemaPtr schema = parsed(R"({
    "type": "record", "name": "User", "namespace": "shop", "aliases": ["Person"], "doc": "who buys", "fields": [
      {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
      {"name": "age", "type": ["null", "int"], "default": null, "aliases": ["years"]},
      {"name": "paid", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
      {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["NEW", "OLD"], "default": "NEW"}},
      {"name": "hash", "type": {"type": "fixed", "name": "other.Md5", "size": 16}},
      {"name": "seen", "type": {"type": "array", "items": {"type": "long", "logicalType": "timestamp-micros"}}},
      {"name": "again", "type": {"type": "map", "values": "Kind"}}]})");
  const AvroType& root = schema->root();
  CHECK(root.name == "shop.User");
  CHECK(root.short_name() == "User");
  CHECK(root.aliases == std::vector<std::string>{"shop.Person"});
  CHECK(root.fields[0].type->logical == AvroLogical::uuid);
  CHECK(root.fields[1].type->kind == AvroKind::choice);
  CHECK(root.fields[1].fallback->is(Json::Kind::null));
  CHECK(root.fields[2].type->logical == AvroLogical::decimal);
  CHECK(root.fields[2].type->scale == 2);
  CHECK(root.fields[3].type->name == "shop.Kind");
  CHECK(root.fields[3].type->fallback_symbol == "NEW");
  CHECK(root.fields[4].type->name == "other.Md5");
  CHECK(root.fields[5].type->branches[0]->logical == AvroLogical::timestamp_micros);
  CHECK(root.fields[6].type->branches[0] == root.fields[3].type);
}

TEST_CASE("a recursive schema is a circle") {
  const AvroSchemaPtr schema =
      parsed(R"({"type":"record","name":"Node","fields":[{"name":"next","type":["null","Node"]}]})");
  CHECK(schema->root().fields[0].type->branches[1] == &schema->root());
}

TEST_CASE("logical types that do not fit are passed over") {
  CHECK(parsed(R"({"type":"string","logicalType":"date"})")->root().logical == AvroLogical::none);
  CHECK(parsed(R"({"type":"long","logicalType":"made-up"})")->root().logical == AvroLogical::none);
  CHECK(parsed(R"({"type":"bytes","logicalType":"decimal","precision":2,"scale":3})")->root().logical ==
        AvroLogical::none);
  CHECK(parsed(R"({"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":5})")->root().logical ==
        AvroLogical::none);
}

TEST_CASE("what is no schema is refused with its place") {
  CHECK(problem("{").starts_with("SO-G001"));
  CHECK(problem("<html>").find("<html>") != std::string::npos);
  CHECK(problem("\"nope\"").starts_with("SO-G002"));
  CHECK(problem(R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"text"}]})")
            .find("fields[1].type: there is no type `text`") != std::string::npos);
  for (const char* text : {
           R"(["int","int"])",
           R"(["int",["null"]])",
           R"({"type":"array"})",
           R"({"type":"enum","name":"E","symbols":["A","A"]})",
           R"({"type":"enum","name":"E","symbols":["A"],"default":"B"})",
           R"({"type":"fixed","name":"F","size":-1})",
           R"({"type":"fixed","name":"F","size":99999999999})",
           R"({"type":"record","name":"int","fields":[]})",
           R"({"type":"record","name":"R"})",
           R"({"type":"record","name":"R-1","fields":[]})",
           R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]})",
           R"({"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"1"}]})",
           R"({"type":"record","name":"R","fields":[{"name":"a","type":"int","default":2147483648}]})",
           R"({"type":"record","name":"R","fields":[{"name":"a","type":["null","int"],"default":"x"}]})",
           R"({"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"R","fields":[]}}]})",
       }) {
    CAPTURE(text);
    CHECK(problem(text).starts_with("SO-G002"));
  }
}

TEST_CASE("a schema nested without end is refused, not followed") {
  std::string deep;
  for (int i = 0; i < 120; ++i) deep += R"({"type":"array","items":)";
  CHECK(problem(deep + "\"int\"" + std::string(120, '}')).starts_with("SO-G00"));
  CHECK(problem(std::string(2 * 1024 * 1024, ' ')).starts_with("SO-G001"));
}

TEST_CASE("the canonical form keeps what decides about bytes") {
  const AvroSchemaPtr schema = parsed(R"({ "doc":"x", "fields":[ {"type":{"type":"string"}, "name":"id", "default":""},
    {"name":"d","type":{"type":"int","logicalType":"date"}} ], "name":"User", "namespace":"shop", "type":"record"})");
  CHECK(schema->canonical() ==
        R"({"name":"shop.User","type":"record","fields":[{"name":"id","type":"string"},{"name":"d","type":"int"}]})");
  CHECK(parsed(R"({"type":"fixed","name":"F","size":  3})")->canonical() == R"({"name":"F","type":"fixed","size":3})");
  CHECK(parsed(R"(["null",{"type":"array","items":"long"}])")->canonical() ==
        R"(["null",{"type":"array","items":"long"}])");
}

TEST_CASE("the identity keeps what means something, whatever the order of members") {
  const char* a = R"({"type":"record","name":"R","fields":[{"name":"d","type":{"type":"int","logicalType":"date"}}]})";
  const char* b = R"({"fields":[{"type":{"logicalType":"date","type":"int"},"name":"d"}],"name":"R","type":"record"})";
  const char* c = R"({"type":"record","name":"R","fields":[{"name":"d","type":"int"}]})";
  CHECK(parsed(a)->identity() == parsed(b)->identity());
  CHECK(parsed(a)->identity() != parsed(c)->identity());
  CHECK(parsed(a)->canonical() == parsed(c)->canonical());
  CHECK(parsed(parsed(a)->identity())->identity() == parsed(a)->identity());
  CHECK(parsed("{ \"type\" : \"string\" }")->text() == R"({"type":"string"})");
}
