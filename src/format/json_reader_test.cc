// What Spark 4.0.0 answers to from_json in PERMISSIVE mode, one document a check.
#include "format/json_reader.h"

#include <doctest/doctest.h>

#include "data/type.h"
#include "errors/format.h"
#include "format/json_writer.h"

using namespace streamops;
using data::Field;
using data::Type;
using data::TypeId;

namespace {

/// id STRING, first_name STRING, n INT, d DOUBLE, b BOOLEAN, ts TIMESTAMP, a ARRAY<INT>, st STRUCT<x: INT>
data::SchemaPtr people() {
  const auto scalar = [](TypeId id) { return Type::scalar(id); };
  const data::TypePtr integer = scalar(TypeId::int32);
  return std::make_shared<const data::Schema>(data::Schema({{"id", scalar(TypeId::string)},
                                                            {"first_name", scalar(TypeId::string)},
                                                            {"n", integer},
                                                            {"d", scalar(TypeId::float64)},
                                                            {"b", scalar(TypeId::boolean)},
                                                            {"ts", scalar(TypeId::timestamp)},
                                                            {"a", Type::array(integer)},
                                                            {"st", Type::structure({{"x", integer}})}}));
}

/// Documents in padded memory, as a source would hand them out.
data::Records records(const std::vector<std::string>& values) {
  auto arena = std::make_shared<std::string>();
  for (const std::string& value : values) *arena += value;
  arena->append(64, '\0');
  data::Records out;
  std::size_t at = 0;
  for (const std::string& value : values) {
    data::Record& record = out.records.emplace_back();
    record.offset = static_cast<std::int64_t>(out.records.size());
    record.value = std::string_view(*arena).substr(at, value.size());
    at += value.size();
  }
  out.owner = arena;
  return out;
}

std::string read(const data::SchemaPtr& schema, const std::string& document) {
  format::JsonReader reader(schema);
  const format::Decoded decoded = reader.decode(records({document}));
  if (!decoded.poison.empty()) {
    CHECK(decoded.batch.rows == 0);
    return decoded.poison[0].error.to_line();
  }
  std::string row;
  format::JsonRowWriter(*schema).append(decoded.batch, 0, row);
  return row;
}

std::string read(const std::string& document) {
  return read(people(), document);
}

data::SchemaPtr one(const char* name, data::TypePtr type) {
  return std::make_shared<const data::Schema>(data::Schema({{name, std::move(type)}}));
}

std::string read_as(data::TypePtr type, const std::string& value) {
  return read(one("v", std::move(type)), "{\"v\":" + value + "}");
}

std::string from_json_text(data::TypePtr type, const std::string& text) {
  data::ColumnBuilder builder(Type::scalar(TypeId::string));
  builder.append_text(text);
  const data::ColumnPtr column = format::from_json(*builder.finish(), type);
  std::string out;
  format::append_json(*column, 0, out);
  return out;
}

}  // namespace

TEST_CASE("a document that fits becomes a row") {
  CHECK(
      read(
          R"({"id":"1","first_name":"A","n":5,"d":1.5,"b":true,"ts":"2024-01-02T03:04:05.678Z","a":[1,2],"st":{"x":1}})") ==
      R"({"id":"1","first_name":"A","n":5,"d":1.5,"b":true,"ts":"2024-01-02T03:04:05.678Z","a":[1,2],"st":{"x":1}})");
  CHECK(read(R"({"id":null})") == "{}");
  CHECK(read("{}") == "{}");
  CHECK(read(R"({"st":{},"a":[],"other":{"deep":[1,{"x":"y"}]},"id":"z"})") == R"({"id":"z","a":[],"st":{}})");
  CHECK(read(R"({"a":[1,null],"n":-0})") == R"({"n":0,"a":[1,null]})");
}

TEST_CASE("STRING takes numbers, booleans and whole objects as text") {
  CHECK(read(R"({"id":7,"first_name":{"k":[1, 2.50]}})") == R"({"id":"7","first_name":"{\"k\":[1,2.5]}"})");
  CHECK(read(R"({"id":1.50,"first_name":true})") == R"({"id":"1.5","first_name":"true"})");
  CHECK(read(R"({"id":12345678901234567890.10})") == R"({"id":"1.2345678901234567E19"})");
  CHECK(read(R"({"id":123456789012345678901234567890})") == R"({"id":"123456789012345678901234567890"})");
  CHECK(read(R"({"id":1e2,"first_name":-0})") == R"({"id":"100.0","first_name":"0"})");
  CHECK(read(R"({"id":[ "a\n\u0001é" , null , 1e400 ]})") == R"({"id":"[\"a\\n\\u0001é\",null,\"Infinity\"]"})");
}

TEST_CASE("names are case-sensitive and the last duplicate wins") {
  CHECK(read(R"({"ID":"up","First_Name":"x"})") == "{}");
  CHECK(read(R"({"id":"a","n":1,"id":"b"})") == R"({"id":"b","n":1})");
  CHECK(read(R"({"id":"a","id":null})") == "{}");
  CHECK(read(R"({"\u0069d":"a"})") == R"({"id":"a"})");
}

TEST_CASE("single quotes, bare NaN and text behind the brace are accepted") {
  CHECK(read(R"({'id':'sq "x" \' y'})") == R"({"id":"sq \"x\" ' y"})");
  CHECK(read(R"({"id":"1","d":NaN})") == R"({"id":"1","d":"NaN"})");
  CHECK(read(R"({"id":"1","d":"NaN"})") == R"({"id":"1","d":"NaN"})");
  CHECK(read(R"({"d":"Infinity"})") == R"({"d":"Infinity"})");
  CHECK(read(R"({"d":-INF})") == R"({"d":"-Infinity"})");
  CHECK(read(R"({"id":"1"} trailing)") == R"({"id":"1"})");
  CHECK(read(R"({"id":"1"}{"id":"2"})") == R"({"id":"1"})");
  CHECK(read(R"({"id":"1"} "open)") == R"({"id":"1"})");
  CHECK(read("{\"id\":\"a\\u00e9\\n\"}") == "{\"id\":\"aé\\n\"}");
  CHECK(read(R"({"id":"\ud83d\ude00 \ud83d!"})") == "{\"id\":\"😀 ?!\"}");
}

TEST_CASE("empty and blank values are rows of nulls, tombstones are deletes") {
  CHECK(read("") == "{}");
  CHECK(read("   \n") == "{}");
  data::Records given = records({R"({"id":"1"})", "", R"({"id":"3"})"});
  given.records[1].value = std::nullopt;
  format::JsonReader reader(people());
  const format::Decoded decoded = reader.decode(given);
  CHECK(decoded.deletes == std::vector<std::size_t>{1});
  CHECK(decoded.batch.origin == std::vector<std::int32_t>{0, 2});
  CHECK(decoded.batch.rows == 2);
}

TEST_CASE("a field of another type poisons the record, and the message names it") {
  CHECK(read(R"({"id":"1","n":"abc"})") == "SO-F002: field `n` is INT, found \"abc\"");
  CHECK(read(R"({"n":"5"})") == "SO-F002: field `n` is INT, found \"5\"");
  CHECK(read(R"({"n":5.0})") == "SO-F002: field `n` is INT, found 5.0");
  CHECK(read(R"({"n":99999999999})") == "SO-F002: field `n` is INT, found 99999999999");
  CHECK(read(R"({"d":"1.5"})") == "SO-F002: field `d` is DOUBLE, found \"1.5\"");
  CHECK(read(R"({"b":1})") == "SO-F002: field `b` is BOOLEAN, found 1");
  CHECK(read(R"({"a":[1,"x"]})") == "SO-F002: field `a[]` is INT, found \"x\"");
  CHECK(read(R"({"st":{"x":"bad"}})") == "SO-F002: field `st.x` is INT, found \"bad\"");
  CHECK(read(R"({"st":5})") == "SO-F002: field `st` is STRUCT<x: INT>, found 5");
  CHECK(read(R"({"ts":"bad"})") == "SO-F002: field `ts` is TIMESTAMP, found \"bad\"");
  CHECK(read(R"({"n":"abc","n":5})") == "SO-F002: field `n` is INT, found \"abc\"");
  CHECK(read(R"({"ts":""})") == "SO-F002: field `ts` is TIMESTAMP, found \"\"");
}

TEST_CASE("damage poisons the record, and the message says where it is") {
  CHECK(read("not json") == "SO-F001: not JSON at byte 1: a value was expected");
  CHECK(read(R"({"id":"1")") == "SO-F001: not JSON at byte 10: a comma or } was expected");
  CHECK(read(R"({"id":"1",})") == "SO-F001: not JSON at byte 11: a name in quotes was expected");
  CHECK(read(R"({id:"unq"})") == "SO-F001: not JSON at byte 2: a name in quotes was expected");
  CHECK(read("{\"id\":\"tab\there\"}") == "SO-F001: not JSON at byte 11: a control character inside of quotes");
  CHECK(read(R"({"id":"01","n":007})").starts_with("SO-F001"));
  CHECK(read("// c\n{\"id\":\"1\"}").starts_with("SO-F001"));
  CHECK(read(R"({"id":"\q"})").starts_with("SO-F001"));
  CHECK(read("\xEF\xBB\xBF{}").starts_with("SO-F001"));
  // Also where nobody looks.
  for (const char* unknown : {"[1,,2]", "tru", "01", "{\"x\" 1}", "\"\\q\"", "[1}", "nulll", "1.", "-"}) {
    CHECK_MESSAGE(read("{\"id\":\"1\",\"other\":" + std::string(unknown) + "}").starts_with("SO-F001"), unknown);
  }
  CHECK(read("{\"id\":\"\xff\"}") == "SO-F005: the record is not UTF-8 text (10 bytes)");
}

TEST_CASE("JSON that is no object poisons the record") {
  CHECK(read("[]") == "SO-F003: an object was expected, found an array");
  CHECK(read(R"([{"id":"1"},{"id":"2"}])").starts_with("SO-F003"));
  CHECK(read("null") == "SO-F003: an object was expected, found null");
  CHECK(read("\"str\"") == "SO-F003: an object was expected, found \"str\"");
  CHECK(read("5") == "SO-F003: an object was expected, found 5");
}

TEST_CASE("depth and size are bounded") {
  const auto nested = [](std::size_t depth) {
    return "{\"other\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  CHECK(read(nested(999)) == "{}");
  CHECK(read(nested(1000)) == "SO-F004: objects and arrays lie more than 1000 deep inside each other");
  CHECK(read(nested(200'000)).starts_with("SO-F004"));
  format::JsonReader small(people(), {}, {.max_bytes = 10, .max_depth = 5});
  const format::Decoded decoded = small.decode(records({R"({"id":"1234567"})"}));
  REQUIRE(decoded.poison.size() == 1);
  CHECK(decoded.poison[0].error.is(errors::format::json_too_large));
}

TEST_CASE("times, dates and numbers are read as Spark reads them") {
  const data::TypePtr timestamp = Type::scalar(TypeId::timestamp);
  CHECK(read_as(timestamp, "\"2024-01-02\"") == R"({"v":"2024-01-02T00:00:00.000Z"})");
  CHECK(read_as(timestamp, "\"2024-02-29T23:59:59Z\"") == R"({"v":"2024-02-29T23:59:59.000Z"})");
  CHECK(read_as(timestamp, "\"0100-03-01T00:00:00.001Z\"") == R"({"v":"0100-03-01T00:00:00.001Z"})");
  CHECK(read_as(timestamp, "\"1969-12-31T23:59:59.999Z\"") == R"({"v":"1969-12-31T23:59:59.999Z"})");
  for (const char* wrong : {"\"2023-02-29T00:00:00Z\"", "\"2024-13-01T00:00:00Z\"", "\"2024-01-00T00:00:00.000Z\"",
                            "\"2024-01-01T24:00:00Z\"", "\"2024-01-01T00:60:00Z\"", "\"2024-01-01T00:00:00.00xZ\"",
                            "\"2O24-01-01T00:00:00Z\""}) {
    CHECK_MESSAGE(read_as(timestamp, wrong).starts_with("SO-F002"), wrong);
  }
  CHECK(read_as(timestamp, "1700000000") == R"({"v":"2023-11-14T22:13:20.000Z"})");
  CHECK(read_as(timestamp, "1700000000.5").starts_with("SO-F002"));
  CHECK(read_as(timestamp, "\"2024-01-02 03:04:05\"") == R"({"v":"2024-01-02T03:04:05.000Z"})");
  CHECK(read_as(timestamp, "\"2024-01-02T03:04:05+02:00\"") == R"({"v":"2024-01-02T01:04:05.000Z"})");
  CHECK(read_as(Type::scalar(TypeId::timestamp_ntz), "\"2024-01-02T03:04:05\"") ==
        R"({"v":"2024-01-02T03:04:05.000"})");
  CHECK(read_as(Type::scalar(TypeId::timestamp_ntz), "\"2024-01-02T03:04:05Z\"").starts_with("SO-F002"));
  CHECK(read_as(Type::scalar(TypeId::date), "\"2024-01-02\"") == R"({"v":"2024-01-02"})");
  CHECK(read_as(Type::scalar(TypeId::date), "\"31\"") == R"({"v":"1970-02-01"})");
  CHECK(read_as(Type::scalar(TypeId::date), "19000").starts_with("SO-F002"));
  CHECK(read_as(Type::scalar(TypeId::int64), "12345678901234567890").starts_with("SO-F002"));
  CHECK(read_as(Type::scalar(TypeId::int64), "-9223372036854775808") == R"({"v":-9223372036854775808})");
  CHECK(read_as(Type::scalar(TypeId::int8), "200") == R"({"v":-56})");
  CHECK(read_as(Type::scalar(TypeId::int16), "32768").starts_with("SO-F002"));
  CHECK(read_as(Type::scalar(TypeId::float64), "1e400") == R"({"v":"Infinity"})");
  CHECK(read_as(Type::scalar(TypeId::float32), "3.4") == R"({"v":3.4})");
  CHECK(read_as(Type::decimal(5, 2), "1.005") == R"({"v":1.01})");
  CHECK(read_as(Type::decimal(5, 2), "\"12.3\"") == R"({"v":12.30})");
  CHECK(read_as(Type::decimal(5, 2), "1000").starts_with("SO-F002"));
  CHECK(read_as(Type::scalar(TypeId::binary), "\"aGkh\"") == R"({"v":"aGkh"})");
  CHECK(read_as(Type::scalar(TypeId::binary), "\"a\"").starts_with("SO-F002"));
  CHECK(read_as(Type::map(Type::scalar(TypeId::string), Type::scalar(TypeId::int32)), R"({"k":1,"l":null})") ==
        R"({"v":{"k":1,"l":null}})");
}

TEST_CASE("good records keep their order around poison that the fast way had begun to read") {
  format::JsonReader reader(people());
  for (int round = 0; round < 2; ++round) {
    const format::Decoded decoded =
        reader.decode(records({R"({"id":"1","a":[1,2]})", R"({"id":"2","a":[1,"x"]})", "{",
                               R"({"id":"4","d":NaN,"a":[4]})", R"({"id":"5","st":{"x":5}})"}));
    REQUIRE(decoded.batch.rows == 3);
    CHECK(decoded.batch.origin == std::vector<std::int32_t>{0, 3, 4});
    std::string rows;
    for (std::size_t i = 0; i < 3; ++i) format::JsonRowWriter(*decoded.batch.schema).append(decoded.batch, i, rows);
    CHECK(rows == R"({"id":"1","a":[1,2]}{"id":"4","d":"NaN","a":[4]}{"id":"5","st":{"x":5}})");
    REQUIRE(decoded.poison.size() == 2);
    CHECK(decoded.poison[0].record == 1);
    CHECK(decoded.poison[1].record == 2);
  }
}

TEST_CASE("columns that are not needed are checked and not built") {
  std::vector<bool> needed(8, false);
  needed[1] = true;
  format::JsonReader reader(people(), needed);
  const format::Decoded decoded =
      reader.decode(records({R"({"id":"1","first_name":"A","st":{"x":1}})", R"({"first_name":"B","st":{"x":"bad"}})"}));
  CHECK(decoded.batch.rows == 1);
  CHECK(decoded.batch.columns[0] == nullptr);
  CHECK(decoded.batch.columns[1]->text(0) == "A");
  CHECK(decoded.poison.size() == 1);
}

TEST_CASE("from_json keeps what fits and puts null for what does not") {
  const data::TypePtr type = Type::structure(people()->fields());
  CHECK(from_json_text(type, R"({"first_name":"keep","a":[1,"x"],"id":"2"})") == R"({"id":"2","first_name":"keep"})");
  CHECK(from_json_text(type, R"({"id":"2","st":{"x":"bad"},"first_name":"k"})") ==
        R"({"id":"2","first_name":"k","st":{}})");
  CHECK(from_json_text(type, R"({"id":"2","st":5})") == R"({"id":"2"})");
  CHECK(from_json_text(type, R"({"n":5,"n":"abc"})") == R"({"n":5})");
  for (const char* text : {"not json", "[]", "null", "5", "{\"id\":\"1\""}) CHECK(from_json_text(type, text) == "{}");
  CHECK(from_json_text(type, "  ") == "null");
  const data::TypePtr list = Type::array(Type::structure({{"id", Type::scalar(TypeId::string)}}));
  CHECK(from_json_text(list, R"([{"id":"1"},{"id":"2"}])") == R"([{"id":"1"},{"id":"2"}])");
  CHECK(from_json_text(list, R"({"id":"1"})") == R"([{"id":"1"}])");
  CHECK(from_json_text(Type::map(Type::scalar(TypeId::string), Type::scalar(TypeId::int32)), R"({"a":1})") ==
        R"({"a":1})");
}
