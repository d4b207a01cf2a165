// console/airflow/request.h — one request of an Airflow client: what the handlers of this folder share.
//
//   /api/v1   as Airflow 2 answers: HTTP basic login, errors {"type","title","status","detail"}
//   /api/v2   as Airflow 3 answers: a token of POST /auth/token, errors {"detail"}
//
// Both lines have the same resources; where their shapes differ, the handler asks `line`.
// Threads: all on the console's loop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "console/impl/call.h"

namespace streamops::console::airflow {

enum class Line : std::uint8_t { v1, v2 };

struct Request {
  CallPtr call;
  Line line = Line::v2;

  /// The part of the path that stands for the route's n-th `*`.
  const std::string& word(std::size_t n) const { return call->words[n]; }
  /// The scheduler, or nothing after an answer that says that there is none here.
  DagsPort* dags() const;

  void respond(std::string json, int status = 200) const;
  /// The error in the line's own shape, with the status that Airflow gives it.
  void fail(const Error& error) const;
  void fail(int status, std::string_view detail) const;
};

/// The `done` for a port's call: goes to the console's loop and there to `then`, or answers with the error.
template <typename T, typename Then>
Done<T> then_answer(const Request& request, Then then) {
  const Context& context = request.call->context;
  return [request, then = std::move(then), &loop = context.loop, alive = context.alive](Result<T> result) {
    loop.post([request, then, alive, result = std::move(result)]() mutable {
      if (alive.expired()) return;
      if (!result) {
        request.fail(result.error());
      } else if constexpr (std::is_void_v<T>) {
        then();
      } else {
        then(std::move(*result));
      }
    });
  };
}

/// Which part of a list is asked for: `limit` and `offset`.
struct Page {
  std::size_t limit;
  std::size_t offset;
};
Page page_of(const Request& request);

/// {"<name>": [...], "total_entries": N} with the page's part of `items`, each written by `write`.
template <typename T, typename Write>
std::string write_page(std::string_view name, const std::vector<T>& items, Page page, Write write) {
  JsonWriter json;
  json.begin_object().key(name).begin_array();
  for (std::size_t i = page.offset; i < items.size() && i - page.offset < page.limit; ++i) write(json, items[i]);
  json.end_array().field("total_entries", items.size()).end_object();
  return std::move(json).text();
}

struct Route {
  std::string_view method;
  std::string_view path;  // under /api/vN/; `*` stands for one part
  void (*handle)(const Request& request);
  /// Query parameters that it takes; any other is refused, for an answer to another question helps nobody.
  std::string_view parameters = "";
  bool is_open = false;  // needs no login
};

std::span<const Route> dag_routes();
std::span<const Route> dag_run_routes();
std::span<const Route> task_instance_routes();
std::span<const Route> monitor_routes();

}  // namespace streamops::console::airflow
