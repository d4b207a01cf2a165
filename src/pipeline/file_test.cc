#include "pipeline/file.h"

#include <doctest/doctest.h>

#include "errors/pipeline.h"
#include "pipeline/variables.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

Surroundings surroundings(TextMap environment, TextMap files = {}) {
  return {[environment](const std::string& name) {
            const auto found = environment.find(name);
            return found == environment.end() ? std::nullopt : std::optional(found->second);
          },
          [files](const std::string& path) -> Result<std::string> {
            const auto found = files.find(path);
            if (found == files.end()) return Error(errors::pipeline::unreadable_secret, "{}: no such file", path);
            return found->second;
          }};
}

std::string task(const std::string& http) {
  return "name: p\nvariables: { host: \"${env:HOST}\", twice: \"${host}${host}\" }\ntasks:\n  t:\n    source: { http: "
         "{ " +
         http +
         " }, schema: \"id STRING\" }\n    select: SELECT id FROM source\n    sink: { kafka: { topic: t, format: json "
         "} }\n";
}

HttpSourceSpec http_of(const std::string& http, const Surroundings& around, const std::string& profile = "embedded") {
  const FileReading reading = read_pipeline_file(task(http), "p.yaml", profile, around);
  for (const Error& error : reading.errors) FAIL(error.to_report());
  return *reading.file.tasks.at(0).http_source;
}

}  // namespace

TEST_CASE("references are put in from environment, files, profile and file") {
  const Surroundings around = surroundings({{"HOST", "h"}}, {{"token", "s3cret"}});
  const HttpSourceSpec http =
      http_of(R"(url: "http://${twice}/$${x}", headers: { Authorization: "Bearer ${file:token}" }, for: 90s)", around);
  CHECK(http.url == "http://hh/${x}");
  CHECK(http.headers.at("Authorization") == "Bearer s3cret");
  CHECK(http.duration == Seconds{90});
  CHECK(http.every == Seconds{1});
}

TEST_CASE("the environment comes before what a profile says about its variables") {
  const std::string url = R"(url: "${env:USERS_API}")";
  CHECK(http_of(url, surroundings({{"HOST", "h"}})).url == built_in_users_api);
  CHECK(http_of(url, surroundings({{"HOST", "h"}}), "live").url == "https://randomuser.me/api/");
  CHECK(http_of(url, surroundings({{"HOST", "h"}, {"USERS_API", "http://mine/"}}), "live").url == "http://mine/");
}

TEST_CASE("a message never shows what came out of a reference") {
  const FileReading reading = read_pipeline_file(task(R"(url: "${env:HOST}", every: "${env:HOST}")"), "p.yaml",
                                                 "embedded", surroundings({{"HOST", "s3cret"}}));
  REQUIRE(reading.errors.size() == 2);
  for (const Error& error : reading.errors) {
    CHECK(error.is(errors::pipeline::bad_value));  // SO-P013
    CHECK(error.to_report().find("s3cret") == std::string::npos);
  }
}

TEST_CASE("a profile of the file sets endpoints; only the chosen one is looked at closely") {
  const std::string text =
      task("url: \"http://h/\"") +
      "profiles:\n  ours:\n    kafka: { bootstrap: \"a:1,b:2\", sasl: SCRAM-SHA-512, username: u, password: "
      "\"${file:pw}\", tls: {} }\n"
      "    cassandra: { contact_points: [c1, \"c2:9043\"], consistency: ONE }\n    scheduler: false\n"
      "  other: { variables: { X: \"${env:NOT_SET}\" } }\n  live: { variables: { USERS_API: \"http://near/\" } }\n";
  const Surroundings around = surroundings({{"HOST", "h"}}, {{"pw", "geheim"}});
  const FileReading reading = read_pipeline_file(text, "p.yaml", "ours", around);
  for (const Error& error : reading.errors) FAIL(error.to_report());
  const Profile& ours = reading.file.profile;
  CHECK(ours.kafka->bootstrap == "a:1,b:2");
  CHECK(ours.kafka->sasl_mechanism == "SCRAM-SHA-512");
  CHECK(ours.kafka->password == "geheim");
  CHECK(ours.kafka->tls.has_value());
  CHECK(ours.cassandra->contact_points == std::vector<std::string>{"c1", "c2:9043"});
  CHECK(ours.cassandra->consistency == "ONE");
  CHECK_FALSE(ours.scheduler);
  CHECK(reading.file.profile_names == std::vector<std::string>{"embedded", "live", "real", "ours", "other"});
  CHECK(read_pipeline_file(text, "p.yaml", "live", around).file.profile.variables.at("USERS_API") == "http://near/");
  CHECK(read_pipeline_file(text, "p.yaml", "real", around).file.profile.kafka->bootstrap == "localhost:9092");
  const FileReading wrong = read_pipeline_file(text, "p.yaml", "our", around);
  REQUIRE(wrong.errors.size() == 1);
  CHECK(
      wrong.errors[0].to_report() ==
      "error SO-P020: there is no profile `our`: there are embedded, live, real, ours, other\n  did you mean `ours`?\n"
      "  = help: streamops check FILE --profile NAME checks the file for one profile\n  = more: streamops explain "
      "SO-P020\n");
}

TEST_CASE("a login that lacks one of its parts is told before anything connects") {
  const auto errors_of = [](const std::string& endpoint) {
    const std::string text = task("url: \"http://h/\"") + "profiles: { ours: { " + endpoint + " } }\n";
    std::string lines;
    for (const Error& error : read_pipeline_file(text, "p.yaml", "ours", surroundings({{"HOST", "h"}})).errors)
      lines += error.message() + "\n";
    return lines;
  };
  CHECK(errors_of("kafka: { bootstrap: b, sasl: PLAIN, username: u }") ==
        "profiles.ours.kafka needs the key `password` for `sasl`\n");
  CHECK(errors_of("kafka: { bootstrap: b, username: u, password: p }") ==
        "profiles.ours.kafka has a username and needs the key `sasl` for it\n"
        "profiles.ours.kafka has a password and needs the key `sasl` for it\n");
  CHECK(errors_of("cassandra: { contact_points: [c], password: p }") ==
        "profiles.ours.cassandra needs the key `username` for the login\n");
  CHECK(errors_of("kafka: { bootstrap: b }, cassandra: { contact_points: [c] }").empty());
}

TEST_CASE("a file that is not there, and one that is too large, are errors") {
  CHECK(load_pipeline_text("/no/such/file.yaml").error().is(errors::pipeline::unreadable_file));  // SO-P006
}
