// CREATE TABLE.
#include <fmt/format.h>

#include <algorithm>

#include "cql/grammar/type_name.h"
#include "cql/store/invalid.h"
#include "cql/store/rows/clustering.h"
#include "cql/store/statements/definition.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::size_t index_of(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// Kind, place and direction of a column as the statement gives them.
Result<Column> make_column(const CreateTable& statement, const ColumnDefinition& definition, CqlTypePtr type,
                           ColumnId id) {
  Column out;
  out.name = definition.name;
  out.type = std::move(type);
  out.id = id;
  if (out.type->id() == TypeId::counter) {
    return Error(errors::cql::not_served, "counter column {} cannot be created: the embedded store has no counters",
                 out.name);
  }
  if (contains(statement.partition_key, out.name)) {
    out.kind = ColumnKind::partition_key;
    out.position = index_of(statement.partition_key, out.name);
  } else if (contains(statement.clustering, out.name)) {
    out.kind = ColumnKind::clustering;
    out.position = index_of(statement.clustering, out.name);
    for (const ClusteringOrder& order : statement.clustering_order) {
      if (order.column == out.name) out.descending = order.descending;
    }
  } else {
    out.kind = definition.is_static ? ColumnKind::statics : ColumnKind::regular;
    return out;
  }
  if (out.type->is_multi_cell()) {
    return invalid(
        fmt::format("Invalid non-frozen collection type {} for PRIMARY KEY column '{}'", out.type->to_cql(), out.name));
  }
  if (out.type->id() == TypeId::duration)
    return invalid(fmt::format("duration type is not supported for PRIMARY KEY column '{}'", out.name));
  if (out.kind == ColumnKind::clustering && !can_cluster(*out.type)) {
    return Error(errors::cql::not_served, "type {} is not served for clustering column {}", out.type->to_cql(),
                 out.name);
  }
  // A key is frozen whether it says so or not.
  return out;
}

Result<void> check_order(const CreateTable& statement) {
  if (statement.clustering_order.empty()) return Ok();
  std::vector<std::string> ordered;
  for (const ClusteringOrder& order : statement.clustering_order) {
    if (!contains(statement.clustering, order.column)) {
      return invalid(fmt::format(
          "Only clustering key columns can be defined in CLUSTERING ORDER directive: [{}] are not clustering columns",
          order.column));
    }
    ordered.push_back(order.column);
  }
  for (std::size_t i = 0; i < statement.clustering.size(); ++i) {
    if (i >= ordered.size())
      return invalid(fmt::format("Missing CLUSTERING ORDER for column {}", statement.clustering[i]));
    if (ordered[i] != statement.clustering[i]) {
      return invalid(
          "The order of columns in the CLUSTERING ORDER directive must match that of the clustering columns");
    }
  }
  return Ok();
}

Result<std::shared_ptr<Table>> make_table(const CreateTable& statement, const std::string& keyspace,
                                          const Schema& schema) {
  auto table = std::make_shared<Table>();
  table->keyspace = keyspace;
  table->name = statement.table.name;
  const auto udts = [&schema, &keyspace](std::string_view in, std::string_view name) {
    return schema.find_type(in.empty() ? std::string_view(keyspace) : in, name);
  };
  for (const ColumnDefinition& definition : statement.columns) {
    STREAMOPS_ASSIGN(CqlTypePtr type, resolve_type(definition.type, udts));
    STREAMOPS_ASSIGN(Column column, make_column(statement, definition, std::move(type), table->next_column++));
    table->columns.push_back(std::move(column));
  }
  STREAMOPS_RETURN_IF_ERROR(check_order(statement));
  STREAMOPS_RETURN_IF_ERROR(table->options.apply(statement.properties));
  table->arrange();
  if (table->has_statics() && table->clustering_size == 0) {
    return invalid("Static columns are only useful (and thus allowed) if the table has at least one clustering column");
  }
  return table;
}

}  // namespace

Result<PlanPtr> compile_create_table(const CreateTable& statement, const CompileContext& context) {
  STREAMOPS_ASSIGN(const std::string keyspace, Schema::resolve_keyspace(statement.table.keyspace, context.keyspace));
  if (statement.compact_storage) return Error(errors::cql::not_served, "{}", "COMPACT STORAGE is not served");
  if (statement.table.name.size() > 48) {
    return invalid(
        fmt::format("Table name must not be empty, more than 48 characters long, or contain "
                    "non-alphanumeric-underscore characters (got \"{}\")",
                    statement.table.name));
  }
  return make_definition_plan([statement, keyspace](Engine& engine,
                                                    Schema& draft) -> Result<std::optional<SchemaChange>> {
    if (draft.find(keyspace, statement.table.name)) {
      if (statement.if_not_exists) return std::optional<SchemaChange>();
      return already_exists(keyspace, statement.table.name);
    }
    STREAMOPS_ASSIGN(const std::shared_ptr<Keyspace> in, edit_keyspace(draft, keyspace));
    STREAMOPS_ASSIGN(std::shared_ptr<Table> table, make_table(statement, keyspace, draft));
    table->id = engine.new_table_id();
    table->uuid = engine.loop().random().uuid();
    in->tables[table->name] = table;
    return std::optional(change_of(SchemaChange::Change::created, SchemaChange::Target::table, keyspace, table->name));
  });
}

}  // namespace streamops::cql::store
