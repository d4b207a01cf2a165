#include "cql/protocol/value.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <random>

#include "errors/cql_protocol.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

struct Case {
  const char* type;
  ConstantKind kind;
  const char* text;
  const char* hex;
  const char* plain;  // what comes back; nullptr: the same text
};

using K = ConstantKind;

CqlTypePtr type_of(const char* name) {
  return scalar_by_name(name);
}

}  // namespace

TEST_CASE("a constant becomes the bytes that Cassandra stores, and text again") {
  constexpr std::array kCases = std::to_array<Case>({
      {"ascii", K::string, "abc", "616263", nullptr},
      {"text", K::string, "h\xC3\xA9", "68c3a9", nullptr},
      {"int", K::integer, "-2", "fffffffe", nullptr},
      {"bigint", K::integer, "9223372036854775807", "7fffffffffffffff", nullptr},
      {"smallint", K::integer, "-32768", "8000", nullptr},
      {"tinyint", K::integer, "127", "7f", nullptr},
      {"boolean", K::boolean, "true", "01", nullptr},
      {"float", K::floating, "1.5", "3fc00000", nullptr},
      {"float", K::floating, "NaN", "7fc00000", nullptr},
      {"double", K::integer, "1", "3ff0000000000000", "1.0"},
      {"double", K::floating, "-Infinity", "fff0000000000000", nullptr},
      {"double", K::floating, "1e10", "4202a05f20000000", "1.0E10"},
      {"varint", K::integer, "128", "0080", nullptr},
      {"varint", K::integer, "-128", "80", nullptr},
      {"varint", K::integer, "123456789012345678901234567890", "018ee90ff6c373e0ee4e3f0ad2", nullptr},
      {"decimal", K::floating, "12.50", "0000000204e2", nullptr},
      {"decimal", K::floating, "1e3", "fffffffd01", "1E+3"},
      {"decimal", K::integer, "-5", "00000000fb", nullptr},
      {"blob", K::blob, "0xCAFE", "cafe", "0xcafe"},
      {"blob", K::blob, "0x", "", "0x"},
      {"uuid", K::uuid, "550E8400-E29B-41D4-A716-446655440000", "550e8400e29b41d4a716446655440000",
       "550e8400-e29b-41d4-a716-446655440000"},
      {"timeuuid", K::uuid, "cfbe5600-e65d-11f1-a88e-bb88dd9a7b20", "cfbe5600e65d11f1a88ebb88dd9a7b20", nullptr},
      {"inet", K::string, "127.0.0.1", "7f000001", nullptr},
      {"inet", K::string, "::1", "00000000000000000000000000000001", "0:0:0:0:0:0:0:1"},
      {"date", K::string, "1970-01-02", "80000001", nullptr},
      {"date", K::string, "1900-01-01", "7fff9c21", nullptr},
      {"date", K::integer, "2147483648", "80000000", "1970-01-01"},
      {"time", K::string, "08:12:54.123456789", "00001ae5c31f8915", nullptr},
      {"time", K::integer, "1", "0000000000000001", "00:00:00.000000001"},
      {"timestamp", K::integer, "1", "0000000000000001", "1970-01-01 00:00:00.001Z"},
      {"timestamp", K::string, "2011-02-03 04:05:06.789+0100", "0000012de97af9e5", "2011-02-03 03:05:06.789Z"},
      {"timestamp", K::string, "2011-02-03", "0000012de8d18000", "2011-02-03 00:00:00.000Z"},
      {"timestamp", K::string, "2011-02-03T04:05Z", "0000012de9b1cde0", "2011-02-03 04:05:00.000Z"},
      {"timestamp", K::string, "1969-12-31 23:59:59.999", "ffffffffffffffff", "1969-12-31 23:59:59.999Z"},
      {"duration", K::duration, "1y2mo3w4d5h6m7s8ms9us10ns", nullptr, "1y2mo25d5h6m7s8ms9us10ns"},
      {"duration", K::duration, "-P1Y2M3DT4H5M6S", nullptr, "-1y2mo3d4h5m6s"},
      {"duration", K::duration, "P2W", nullptr, "14d"},
      {"duration", K::duration, "P0001-02-03T04:05:06", nullptr, "1y2mo3d4h5m6s"},
      {"duration", K::duration, "89h4m48s", nullptr, nullptr},
  });
  for (const Case& one : kCases) {
    CAPTURE(one.type);
    CAPTURE(one.text);
    const CqlTypePtr type = type_of(one.type);
    const Result<Bytes> bytes = encode_constant(one.kind, one.text, *type);
    REQUIRE_MESSAGE(bytes.ok(), bytes.error().message());
    if (one.hex != nullptr) CHECK(to_hex(*bytes) == one.hex);
    CHECK(validate(*type, *bytes).ok());
    CHECK(to_plain_text(*type, *bytes) == (one.plain == nullptr ? one.text : one.plain));
  }
}

TEST_CASE("a constant that does not fit its type is refused") {
  constexpr std::array kCases = std::to_array<Case>({
      {"int", K::integer, "2147483648", "", ""},
      {"int", K::string, "1", "", ""},
      {"int", K::floating, "1.0", "", ""},
      {"tinyint", K::integer, "128", "", ""},
      {"text", K::integer, "1", "", ""},
      {"text", K::string, "\xFF", "", ""},
      {"ascii", K::string, "h\xC3\xA9", "", ""},
      {"uuid", K::string, "550e8400-e29b-41d4-a716-446655440000", "", ""},
      {"timeuuid", K::uuid, "550e8400-e29b-41d4-a716-446655440000", "", ""},
      {"blob", K::blob, "0xCAF", "", ""},
      {"blob", K::string, "cafe", "", ""},
      {"timestamp", K::string, "2011-02-30", "", ""},
      {"timestamp", K::string, "noon", "", ""},
      {"date", K::string, "2011-02-03 04:05", "", ""},
      {"time", K::string, "25:00:00", "", ""},
      {"time", K::integer, "86400000000000", "", ""},
      {"inet", K::string, "localhost", "", ""},
      {"duration", K::integer, "5", "", ""},
      {"duration", K::duration, "5d1y", "", ""},
      {"varint", K::floating, "1.5", "", ""},
      {"decimal", K::floating, "1e99999999999", "", ""},
  });
  for (const Case& one : kCases) {
    CAPTURE(one.type);
    CAPTURE(one.text);
    const Result<Bytes> bytes = encode_constant(one.kind, one.text, *type_of(one.type));
    REQUIRE_FALSE(bytes.ok());
    CHECK(bytes.error().is(errors::cql_protocol::bad_value));  // SO-C120
  }
}

TEST_CASE("numbers of 128 bits survive varint") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    Int128 value =
        static_cast<Int128>(static_cast<std::int64_t>(random())) << (random() % 64) ^ static_cast<Int128>(random());
    value >>= random() % 127;
    Bytes bytes;
    append_varint(bytes, value);
    CHECK(read_varint(bytes) == value);
    CHECK(*varint_from_text(varint_to_text(bytes)) == bytes);
  }
}

TEST_CASE("vints and durations survive the wire") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    Bytes bytes;
    append_unsigned_vint(bytes, value);
    BytesView view = bytes;
    CHECK(take_unsigned_vint(view) == value);
    CHECK(view.empty());
    const int sign = random() % 2 == 0 ? 1 : -1;
    const Duration duration{sign * static_cast<std::int32_t>(random() % 10000),
                            sign * static_cast<std::int32_t>(random() % 10000),
                            sign * static_cast<std::int64_t>(random() >> 2)};
    bytes.clear();
    append_duration(bytes, duration);
    CHECK(read_duration(bytes) == duration);
    CHECK(*duration_from_text(duration_to_text(duration)) == duration);
  }
}

TEST_CASE("values order as Cassandra orders them") {
  const auto bytes = [](const char* type, K kind, const char* text) {
    return *encode_constant(kind, text, *type_of(type));
  };
  const auto check_ascending = [&](const char* type, K kind, std::initializer_list<const char*> texts) {
    CAPTURE(type);
    for (const auto* a = texts.begin(); a != texts.end(); ++a) {
      for (const auto* b = texts.begin(); b != texts.end(); ++b) {
        CHECK(compare_values(*type_of(type), bytes(type, kind, *a), bytes(type, kind, *b)) == (a <=> b));
      }
    }
  };
  check_ascending("int", K::integer, {"-5", "-1", "0", "7"});
  check_ascending("varint", K::integer, {"-70000", "-129", "-128", "-1", "0", "127", "128", "70000"});
  check_ascending("decimal", K::floating, {"-10.5", "-1.05", "-1.04", "0", "0.001", "1.04", "1.05", "10", "1e3"});
  check_ascending("double", K::floating, {"-Infinity", "-1.5", "0.0", "1e-3", "1.5", "Infinity", "NaN"});
  check_ascending("text", K::string, {"", "A", "a", "aa", "b", "\xC3\xA9"});
  check_ascending("timestamp", K::string, {"1969-01-01", "1970-01-01", "2024-01-01"});
  check_ascending("date", K::string, {"1969-01-01", "1970-01-01", "2024-01-01"});
  check_ascending("timeuuid", K::uuid,
                  {"ffffffff-0000-1000-8000-000000000000", "00000000-0001-1000-8000-000000000000",
                   "00000000-0001-1000-8000-00000000007f", "00000000-0000-1001-8000-000000000000"});
  check_ascending("uuid", K::uuid,
                  {"ffffffff-0000-1000-8000-000000000000", "00000000-0001-1000-8000-000000000000",
                   "00000000-0000-4000-8000-000000000000", "ffffffff-0000-4000-8000-000000000000"});
  CHECK(*decimal_from_text("1.0") != *decimal_from_text("1.00"));
  CHECK(compare_values(*type_of("decimal"), *decimal_from_text("1.0"), *decimal_from_text("1.00")) == 0);
}

TEST_CASE("nested values are checked all the way down") {
  const CqlTypePtr ints = CqlType::list(CqlType::scalar(TypeId::int_));
  const auto raw = [](std::initializer_list<int> bytes) { return Bytes(bytes.begin(), bytes.end()); };
  CHECK(validate(*ints, raw({0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9})).ok());
  CHECK_FALSE(validate(*ints, raw({0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 9})).ok());
  CHECK_FALSE(validate(*ints, raw({0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF})).ok());
  CHECK_FALSE(validate(*ints, raw({0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 9})).ok());
  CHECK_FALSE(validate(*ints, raw({0, 0, 0, 0, 1})).ok());
  CHECK_FALSE(validate(*ints, raw({0x7F, 0xFF, 0xFF, 0xFF})).ok());
  const CqlTypePtr pair = CqlType::tuple({CqlType::scalar(TypeId::int_), CqlType::scalar(TypeId::text)});
  CHECK(validate(*pair, raw({0, 0, 0, 4, 0, 0, 0, 9})).ok());  // trailing members may be missing
  CHECK(validate(*pair, raw({0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1, 'x'})).ok());
  CHECK_FALSE(validate(*pair, raw({0, 0, 0, 9})).ok());
  const CqlTypePtr vector = CqlType::vector(CqlType::scalar(TypeId::float_), 2);
  CHECK(validate(*vector, raw({0, 0, 0, 0, 0, 0, 0, 0})).ok());
  CHECK_FALSE(validate(*vector, raw({0, 0, 0, 0})).ok());
  CHECK(validate(*CqlType::vector(CqlType::scalar(TypeId::text), 2), raw({1, 'a', 0})).ok());
  CHECK_FALSE(validate(*CqlType::scalar(TypeId::smallint), {}).ok());
  CHECK(validate(*CqlType::scalar(TypeId::int_), {}).ok());
}

TEST_CASE("sets and maps are joined in order, the last of equal keys wins") {
  const CqlTypePtr map = CqlType::map(CqlType::scalar(TypeId::int_), CqlType::scalar(TypeId::text));
  const auto number = [](std::int32_t value) {
    Bytes out;
    append_big_endian(out, value);
    return out;
  };
  const Bytes one = number(1);
  const Bytes minus = number(-1);
  const Bytes joined = join_collection(*map, {one, as_bytes("a"), minus, as_bytes("b"), one, as_bytes("c'")});
  CHECK(to_cql_literal(*map, joined) == "{-1: 'b', 1: 'c'''}");
  std::string json;
  append_json(json, *map, joined);
  CHECK(json == R"({"-1": "b", "1": "c'"})");
}

TEST_CASE("types read back from their text forms") {
  const CqlTypePtr nested =
      CqlType::map(CqlType::scalar(TypeId::text), CqlType::list(CqlType::scalar(TypeId::int_), true));
  CHECK(nested->to_cql() == "map<text, frozen<list<int>>>");
  CHECK(CqlType::freeze(nested)->to_cql() == "frozen<map<text, frozen<list<int>>>>");
  CHECK(CqlType::vector(CqlType::scalar(TypeId::float_), 3)->to_cql() == "vector<float, 3>");
  CHECK(CqlType::udt("ks", "Addr", {})->to_cql() == "\"Addr\"");
  CHECK(CqlType::tuple({CqlType::scalar(TypeId::int_)})->to_cql() == "frozen<tuple<int>>");
  CHECK(quote_identifier("select") == "\"select\"");
  CHECK(quote_identifier("a_1") == "a_1");
  CHECK(quote_identifier("a\"b") == "\"a\"\"b\"");
}
