#include "connect/cassandra/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.h"
#include "cql/grammar/type_name.h"
#include "cql/protocol/value.h"
#include "errors/cassandra.h"

namespace streamops::connect {

namespace {

using Cells = std::vector<std::optional<BytesView>>;

std::string literal(std::string_view text) {
  return cql::to_cql_literal(*cql::CqlType::scalar(cql::TypeId::text), as_bytes(text));
}

std::string_view text_of(const std::optional<BytesView>& cell) {
  return cell ? as_text(*cell) : std::string_view();
}

/// The user-defined types of a keyspace, resolved when first asked for: they may use each other.
class UserTypes {
 public:
  UserTypes(std::string keyspace, const cql::Rows& rows) : keyspace_(std::move(keyspace)) {
    const cql::CqlTypePtr texts = cql::CqlType::list(cql::CqlType::scalar(cql::TypeId::text));
    cql::RowReader reader(rows);
    Cells cells;
    while (reader.next(cells)) {
      if (cells.size() < 3 || !cells[1] || !cells[2]) continue;
      Definition definition;
      for (const BytesView name : cql::split_collection(*texts, *cells[1]))
        definition.names.emplace_back(as_text(name));
      for (const BytesView type : cql::split_collection(*texts, *cells[2]))
        definition.types.emplace_back(as_text(type));
      if (definition.names.size() == definition.types.size())
        definitions_.emplace(text_of(cells[0]), std::move(definition));
    }
  }

  cql::CqlTypePtr find(std::string_view name, int depth = 0) const {
    const auto found = definitions_.find(name);
    if (found == definitions_.end() || depth > 32) return nullptr;
    std::vector<cql::UdtField> fields;
    for (std::size_t i = 0; i < found->second.names.size(); ++i) {
      const auto type = cql::parse_type(
          found->second.types[i], [&](std::string_view, std::string_view inner) { return find(inner, depth + 1); });
      if (!type) return nullptr;
      fields.push_back({found->second.names[i], *type});
    }
    return cql::CqlType::udt(keyspace_, std::string(name), std::move(fields));
  }

 private:
  struct Definition {
    std::vector<std::string> names;
    std::vector<std::string> types;
  };
  std::string keyspace_;
  std::map<std::string, Definition, std::less<>> definitions_;
};

TableColumn::Kind kind_of(std::string_view word) {
  if (word == "partition_key") return TableColumn::Kind::partition_key;
  if (word == "clustering") return TableColumn::Kind::clustering;
  return word == "static" ? TableColumn::Kind::statics : TableColumn::Kind::regular;
}

/// The table's column for a column of the stream: the same name, else the only one that differs in case alone.
const TableColumn* find_column(const TableDescription& table, std::string_view name) {
  const TableColumn* near = nullptr;
  for (const TableColumn& column : table.columns) {
    if (column.name == name) return &column;
    if (!equals_ignore_case(column.name, name)) continue;
    if (near != nullptr) return nullptr;
    near = &column;
  }
  return near;
}

Error unknown_column(const TableDescription& table, std::string_view name) {
  std::vector<std::string> names;
  names.reserve(table.columns.size());
  for (const TableColumn& column : table.columns) names.push_back(column.name);
  const std::string guess = did_you_mean(name, names);
  const Error error(errors::cassandra::unknown_column, "the table {}.{} has no column `{}`{}", table.keyspace,
                    table.table, name, guess.empty() ? "" : ": " + guess);
  return error.with_label(guess);
}

std::string insert_text(const TableDescription& table, const WritePlan& plan, bool with_ttl) {
  std::string names;
  std::string marks;
  for (const MappedColumn& column : plan.columns) {
    names += (names.empty() ? "" : ", ") + cql::quote_identifier(column.name);
    marks += marks.empty() ? "?" : ", ?";
  }
  return fmt::format("INSERT INTO {}.{} ({}) VALUES ({}) USING TIMESTAMP ?{}", cql::quote_identifier(table.keyspace),
                     cql::quote_identifier(table.table), names, marks, with_ttl ? " AND TTL ?" : "");
}

std::string erase_text(const TableDescription& table, const WritePlan& plan) {
  std::string where;
  for (const std::string& name : plan.key_names)
    where += (where.empty() ? "" : " AND ") + cql::quote_identifier(name) + " = ?";
  return fmt::format("DELETE FROM {}.{} USING TIMESTAMP ? WHERE {}", cql::quote_identifier(table.keyspace),
                     cql::quote_identifier(table.table), where);
}

Result<void> map_columns(const TableDescription& table, const data::Schema& schema, WritePlan& plan) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const TableColumn* column = find_column(table, schema[i].name);
    if (column == nullptr) return unknown_column(table, schema[i].name);
    STREAMOPS_ASSIGN(ColumnWriter writer, ColumnWriter::make(column->name, *schema[i].type, column->type));
    plan.columns.push_back({column->name, i, column->is_key(), std::move(writer)});
  }
  return Ok();
}

Result<void> map_key(const TableDescription& table, WritePlan& plan) {
  for (const std::string& name : table.key()) {
    const auto found = std::find_if(plan.columns.begin(), plan.columns.end(),
                                    [&](const MappedColumn& column) { return column.name == name; });
    if (found == plan.columns.end()) {
      return Error(errors::cassandra::key_missing, "the select lacks `{}`, which is part of the primary key of {}.{}",
                   name, table.keyspace, table.table);
    }
    plan.key_order.push_back(static_cast<std::size_t>(found - plan.columns.begin()));
    plan.key_names.push_back(name);
  }
  return Ok();
}

}  // namespace

std::vector<std::string> TableDescription::key() const {
  std::vector<std::string> out;
  for (const TableColumn& column : columns) {
    if (column.is_key()) out.push_back(column.name);
  }
  return out;
}

std::string columns_query(std::string_view keyspace, std::string_view table) {
  return fmt::format(
      "SELECT column_name, kind, position, type FROM system_schema.columns WHERE keyspace_name = {} AND table_name = "
      "{}",
      literal(keyspace), literal(table));
}

std::string types_query(std::string_view keyspace) {
  return fmt::format("SELECT type_name, field_names, field_types FROM system_schema.types WHERE keyspace_name = {}",
                     literal(keyspace));
}

Result<TableDescription> describe_table(const std::string& keyspace, const std::string& table, const cql::Rows& columns,
                                        const cql::Rows& types) {
  const UserTypes user_types(keyspace, types);
  TableDescription out{keyspace, table, {}};
  cql::RowReader reader(columns);
  Cells cells;
  while (reader.next(cells)) {
    TableColumn column;
    column.name = text_of(cells[0]);
    column.kind = kind_of(text_of(cells[1]));
    if (cells[2] && cells[2]->size() == 4) column.position = load_big_endian<std::int32_t>(cells[2]->data());
    auto type = cql::parse_type(text_of(cells[3]),
                                [&](std::string_view, std::string_view name) { return user_types.find(name); });
    if (!type) return type.error().in(fmt::format("column {} of {}.{}", column.name, keyspace, table));
    column.type = std::move(*type);
    out.columns.push_back(std::move(column));
  }
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  if (out.columns.empty()) return Error(errors::cassandra::no_table, "the table {}.{} does not exist", keyspace, table);
  std::sort(out.columns.begin(), out.columns.end(), [](const TableColumn& a, const TableColumn& b) {
    return std::tie(a.kind, a.position, a.name) < std::tie(b.kind, b.position, b.name);
  });
  return out;
}

Result<WritePlan> plan_writes(const TableDescription& table, const data::Schema& schema, bool with_ttl) {
  for (const TableColumn& column : table.columns) {
    if (column.type->id() != cql::TypeId::counter) continue;
    return Error(errors::cassandra::counter_refused,
                 "`{}` of {}.{} is a counter: rows that are written again after a restart would count twice",
                 column.name, table.keyspace, table.table);
  }
  WritePlan plan;
  STREAMOPS_RETURN_IF_ERROR(map_columns(table, schema, plan));
  STREAMOPS_RETURN_IF_ERROR(map_key(table, plan));
  plan.insert = insert_text(table, plan, with_ttl);
  plan.erase = erase_text(table, plan);
  return plan;
}

}  // namespace streamops::connect
