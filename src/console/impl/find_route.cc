#include "console/impl/find_route.h"

#include "base/text.h"

namespace streamops::console {

std::optional<std::vector<std::string>> match_route(std::string_view route, std::string_view path) {
  const auto wanted = split(route, '/');
  const auto given = split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "*" && !given[i].empty()) {
      words.emplace_back(given[i]);
    } else if (wanted[i] != given[i]) {
      return std::nullopt;
    }
  }
  return words;
}

}  // namespace streamops::console
