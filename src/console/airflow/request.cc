#include "console/airflow/request.h"

#include "errors/console.h"
#include "runtime/http_status.h"

namespace streamops::console::airflow {
namespace {

constexpr std::int64_t usual_limit_v1 = 100;
constexpr std::int64_t usual_limit_v2 = 50;
constexpr std::int64_t longest_page = 100;

/// Status and, for Airflow 2, title of an error; the last row stands for all others.
struct Kind {
  std::string_view code;
  int status;
};
constexpr Kind kinds[] = {{"SO-W008", 404}, {"SO-W009", 409}, {"SO-W011", 409}, {"SO-A002", 401}, {"SO-A003", 429},
                          {"SO-H101", 404}, {"SO-H102", 401}, {"SO-H103", 403}, {"SO-H105", 405}, {"SO-H106", 404}};

int status_of(const Error& error, Line line) {
  for (const Kind& kind : kinds) {
    if (kind.code == error.code()) return kind.status;
  }
  if (error.blame() == Blame::user) return line == Line::v1 ? 400 : 422;
  return error.blame() == Blame::bug ? 500 : 503;
}

}  // namespace

DagsPort* Request::dags() const {
  if (call->context.ports.dags) return call->context.ports.dags.get();
  fail(Error(errors::console::not_served, "no scheduler runs in this process"));
  return nullptr;
}

void Request::respond(std::string json, int status) const {
  call->respond_json(std::move(json), status);
}

void Request::fail(const Error& error) const {
  fail(status_of(error, line), error.to_line());
}

void Request::fail(int status, std::string_view detail) const {
  JsonWriter json;
  json.begin_object().field("detail", detail);
  if (line == Line::v1)
    json.field("type", "about:blank").field("title", runtime::reason_of(status)).field("status", status);
  json.end_object();
  runtime::ServerResponse response = runtime::ServerResponse::json(std::move(json).text(), status);
  if (line == Line::v1) response.headers[0].second = "application/problem+json";
  response.headers.emplace_back("Cache-Control", "no-store");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", line == Line::v1 ? "Basic" : "Bearer");
  call->respond(std::move(response));
}

Page page_of(const Request& request) {
  const std::int64_t usual = request.line == Line::v1 ? usual_limit_v1 : usual_limit_v2;
  return {static_cast<std::size_t>(request.call->number("limit", usual, 0, longest_page)),
          static_cast<std::size_t>(request.call->number("offset", 0, 0, INT32_MAX))};
}

}  // namespace streamops::console::airflow
