#include "schema/compatibility.h"

#include <doctest/doctest.h>

#include "schema/test_schema.h"

using namespace streamops;
using namespace streamops::schema;

namespace {

AvroSchemaPtr record(std::string_view fields) {
  return parsed(fmt::format(R"({{"type":"record","name":"R","fields":[{}]}})", fields));
}

/// The kinds of the reasons, or an empty text.
std::string reasons(std::string_view reader, std::string_view writer) {
  std::string out;
  for (const Incompatibility& each : incompatibilities(*parsed(reader), *parsed(writer)))
    out += each.kind + " " + each.path + ";";
  return out;
}

}  // namespace

TEST_CASE("promotions go one way") {
  CHECK(reasons("\"long\"", "\"int\"").empty());
  CHECK(reasons("\"double\"", "\"long\"").empty());
  CHECK(reasons("\"string\"", "\"bytes\"").empty());
  CHECK(reasons("\"bytes\"", "\"string\"").empty());
  CHECK(reasons("\"int\"", "\"long\"") == "TYPE_MISMATCH /;");
  CHECK(reasons("\"float\"", "\"double\"") == "TYPE_MISMATCH /;");
  CHECK(reasons("\"string\"", "\"int\"") == "TYPE_MISMATCH /;");
}

TEST_CASE("unions are compared branch by branch") {
  CHECK(reasons(R"(["null","long"])", "\"int\"").empty());
  CHECK(reasons(R"(["null","long"])", R"(["int","null"])").empty());
  CHECK(reasons("\"int\"", R"(["int"])").empty());
  CHECK(reasons("\"int\"", R"(["null","int"])") == "MISSING_UNION_BRANCH /;");
  CHECK(reasons(R"(["null","int"])", "\"string\"") == "MISSING_UNION_BRANCH /;");
}

TEST_CASE("enums, fixed types and names") {
  const char* small = R"({"type":"enum","name":"E","symbols":["A"]})";
  const char* large = R"({"type":"enum","name":"E","symbols":["A","B"]})";
  const char* safe = R"({"type":"enum","name":"E","symbols":["A"],"default":"A"})";
  CHECK(reasons(large, small).empty());
  CHECK(reasons(small, large) == "MISSING_ENUM_SYMBOLS /symbols;");
  CHECK(reasons(safe, large).empty());
  CHECK(reasons(R"({"type":"fixed","name":"F","size":2})", R"({"type":"fixed","name":"F","size":3})") ==
        "FIXED_SIZE_MISMATCH /size;");
  CHECK(reasons(R"({"type":"fixed","name":"G","size":3})", R"({"type":"fixed","name":"F","size":3})") ==
        "NAME_MISMATCH /name;");
  CHECK(reasons(R"({"type":"fixed","name":"G","aliases":["F"],"size":3})", R"({"type":"fixed","name":"F","size":3})")
            .empty());
}

TEST_CASE("fields match by name and alias, and new ones need a default") {
  const std::vector<Incompatibility> found =
      incompatibilities(*record(R"({"name":"a","type":"int"},{"name":"b","type":{"type":"array","items":"int"}})"),
                        *record(R"({"name":"b","type":{"type":"array","items":"string"}})"));
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == "/fields/0");
  CHECK(found[0].message.find("`a`") != std::string::npos);
  CHECK(found[1].path == "/fields/1/type/items");
  CHECK(incompatibilities(*record(R"({"name":"a","type":"int","default":7})"), *record("")).empty());
  CHECK(incompatibilities(*record(R"({"name":"a","type":"long","aliases":["old"]})"),
                          *record(R"({"name":"old","type":"int"})"))
            .empty());
}

TEST_CASE("recursive schemas are compared once around") {
  const char* list = R"({"type":"record","name":"N","fields":[{"name":"v","type":"int"},
                         {"name":"next","type":["null","N"]}]})";
  const char* wide = R"({"type":"record","name":"N","fields":[{"name":"v","type":"long"},
                         {"name":"next","type":["null","N"]}]})";
  CHECK(reasons(wide, list).empty());
  CHECK_FALSE(reasons(list, wide).empty());
}

TEST_CASE("levels look back one version or all") {
  const AvroSchemaPtr first = record(R"({"name":"a","type":"int"})");
  const AvroSchemaPtr second = record(R"({"name":"a","type":"int"},{"name":"b","type":"int","default":0})");
  const AvroSchemaPtr third = record(R"({"name":"b","type":"int"})");
  const std::vector<AvroSchemaPtr> versions{first, second};
  CHECK(check_compatibility(Compatibility::none, *third, versions).empty());
  CHECK(check_compatibility(Compatibility::backward, *third, versions).empty());
  CHECK_FALSE(check_compatibility(Compatibility::backward_transitive, *third, versions).empty());
  CHECK_FALSE(check_compatibility(Compatibility::forward, *third, versions).empty());
  CHECK_FALSE(check_compatibility(Compatibility::full, *third, versions).empty());
  CHECK(check_compatibility(Compatibility::full_transitive, *second, std::span(versions).first(1)).empty());
  CHECK(check_compatibility(Compatibility::full, *third, {}).empty());
}

TEST_CASE("levels have names") {
  CHECK(to_string(Compatibility::full_transitive) == "FULL_TRANSITIVE");
  CHECK(parse_compatibility("forward") == Compatibility::forward);
  CHECK_FALSE(parse_compatibility("SIDEWAYS").has_value());
}
