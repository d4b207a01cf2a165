// Finds functions by name over all families.
#include <unordered_map>

#include "sql/engine/functions/families.h"

namespace streamops::sql {

const std::vector<Family>& function_families() {
  static const std::vector<Family> families = {
      {"Arithmetic", &arithmetic_functions()},
      {"Comparison and logic", &comparison_functions()},
      {"Conditions", &conditional_functions()},
      {"Text", &text_functions()},
      {"Shaping texts", &text_shaping_functions()},
      {"Texts in other encodings", &charset_functions()},
      {"Numbers as text", &number_text_functions()},
      {"Searching text", &text_search_functions()},
      {"Patterns", &pattern_functions()},
      {"Matches of patterns", &pattern_match_functions()},
      {"Hashes and encodings", &encoding_functions()},
      {"Hashes of values", &hashing_functions()},
      {"Addresses", &address_functions()},
      {"Mathematics", &math_functions()},
      {"More mathematics", &hyperbolic_functions()},
      {"Rounding", &rounding_functions()},
      {"Dates", &calendar_functions()},
      {"Timestamps", &time_functions()},
      {"Making timestamps, time zones", &time_making_functions()},
      {"Parts and distances of time", &time_part_functions()},
      {"JSON", &json_functions()},
      {"JSON's shape, assertions", &json_shape_functions()},
      {"Arrays, maps and structures", &nested_functions()},
      {"Searching and arranging arrays", &array_functions()},
      {"Arrays as sets", &array_set_functions()},
      {"Cutting and making arrays", &array_shape_functions()},
      {"Maps", &map_functions()},
      {"Lambda functions", &higher_order_functions()},
      {"Conversions", &conversion_functions()},
      {"Rows", &row_functions()},
  };
  return families;
}

const Function* find_function(std::string_view name) {
  static const std::unordered_map<std::string_view, const Function*> index = [] {
    std::unordered_map<std::string_view, const Function*> made;
    for (const Family& family : function_families()) {
      for (const Function& function : *family.functions) {
        made.emplace(function.name, &function);
        for (std::string_view alias : function.aliases) made.emplace(alias, &function);
      }
    }
    return made;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace streamops::sql
