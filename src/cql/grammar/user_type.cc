#include "cql/grammar/user_type.h"

#include "cql/grammar/parser.h"

namespace streamops::cql {

Result<CreateType> parse_create_type(Parser& parser) {
  CreateType out;
  out.if_not_exists = parser.accept_if_not_exists();
  STREAMOPS_ASSIGN(out.type, parser.qualified_name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(std::string name, parser.name());
    STREAMOPS_ASSIGN(TypeName type, parse_type_name(parser));
    out.fields.emplace_back(std::move(name), std::move(type));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  return out;
}

Result<AlterType> parse_alter_type(Parser& parser) {
  AlterType out;
  out.if_exists = parser.accept_if_exists();
  STREAMOPS_ASSIGN(out.type, parser.qualified_name());
  if (parser.accept("add")) {
    AddField field;
    field.if_not_exists = parser.accept_if_not_exists();
    STREAMOPS_ASSIGN(field.name, parser.name());
    STREAMOPS_ASSIGN(field.type, parse_type_name(parser));
    out.change = std::move(field);
    return out;
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect("rename"));
  RenameFields fields;
  fields.if_exists = parser.accept_if_exists();
  do {
    STREAMOPS_ASSIGN(std::string from, parser.name());
    STREAMOPS_RETURN_IF_ERROR(parser.expect("to"));
    STREAMOPS_ASSIGN(std::string to, parser.name());
    fields.renames.emplace_back(std::move(from), std::move(to));
  } while (parser.accept("and"));
  out.change = std::move(fields);
  return out;
}

}  // namespace streamops::cql
