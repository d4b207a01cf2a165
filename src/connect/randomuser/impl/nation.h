// connect/randomuser/impl/nation.h — the tables that people are made from, one entry a nationality.
//
// In patterns # is a digit, % a digit from 1 to 9, @ a capital letter, everything else itself.
#pragma once

#include <span>
#include <string_view>

namespace streamops::connect {

using Words = std::span<const std::string_view>;

struct Nation {
  std::string_view code;  // "US"
  std::string_view country;
  Words female_names;
  Words male_names;
  Words last_names;
  Words streets;
  Words cities;
  Words states;
  std::string_view postcode;  // a pattern
  bool numeric_postcode;      // written as a JSON number, as the real API does for this nationality
  std::string_view phone;
  std::string_view cell;
  std::string_view id_name;  // empty: no identity number
  std::string_view id_value;
};

std::span<const Nation> nations();
/// Without regard to case; null when unknown.
const Nation* find_nation(std::string_view code);

}  // namespace streamops::connect
