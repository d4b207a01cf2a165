// sql/engine/reference.h — the function table as a page of documentation.
#pragma once

#include <string>

namespace streamops::sql {

/// docs/reference/functions.md, in Markdown.
std::string function_reference();

}  // namespace streamops::sql
