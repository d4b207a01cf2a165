// ALTER TABLE: columns come and go, names of key columns change, options change.
#include <fmt/format.h>

#include <algorithm>

#include "cql/grammar/type_name.h"
#include "cql/store/invalid.h"
#include "cql/store/statements/definition.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

/// One kind of change, applied to a copy of the table.
struct Alteration {
  Table& table;
  const Schema& schema;
  std::int64_t now_micros;

  Result<void> operator()(const AddColumns& add) const {
    for (const ColumnDefinition& definition : add.columns)
      STREAMOPS_RETURN_IF_ERROR(add_column(definition, add.if_not_exists));
    table.arrange();
    return Ok();
  }

  Result<void> operator()(const DropColumns& drop) const {
    for (const std::string& name : drop.columns) STREAMOPS_RETURN_IF_ERROR(drop_column(name, drop.if_exists));
    table.arrange();
    return Ok();
  }

  Result<void> operator()(const RenameColumns& rename) const {
    for (const auto& [from, to] : rename.renames) {
      const Column* column = table.find(from);
      if (column == nullptr && rename.if_exists) continue;
      if (column == nullptr)
        return invalid(fmt::format("Column {} was not found in table {}.{}", from, table.keyspace, table.name));
      if (column->kind != ColumnKind::partition_key && column->kind != ColumnKind::clustering) {
        return invalid(fmt::format("Cannot rename non PRIMARY KEY column {}", from));
      }
      if (table.find(to) != nullptr) {
        return invalid(
            fmt::format("Cannot rename column {} to {} in table '{}.{}'; another column with that name already exists",
                        from, to, table.keyspace, table.name));
      }
      table.columns[column->ordinal].name = to;
    }
    table.arrange();
    return Ok();
  }

  Result<void> operator()(const AlterColumnType&) const {
    return invalid("Altering column types is no longer supported");
  }

  Result<void> operator()(const AlterProperties& properties) const {
    return table.options.apply(properties.properties);
  }

 private:
  Result<void> add_column(const ColumnDefinition& definition, bool if_not_exists) const {
    if (table.find(definition.name) != nullptr) {
      if (if_not_exists) return Ok();
      return invalid(fmt::format("Column with name '{}' already exists", definition.name));
    }
    const auto udts = [this](std::string_view in, std::string_view name) {
      return schema.find_type(in.empty() ? std::string_view(table.keyspace) : in, name);
    };
    Column column;
    column.name = definition.name;
    STREAMOPS_ASSIGN(column.type, resolve_type(definition.type, udts));
    if (column.type->id() == TypeId::counter)
      return Error(errors::cql::not_served, "counter column {} cannot be added", column.name);
    if (definition.is_static && table.clustering_size == 0) {
      return invalid(
          "Static columns are only useful (and thus allowed) if the table has at least one clustering column");
    }
    column.kind = definition.is_static ? ColumnKind::statics : ColumnKind::regular;
    column.id = table.next_column++;
    table.columns.push_back(std::move(column));
    return Ok();
  }

  Result<void> drop_column(const std::string& name, bool if_exists) const {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&name](const Column& each) { return each.name == name; });
    if (found == table.columns.end()) {
      if (if_exists) return Ok();
      return invalid(fmt::format("Column {} was not found in table '{}.{}'", name, table.keyspace, table.name));
    }
    if (found->kind == ColumnKind::partition_key || found->kind == ColumnKind::clustering) {
      return invalid(fmt::format("Cannot drop PRIMARY KEY column {}", name));
    }
    std::erase_if(table.dropped, [&name](const DroppedColumn& each) { return each.name == name; });
    table.dropped.push_back({name, found->type->to_cql(), found->kind, now_micros});
    table.columns.erase(found);
    return Ok();
  }
};

}  // namespace

Result<PlanPtr> compile_alter_table(const AlterTable& statement, const CompileContext& context) {
  STREAMOPS_ASSIGN(const std::string keyspace, Schema::resolve_keyspace(statement.table.keyspace, context.keyspace));
  return make_definition_plan([statement, keyspace](Engine& engine,
                                                    Schema& draft) -> Result<std::optional<SchemaChange>> {
    if (statement.if_exists && !draft.find(keyspace, statement.table.name)) return std::optional<SchemaChange>();
    STREAMOPS_ASSIGN(const std::shared_ptr<Table> table, edit_table(draft, keyspace, statement.table.name));
    STREAMOPS_RETURN_IF_ERROR(std::visit(Alteration{*table, draft, engine.next_timestamp()}, statement.change));
    return std::optional(change_of(SchemaChange::Change::updated, SchemaChange::Target::table, keyspace, table->name));
  });
}

}  // namespace streamops::cql::store
