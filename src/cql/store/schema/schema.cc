#include "cql/store/schema/schema.h"

#include <algorithm>
#include <tuple>

#include "errors/cql.h"

namespace streamops::cql::store {

std::string_view to_string(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::partition_key:
      return "partition_key";
    case ColumnKind::clustering:
      return "clustering";
    case ColumnKind::statics:
      return "static";
    case ColumnKind::regular:
      break;
  }
  return "regular";
}

const Column* Table::find(std::string_view column) const {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [column](const Column& each) { return each.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

const Column* Table::by_id(ColumnId column) const {
  if (column >= ordinal_of_.size() || ordinal_of_[column] < 0) return nullptr;
  return &columns[static_cast<std::size_t>(ordinal_of_[column])];
}

bool Table::has_statics() const {
  return std::any_of(columns.begin(), columns.end(),
                     [](const Column& column) { return column.kind == ColumnKind::statics; });
}

void Table::arrange() {
  std::stable_sort(columns.begin(), columns.end(), [](const Column& a, const Column& b) {
    if (a.kind != b.kind) return a.kind < b.kind;
    const bool by_name = a.kind == ColumnKind::statics || a.kind == ColumnKind::regular;
    return by_name ? a.name < b.name : a.position < b.position;
  });
  ordinal_of_.assign(next_column, -1);
  partition_size = 0;
  clustering_size = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Column& column = columns[i];
    column.ordinal = i;
    const bool first_of_kind = i == 0 || columns[i - 1].kind != column.kind;
    column.position = first_of_kind ? 0 : columns[i - 1].position + 1;
    partition_size += column.kind == ColumnKind::partition_key ? 1 : 0;
    clustering_size += column.kind == ColumnKind::clustering ? 1 : 0;
    if (column.id < ordinal_of_.size()) ordinal_of_[column.id] = static_cast<std::int32_t>(i);
  }
}

const Keyspace* Schema::find(std::string_view keyspace) const {
  const auto found = keyspaces.find(keyspace);
  return found == keyspaces.end() ? nullptr : found->second.get();
}

TablePtr Schema::find(std::string_view keyspace, std::string_view table) const {
  const Keyspace* in = find(keyspace);
  if (in == nullptr) return nullptr;
  const auto found = in->tables.find(table);
  return found == in->tables.end() ? nullptr : found->second;
}

CqlTypePtr Schema::find_type(std::string_view keyspace, std::string_view type) const {
  const Keyspace* in = find(keyspace);
  if (in == nullptr) return nullptr;
  const auto found = in->types.find(type);
  return found == in->types.end() ? nullptr : found->second;
}

Result<std::string> Schema::resolve_keyspace(std::string_view written, std::string_view session) {
  if (!written.empty()) return std::string(written);
  if (!session.empty()) return std::string(session);
  return Error(errors::cql::invalid_request, "{}",
               "No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename");
}

Result<TablePtr> Schema::require(std::string_view keyspace, std::string_view session, std::string_view table) const {
  STREAMOPS_ASSIGN(const std::string name, resolve_keyspace(keyspace, session));
  if (find(name) == nullptr) return Error(errors::cql::invalid_request, "keyspace {} does not exist", name);
  TablePtr found = find(name, table);
  if (!found) return Error(errors::cql::invalid_request, "table {} does not exist", table);
  return found;
}

}  // namespace streamops::cql::store
