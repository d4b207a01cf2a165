#include "data/text_form.h"

#include <doctest/doctest.h>

#include <random>

#include "data/calendar.h"

using namespace streamops;
using namespace streamops::data;

namespace {

template <typename Append, typename... Values>
std::string written(Append append, Values... values) {
  std::string out;
  append(out, values...);
  return out;
}

}  // namespace

TEST_CASE("doubles and floats are written as Java writes them") {
  CHECK(written(append_double, 1.0) == "1.0");
  CHECK(written(append_double, 0.1 + 0.2) == "0.30000000000000004");
  CHECK(written(append_double, 1e7) == "1.0E7");
  CHECK(written(append_double, 9999999.0) == "9999999.0");
  CHECK(written(append_double, 1234567.25) == "1234567.25");
  CHECK(written(append_double, 0.001) == "0.001");
  CHECK(written(append_double, 0.00012) == "1.2E-4");
  CHECK(written(append_double, -0.0) == "-0.0");
  CHECK(written(append_double, 1e300 * 1e300) == "Infinity");
  CHECK(written(append_double, 12345678901234567890.0) == "1.2345678901234567E19");
  CHECK(written(append_float, 0.1F) == "0.1");
  CHECK(written(append_float, 1.5e10F) == "1.5E10");
}

TEST_CASE("every double reads back from its text") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (value != value) continue;
    REQUIRE(parse_double(written(append_double, value)) == value);
  }
}

TEST_CASE("decimals keep their scale and round half up") {
  CHECK(written(append_decimal, Int128{-50}, 2) == "-0.50");
  CHECK(written(append_decimal, Int128{0}, 0) == "0");
  CHECK(written(append_decimal, power_of_ten(38) - 1, 38) == "0.99999999999999999999999999999999999999");
  CHECK(rescale(250, 2, 10, 1) == Int128{25});
  CHECK(rescale(-255, 2, 10, 1) == Int128{-26});
  CHECK(rescale(254, 2, 10, 1) == Int128{25});
  CHECK_FALSE(rescale(99, 0, 3, 2).has_value());
  CHECK(rescale(0, 0, 38, 38) == Int128{0});
  CHECK_FALSE(rescale(995, 1, 2, 0).has_value());
  bool overflow = false;
  CHECK(parse_decimal(" -12.50 ", overflow)->unscaled == -1250);
  CHECK(parse_decimal("1.5E3", overflow)->scale == -2);
  CHECK_FALSE(parse_decimal("1.5.3", overflow).has_value());
  CHECK_FALSE(parse_decimal("", overflow).has_value());
  CHECK_FALSE(parse_decimal(".", overflow).has_value());
  CHECK_FALSE(overflow);
  CHECK(parse_decimal(std::string(50, '9'), overflow).has_value());
  CHECK(overflow);
}

TEST_CASE("the calendar is its own inverse over many years") {
  for (std::int64_t days = -3'000'000; days < 4'000'000; days += 17) {
    const CivilDate date = civil_from_days(days);
    REQUIRE(days_from_civil(date.year, date.month, date.day) == days);
  }
  CHECK(weekday(0) == 3);  // a Thursday
}

TEST_CASE("a timestamp survives its text form") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    const auto micros = static_cast<std::int64_t>(random() >> 8) - (std::int64_t{1} << 55);
    REQUIRE(parse_timestamp(written(append_timestamp, micros)) == micros);
  }
}

TEST_CASE("timestamps read in Spark's forms and no others") {
  const auto at = [](const char* text) {
    const auto micros = parse_timestamp(text);
    return micros ? written(append_timestamp, *micros) : std::string("malformed");
  };
  CHECK(at("2024-01-02T03:04:05.678Z") == "2024-01-02 03:04:05.678");
  CHECK(at(" 2024-1-2 3:4:5 ") == "2024-01-02 03:04:05");
  CHECK(at("2024-01-02T03:04:05+02:00") == "2024-01-02 01:04:05");
  CHECK(at("2024-01-02 03:04:05 GMT+1") == "2024-01-02 02:04:05");
  CHECK(at("2024-01-02 03:04:05.1234567899") == "2024-01-02 03:04:05.123456");
  CHECK(at("2024") == "2024-01-01 00:00:00");
  CHECK(at("2024-02") == "2024-02-01 00:00:00");
  for (const char* bad : {"", "24-01-01", "2024-13-01", "2024-02-30", "2024-01-01 24:00:00", "2024-01-01x",
                          "2024-01-01 10:00:00 Mars/One", "2024-01-01 10:00:00+19:00", "noon"}) {
    CHECK_MESSAGE(at(bad) == "malformed", bad);
  }
  CHECK(parse_zone_offset("+0530") == std::int64_t{19'800'000'000});
  CHECK(parse_date("2024-02-29T anything") == static_cast<std::int32_t>(days_from_civil(2024, 2, 29)));
  CHECK_FALSE(parse_date("2023-02-29").has_value());
}

TEST_CASE("numbers read with blanks and signs, and nothing else") {
  CHECK(parse_integer(" +12 ") == 12);
  CHECK(parse_integer("-9223372036854775808") == INT64_MIN);
  for (const char* bad : {"", "+", "12.7", "1e3", "+-1", "9223372036854775808"})
    CHECK_FALSE(parse_integer(bad).has_value());
  CHECK(parse_double("1e400") == std::numeric_limits<double>::infinity());
  CHECK(parse_double("-1e-400") == 0.0);
  CHECK(parse_double(" 1.5d") == 1.5);
  CHECK(parse_float("0.1") == 0.1F);
  for (const char* bad : {"", "e5", "1.5x", "--1", "0x10"}) CHECK_FALSE(parse_double(bad).has_value());
  CHECK(parse_boolean(" Yes ") == true);
  CHECK_FALSE(parse_boolean("2").has_value());
}
