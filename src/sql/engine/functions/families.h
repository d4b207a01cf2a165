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

}  // namespace streamops::sql
