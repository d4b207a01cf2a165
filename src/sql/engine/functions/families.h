// sql/engine/functions/families.h — the lists of entries, one a file of this folder.
#pragma once

#include "sql/engine/function.h"

namespace streamops::sql {

const std::vector<Function>& arithmetic_functions();
const std::vector<Function>& comparison_functions();
const std::vector<Function>& conditional_functions();
const std::vector<Function>& text_functions();
const std::vector<Function>& text_search_functions();
const std::vector<Function>& pattern_functions();
const std::vector<Function>& encoding_functions();
const std::vector<Function>& math_functions();
const std::vector<Function>& rounding_functions();
const std::vector<Function>& calendar_functions();
const std::vector<Function>& time_functions();
const std::vector<Function>& json_functions();
const std::vector<Function>& nested_functions();
const std::vector<Function>& array_functions();
const std::vector<Function>& conversion_functions();
const std::vector<Function>& row_functions();
const std::vector<Function>& text_shaping_functions();
const std::vector<Function>& charset_functions();
const std::vector<Function>& number_text_functions();
const std::vector<Function>& hyperbolic_functions();
const std::vector<Function>& hashing_functions();
const std::vector<Function>& array_set_functions();
const std::vector<Function>& array_shape_functions();
const std::vector<Function>& map_functions();
const std::vector<Function>& pattern_match_functions();
const std::vector<Function>& time_making_functions();
const std::vector<Function>& time_part_functions();
const std::vector<Function>& address_functions();
const std::vector<Function>& json_shape_functions();
const std::vector<Function>& higher_order_functions();

}  // namespace streamops::sql
