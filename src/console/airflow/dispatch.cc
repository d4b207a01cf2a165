#include "console/airflow/dispatch.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"
#include "console/airflow/request.h"
#include "console/impl/find_route.h"

namespace streamops::console::airflow {
namespace {

constexpr std::string_view token_path = "/auth/token";
constexpr std::string_view prefix_v1 = "/api/v1/";
constexpr std::string_view prefix_v2 = "/api/v2/";
constexpr std::string_view bearer = "Bearer ";
constexpr std::string_view basic = "Basic ";

/// Empty, or the first query parameter that the route does not take.
std::string foreign_parameter(const Call& call, const Route& route) {
  const auto known = split(route.parameters, ' ');
  for (const auto& [name, value] : call.request.query) {
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  }
  return "";
}

/// A page of another site must not change anything with the login that a browser remembers.
bool is_foreign_page(const runtime::ServerRequest& request) {
  const std::string* origin = request.header("origin");
  const std::string* host = request.header("host");
  if (origin == nullptr || request.method == "GET") return false;
  return host == nullptr || (*origin != "http://" + *host && *origin != "https://" + *host);
}

void run(const Route& route, const Request& request) {
  const std::string foreign = foreign_parameter(*request.call, route);
  if (!foreign.empty()) return request.fail(400, fmt::format("the parameter {} is not supported here", foreign));
  route.handle(request);
}

/// Name and password of a basic login, checked in the accounts' pool.
void log_in_with_password(Call call, const Route& route, std::string_view encoded) {
  const std::string pair = from_base64(encoded).value_or("");
  const std::size_t colon = pair.find(':');
  auto& accounts = call.context.accounts;
  const std::string peer = call.request.peer.host;
  auth::Session session;
  session.user = pair.substr(0, colon);
  call.session = std::move(session);
  const Request request{std::make_shared<const Call>(std::move(call)), Line::v1};
  if (colon == std::string::npos) return request.fail(401, "the basic login has no colon");
  accounts.check_password(pair.substr(0, colon), pair.substr(colon + 1), peer,
                          then_answer<void>(request, [request, &route] { run(route, request); }));
}

void authorize(Call call, const Route& route, Line line) {
  const std::string* header = call.request.header("authorization");
  const std::string_view text = header == nullptr ? std::string_view() : std::string_view(*header);
  if (line == Line::v1 && text.starts_with(basic) && !route.is_open) {
    return log_in_with_password(std::move(call), route, text.substr(basic.size()));
  }
  bool is_known = route.is_open;
  if (text.starts_with(bearer)) {
    const std::string_view token = text.substr(bearer.size());
    call.session = call.context.accounts.find_session(token);
    is_known = is_known || call.session || call.context.accounts.is_api_token(token);
  }
  const Request request{std::make_shared<const Call>(std::move(call)), line};
  if (!is_known) {
    return request.fail(401, line == Line::v1 ? "log in with name and password"
                                              : "the request has no token of POST /auth/token that is still good");
  }
  run(route, request);
}

/// POST /auth/token: a session, whose id is the token.
void give_token(Call call) {
  const Request request{std::make_shared<const Call>(std::move(call)), Line::v2};
  if (request.call->request.method != "POST") return request.fail(405, "a token is asked for with POST");
  const Result<JsonBody> body = JsonBody::parse(request.call->request.body);
  if (!body) return request.fail(body.error());
  const Result<std::string> name = body->required("username");
  const Result<std::string> password = body->required("password");
  if (!name || !password) return request.fail(!name ? name.error() : password.error());
  request.call->context.accounts.login(*name, *password, request.call->request.peer.host,
                                       then_answer<auth::Session>(request, [request](const auth::Session& session) {
                                         JsonWriter json;
                                         json.begin_object().field("access_token", session.id).end_object();
                                         request.respond(std::move(json).text(), 201);
                                       }));
}

}  // namespace

bool is_served(std::string_view path) {
  return path == token_path || path.starts_with(prefix_v1) || path.starts_with(prefix_v2);
}

void dispatch(Call call) {
  const Line line = call.request.path.starts_with(prefix_v1) ? Line::v1 : Line::v2;
  if (is_foreign_page(call.request)) {
    const Request request{std::make_shared<const Call>(std::move(call)), line};
    return request.fail(403, "the request was made by a page from elsewhere");
  }
  if (call.request.path == token_path) return give_token(std::move(call));
  const std::string path = call.request.path.substr(prefix_v2.size());
  const Result<const Route*> route = find_route<Route>(
      call, call.request.method, path, {dag_routes(), dag_run_routes(), task_instance_routes(), monitor_routes()});
  if (route) return authorize(std::move(call), **route, line);
  Request{std::make_shared<const Call>(std::move(call)), line}.fail(route.error());
}

}  // namespace streamops::console::airflow
