// Asks an Airflow, 2 or 3, over its REST API: is it well, does it know the DAG, is the DAG paused.
#include <simdjson.h>

#include "base/json_writer.h"
#include "doctor/gather/web.h"

namespace streamops::doctor {
namespace {

bool is_health(const WebFacts& facts) {
  return facts.answered() && facts.status == 200 && facts.body.find("\"scheduler\"") != std::string::npos;
}

/// Airflow 3 gives a token for a name and a password.
std::string token_of(const WebFacts& facts) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view token;
  if (!facts.answered() || parser.parse(facts.body).get(root) != simdjson::SUCCESS ||
      root["access_token"].get(token) != simdjson::SUCCESS) {
    return {};
  }
  return std::string(token);
}

}  // namespace

AirflowFacts gather_airflow(const AirflowTarget& target, Web& web, const Limits& limits) {
  const Deadline last = in(limits.whole);
  AirflowFacts facts;
  facts.health = web.dial_and_ask({.url = target.url + "/api/v2/monitor/health"}, in(limits.step, last));
  if (!facts.health.answered()) return facts;
  if (is_health(facts.health)) {
    facts.major = 3;
  } else {
    Dialled dialled = facts.health.dialled;
    const WebFacts older = web.ask({.url = target.url + "/health"}, in(limits.step, last));
    if (!is_health(older)) return facts;
    facts.major = 2;
    facts.health = older;
    facts.health.dialled = std::move(dialled);
  }
  if (target.username.empty()) return facts;
  runtime::HttpHeaders headers = basic_login(target.username, target.password);
  if (facts.major == 3) {
    JsonWriter body;
    body.begin_object().field("username", target.username).field("password", target.password).end_object();
    facts.login = web.ask({.method = "POST",
                           .url = target.url + "/auth/token",
                           .headers = {{"Content-Type", "application/json"}},
                           .body = std::move(body).text()},
                          in(limits.step, last));
    const std::string token = token_of(facts.login);
    if (token.empty()) return facts;
    headers = {{"Authorization", "Bearer " + token}};
  }
  const std::string api = target.url + (facts.major == 3 ? "/api/v2" : "/api/v1");
  in_parallel(
      {[&] { facts.dag = web.ask({.url = api + "/dags/" + target.dag, .headers = headers}, in(limits.step, last)); },
       [&] {
         facts.import_errors = web.ask({.url = api + "/importErrors", .headers = headers}, in(limits.step, last));
       }});
  return facts;
}

}  // namespace streamops::doctor
