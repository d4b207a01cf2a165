#include "cql/grammar/create_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const ColumnDefinition* find_column(const CreateTable& table, std::string_view name) {
  for (const ColumnDefinition& column : table.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

Result<void> parse_names(Parser& parser, std::vector<std::string>& out) {
  return parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(std::string name, parser.name());
    out.push_back(std::move(name));
    return Ok();
  });
}

/// Behind PRIMARY KEY: ((a, b), c, d) or (a, c, d).
Result<void> parse_primary_key(Parser& parser, CreateTable& out) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  if (parser.accept_symbol("(")) {
    STREAMOPS_RETURN_IF_ERROR(parse_names(parser, out.partition_key));
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  } else {
    STREAMOPS_ASSIGN(std::string name, parser.name());
    out.partition_key.push_back(std::move(name));
  }
  if (parser.accept_symbol(",")) STREAMOPS_RETURN_IF_ERROR(parse_names(parser, out.clustering));
  return parser.expect_symbol(")");
}

/// name type [STATIC] [PRIMARY KEY]
Result<void> parse_column(Parser& parser, CreateTable& out) {
  const Token at = parser.peek();
  ColumnDefinition column;
  STREAMOPS_ASSIGN(column.name, parser.name());
  STREAMOPS_ASSIGN(column.type, parse_type_name(parser));
  column.is_static = parser.accept("static");
  if (find_column(out, column.name) != nullptr) {
    return parser.contradiction(
        at, fmt::format("Duplicate column '{}' declaration for table '{}'", column.name, out.table.name));
  }
  if (parser.accept({"primary", "key"})) {
    if (!out.partition_key.empty())
      return parser.contradiction(at, "Multiple PRIMARY KEY definition (only one PRIMARY KEY is allowed)");
    out.partition_key.push_back(column.name);
  }
  out.columns.push_back(std::move(column));
  return Ok();
}

Result<void> parse_item(Parser& parser, CreateTable& out) {
  const Token at = parser.peek();
  if (!parser.accept({"primary", "key"})) return parse_column(parser, out);
  if (!out.partition_key.empty())
    return parser.contradiction(at, "Multiple PRIMARY KEY definition (only one PRIMARY KEY is allowed)");
  return parse_primary_key(parser, out);
}

Result<void> parse_clustering_order(Parser& parser, CreateTable& out) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    ClusteringOrder order;
    STREAMOPS_ASSIGN(order.column, parser.name());
    order.descending = parser.accept("desc");
    if (!order.descending) {
      if (auto taken = parser.expect("asc"); !taken) return taken.error();
    }
    out.clustering_order.push_back(std::move(order));
    return Ok();
  }));
  return parser.expect_symbol(")");
}

/// Behind WITH.
Result<void> parse_options(Parser& parser, CreateTable& out) {
  do {
    const Token at = parser.peek();
    if (parser.accept({"compact", "storage"})) {
      out.compact_storage = true;
    } else if (parser.accept({"clustering", "order", "by"})) {
      STREAMOPS_RETURN_IF_ERROR(parse_clustering_order(parser, out));
    } else {
      STREAMOPS_ASSIGN(Property property, parse_property(parser));
      if (find_property(out.properties, property.name) != nullptr) {
        return parser.contradiction(at, fmt::format("Multiple definition for property '{}'", property.name));
      }
      out.properties.push_back(std::move(property));
    }
  } while (parser.accept("and"));
  return Ok();
}

Result<void> check_key(const Parser& parser, const Token& at, const CreateTable& table) {
  if (table.partition_key.empty()) {
    return parser.contradiction(
        at, fmt::format("No PRIMARY KEY specified for table '{}' (exactly one required)", table.table.name));
  }
  std::vector<std::string> seen;
  for (const auto* part : {&table.partition_key, &table.clustering}) {
    for (const std::string& name : *part) {
      const ColumnDefinition* column = find_column(table, name);
      if (column == nullptr) {
        std::vector<std::string> names;
        names.reserve(table.columns.size());
        for (const ColumnDefinition& known : table.columns) names.push_back(known.name);
        return parser
            .contradiction(
                at, fmt::format("Unknown column '{}' referenced in PRIMARY KEY for table '{}'", name, table.table.name))
            .with_label(did_you_mean(name, names));
      }
      if (column->is_static)
        return parser.contradiction(at, fmt::format("Static column '{}' cannot be part of the PRIMARY KEY", name));
      if (contains(seen, name))
        return parser.contradiction(
            at, fmt::format("Duplicate column '{}' in PRIMARY KEY clause for table '{}'", name, table.table.name));
      seen.push_back(name);
    }
  }
  return Ok();
}

Result<void> check_order(const Parser& parser, const Token& at, const CreateTable& table) {
  for (const ClusteringOrder& order : table.clustering_order) {
    if (!contains(table.clustering, order.column)) {
      return parser.contradiction(
          at, fmt::format("Only clustering columns can be defined in CLUSTERING ORDER directive: [{}] is none",
                          order.column));
    }
  }
  return Ok();
}

}  // namespace

Result<CreateTable> parse_create_table(Parser& parser) {
  CreateTable out;
  out.if_not_exists = parser.accept_if_not_exists();
  const Token at = parser.peek();
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&] { return parse_item(parser, out); }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  if (parser.accept("with")) STREAMOPS_RETURN_IF_ERROR(parse_options(parser, out));
  STREAMOPS_RETURN_IF_ERROR(check_key(parser, at, out));
  STREAMOPS_RETURN_IF_ERROR(check_order(parser, at, out));
  return out;
}

}  // namespace streamops::cql
