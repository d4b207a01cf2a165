#include "errors/base.h"

#include <doctest/doctest.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "base/settings.h"
#include "base/text.h"
#include "base/time.h"
#include "base/uuid.h"

using namespace streamops;

TEST_CASE("a time survives its text form") {
  for (const char* text : {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59.123Z", "1969-12-31T23:59:59.999999Z"}) {
    CHECK(to_iso8601(parse_iso8601(text).value()) == text);
  }
  CHECK(to_micros(parse_iso8601("2024-01-01T01:00:00+01:00").value()) ==
        to_micros(parse_iso8601("2024-01-01").value()));
  for (const char* text : {"", "2024", "2023-02-29", "2024-01-01T25:00", "2024-01-01Tnoon", "2024-01-01T00:00:00Zx"}) {
    CHECK_MESSAGE(parse_iso8601(text).error().is(errors::base::bad_time), text);  // SO-B001
  }
}

TEST_CASE("a duration survives its text form") {
  for (const char* text : {"0s", "250ms", "1s", "1m30s", "2h", "1d", "15us"}) {
    CHECK(format_duration(parse_duration(text).value()) == text);
  }
  for (const char* text : {"", "5", "s", "-1s", "1x", "99999999999999999999s", "9223372036854775807d"}) {
    CHECK_MESSAGE(parse_duration(text).error().is(errors::base::bad_duration), text);  // SO-B002
  }
}

TEST_CASE("an error report shows code, place, caret and help") {
  const Error error = Error(errors::base::unknown_setting, "unknown key `{}`", "sechma")
                          .with_place({"pipeline.yaml", 12, 9, "        sechma: users-value", 6})
                          .with_label("did you mean `schema`?");
  CHECK(error.to_report() ==
        "error SO-B004: unknown key `sechma`\n"
        "  --> pipeline.yaml:12:9\n"
        "   |\n"
        "12 |         sechma: users-value\n"
        "   |         ^^^^^^ did you mean `schema`?\n"
        "  = help: streamops settings lists every setting\n"
        "  = more: streamops explain SO-B004\n");
  CHECK(error.to_line() == "SO-B004: unknown key `sechma` (pipeline.yaml:12:9)");
  CHECK(find_error("b004") == &errors::base::unknown_setting);
  CHECK(find_error("X999") == nullptr);
}

TEST_CASE("did you mean finds near words only") {
  const std::vector<std::string> keys{"schema", "source", "select", "sink"};
  CHECK(closest("sechma", keys) == "schema");
  CHECK(closest("Sink", keys) == "sink");
  CHECK_FALSE(closest("partition", keys).has_value());
}

TEST_CASE("settings are checked as they are set, and the strongest origin wins") {
  SettingValues values;
  CHECK(values.integer("server.kafka_port") == 9092);
  REQUIRE(values.set("server.kafka_port", "1234", SettingValues::Origin::flag).ok());
  REQUIRE(values.set("server.kafka_port", "5", SettingValues::Origin::profile).ok());
  CHECK(values.integer("server.kafka_port") == 1234);
  CHECK(values.set("server.kafka_port", "70000", SettingValues::Origin::flag)
            .error()
            .is(errors::base::bad_setting));  // SO-B003
  const Error unknown = values.set("server.kafka_prot", "1", SettingValues::Origin::flag).error();
  CHECK(unknown.code() == "SO-B004");
  CHECK(unknown.label() == "did you mean `server.kafka_port`?");
  const std::vector<std::string> environment{"HOME=/root", "STREAMOPS_SERVER_CQL_PORT=19042"};
  REQUIRE(values.set_from_environment(environment).ok());
  CHECK(values.integer("server.cql_port") == 19042);
}

TEST_CASE("crc32c of any length is what one bit after the other gives") {
  Bytes bytes(10'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i * 7 >> 3);
  for (const std::size_t size : {0UL, 7UL, 8UL, 1023UL, 3071UL, 3072UL, 3073UL, 6144UL, 9999UL}) {
    std::uint32_t state = ~0U;
    for (std::size_t i = 0; i < size; ++i) {
      state ^= bytes[i + 1];
      for (int bit = 0; bit < 8; ++bit) state = (state & 1) != 0 ? state >> 1 ^ 0x82F63B78U : state >> 1;
    }
    CHECK_MESSAGE(crc32c(BytesView(bytes).subspan(1, size)) == ~state, size);
  }
}

TEST_CASE("crc32c agrees with the published check value and can be continued") {
  CHECK(crc32c(as_bytes("123456789")) == 0xE3069283);
  CHECK(crc32c(as_bytes("56789"), crc32c(as_bytes("1234"))) == 0xE3069283);
}

TEST_CASE("uuid text round trip") {
  const char* text = "550e8400-e29b-41d4-a716-446655440000";
  CHECK(to_string(parse_uuid(text).value()) == text);
  CHECK_FALSE(parse_uuid("550e8400e29b41d4a716446655440000").has_value());
  CHECK(make_uuid(~0ULL, ~0ULL, 4).version() == 4);
}

TEST_CASE("utf-8 is checked strictly") {
  CHECK(is_utf8("aé€😀"));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"})
    CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("json text is escaped and nested right") {
  JsonWriter json;
  json.begin_object()
      .field("a", "x\"\n\x01")
      .key("b")
      .begin_array()
      .number(1)
      .number(0.1)
      .null()
      .end_array()
      .end_object();
  CHECK(json.text() == R"({"a":"x\"\n\u0001","b":[1,0.1,null]})");
  std::string broken;
  append_json_string(broken, "a\xFFz");
  CHECK(broken == "\"a\xEF\xBF\xBDz\"");
}
