#include <doctest/doctest.h>

#include <set>

#include "base/text.h"
#include "connect/randomuser/people.h"
#include "connect/randomuser/server.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::connect;

namespace {

runtime::ServerResponse get(std::map<std::string, std::string> query, std::string path = "/api/") {
  runtime::VirtualLoop loop(parse_iso8601("2024-06-01").value());
  runtime::ServerRequest request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  return RandomUserApi(loop.clock(), loop.random()).answer(request);
}

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("the same seed, page, results and nat give the same people, another seed or page others") {
  const auto same = get({{"seed", "abc"}, {"results", "3"}, {"nat", "us,fr"}});
  CHECK(same.body == get({{"seed", "abc"}, {"results", "3"}, {"nat", "us,fr"}}).body);
  CHECK(same.body != get({{"seed", "abd"}, {"results", "3"}, {"nat", "us,fr"}}).body);
  CHECK(same.body != get({{"seed", "abc"}, {"results", "3"}, {"nat", "us,fr"}, {"page", "2"}}).body);
  CHECK(same.body.ends_with(R"("info":{"seed":"abc","results":3,"page":1,"version":"1.4"}})"));
}

TEST_CASE("a person has the members of the real API, in its order") {
  const std::string body = get({{"seed", "shape"}}).body;
  std::size_t at = 0;
  for (const char* name :
       {"results",    "gender",   "name",   "title",       "first",   "last",     "location",    "street",
        "number",     "name",     "city",   "state",       "country", "postcode", "coordinates", "latitude",
        "longitude",  "timezone", "offset", "description", "email",   "login",    "uuid",        "username",
        "password",   "salt",     "md5",    "sha1",        "sha256",  "dob",      "date",        "age",
        "registered", "date",     "age",    "phone",       "cell",    "id",       "name",        "value",
        "picture",    "large",    "medium", "thumbnail",   "nat",     "info"}) {
    at = body.find("\"" + std::string(name) + "\":", at);
    CHECK_MESSAGE(at != std::string::npos, name);
  }
  CHECK(is_utf8(body));
}

TEST_CASE("postcodes are numbers or texts by nationality") {
  CHECK(count(get({{"results", "20"}, {"nat", "us"}}).body, "\"postcode\":\"") == 0);
  CHECK(count(get({{"results", "20"}, {"nat", "GB"}}).body, "\"postcode\":\"") == 20);
  const std::string mixed = get({{"results", "200"}, {"seed", "mix"}}).body;
  CHECK(count(mixed, "\"postcode\":\"") > 10);
  CHECK(count(mixed, "\"postcode\":\"") < 190);
}

TEST_CASE("nat, gender, inc, exc and noinfo choose") {
  const std::string french = get({{"results", "50"}, {"nat", "fr"}, {"gender", "female"}}).body;
  CHECK(count(french, "\"nat\":\"FR\"") == 50);
  CHECK(count(french, "\"gender\":\"female\"") == 50);
  const std::string short_ones = get({{"seed", "s"}, {"inc", "name,nat"}, {"exc", "nat"}, {"noinfo", ""}}).body;
  CHECK(short_ones.starts_with(R"({"results":[{"name":{)"));
  CHECK(short_ones.ends_with("}}]}"));
  // What is left out does not change who comes.
  CHECK(get({{"seed", "s"}}).body.find(short_ones.substr(13, 40)) != std::string::npos);
}

TEST_CASE("people are many: ids differ, and every nationality comes up") {
  const std::string body = get({{"results", "2000"}, {"seed", "many"}}).body;
  std::set<std::string> ids;
  std::set<std::string> nations;
  for (std::size_t at = body.find("\"uuid\":\""); at != std::string::npos; at = body.find("\"uuid\":\"", at + 1)) {
    ids.insert(body.substr(at + 8, 36));
  }
  for (std::size_t at = body.find("\"nat\":\""); at != std::string::npos; at = body.find("\"nat\":\"", at + 1)) {
    nations.insert(body.substr(at + 7, 2));
  }
  CHECK(ids.size() == 2000);
  CHECK(nations.size() >= 8);
}

TEST_CASE("numbers out of range count as one; other formats, paths and methods are refused") {
  CHECK(count(get({{"results", "5001"}}).body, "\"gender\"") == 1);
  CHECK(count(get({{"results", "x"}}).body, "\"gender\"") == 1);
  CHECK(get({{"format", "csv"}}).body == R"({"error":"format csv is not served, only json"})");
  CHECK(get({{"format", "csv"}}).status == 400);
  CHECK(get({}, "/other").status == 404);
  CHECK(get({}, "/api/1.4/").status == 200);
  CHECK(get({}).body != get({{"seed", "x"}}).body);
}

TEST_CASE("ages are those of today") {
  PeopleRequest request;
  request.seed = "age";
  request.include = {"dob"};
  request.today = parse_iso8601("2024-06-01").value();
  const std::string now = people_json(request);
  request.today = parse_iso8601("2034-06-01").value();
  const std::string later = people_json(request);
  const auto age = [](const std::string& body) { return std::stoi(body.substr(body.find("\"age\":") + 6)); };
  CHECK(age(later) == age(now) + 10);
}
