#include "cql/grammar/properties.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

/// A constant's text; words such as true, and bare words, are taken too.
Result<std::string> parse_constant_text(Parser& parser) {
  if (parser.peek().kind == TokenKind::word) return to_lower(parser.advance().raw);
  STREAMOPS_ASSIGN(const Term term, parse_simple_term(parser));
  const auto* constant = term.as<Constant>();
  if (constant == nullptr) return parser.unexpected("a constant");
  return constant->text;
}

Result<PropertyMap> parse_map(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("{"));
  PropertyMap out;
  if (parser.accept_symbol("}")) return out;
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(std::string key, parse_constant_text(parser));
    if (auto taken = parser.expect_symbol(":"); !taken) return taken.error();
    STREAMOPS_ASSIGN(std::string value, parse_constant_text(parser));
    out.emplace_back(std::move(key), std::move(value));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("}"));
  return out;
}

}  // namespace

const Property* find_property(const Properties& properties, std::string_view name) {
  for (const Property& property : properties) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

Result<Property> parse_property(Parser& parser) {
  Property out;
  STREAMOPS_ASSIGN(out.name, parser.name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("="));
  if (parser.is_symbol("{")) {
    STREAMOPS_ASSIGN(out.value, parse_map(parser));
  } else {
    STREAMOPS_ASSIGN(out.value, parse_constant_text(parser));
  }
  return out;
}

Result<Properties> parse_properties(Parser& parser) {
  Properties out;
  do {
    const Token at = parser.peek();
    STREAMOPS_ASSIGN(Property property, parse_property(parser));
    if (find_property(out, property.name) != nullptr) {
      return parser.contradiction(at, fmt::format("Multiple definition for property '{}'", property.name));
    }
    out.push_back(std::move(property));
  } while (parser.accept("and"));
  return out;
}

}  // namespace streamops::cql
