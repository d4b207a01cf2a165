#include "format/json_writer.h"

#include <doctest/doctest.h>

#include <limits>

using namespace streamops;
using data::ColumnBuilder;
using data::Type;
using data::TypeId;

namespace {

template <typename Append>
std::string written(const data::TypePtr& type, Append append) {
  ColumnBuilder builder(type);
  append(builder);
  std::string out;
  format::append_json(*builder.finish(), 0, out);
  return out;
}

std::string of_double(double value) {
  return written(Type::scalar(TypeId::float64), [value](ColumnBuilder& to) { to.append_float(value); });
}

std::string of_decimal(data::Int128 unscaled, int scale) {
  return written(Type::decimal(38, scale), [unscaled](ColumnBuilder& to) { to.append_decimal(unscaled); });
}

std::string of_text(TypeId id, std::string_view value) {
  return written(Type::scalar(id), [value](ColumnBuilder& to) { to.append_text(value); });
}

std::string of_integer(TypeId id, std::int64_t value) {
  return written(Type::scalar(id), [value](ColumnBuilder& to) { to.append_integer(value); });
}

}  // namespace

TEST_CASE("scalars are written as Spark's to_json writes them") {
  CHECK(of_double(1.0) == "1.0");
  CHECK(of_double(1e10) == "1.0E10");
  CHECK(of_double(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
  CHECK(of_double(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"");
  CHECK(of_decimal(12340, 2) == "123.40");
  CHECK(of_decimal(-1, 7) == "-1E-7");
  CHECK(of_decimal(12, 8) == "1.2E-7");
  CHECK(of_decimal(1, 6) == "0.000001");
  CHECK(of_decimal(0, 0) == "0");
  CHECK(of_integer(TypeId::int64, -9223372036854775807 - 1) == "-9223372036854775808");
  CHECK(of_integer(TypeId::int8, -3) == "-3");
  CHECK(of_integer(TypeId::date, 19724) == "\"2024-01-02\"");
  CHECK(of_integer(TypeId::timestamp, 1704164645600000) == "\"2024-01-02T03:04:05.600Z\"");
  CHECK(of_integer(TypeId::timestamp, -1) == "\"1969-12-31T23:59:59.999Z\"");
  CHECK(of_integer(TypeId::timestamp_ntz, 1704164645000000) == "\"2024-01-02T03:04:05.000\"");
  CHECK(of_text(TypeId::string, "é\"\n\\\x1f/") == "\"é\\\"\\n\\\\\\u001F/\"");
  CHECK(of_text(TypeId::binary, "hi!") == "\"aGkh\"");
  CHECK(of_text(TypeId::binary, "h") == "\"aA==\"");
  CHECK(of_text(TypeId::binary, "hi") == "\"aGk=\"");
}

TEST_CASE("null members are left out, null elements and map values are not") {
  const data::TypePtr integer = Type::scalar(TypeId::int32);
  CHECK(written(Type::structure({{"a", integer}, {"b", integer}}), [](ColumnBuilder& to) {
          to.child(0).append_null();
          to.child(1).append_integer(1);
          to.append_present();
        }) == "{\"b\":1}");
  CHECK(written(Type::array(integer), [](ColumnBuilder& to) {
          to.child(0).append_integer(1);
          to.child(0).append_null();
          to.append_present();
        }) == "[1,null]");
  CHECK(written(Type::map(Type::scalar(TypeId::string), integer), [](ColumnBuilder& to) {
          to.child(0).append_text("k\"");
          to.child(1).append_null();
          to.append_present();
        }) == "{\"k\\\"\":null}");
  CHECK(written(Type::map(integer, integer), [](ColumnBuilder& to) {
          to.child(0).append_integer(7);
          to.child(1).append_integer(8);
          to.append_present();
        }) == "{\"7\":8}");
}

TEST_CASE("a row is one object; columns that were not built count as null") {
  const data::Schema schema({{"a\"b", Type::scalar(TypeId::string)}, {"c", Type::scalar(TypeId::boolean)}});
  ColumnBuilder names(schema[0].type);
  names.append_text("x");
  names.append_null();
  data::Batch batch{std::make_shared<const data::Schema>(schema), {names.finish(), nullptr}, 2, {}};
  const format::JsonRowWriter writer(schema);
  std::string out;
  writer.append(batch, 0, out);
  writer.append(batch, 1, out);
  CHECK(out == "{\"a\\\"b\":\"x\"}{}");
}

TEST_CASE("texts of every length are quoted, whatever stands where in them") {
  const data::SchemaPtr schema = std::make_shared<const data::Schema>(
      data::Schema({{"a", Type::scalar(TypeId::string)}, {"n", Type::scalar(TypeId::int16)}}));
  const format::JsonRowWriter writer(*schema);
  for (std::size_t length = 0; length < 50; ++length) {
    for (std::size_t at = 0; at <= length; ++at) {
      std::string text(length, 'x'), quoted = text;
      if (at < length) {
        text[at] = at % 2 == 0 ? '"' : '\n';
        quoted.replace(at, 1, at % 2 == 0 ? "\\\"" : "\\n");
      }
      ColumnBuilder a(schema->fields()[0].type), n(schema->fields()[1].type);
      a.append_text(text);
      n.append_integer(-32'768);
      data::Batch batch{schema, {a.finish(), n.finish()}, 1, {}};
      std::string out = "before";
      writer.append(batch, 0, out);
      CHECK(out == "before{\"a\":\"" + quoted + "\",\"n\":-32768}");
    }
  }
}
