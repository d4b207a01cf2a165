#include "registry/client/catalogue.h"

#include <doctest/doctest.h>

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
  Catalogue catalogue{{.url = "http://one:8081,http://two:8081/", .username = "ana", .password = "pw"}, loop, http};

  Result<ListedSubjects> subjects() {
    Result<ListedSubjects> out = Error(errors::runtime::http_timeout, "nothing came");
    catalogue.subjects([&](Result<ListedSubjects> found) { out = std::move(found); });
    loop.settle();
    return out;
  }
  Result<ListedSubject> subject(const std::string& name) {
    Result<ListedSubject> out = Error(errors::runtime::http_timeout, "nothing came");
    catalogue.subject(name, [&](Result<ListedSubject> found) { out = std::move(found); });
    loop.settle();
    return out;
  }
};

}  // namespace

TEST_CASE("subjects come in order, with the registry's level") {
  Fixture f;
  f.http.say(200, R"(["users-value","orders-value"])");
  f.http.say(200, R"({"compatibilityLevel":"FULL"})");
  const Result<ListedSubjects> found = f.subjects();
  REQUIRE(found.ok());
  CHECK(found->names == std::vector<std::string>{"orders-value", "users-value"});
  CHECK(found->level == "FULL");
  REQUIRE(f.http.requests.size() == 2);
  CHECK(f.http.requests[0].url == "http://one:8081/subjects");
}

TEST_CASE("a subject has its newest versions first; one that is deleted meanwhile is left out") {
  Fixture f;
  f.http.say(200, "[1,3,2]");
  f.http.say(404, R"({"error_code":40408,"message":"no level of its own"})");
  f.http.say(200, R"({"compatibilityLevel":"BACKWARD"})");
  f.http.say(200, R"({"version":3,"id":9,"schema":"{}","schemaType":"JSON"})");
  f.http.say(404, R"({"error_code":40402,"message":"gone"})");
  f.http.say(200, R"({"version":1,"id":4,"schema":"\"int\""})");
  const Result<ListedSubject> found = f.subject("a/b");
  REQUIRE(found.ok());
  CHECK(found->level == "BACKWARD");
  REQUIRE(found->versions.size() == 2);
  CHECK(found->versions[0].type == "JSON");
  CHECK(found->versions[1].id == 4);
  CHECK(found->versions[1].type == "AVRO");
  CHECK(found->versions[1].text == "\"int\"");
  CHECK(f.http.requests.back().url == "http://one:8081/subjects/a%2Fb/versions/1");
}

TEST_CASE("of very many versions the newest are read, and the others are counted") {
  Fixture f;
  std::string numbers;
  for (int i = 1; i <= 53; ++i) numbers += (i > 1 ? "," : "") + std::to_string(i);
  f.http.say(200, "[" + numbers + "]");
  f.http.say(200, R"({"compatibilityLevel":"NONE"})");
  for (int i = 0; i < 60; ++i) f.http.say(200, R"({"version":7,"id":1,"schema":"\"int\""})");
  const Result<ListedSubject> found = f.subject("s");
  REQUIRE(found.ok());
  CHECK(found->versions.size() == Catalogue::most_versions);
  CHECK(found->older == 3);
}

TEST_CASE("the next base is asked when one is away; then it is told, once") {
  Fixture f;
  f.http.answers.emplace_back(Error(errors::runtime::http_timeout, "no answer in time"));
  f.http.say(200, "[]");
  f.http.say(404, R"({"error_code":404,"message":"no such page"})");
  const Result<ListedSubjects> found = f.subjects();
  REQUIRE(found.ok());
  CHECK(found->names.empty());
  CHECK(found->level.empty());
  CHECK(f.http.requests[1].url == "http://two:8081/subjects");
  f.http.say(503, "<html>", "text/html");
  const std::size_t before = f.http.requests.size();
  CHECK(f.subjects().error().code() == "SO-G101");
  CHECK(f.http.requests.size() == before + 2);
}

TEST_CASE("what is no registry, refuses us or does not know the subject is told") {
  Fixture f;
  f.http.say(200, "<html>", "text/html");
  CHECK(f.subjects().error().code() == "SO-G102");
  f.http.say(401, "");
  CHECK(f.subjects().error().code() == "SO-G104");
  f.http.say(200, "{}");
  CHECK(f.subjects().error().code() == "SO-G107");
  f.http.say(404, R"({"error_code":40401,"message":"Subject 'x' not found."})");
  CHECK(f.subject("x").error().code() == "SO-G108");
}
