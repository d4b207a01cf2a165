#include "format/avro/avro_reader.h"

#include "format/avro/avro_test.h"

using namespace streamops;
using namespace streamops::format;
using data::Type;
using data::TypeId;
using namespace std::string_literals;

namespace {

/// One field `c` of the writer, read as a column `c`.
std::string read_c(const std::string& avro_type, const std::string& payload, const data::TypePtr& sql) {
  return read_one(avro_record(R"({"name":"c","type":)" + avro_type + "}"), payload, columns({{"c", sql}}));
}

}  // namespace

TEST_CASE("a value as confluent's serializer writes it becomes a row") {
  // 00 00000001 02 31 06 416461: captured from a registry's own serializer.
  const auto writer = avro(R"({"type":"record","name":"User","namespace":"streamops","fields":[
      {"name":"id","type":"string"},{"name":"first_name","type":"string"}]})");
  CHECK(read_one(writer, "\x02\x31\x06\x41\x64\x61",
                 columns({{"first_name", scalar(TypeId::string)}, {"id", scalar(TypeId::string)}})) ==
        R"({"first_name":"Ada","id":"1"})");
}

TEST_CASE("primitives go into their columns, and numbers widen") {
  CHECK(read_c("\"int\"", "\x01", scalar(TypeId::int32)) == R"({"c":-1})");
  CHECK(read_c("\"int\"", "\x80\x02", scalar(TypeId::int64)) == R"({"c":128})");
  CHECK(read_c("\"int\"", "\x04", scalar(TypeId::int8)) == R"({"c":2})");
  CHECK(read_c("\"int\"", "\x80\x02", scalar(TypeId::int8)).starts_with("poison: SO-F012"));
  CHECK(read_c("\"int\"", "\x80\x80\x80\x80\x20", scalar(TypeId::int32)).starts_with("poison: SO-F012"));
  CHECK(read_c("\"long\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", scalar(TypeId::int64)) ==
        R"({"c":9223372036854775807})");
  CHECK(read_c("\"long\"", "\x04", scalar(TypeId::float64)) == R"({"c":2.0})");
  CHECK(read_c("\"float\"", "\0\0\xc0\x3f"s, scalar(TypeId::float64)) == R"({"c":1.5})");
  CHECK(read_c("\"double\"", "\0\0\0\0\0\0\xf8\x3f"s, scalar(TypeId::float64)) == R"({"c":1.5})");
  CHECK(read_c("\"boolean\"", "\x01", scalar(TypeId::boolean)) == R"({"c":true})");
  CHECK(read_c("\"boolean\"", "\x02", scalar(TypeId::boolean)).starts_with("poison: SO-F012"));
  CHECK(read_c("\"bytes\"", "\x04\x61\x62", scalar(TypeId::string)) == R"({"c":"ab"})");
  CHECK(read_c("\"bytes\"", "\x02\xff", scalar(TypeId::string)).starts_with("poison: SO-F012"));
  CHECK(read_c("\"string\"", "\x04\x61\x62", scalar(TypeId::binary)) == R"({"c":"YWI="})");
  CHECK(read_c("\"string\"", "\x02\x61", scalar(TypeId::int32)).starts_with("poison: SO-F013"));
  CHECK(read_c("\"long\"", "\x02", scalar(TypeId::int32)).starts_with("poison: SO-F013"));
}

TEST_CASE("logical types are points in time and exact numbers") {
  const auto logical = [](const char* type, const char* name) {
    return fmt::format(R"({{"type":"{}","logicalType":"{}","precision":6,"scale":2}})", type, name);
  };
  CHECK(read_c(logical("int", "date"), "\x02", scalar(TypeId::date)) == R"({"c":"1970-01-02"})");
  CHECK(read_c(logical("long", "timestamp-millis"), "\xd0\x0f", scalar(TypeId::timestamp)) ==
        R"({"c":"1970-01-01T00:00:01.000Z"})");
  CHECK(read_c(logical("long", "timestamp-micros"), "\xd0\x0f", scalar(TypeId::timestamp)) ==
        R"({"c":"1970-01-01T00:00:00.001Z"})");
  CHECK(read_c(logical("long", "local-timestamp-millis"), "\x02", scalar(TypeId::timestamp_ntz)) ==
        R"({"c":"1970-01-01T00:00:00.001"})");
  CHECK(read_c(logical("long", "local-timestamp-millis"), "\x02", scalar(TypeId::timestamp)).starts_with("poison"));
  CHECK(read_c("\"long\"", "\xd0\x0f", scalar(TypeId::timestamp)) == R"({"c":"1970-01-01T00:00:01.000Z"})");
  CHECK(
      read_c(logical("long", "timestamp-millis"), "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", scalar(TypeId::timestamp))
          .starts_with("poison: SO-F012"));
  CHECK(read_c(logical("bytes", "decimal"), "\x04\xff\x38", Type::decimal(6, 2)) == R"({"c":-2.00})");
  CHECK(read_c(logical("bytes", "decimal"), "\x02\x64", Type::decimal(9, 4)) == R"({"c":1.0000})");
  CHECK(read_c(logical("bytes", "decimal"), "\x02\x64", Type::decimal(5, 2)).starts_with("poison: SO-F013"));
  CHECK(
      read_c(logical("bytes", "decimal"), "\x08\x7f\xff\xff\xff", Type::decimal(6, 2)).starts_with("poison: SO-F012"));
  CHECK(read_c(R"({"type":"fixed","name":"D","size":2,"logicalType":"decimal","precision":4,"scale":2})", "\x00\xc8"s,
               Type::decimal(4, 2)) == R"({"c":2.00})");
}

TEST_CASE("nested values, several blocks and sized blocks") {
  const data::TypePtr ints = Type::array(scalar(TypeId::int32));
  CHECK(read_c(R"({"type":"array","items":"int"})", "\x04\x02\x04\x02\x06\x00"s, ints) == R"({"c":[1,2,3]})");
  CHECK(read_c(R"({"type":"array","items":"int"})", "\x03\x04\x02\x04\x00"s, ints) == R"({"c":[1,2]})");
  CHECK(read_c(R"({"type":"map","values":"long"})", "\x02\x02\x6b\x0e\x00"s,
               Type::map(scalar(TypeId::string), scalar(TypeId::int64))) == R"({"c":{"k":7}})");
  const char* inner = R"({"type":"array","items":{"type":"record","name":"I","fields":[
      {"name":"a","type":"int"},{"name":"b","type":["null","string"]}]}})";
  CHECK(read_c(inner, "\x04\x02\x00\x04\x02\x02\x78\x00"s,
               Type::array(Type::structure({{"b", scalar(TypeId::string)}, {"a", scalar(TypeId::int32)}}))) ==
        R"({"c":[{"a":1},{"b":"x","a":2}]})");
}

TEST_CASE("unions: null, widening, and members as Spark has them") {
  CHECK(read_c(R"(["null","int"])", "\x00"s, scalar(TypeId::int32)) == "{}");
  CHECK(read_c(R"(["int","null"])", "\x00\x06"s, scalar(TypeId::int32)) == R"({"c":3})");
  CHECK(read_c(R"(["int","long"])", "\x02\x06", scalar(TypeId::int64)) == R"({"c":3})");
  const data::TypePtr members =
      Type::structure({{"member0", scalar(TypeId::int32)}, {"member1", scalar(TypeId::string)}});
  CHECK(read_c(R"(["int","null","string"])", "\x04\x02\x78", members) == R"({"c":{"member1":"x"}})");
  CHECK(read_c(R"(["int","null","string"])", "\x02", members) == "{}");
  CHECK(read_c(R"(["int","string"])", "\x02\x02\x78", scalar(TypeId::int32)).starts_with("poison: SO-F012"));
  CHECK(read_c(R"(["int","string"])", "\x08", members).starts_with("poison: SO-F012"));
}

TEST_CASE("columns that the writer does not have are null, fields that nobody wants are stepped over") {
  const auto writer =
      avro_record(R"({"name":"a","type":["null",{"type":"map","values":{"type":"array","items":"double"}}]},
      {"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},{"name":"f","type":{"type":"fixed","name":"F","size":2}},
      {"name":"z","type":"int"})");
  const std::string payload = "\x02\x02\x02k\x02\0\0\0\0\0\0\0\0\0\0\x02zz\x08"s;
  CHECK(read_one(writer, payload, columns({{"z", scalar(TypeId::int32)}, {"q", scalar(TypeId::date)}})) ==
        R"({"z":4})");
  CHECK(read_one(writer, payload, columns({{"e", scalar(TypeId::string)}})) == R"({"e":"Y"})");
}

TEST_CASE("a recursive type is stepped over, and limited in depth") {
  const auto writer = avro(R"({"type":"record","name":"N","fields":[{"name":"next","type":["null","N"]},
      {"name":"v","type":"int"}]})");
  const auto wanted = columns({{"v", scalar(TypeId::int32)}});
  CHECK(read_one(writer, "\x02\x00\x02\x04"s, wanted) == R"({"v":2})");
  CHECK(read_one(writer, std::string(100'000, '\x02'), wanted).find("nested too deeply") != std::string::npos);
}

TEST_CASE("a reader's schema resolves: aliases, defaults, promotions, enum defaults, unions") {
  const auto writer = avro(R"({"type":"record","name":"Old","fields":[
      {"name":"id","type":"int"},{"name":"years","type":"int"},
      {"name":"kind","type":{"type":"enum","name":"K","symbols":["A","B"]}},{"name":"gone","type":"string"},
      {"name":"u","type":"int"}]})");
  const auto reader = avro(R"({"type":"record","name":"New","aliases":["Old"],"fields":[
      {"name":"city","type":"string","default":"Ulm"},{"name":"age","type":["null","long"],"aliases":["years"]},
      {"name":"id","type":"double"},{"name":"kind","type":{"type":"enum","name":"K","symbols":["A","Z"],"default":"Z"}},
      {"name":"tags","type":{"type":"array","items":"int"},"default":[1,2]},
      {"name":"u","type":["string","int"]},
      {"name":"in","type":{"type":"record","name":"In","fields":[{"name":"x","type":"int","default":5}]},"default":{}}]})");
  CHECK(read_one(writer, "\x02\x54\x02\x02x\x08", nullptr, reader) ==
        R"({"city":"Ulm","age":42,"id":1.0,"kind":"Z","tags":[1,2],"u":{"member1":4},"in":{"x":5}})");
}

TEST_CASE("a reader's schema that does not fit refuses every record of that writer") {
  const auto reader = avro_record(R"({"name":"a","type":"int"},{"name":"b","type":"int"})");
  CHECK(read_one(avro_record(R"({"name":"a","type":"int"})"), "\x02", nullptr, reader)
            .find("field `b`: the writer does not have it") != std::string::npos);
  CHECK(read_one(avro_record(R"({"name":"a","type":"string"},{"name":"b","type":"int"})"), "\x02", nullptr, reader)
            .find("string cannot be read as int") != std::string::npos);
  const auto other = avro(R"({"type":"record","name":"Other","fields":[]})");
  CHECK(read_one(other, "", nullptr, reader).starts_with("poison: SO-F013"));
  CHECK(check_readable({*avro_columns(*reader), reader}, *reader).ok());
  CHECK_FALSE(check_readable({*avro_columns(*reader), reader}, *other).ok());
}

TEST_CASE("timestamps keep their instant when the units of writer and reader differ") {
  const auto writer = avro_record(R"({"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}})");
  const auto reader = avro_record(R"({"name":"t","type":{"type":"long","logicalType":"timestamp-micros"}})");
  CHECK(read_one(writer, "\xd0\x0f", nullptr, reader) == R"({"t":"1970-01-01T00:00:01.000Z"})");
}

TEST_CASE("damaged values are poison and leave their neighbours alone") {
  const auto writer = avro_record(R"({"name":"s","type":"string"},
      {"name":"l","type":{"type":"array","items":{"type":"record","name":"I","fields":[
        {"name":"m","type":{"type":"map","values":"int"}},{"name":"t","type":"string"}]}}},{"name":"n","type":"int"})");
  const data::TypePtr item =
      Type::structure({{"m", Type::map(scalar(TypeId::string), scalar(TypeId::int32))}, {"t", scalar(TypeId::string)}});
  AvroReader reader(
      {columns({{"s", scalar(TypeId::string)}, {"l", Type::array(item)}, {"n", scalar(TypeId::int32)}}), nullptr}, {},
      [&](std::int32_t) { return writer; });
  const std::string good = "\x02x\x02\x02\x02k\x0e\x00\x02y\x00\x06"s;
  std::vector<std::string> values;
  for (std::size_t length = 0; length <= good.size(); ++length) values.push_back(good.substr(0, length));
  values.push_back(good + "!");
  values.push_back(good);
  const std::vector<std::string> rows = rows_of(reader, framed(values));
  const std::string row = R"({"s":"x","l":[{"m":{"k":7},"t":"y"}],"n":3})";
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);
    if (values[i] == good) {
      CHECK(rows[i] == row);
    } else {
      CHECK(rows[i].starts_with("poison: SO-F012"));
    }
  }
}

TEST_CASE("lengths are checked before anything is made of them") {
  const data::TypePtr ints = Type::array(scalar(TypeId::int32));
  const std::string huge = "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  CHECK(read_c(R"({"type":"array","items":"int"})", huge, ints).starts_with("poison: SO-F012"));
  CHECK(read_c("\"string\"", huge, scalar(TypeId::string)).starts_with("poison: SO-F012"));
  CHECK(read_c("\"string\"", "\x01", scalar(TypeId::string)).starts_with("poison: SO-F012"));
  CHECK(read_c("\"long\"", std::string(11, '\xff'), scalar(TypeId::int64)).starts_with("poison: SO-F012"));
  CHECK(read_c(R"({"type":"array","items":"null"})", huge, Type::array(scalar(TypeId::null))).starts_with("poison"));
  CHECK(read_one(avro_record(R"({"name":"x","type":{"type":"array","items":"null"}})"), huge,
                 columns({{"c", scalar(TypeId::string)}}))
            .starts_with("poison: SO-F012"));
  // Empty items beside a default of the reader: bytes that come from nowhere are bounded too.
  const auto writer =
      avro_record(R"({"name":"l","type":{"type":"array","items":{"type":"record","name":"I","fields":[]}}})");
  const auto reader = avro_record(R"({"name":"l","type":{"type":"array","items":{"type":"record","name":"I","fields":[
      {"name":"d","type":"string","default":")" +
                                  std::string(9000, 'd') + R"("}]}}})");
  CHECK(read_one(writer, "\x80\xf1\x04\x00"s, nullptr, reader).find("too large") != std::string::npos);
}

TEST_CASE("the header names the schema, and what has none is told apart") {
  const auto writer = avro_record(R"({"name":"c","type":"int"})");
  int asked = 0;
  AvroReader reader({columns({{"c", scalar(TypeId::int32)}}), nullptr}, {}, [&](std::int32_t id) {
    ++asked;
    CHECK(id == 7);
    return writer;
  });
  data::Records records = framed({"\x02", "\x04"}, 7);
  CHECK(rows_of(reader, records) == std::vector<std::string>{R"({"c":1})", R"({"c":2})"});
  CHECK(rows_of(reader, records)[1] == R"({"c":2})");
  CHECK(asked == 1);
  records.records[0].value = "{\"c\":1}";
  records.records[1].value.reset();
  const std::vector<std::string> rows = rows_of(reader, records);
  CHECK(rows[0].starts_with("poison: SO-F010"));
  CHECK(rows[0].find("JSON") != std::string::npos);
  CHECK(rows[1] == "delete");
  records.records[0].value = std::string_view("\0\0\0", 3);
  CHECK(rows_of(reader, records)[0].starts_with("poison: SO-F010"));
  records.records[0].headers.push_back({"__value_schema_id", "\x01guid"});
  CHECK(rows_of(reader, records)[0].starts_with("poison: SO-F011"));
}
