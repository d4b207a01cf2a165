#include <doctest/doctest.h>

#include <random>

#include "data/column.h"
#include "data/type.h"

using namespace streamops;
using namespace streamops::data;

namespace {

TypePtr scalar(TypeId id) {
  return Type::scalar(id);
}

/// A value of every kind from a random stream, appended to `builder`.
void append_random(ColumnBuilder& builder, std::mt19937& random) {
  const Type& type = *builder.type();
  if (type.id() == TypeId::null || random() % 4 == 0) return builder.append_null();
  switch (type.id()) {
    case TypeId::boolean:
      return builder.append_boolean(random() % 2 == 0);
    case TypeId::float32:
    case TypeId::float64:
      return builder.append_float(static_cast<double>(random() % 1000) / 8);
    case TypeId::decimal:
      return builder.append_decimal(static_cast<Int128>(random()) * 1000);
    case TypeId::string:
    case TypeId::binary:
      return builder.append_text(std::string(random() % 20, static_cast<char>('a' + random() % 26)));
    case TypeId::structure:
      for (std::size_t i = 0; i < type.fields().size(); ++i) append_random(builder.child(i), random);
      return builder.append_present();
    case TypeId::array:
      for (std::size_t n = random() % 4; n > 0; --n) append_random(builder.child(0), random);
      return builder.append_present();
    case TypeId::map:
      for (std::size_t n = random() % 4; n > 0; --n) {
        append_random(builder.child(0), random);
        append_random(builder.child(1), random);
      }
      return builder.append_present();
    default:
      return builder.append_integer(static_cast<std::int64_t>(random() % 128) - 64);
  }
}

bool same_value(const Column& a, std::size_t i, const Column& b, std::size_t j) {
  if (a.is_null(i) || b.is_null(j)) return a.is_null(i) == b.is_null(j);
  const Type& type = *a.type();
  if (type.id() == TypeId::boolean) return a.boolean(i) == b.boolean(j);
  if (type.id() == TypeId::string || type.id() == TypeId::binary) return a.text(i) == b.text(j);
  if (type.id() == TypeId::structure) {
    for (std::size_t k = 0; k < a.children().size(); ++k) {
      if (!same_value(*a.children()[k], i, *b.children()[k], j)) return false;
    }
    return true;
  }
  if (type.id() == TypeId::array || type.id() == TypeId::map) {
    const std::int32_t length = a.offsets()[i + 1] - a.offsets()[i];
    if (length != b.offsets()[j + 1] - b.offsets()[j]) return false;
    for (std::int32_t n = 0; n < length; ++n) {
      for (std::size_t k = 0; k < a.children().size(); ++k) {
        const auto left = static_cast<std::size_t>(a.offsets()[i] + n);
        const auto right = static_cast<std::size_t>(b.offsets()[j] + n);
        if (!same_value(*a.children()[k], left, *b.children()[k], right)) return false;
      }
    }
    return true;
  }
  const auto width = static_cast<std::size_t>(type.width());
  return std::memcmp(a.values<std::uint8_t>().data() + i * width, b.values<std::uint8_t>().data() + j * width, width) ==
         0;
}

std::vector<TypePtr> some_types() {
  std::vector<TypePtr> types;
  for (int id = 0; id <= static_cast<int>(TypeId::interval_month); ++id) {
    types.push_back(static_cast<TypeId>(id) == TypeId::decimal ? Type::decimal(30, 4)
                                                               : scalar(static_cast<TypeId>(id)));
  }
  const TypePtr structure = Type::structure({{"a", scalar(TypeId::string)}, {"b", Type::array(scalar(TypeId::int16))}});
  types.push_back(structure);
  types.push_back(Type::array(structure));
  types.push_back(Type::map(scalar(TypeId::string), Type::array(structure)));
  return types;
}

}  // namespace

TEST_CASE("a type is written as Spark's DDL writes it") {
  const TypePtr login = Type::structure({{"uuid", scalar(TypeId::string), false}, {"odd name", Type::decimal(10, 2)}});
  CHECK(Type::array(login)->to_sql() == "ARRAY<STRUCT<uuid: STRING NOT NULL, `odd name`: DECIMAL(10,2)>>");
  CHECK(Type::map(scalar(TypeId::string), scalar(TypeId::int64))->to_sql() == "MAP<STRING, BIGINT>");
  CHECK(Schema({{"id", scalar(TypeId::string)}, {"n", scalar(TypeId::int64), false}}).to_sql() ==
        "id STRING, n BIGINT NOT NULL");
}

TEST_CASE("types compare by what they hold, members and nullability included") {
  const TypePtr a = Type::structure({{"x", Type::array(scalar(TypeId::int32))}});
  CHECK(same_type(a, Type::structure({{"x", Type::array(scalar(TypeId::int32))}})));
  CHECK_FALSE(same_type(a, Type::structure({{"x", Type::array(scalar(TypeId::int64))}})));
  CHECK_FALSE(same_type(a, Type::structure({{"X", Type::array(scalar(TypeId::int32))}})));
  CHECK_FALSE(same_type(Type::decimal(10, 2), Type::decimal(10, 3)));
  CHECK(Schema({{"x", a}}).index_of("x") == 0);
  CHECK(Schema({{"x", a}}).index_of("X") == -1);
}

TEST_CASE("a column without nulls keeps no validity bits") {
  ColumnBuilder builder(scalar(TypeId::int32));
  for (int i = 0; i < 100; ++i) builder.append_integer(i);
  const ColumnPtr column = builder.finish();
  CHECK_FALSE(column->has_nulls());
  CHECK(column->values<std::int32_t>()[99] == 99);
  CHECK(builder.length() == 0);  // ready for the next column
}

TEST_CASE("nulls are found at every position around the borders of bytes") {
  for (int length = 1; length < 20; ++length) {
    for (int hole = 0; hole < length; ++hole) {
      ColumnBuilder builder(scalar(TypeId::string));
      for (int i = 0; i < length; ++i) i == hole ? builder.append_null() : builder.append_text(std::to_string(i));
      const ColumnPtr column = builder.finish();
      for (int i = 0; i < length; ++i) {
        REQUIRE(column->is_null(static_cast<std::size_t>(i)) == (i == hole));
        if (i != hole) REQUIRE(column->text(static_cast<std::size_t>(i)) == std::to_string(i));
      }
    }
  }
}

TEST_CASE("take gives the rows asked for, and a null for -1, for every type") {
  std::mt19937 random(7);
  for (const TypePtr& type : some_types()) {
    CAPTURE(type->to_sql());
    ColumnBuilder builder(type);
    for (int i = 0; i < 50; ++i) append_random(builder, random);
    const ColumnPtr column = builder.finish();
    std::vector<std::int32_t> rows;
    for (int i = 0; i < 80; ++i) rows.push_back(static_cast<std::int32_t>(random() % 51) - 1);
    const ColumnPtr taken = take(column, rows);
    REQUIRE(taken->length() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] < 0) {
        CHECK(taken->is_null(i));
      } else {
        CHECK(same_value(*taken, i, *column, static_cast<std::size_t>(rows[i])));
      }
    }
  }
}

TEST_CASE("a column copied row by row is equal to the first, for every type") {
  std::mt19937 random(11);
  for (const TypePtr& type : some_types()) {
    CAPTURE(type->to_sql());
    ColumnBuilder builder(type);
    for (int i = 0; i < 33; ++i) append_random(builder, random);
    const ColumnPtr column = builder.finish();
    for (std::size_t i = 0; i < column->length(); ++i) builder.append_from(*column, i);
    const ColumnPtr copy = builder.finish();
    REQUIRE(copy->length() == column->length());
    for (std::size_t i = 0; i < column->length(); ++i) CHECK(same_value(*copy, i, *column, i));
    CHECK(nulls(type, 9)->is_null(8));
  }
}
