#include "connect/randomuser/server.h"

#include <fmt/format.h>

#include <charconv>

#include "base/json_writer.h"
#include "base/text.h"
#include "connect/randomuser/people.h"

namespace streamops::connect {
namespace {

constexpr int most_results = 5000;

runtime::ServerResponse refusal(std::string_view message, int status) {
  JsonWriter json;
  json.begin_object().field("error", message).end_object();
  return runtime::ServerResponse::json(std::move(json).text(), status);
}

std::string parameter(const runtime::ServerRequest& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

/// A number within bounds; as the real API does, anything else counts as 1.
int small_number(const std::string& text, int most) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && value >= 1 && value <= most ? value : 1;
}

std::vector<std::string> known_of(const std::string& list, bool (*known)(std::string_view)) {
  std::vector<std::string> out;
  for (const std::string_view piece : split(list, ',')) {
    const std::string name = to_lower(trim(piece));
    if (known(name)) out.push_back(name);
  }
  return out;
}

bool is_api_path(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path == "/api" || path == "/api/1.4";
}

}  // namespace

RandomUserApi::RandomUserApi(const runtime::Clock& clock, runtime::Random& random) : clock_(clock), random_(random) {}

runtime::ServerResponse RandomUserApi::answer(const runtime::ServerRequest& request) {
  if (!is_api_path(request.path)) return refusal("not found: the API is at /api/", 404);
  if (request.method != "GET" && request.method != "HEAD") return refusal("only GET is served", 405);
  const std::string format = parameter(request, "format");
  if (!format.empty() && !equals_ignore_case(format, "json") && !equals_ignore_case(format, "pretty")) {
    return refusal(fmt::format("format {} is not served, only json", format), 400);
  }
  PeopleRequest people;
  people.results = small_number(parameter(request, "results"), most_results);
  people.page = small_number(parameter(request, "page"), 10'000);
  people.seed = parameter(request, "seed").substr(0, 256);
  if (people.seed.empty()) people.seed = fmt::format("{:016x}", random_.next());
  people.nationalities = known_of(parameter(request, "nat"), is_known_nationality);
  people.include = known_of(parameter(request, "inc"), is_known_field);
  people.exclude = known_of(parameter(request, "exc"), is_known_field);
  people.info = !request.query.contains("noinfo");
  people.today = clock_.wall();
  const std::string gender = to_lower(parameter(request, "gender"));
  if (gender == "female") people.gender = Gender::female;
  if (gender == "male") people.gender = Gender::male;
  return runtime::ServerResponse::json(people_json(people));
}

Result<std::unique_ptr<RandomUserServer>> RandomUserServer::start(runtime::Loop& loop, runtime::Network& network,
                                                                  const runtime::Endpoint& at) {
  std::unique_ptr<RandomUserServer> server(new RandomUserServer(loop));
  server->server_ =
      runtime::make_http_server(loop, network, {},
                                [api = &server->api_](const runtime::ServerRequest& request,
                                                      const std::shared_ptr<runtime::Responder>& responder) {
                                  responder->respond(api->answer(request));
                                });
  STREAMOPS_ASSIGN(server->endpoint_, server->server_->listen(at));
  return server;
}

std::string RandomUserServer::url() const {
  return "http://" + runtime::to_string(endpoint_) + "/api/";
}

}  // namespace streamops::connect
