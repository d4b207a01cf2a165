// cql/grammar/properties.h — what stands behind WITH: name = constant, name = {map}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cql/grammar/term.h"

namespace streamops::cql {

using PropertyMap = std::vector<std::pair<std::string, std::string>>;

struct Property {
  std::string name;  // lower case
  /// A constant's text (booleans in lower case), or the texts of a map literal.
  std::variant<std::string, PropertyMap> value;

  const std::string* text() const { return std::get_if<std::string>(&value); }
  const PropertyMap* map() const { return std::get_if<PropertyMap>(&value); }
};
using Properties = std::vector<Property>;

/// The property called `name`, or nullptr.
const Property* find_property(const Properties& properties, std::string_view name);

}  // namespace streamops::cql
