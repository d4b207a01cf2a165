#include <algorithm>
#include <utility>

#include "console/impl/api.h"
#include "console/impl/find_route.h"
#include "errors/console.h"

namespace streamops::console {

namespace {

constexpr std::string_view prefix = "/api/streamops/";
constexpr std::string_view bearer = "Bearer ";

/// True unless a browser says that the request was made by a page from elsewhere.
bool is_same_origin(const runtime::ServerRequest& request) {
  const std::string* origin = request.header("origin");
  if (origin == nullptr) return true;
  const std::string* host = request.header("host");
  return host != nullptr && (*origin == "http://" + *host || *origin == "https://" + *host);
}

/// True when the request carries the token of the data directory.
bool has_token(const Call& call) {
  const std::string* authorization = call.request.header("authorization");
  if (authorization == nullptr) return false;
  const std::string_view text = *authorization;
  return text.starts_with(bearer) && call.context.accounts.is_api_token(text.substr(bearer.size()));
}

/// Finds out who asks: a token, or a session with its CSRF token where something is changed.
Result<void> authenticate(Call& call, const Route& route) {
  const runtime::ServerRequest& request = call.request;
  const bool changes = route.method != "GET";
  if (changes && !is_same_origin(request)) {
    return Error(errors::console::forged_request, "the request was made by a page of {}", *request.header("origin"));
  }
  if (request.header("authorization") != nullptr) {
    if (has_token(call)) return Ok();
    return Error(errors::console::not_logged_in, "the token is not the one of this data directory");
  }
  call.session = call.context.accounts.find_session(request.cookie(call.context.cookie));
  if (route.is_open) return Ok();
  if (!call.session) return Error(errors::console::not_logged_in, "there is no session, or it has ended");
  const std::string* csrf = request.header("x-csrf-token");
  if (changes && (csrf == nullptr || !auth::equal_in_constant_time(*csrf, call.session->csrf))) {
    return Error(errors::console::forged_request, "the request does not carry the session's CSRF token");
  }
  return Ok();
}

bool is_loopback(const runtime::Endpoint& peer) {
  return peer.host == "::1" || peer.host.starts_with("127.") || peer.host.starts_with("::ffff:127.");
}

}  // namespace

void serve_metrics(const Call& call) {
  if (!call.context.ports.metrics || call.request.method != "GET") {
    return call.respond(runtime::ServerResponse::text("There are no metrics here.\n", 404));
  }
  if (!is_loopback(call.request.peer) && !has_token(call)) {
    return call.respond_error(
        Error(errors::console::not_logged_in, "from other machines /metrics needs the token of the data directory"));
  }
  call.respond({200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, call.context.ports.metrics()});
}

void dispatch(Call call) {
  const std::string path = call.request.path.substr(prefix.size());
  const std::string_view method = call.request.method == "HEAD" ? "GET" : std::string_view(call.request.method);
  const Result<const Route*> route =
      find_route<Route>(call, method, path, {dag_routes(), data_routes(), system_routes(), step_routes()});
  if (!route) {
    call.respond_error(route.error());
    return;
  }
  if (const Result<void> allowed = authenticate(call, **route); !allowed) {
    call.respond_error(allowed.error());
    return;
  }
  (*route)->handle(std::make_shared<const Call>(std::move(call)));
}

}  // namespace streamops::console
