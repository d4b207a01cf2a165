#include "registry/client/client.h"

#include <doctest/doctest.h>

#include "errors/registry.h"
#include "errors/runtime.h"
#include "runtime/virtual_loop.h"
#include "scripted_http.h"

using namespace streamops;
using namespace streamops::registry;
using testing::ScriptedHttp;

namespace {

struct Fixture {
  runtime::VirtualLoop loop;
  ScriptedHttp http{loop};
  Client client{options(), loop, http};

  static ClientOptions options() {
    ClientOptions out;
    out.url = "http://registry:8081/";
    return out;
  }

  /// The code of the error, or "ok".
  std::string schema(std::int32_t id) {
    std::string out = "nothing";
    client.schema(id, [&](const Result<schema::AvroSchemaPtr>& got) { out = got ? "ok" : got.error().code(); });
    loop.settle();
    return out;
  }
};

const char* int_schema = R"({"schema":"\"int\""})";

}  // namespace

TEST_CASE("a schema is asked for once and kept for ever") {
  Fixture f;
  f.http.say(200, int_schema);
  int answers = 0;
  for (int i = 0; i < 3; ++i) f.client.schema(7, [&](const auto& got) { answers += got.ok() ? 1 : 0; });
  CHECK_FALSE(f.client.knows(7));
  f.loop.settle();
  CHECK(answers == 3);
  CHECK(f.client.knows(7));
  CHECK(f.client.known(7).value()->text() == "\"int\"");
  f.loop.advance(Seconds{100'000});
  CHECK(f.schema(7) == "ok");
  REQUIRE(f.http.requests.size() == 1);
  CHECK(f.http.requests[0].url == "http://registry:8081/schemas/ids/7");
  CHECK(f.client.known(8).error().is(errors::registry::unknown_schema));
}

TEST_CASE("an id that the registry does not know is asked for again after a while") {
  Fixture f;
  f.http.say(404, R"({"error_code":40403,"message":"Schema 9 not found."})");
  CHECK(f.schema(9) == "SO-G103");
  CHECK(f.schema(9) == "SO-G103");
  CHECK(f.client.known(9).error().message().find("40403") != std::string::npos);
  CHECK(f.http.requests.size() == 1);
  f.loop.advance(Seconds{31});
  f.http.say(200, int_schema);
  CHECK(f.schema(9) == "ok");
}

TEST_CASE("an outage is waited out with growing pauses") {
  Fixture f;
  f.http.say(503, "<html>busy</html>", "text/html");
  f.http.answers.emplace_back(Error(errors::runtime::http_timeout, "no answer in time"));
  std::string got = "nothing";
  f.client.schema(1, [&](const auto& result) { got = result ? "ok" : result.error().code(); });
  f.loop.advance(Seconds{60});
  CHECK(got == "nothing");
  REQUIRE(f.client.trouble().has_value());
  CHECK(f.client.trouble()->code() == "SO-G101");
  const std::size_t tries = f.http.requests.size();
  CHECK(tries > 8);
  CHECK(tries < 20);
  f.http.say(200, int_schema);
  f.loop.advance(Seconds{16});
  CHECK(got == "ok");
  CHECK_FALSE(f.client.trouble().has_value());
}

TEST_CASE("what can never work is told, each for what it is") {
  const auto code_of = [](int status, const std::string& body, const std::string& type = "application/json") {
    Fixture f;
    f.http.say(status, body, type);
    return f.schema(1);
  };
  CHECK(code_of(200, "<!doctype html><html>Spark Worker</html>", "text/html") == "SO-G102");
  CHECK(code_of(404, "<html>", "text/html") == "SO-G102");
  CHECK(code_of(404, R"({"detail":"Not Found"})") == "SO-G102");
  CHECK(code_of(401, "") == "SO-G104");
  CHECK(code_of(403, R"({"error_code":40301,"message":"no"})") == "SO-G104");
  CHECK(code_of(200, R"({"schema":"syntax = \"proto3\";","schemaType":"PROTOBUF"})") == "SO-G106");
  CHECK(code_of(200, R"({"schema":"\"int\"","references":[{"name":"A","subject":"a","version":1}]})") == "SO-G106");
  CHECK(code_of(200, R"({"schema":"nope"})") == "SO-G106");
  CHECK(code_of(422, R"({"error_code":42202,"message":"no"})") == "SO-G107");
  Fixture f;
  f.http.answers.emplace_back(Error(errors::runtime::bad_url, "no url"));
  CHECK(f.schema(1) == "SO-R015");
}

TEST_CASE("schemas are registered under their subject, and a refusal has the registry's words") {
  Fixture f;
  const auto schema = schema::AvroSchema::parse(R"({ "type": "string" })").value();
  const auto add = [&] {
    std::string out = "nothing";
    f.client.add("orders/eu-value", *schema,
                 [&](const Result<std::int32_t>& id) { out = id ? std::to_string(*id) : id.error().to_line(); });
    f.loop.settle();
    return out;
  };
  f.http.say(200, R"({"id":12})");
  CHECK(add() == "12");
  CHECK(f.http.requests[0].method == "POST");
  CHECK(f.http.requests[0].url == "http://registry:8081/subjects/orders%2Feu-value/versions");
  CHECK(f.http.requests[0].body == R"({"schema":"{\"type\":\"string\"}","schemaType":"AVRO"})");
  f.http.say(409, R"({"error_code":409,"message":"reader type: INT not compatible"})");
  CHECK(add().starts_with("SO-G105: subject orders/eu-value does not take the schema: reader type: INT"));
  f.http.say(422, R"({"error_code":42201,"message":"Invalid"})");
  CHECK(add().starts_with("SO-G107"));
}

TEST_CASE("the newest version of a subject") {
  Fixture f;
  const auto latest = [&] {
    std::string out;
    f.client.latest("users-value", [&](const Result<SubjectVersion>& got) {
      out = got ? fmt::format("{} {} {}", got->version, got->id, got->schema->text()) : got.error().code();
    });
    f.loop.settle();
    return out;
  };
  f.http.say(200, R"({"subject":"users-value","version":2,"id":5,"schema":"\"int\""})");
  CHECK(latest() == "2 5 \"int\"");
  f.http.say(404, R"({"error_code":40401,"message":"Subject 'users-value' not found."})");
  CHECK(latest() == "SO-G108");
}

TEST_CASE("logins are sent, and a second address takes over") {
  runtime::VirtualLoop loop;
  ScriptedHttp http(loop);
  ClientOptions options;
  options.url = "http://a:1, http://b:2/apis/ccompat/v7/";
  options.username = "ada";
  options.password = "s:3";
  Client client(options, loop, http);
  client.schema(1, [](const auto&) {});
  loop.advance(Seconds{1});
  REQUIRE(http.requests.size() > 1);
  CHECK(http.requests[0].url == "http://a:1/schemas/ids/1");
  CHECK(http.requests[1].url == "http://b:2/apis/ccompat/v7/schemas/ids/1");
  const auto header = [&](const char* name) {
    for (const auto& [key, value] : http.requests[0].headers) {
      if (key == name) return value;
    }
    return std::string();
  };
  CHECK(header("Authorization") == "Basic YWRhOnM6Mw==");
}

TEST_CASE("subjects have the usual names") {
  CHECK(subject_name(SubjectNaming::topic, "users", "shop.User", RecordPart::value) == "users-value");
  CHECK(subject_name(SubjectNaming::topic, "users", "shop.User", RecordPart::key) == "users-key");
  CHECK(subject_name(SubjectNaming::record, "users", "shop.User", RecordPart::value) == "shop.User");
  CHECK(subject_name(SubjectNaming::topic_record, "users", "shop.User", RecordPart::value) == "users-shop.User");
}
