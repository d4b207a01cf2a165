// connect/randomuser/people.h — made-up people, as a pure function of a seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace streamops::connect {

enum class Gender : std::uint8_t { any, female, male };

/// What to make; see server.h for the parameters.
struct PeopleRequest {
  int results = 1;
  std::string seed;
  int page = 1;
  std::vector<std::string> nationalities;  // "US"; empty means any
  Gender gender = Gender::any;
  std::vector<std::string> include;  // top-level fields; empty means all
  std::vector<std::string> exclude;
  bool info = true;
  WallTime today;  // for ages only
};

/// {"results":[…],"info":{…}}. `nationalities` must be known.
std::string people_json(const PeopleRequest& request);
bool is_known_nationality(std::string_view code);
bool is_known_field(std::string_view name);

}  // namespace streamops::connect
