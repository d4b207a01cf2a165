#include "console/impl/call.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "console/impl/bundle.h"

namespace streamops::console {

namespace {

/// Errors whose HTTP status is not that of their blame.
constexpr std::array<std::pair<std::string_view, int>, 9> statuses = {{{"SO-W008", 404},
                                                                       {"SO-W009", 409},
                                                                       {"SO-W011", 409},
                                                                       {"SO-A002", 401},
                                                                       {"SO-A003", 429},
                                                                       {"SO-H101", 404},
                                                                       {"SO-H102", 401},
                                                                       {"SO-H103", 403},
                                                                       {"SO-H105", 405}}};

int status_of(const Error& error) {
  for (const auto& [code, status] : statuses) {
    if (code == error.code()) return status;
  }
  switch (error.blame()) {
    case Blame::user:
      return 400;
    case Blame::external:
    case Blame::system:
      return 503;
    case Blame::bug:
      return 500;
  }
  return 500;
}

}  // namespace

void Call::respond(runtime::ServerResponse response) const {
  add_security_headers(response.headers);
  responder->respond(std::move(response));
}

void Call::respond_json(std::string json, int status) const {
  runtime::ServerResponse response = runtime::ServerResponse::json(std::move(json), status);
  response.headers.emplace_back("Cache-Control", "no-store");
  respond(std::move(response));
}

void Call::respond_error(const Error& error) const {
  JsonWriter json;
  json.begin_object().key("error");
  write_json(json, error);
  json.end_object();
  respond_json(std::move(json).text(), status_of(error));
}

std::string Call::query(const std::string& name) const {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

std::int64_t Call::number(const std::string& name, std::int64_t fallback, std::int64_t low, std::int64_t high) const {
  const std::string text = query(name);
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size()) return fallback;
  return std::clamp(value, low, high);
}

}  // namespace streamops::console
