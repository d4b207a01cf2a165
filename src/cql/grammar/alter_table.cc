#include "cql/grammar/alter_table.h"

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

/// item, or (item, item).
template <typename Item>
Result<void> one_or_list(Parser& parser, Item item) {
  if (!parser.accept_symbol("(")) return parser.separated(item);
  STREAMOPS_RETURN_IF_ERROR(parser.separated(item));
  return parser.expect_symbol(")");
}

Result<AddColumns> parse_add(Parser& parser) {
  AddColumns out;
  out.if_not_exists = parser.accept_if_not_exists();
  STREAMOPS_RETURN_IF_ERROR(one_or_list(parser, [&]() -> Result<void> {
    ColumnDefinition column;
    STREAMOPS_ASSIGN(column.name, parser.name());
    STREAMOPS_ASSIGN(column.type, parse_type_name(parser));
    column.is_static = parser.accept("static");
    out.columns.push_back(std::move(column));
    return Ok();
  }));
  return out;
}

Result<DropColumns> parse_drop_columns(Parser& parser) {
  DropColumns out;
  out.if_exists = parser.accept_if_exists();
  STREAMOPS_RETURN_IF_ERROR(one_or_list(parser, [&]() -> Result<void> {
    STREAMOPS_ASSIGN(std::string column, parser.name());
    out.columns.push_back(std::move(column));
    return Ok();
  }));
  STREAMOPS_ASSIGN(const Using parameters, parse_using(parser, false));
  out.timestamp = parameters.timestamp;
  return out;
}

Result<RenameColumns> parse_rename(Parser& parser) {
  RenameColumns out;
  out.if_exists = parser.accept_if_exists();
  do {
    STREAMOPS_ASSIGN(std::string from, parser.name());
    STREAMOPS_RETURN_IF_ERROR(parser.expect("to"));
    STREAMOPS_ASSIGN(std::string to, parser.name());
    out.renames.emplace_back(std::move(from), std::move(to));
  } while (parser.accept("and"));
  return out;
}

Result<AlterColumnType> parse_column_type(Parser& parser) {
  AlterColumnType out;
  STREAMOPS_ASSIGN(out.column, parser.name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect("type"));
  STREAMOPS_ASSIGN(out.type, parse_type_name(parser));
  return out;
}

}  // namespace

Result<AlterTable> parse_alter_table(Parser& parser) {
  AlterTable out;
  out.if_exists = parser.accept_if_exists();
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  if (parser.accept("add")) {
    STREAMOPS_ASSIGN(out.change, parse_add(parser));
  } else if (parser.accept("drop")) {
    STREAMOPS_ASSIGN(out.change, parse_drop_columns(parser));
  } else if (parser.accept("rename")) {
    STREAMOPS_ASSIGN(out.change, parse_rename(parser));
  } else if (parser.accept("alter")) {
    STREAMOPS_ASSIGN(out.change, parse_column_type(parser));
  } else {
    STREAMOPS_RETURN_IF_ERROR(parser.expect("with"));
    AlterProperties properties;
    STREAMOPS_ASSIGN(properties.properties, parse_properties(parser));
    out.change = std::move(properties);
  }
  return out;
}

}  // namespace streamops::cql
