// console/impl/find_route.h — which entry of the tables of served addresses a call means.
//
// A route has a `method` and a `path` in which `*` stands for one part that is not empty: dags/*/grid.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "console/impl/call.h"
#include "errors/console.h"

namespace streamops::console {

/// The parts of `path` that stand for `*` in `route`, or nothing when the path is another.
std::optional<std::vector<std::string>> match_route(std::string_view route, std::string_view path);

/// The route for this method and path (the call's own, below the tables' prefix); fills the call's words.
/// Errors: SO-H101 (no such path), SO-H105 (the path exists, with another method only).
template <typename Route>
Result<const Route*> find_route(Call& call, std::string_view method, std::string_view path,
                                std::initializer_list<std::span<const Route>> tables) {
  bool path_exists = false;
  for (const std::span<const Route> routes : tables) {
    for (const Route& route : routes) {
      std::optional<std::vector<std::string>> words = match_route(route.path, path);
      if (!words) continue;
      path_exists = true;
      if (route.method != method) continue;
      call.words = std::move(*words);
      return &route;
    }
  }
  if (path_exists)
    return Error(errors::console::wrong_method, "{} does not take {}", call.request.path, call.request.method);
  return Error(errors::console::no_such_address, "there is no {}", call.request.path);
}

}  // namespace streamops::console
