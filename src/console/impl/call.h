// console/impl/call.h — one request on its way through the console: what came, who asks, how to answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/accounts.h"
#include "console/impl/json_body.h"
#include "console/impl/to_json.h"
#include "console/ports.h"
#include "runtime/http_server.h"
#include "runtime/loop.h"

namespace streamops::console {

class EventHub;

/// What every handler may use. Lives as long as the console.
struct Context {
  runtime::Loop& loop;
  auth::Accounts& accounts;
  Ports ports;
  std::string cookie;  // the session cookie's name
  EventHub* events = nullptr;
  std::weak_ptr<int> alive;  // expired when the console is gone
};

struct Call {
  Context& context;
  runtime::ServerRequest request;
  std::vector<std::string> words;  // the parts of the path that stand for `*` in its route
  std::optional<auth::Session> session;
  std::shared_ptr<runtime::Responder> responder;

  void respond(runtime::ServerResponse response) const;
  void respond_json(std::string json, int status = 200) const;
  /// {"error": {code, title, message, hint}} with the status that fits the error.
  void respond_error(const Error& error) const;

  std::string query(const std::string& name) const;
  /// A whole number within bounds, or `fallback` when it is missing or is none.
  std::int64_t number(const std::string& name, std::int64_t fallback, std::int64_t low, std::int64_t high) const;
  /// Who asks, for the records: the user's name, or "token".
  std::string who() const { return session ? session->user : "token"; }
};

using CallPtr = std::shared_ptr<const Call>;

/// The `done` for a port's call: goes to the console's loop and there to `then`, unless the call failed; then answers
/// with the error.
template <typename T, typename Then>
Done<T> then_answer(const CallPtr& call, Then then) {
  return [call, then = std::move(then), &loop = call->context.loop, alive = call->context.alive](Result<T> result) {
    loop.post([call, then, alive, result = std::move(result)]() mutable {
      if (alive.expired()) return;
      if (!result) {
        call->respond_error(result.error());
      } else if constexpr (std::is_void_v<T>) {
        then();
      } else {
        then(std::move(*result));
      }
    });
  };
}

/// then_answer() with the value's own JSON form.
template <typename T>
Done<T> answer_json(const CallPtr& call) {
  return then_answer<T>(call, [call](const T& value) { call->respond_json(to_json(value)); });
}

/// For commands: {} when done.
inline Done<void> answer_empty(const CallPtr& call) {
  return then_answer<void>(call, [call] { call->respond_json("{}"); });
}

}  // namespace streamops::console
