#include "connect/cassandra/conversion.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "cql/grammar/type_name.h"
#include "cql/protocol/value.h"
#include "errors/cassandra.h"

using namespace streamops;
using namespace streamops::connect;
using data::Type;
using data::TypeId;

namespace {

cql::CqlTypePtr cql_type(const char* text) {
  return cql::parse_type(text,
                         [](std::string_view, std::string_view name) {
                           return name == "addr" ? cql::CqlType::udt("ks", "addr",
                                                                     {{"street", cql::scalar_by_name("text")},
                                                                      {"zip", cql::scalar_by_name("int")}})
                                                 : nullptr;
                         })
      .value();
}

/// The value as a CQL literal after its way through the writer, or "! why".
std::string written(const data::ColumnPtr& column, const char* target) {
  const cql::CqlTypePtr type = cql_type(target);
  const Result<ColumnWriter> writer = ColumnWriter::make("c", *column->type(), type);
  if (!writer) return "refused";
  Bytes out{0xAA};
  std::string problem;
  if (!writer->write(*column, 0, out, problem)) return "! " + problem;
  const BytesView value = BytesView(out).subspan(5);
  REQUIRE(load_big_endian<std::int32_t>(out.data() + 1) == static_cast<std::int32_t>(value.size()));
  REQUIRE(cql::validate(*type, value).ok());
  return cql::to_cql_literal(*type, value);
}

data::ColumnPtr text_column(std::string_view text) {
  data::ColumnBuilder builder(Type::scalar(TypeId::string));
  builder.append_text(text);
  return builder.finish();
}
data::ColumnPtr integer_column(TypeId id, std::int64_t value) {
  data::ColumnBuilder builder(Type::scalar(id));
  builder.append_integer(value);
  return builder.finish();
}
data::ColumnPtr double_column(double value) {
  data::ColumnBuilder builder(Type::scalar(TypeId::float64));
  builder.append_float(value);
  return builder.finish();
}
data::ColumnPtr decimal_column(int precision, int scale, data::Int128 unscaled) {
  data::ColumnBuilder builder(Type::decimal(precision, scale));
  builder.append_decimal(unscaled);
  return builder.finish();
}

}  // namespace

TEST_CASE("text becomes every scalar that CQL writes as text") {
  struct Case {
    const char* text;
    const char* type;
    const char* literal;
  };
  for (const Case& one :
       {Case{"it's", "text", "'it''s'"}, Case{"abc", "ascii", "'abc'"},
        Case{"550E8400-e29b-41d4-a716-446655440000", "uuid", "550e8400-e29b-41d4-a716-446655440000"},
        Case{" 42 ", "int", "42"}, Case{"-7", "bigint", "-7"}, Case{"1.5", "double", "1.5"},
        Case{"12.50", "decimal", "12.50"}, Case{"99999999999999999999", "varint", "99999999999999999999"},
        Case{"true", "boolean", "true"}, Case{"::1", "inet", "'0:0:0:0:0:0:0:1'"},
        Case{"2024-01-31", "date", "'2024-01-31'"}, Case{"12:00:01", "time", "'12:00:01.000000000'"},
        Case{"2024-01-31T12:00:00.5Z", "timestamp", "'2024-01-31 12:00:00.500Z'"},
        Case{"1h30m", "duration", "1h30m"}}) {
    CHECK_MESSAGE(written(text_column(one.text), one.type) == one.literal, one.type);
  }
  for (const Case& one :
       {Case{"nope", "uuid", ""}, Case{"", "int", ""}, Case{"300", "tinyint", ""}, Case{"2024-02-30", "date", ""},
        Case{"h\xC3\xA9", "ascii", ""}, Case{"550e8400-e29b-41d4-a716-446655440000", "timeuuid", ""}}) {
    CHECK_MESSAGE(written(text_column(one.text), one.type).starts_with("! "), one.type);
  }
}

TEST_CASE("numbers keep their value or are refused") {
  CHECK(written(integer_column(TypeId::int64, 127), "tinyint") == "127");
  CHECK(written(integer_column(TypeId::int64, 128), "tinyint") == "! 128 is out of range");
  CHECK(written(integer_column(TypeId::int8, -1), "bigint") == "-1");
  CHECK(written(integer_column(TypeId::int32, 5), "varint") == "5");
  CHECK(written(integer_column(TypeId::int32, 5), "decimal") == "5");
  CHECK(written(integer_column(TypeId::int32, 5), "double") == "5.0");
  CHECK(written(integer_column(TypeId::int32, 5), "text") == "'5'");
  CHECK(written(double_column(0.1), "double") == "0.1");
  CHECK(written(double_column(1.5), "text") == "'1.5'");
  CHECK(written(decimal_column(10, 2, -1250), "decimal") == "-12.50");
  CHECK(written(decimal_column(10, 2, -1200), "int") == "-12");
  CHECK(written(decimal_column(10, 2, -1250), "int") == "! -12.50 is out of range");
  CHECK(written(decimal_column(10, 2, 1200), "varint") == "12");
  CHECK(written(decimal_column(10, 2, 1250), "varint") == "! a number with a fraction");
  CHECK(written(decimal_column(10, 2, 1250), "double") == "12.5");
}

TEST_CASE("times keep their instant") {
  constexpr std::int64_t micros = 1'706'702'400'123'999;  // 2024-01-31 12:00:00.123999
  CHECK(written(integer_column(TypeId::timestamp, micros), "timestamp") == "'2024-01-31 12:00:00.123Z'");
  CHECK(written(integer_column(TypeId::timestamp, -1), "timestamp") == "'1969-12-31 23:59:59.999Z'");
  CHECK(written(integer_column(TypeId::timestamp, -1), "date") == "'1969-12-31'");
  CHECK(written(integer_column(TypeId::timestamp, micros), "text") == "'2024-01-31 12:00:00.123999'");
  CHECK(written(integer_column(TypeId::date, 19753), "date") == "'2024-01-31'");
  CHECK(written(integer_column(TypeId::date, 19753), "timestamp") == "'2024-01-31 00:00:00.000Z'");
  CHECK(written(integer_column(TypeId::interval_day, 5'400'000'000), "duration") == "1h30m");
  CHECK(written(integer_column(TypeId::interval_month, -14), "duration") == "-1y2mo");
}

TEST_CASE("nested values convert part by part") {
  data::ColumnBuilder list(Type::array(Type::scalar(TypeId::int32)));
  for (const int item : {3, 1, 3}) list.child(0).append_integer(item);
  list.append_present();
  const data::ColumnPtr numbers = list.finish();
  CHECK(written(numbers, "list<int>") == "[3, 1, 3]");
  CHECK(written(numbers, "set<bigint>") == "{1, 3}");
  CHECK(written(numbers, "vector<float, 3>") == "[3.0, 1.0, 3.0]");
  CHECK(written(numbers, "vector<float, 2>").starts_with("! 3 elements"));

  data::ColumnBuilder map(Type::map(Type::scalar(TypeId::string), Type::scalar(TypeId::int32)));
  for (const char* key : {"b", "a"}) {
    map.child(0).append_text(key);
    map.child(1).append_integer(key[0]);
  }
  map.append_present();
  CHECK(written(map.finish(), "map<text, int>") == "{'a': 97, 'b': 98}");

  data::ColumnBuilder with_null(Type::array(Type::scalar(TypeId::int32)));
  with_null.child(0).append_null();
  with_null.append_present();
  CHECK(written(with_null.finish(), "list<int>") == "! a null inside of a collection");

  data::ColumnBuilder address(
      Type::structure({{"zip", Type::scalar(TypeId::string), true}, {"Street", Type::scalar(TypeId::string), true}}));
  address.child(0).append_text("5");
  address.child(1).append_null();
  address.append_present();
  const data::ColumnPtr built = address.finish();
  CHECK(written(built, "frozen<addr>") == "{street: null, zip: 5}");
  CHECK(written(built, "tuple<int, text>") == "(5, null)");
  CHECK(written(built, "tuple<int>") == "refused");
}

TEST_CASE("a pair without a conversion is refused with advice") {
  const auto error = [](TypeId from, const char* to) {
    return ColumnWriter::make("seen", *Type::scalar(from), cql_type(to)).error();
  };
  const Error number = error(TypeId::int64, "timestamp");
  CHECK(number.is(errors::cassandra::no_conversion));  // SO-X103
  CHECK(number.message() == "column `seen` is BIGINT in the select and timestamp in the table: there is no conversion");
  CHECK(number.hint().find("timestamp_millis") != std::string_view::npos);
  CHECK(error(TypeId::string, "blob").hint().find("unhex") != std::string_view::npos);
  CHECK(error(TypeId::boolean, "uuid").is(errors::cassandra::no_conversion));
  CHECK(ColumnWriter::make("c", *Type::scalar(TypeId::string), cql_type("list<text>"))
            .error()
            .is(errors::cassandra::no_conversion));
}

TEST_CASE("the table names a conversion for every scalar pair at most once, and no counter") {
  for (const ConversionRow& row : conversion_table()) {
    CHECK(row.cql != cql::TypeId::counter);
    std::size_t same = 0;
    for (const ConversionRow& other : conversion_table()) same += other.sql == row.sql && other.cql == row.cql ? 1 : 0;
    CHECK(same == 1);
  }
}
