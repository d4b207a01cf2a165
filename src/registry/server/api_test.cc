#include "registry/server/api.h"

#include <doctest/doctest.h>

#include "base/json_writer.h"

using namespace streamops;
using namespace streamops::registry;

namespace {

/// A registry without network and disk.
struct Registry {
  State state{schema::Compatibility::backward};

  /// "200 {...}".
  std::string ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    runtime::ServerRequest request;
    request.method = method;
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) {
      const std::string pair = target.substr(mark + 1);
      request.query[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    }
    request.body = body;
    const Outcome outcome = answer(state, request);
    CHECK((outcome.events.empty() || is_change(request)));
    for (const std::string& event : outcome.events) CHECK(state.apply(event).ok());
    return std::to_string(outcome.response.status) + " " + outcome.response.body;
  }

  std::string add(const std::string& subject, const std::string& schema, const std::string& type = {}) {
    return ask("POST", "/subjects/" + subject + "/versions", body_of(schema, type));
  }

  static std::string body_of(const std::string& schema, const std::string& type = {}) {
    JsonWriter json;
    json.begin_object().field("schema", schema);
    if (!type.empty()) json.field("schemaType", type);
    json.end_object();
    return std::move(json).text();
  }
};

std::string user(const std::string& more = {}) {
  return R"({"type":"record","name":"User","fields":[{"name":"id","type":"string"})" + more + "]}";
}
const std::string with_age = R"(,{"name":"age","type":["null","int"],"default":null})";

}  // namespace

TEST_CASE("schemas are registered, found and listed") {
  Registry r;
  CHECK(r.ask("GET", "/subjects") == "200 []");
  CHECK(r.add("users-value", user()) == "200 {\"id\":1}");
  CHECK(r.add("users-value", " " + user() + "\n") == "200 {\"id\":1}");
  CHECK(r.add("copies-value", user()) == "200 {\"id\":1}");
  CHECK(r.add("users-value", user(with_age)) == "200 {\"id\":2}");
  CHECK(r.ask("GET", "/subjects") == R"(200 ["copies-value","users-value"])");
  CHECK(r.ask("GET", "/subjects?subjectPrefix=u") == R"(200 ["users-value"])");
  CHECK(r.ask("GET", "/subjects/users-value/versions") == "200 [1,2]");
  CHECK(r.ask("GET", "/subjects/users-value/versions/1/schema") == "200 " + user());
  CHECK(r.ask("GET", "/subjects/users-value/versions/latest")
            .starts_with(R"(200 {"subject":"users-value","version":2,"id":2,"schema":"{\"type\")"));
  CHECK(r.ask("GET", "/schemas/ids/1").starts_with(R"(200 {"schema":"{\"type\":\"record\")"));
  CHECK(r.ask("GET", "/schemas/ids/1/schema") == "200 " + user());
  CHECK(r.ask("GET", "/schemas/ids/1/versions") ==
        R"(200 [{"subject":"copies-value","version":1},{"subject":"users-value","version":1}])");
  CHECK(r.ask("GET", "/schemas/ids/1/subjects") == R"(200 ["copies-value","users-value"])");
  CHECK(r.ask("POST", "/subjects/users-value", Registry::body_of(user()))
            .starts_with(R"(200 {"subject":"users-value","version":1,"id":1,)"));
  CHECK(r.ask("GET", "/schemas/types") == R"(200 ["AVRO","JSON","PROTOBUF"])");
}

TEST_CASE("errors have the codes of the original") {
  Registry r;
  r.add("users-value", user());
  CHECK(r.ask("GET", "/subjects/nope/versions").starts_with("404 {\"error_code\":40401"));
  CHECK(r.ask("GET", "/subjects/users-value/versions/9").starts_with("404 {\"error_code\":40402"));
  CHECK(r.ask("GET", "/subjects/users-value/versions/x").starts_with("422 {\"error_code\":42202"));
  CHECK(r.ask("GET", "/subjects/users-value/versions/99999999999").starts_with("422 {\"error_code\":42202"));
  CHECK(r.ask("GET", "/schemas/ids/99").starts_with("404 {\"error_code\":40403"));
  CHECK(r.ask("GET", "/schemas/ids/x").starts_with("404"));
  CHECK(r.ask("GET", "/config/users-value").starts_with("404 {\"error_code\":40408"));
  CHECK(r.ask("GET", "/mode/users-value").starts_with("404 {\"error_code\":40409"));
  CHECK(r.ask("PUT", "/config", "{\"compatibility\":\"ODD\"}").starts_with("422 {\"error_code\":42203"));
  CHECK(r.ask("PUT", "/mode", "{\"mode\":\"ODD\"}").starts_with("422 {\"error_code\":42204"));
  CHECK(r.ask("GET", "/associations/resources/-/users").starts_with("404 {\"error_code\":404"));
  CHECK(r.ask("PATCH", "/subjects").starts_with("405"));
  CHECK(r.ask("POST", "/subjects/users-value/versions", "{").starts_with("400 {\"error_code\":400"));
  CHECK(r.ask("POST", "/subjects/users-value/versions", "[]").starts_with("400"));
  CHECK(r.ask("POST", "/subjects/users-value/versions", "{}").starts_with("422 {\"error_code\":42201"));
  CHECK(r.add("users-value", "{\"type\":\"nope\"}").starts_with("422 {\"error_code\":42201"));
  CHECK(r.add("users-value", user(), "THRIFT").starts_with("422 {\"error_code\":42201"));
  CHECK(r.ask("POST", "/subjects/u/versions", R"({"schema":"\"int\"","references":[{"name":"a"}]})")
            .starts_with("422 {\"error_code\":42201"));
  CHECK(r.ask("POST", "/subjects/users-value", Registry::body_of("\"int\"")).starts_with("404 {\"error_code\":40403"));
}

TEST_CASE("a subject takes what its level allows") {
  Registry r;
  const std::string required = user(R"(,{"name":"age","type":"int"})");
  r.add("s", user());
  const std::string refused = r.add("s", required);
  CHECK(refused.starts_with("409 {\"error_code\":409"));
  CHECK(refused.find("READER_FIELD_MISSING_DEFAULT_VALUE") != std::string::npos);
  CHECK(r.ask("POST", "/compatibility/subjects/s/versions/latest", Registry::body_of(required)) ==
        "200 {\"is_compatible\":false}");
  CHECK(r.ask("POST", "/compatibility/subjects/s/versions/latest?verbose=true", Registry::body_of(required))
            .find("`age`") != std::string::npos);
  CHECK(r.ask("POST", "/compatibility/subjects/s/versions", Registry::body_of(user(with_age))) ==
        "200 {\"is_compatible\":true}");
  CHECK(r.ask("POST", "/compatibility/subjects/nope/versions/latest", Registry::body_of(user()))
            .starts_with("404 {\"error_code\":40401"));
  CHECK(r.ask("PUT", "/config/s", "{\"compatibility\":\"none\"}") == "200 {\"compatibility\":\"NONE\"}");
  CHECK(r.ask("GET", "/config/s") == "200 {\"compatibilityLevel\":\"NONE\"}");
  CHECK(r.add("s", required) == "200 {\"id\":2}");
  CHECK(r.ask("DELETE", "/config/s").starts_with("200"));
  CHECK(r.ask("GET", "/config/s?defaultToGlobal=true") == "200 {\"compatibilityLevel\":\"BACKWARD\"}");
  CHECK(r.ask("PUT", "/config", "{\"compatibility\":\"FULL\"}").starts_with("200"));
  CHECK(r.ask("GET", "/config") == "200 {\"compatibilityLevel\":\"FULL\"}");
}

TEST_CASE("schemas of other types are kept, and compared only where nothing is to be compared") {
  Registry r;
  CHECK(r.add("j", R"({"type": "object"})", "JSON") == "200 {\"id\":1}");
  CHECK(r.add("j", R"({"type":"object"})", "JSON") == "200 {\"id\":1}");
  CHECK(r.add("j", R"({"type":"string"})", "JSON").starts_with("409"));
  CHECK(r.add("j", user()).starts_with("409"));
  CHECK(r.add("j", "{", "JSON").starts_with("422"));
  r.ask("PUT", "/config/j", "{\"compatibility\":\"NONE\"}");
  CHECK(r.add("j", R"({"type":"string"})", "JSON") == "200 {\"id\":2}");
  CHECK(r.add("p", "syntax = \"proto3\";", "PROTOBUF") == "200 {\"id\":3}");
  CHECK(r.ask("GET", "/schemas/ids/3") == R"(200 {"schemaType":"PROTOBUF","schema":"syntax = \"proto3\";"})");
}

TEST_CASE("versions are deleted softly, then for good, and ids are not given twice") {
  Registry r;
  r.add("s", user());
  r.add("s", user(with_age));
  CHECK(r.ask("DELETE", "/subjects/s/versions/2?permanent=true").starts_with("404 {\"error_code\":40407"));
  CHECK(r.ask("DELETE", "/subjects/s/versions/2") == "200 2");
  CHECK(r.ask("DELETE", "/subjects/s/versions/2").starts_with("404 {\"error_code\":40406"));
  CHECK(r.ask("GET", "/subjects/s/versions") == "200 [1]");
  CHECK(r.ask("GET", "/subjects/s/versions?deleted=true") == "200 [1,2]");
  CHECK(r.ask("GET", "/schemas/ids/2").starts_with("200"));
  CHECK(r.add("s", user(with_age)) == "200 {\"id\":2}");
  CHECK(r.ask("GET", "/subjects/s/versions") == "200 [1,3]");
  CHECK(r.ask("DELETE", "/subjects/s?permanent=true").starts_with("404 {\"error_code\":40405"));
  CHECK(r.ask("DELETE", "/subjects/s") == "200 [1,3]");
  CHECK(r.ask("DELETE", "/subjects/s").starts_with("404 {\"error_code\":40404"));
  CHECK(r.ask("GET", "/subjects/s/versions").starts_with("404 {\"error_code\":40401"));
  CHECK(r.ask("DELETE", "/subjects/s?permanent=true") == "200 [1,2,3]");
  CHECK(r.ask("DELETE", "/subjects/s").starts_with("404 {\"error_code\":40401"));
  CHECK(r.ask("GET", "/schemas/ids/2").starts_with("404"));
  CHECK(r.add("s", user()) == "200 {\"id\":3}");
}

TEST_CASE("a registry that is read-only takes nothing new") {
  Registry r;
  r.add("s", user());
  CHECK(r.ask("PUT", "/mode", "{\"mode\":\"READONLY\"}") == "200 {\"mode\":\"READONLY\"}");
  CHECK(r.add("s", user()) == "200 {\"id\":1}");
  CHECK(r.add("s", user(with_age)).starts_with("422 {\"error_code\":42205"));
  r.ask("PUT", "/mode/s", "{\"mode\":\"READWRITE\"}");
  CHECK(r.add("s", user(with_age)) == "200 {\"id\":2}");
}

TEST_CASE("a page of another site changes nothing") {
  Registry r;
  runtime::ServerRequest request;
  request.method = "DELETE";
  request.path = "/subjects/s";
  request.headers = {{"host", "localhost:8081"}, {"origin", "http://evil.example"}};
  CHECK(answer(r.state, request).response.status == 403);
  request.headers[1].second = "http://localhost:8081";
  CHECK(answer(r.state, request).response.status == 404);
}

TEST_CASE("the events of a state make the same state") {
  Registry r;
  r.add("s", user());
  r.add("s", user(with_age));
  r.add("t", "\"int\"");
  r.ask("DELETE", "/subjects/s/versions/1");
  r.ask("DELETE", "/subjects/t");
  r.ask("DELETE", "/subjects/t?permanent=true");
  r.ask("PUT", "/config/s", "{\"compatibility\":\"FULL\"}");
  r.ask("PUT", "/mode", "{\"mode\":\"READONLY\"}");
  Registry again;
  r.state.replay([&](std::string_view event) { CHECK(again.state.apply(event).ok()); });
  for (const char* target : {"/subjects?deleted=true", "/schemas?deleted=true", "/config/s", "/mode"})
    CHECK(again.ask("GET", target) == r.ask("GET", target));
  CHECK(again.state.next_id() == 4);
  CHECK(again.state.apply("{\"kind\":\"magic\"}").error().code() == "SO-G120");
  CHECK(again.state.apply("nonsense").error().code() == "SO-G120");
}
