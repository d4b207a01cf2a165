// Login, logout, the process itself, the error catalogue, and the way into the event stream.
#include "console/impl/api.h"
#include "console/impl/bundle.h"
#include "console/impl/event_hub.h"
#include "errors/console.h"

namespace streamops::console {

namespace {

void write_session(JsonWriter& json, const Call& call, const auth::Session& session) {
  json.begin_object().field("user", session.user).field("csrf", session.csrf);
  json.field("default_password", call.context.accounts.has_default_password()).end_object();
}

std::string cookie_line(const Context& context, const std::string& value, std::string_view rest) {
  return context.cookie + "=" + value + "; Path=/; HttpOnly; SameSite=Strict" + std::string(rest);
}

/// A browser sends a form to anyone's address without asking, but not with this content type.
bool is_json(const runtime::ServerRequest& request) {
  const std::string* type = request.header("content-type");
  return type != nullptr && type->starts_with("application/json");
}

void login(CallPtr call) {
  const Result<JsonBody> body = JsonBody::parse(call->request.body);
  const Result<std::string> user = body ? body->required("user") : body.error();
  const Result<std::string> password = body ? body->required("password") : body.error();
  if (!is_json(call->request) || !user || !password) {
    call->respond_error(Error(errors::console::bad_request, "a login is a JSON object with `user` and `password`"));
    return;
  }
  const auto done = [call, alive = call->context.alive](const Result<auth::Session>& session) {
    if (alive.expired()) return;
    if (!session) {
      call->respond_error(session.error());
      return;
    }
    JsonWriter json;
    write_session(json, *call, *session);
    runtime::ServerResponse response = runtime::ServerResponse::json(std::move(json).text());
    response.headers.emplace_back("Set-Cookie", cookie_line(call->context, session->id, ""));
    response.headers.emplace_back("Cache-Control", "no-store");
    call->respond(std::move(response));
  };
  call->context.accounts.login(*user, *password, call->request.peer.host, done);
}

void logout(CallPtr call) {
  if (call->session) call->context.accounts.logout(call->session->id);
  runtime::ServerResponse response = runtime::ServerResponse::json("{}");
  response.headers.emplace_back("Set-Cookie", cookie_line(call->context, "", "; Max-Age=0"));
  call->respond(std::move(response));
}

/// Tells strangers that they are none, with an empty name: a page asks this before it asks for a password.
void show_session(CallPtr call) {
  if (!call->session) {
    call->respond_json(R"({"user":"","csrf":"","default_password":false})");
    return;
  }
  JsonWriter json;
  write_session(json, *call, *call->session);
  call->respond_json(std::move(json).text());
}

void show_status(CallPtr call) {
  if (call->context.ports.system) {
    call->respond_json(to_json(call->context.ports.system->status()));
  } else {
    call->respond_error(Error(errors::console::not_served, "this process does not tell its status"));
  }
}

void list_errors(CallPtr call) {
  JsonWriter json;
  json.begin_array();
  for (const ErrorInfo* info : error_catalogue()) write_json(json, *info);
  json.end_array();
  call->respond_json(std::move(json).text());
}

void open_events(CallPtr call) {
  EventFilter filter;
  filter.dag_id = call->query("dag");
  filter.run_id = call->query("run");
  filter.task_id = call->query("task");
  filter.topic = call->query("topic");
  call->context.events->open(*call, std::move(filter));
}

}  // namespace

std::span<const Route> system_routes() {
  static constexpr Route routes[] = {{"POST", "login", login, true},         {"POST", "logout", logout},
                                     {"GET", "session", show_session, true}, {"GET", "status", show_status},
                                     {"GET", "errors", list_errors},         {"GET", "events", open_events}};
  return routes;
}

}  // namespace streamops::console
