#include "cql/store/statements/type_use.h"

#include <algorithm>

namespace streamops::cql::store {
namespace {

CqlTypePtr replaced(const CqlTypePtr& type, const CqlTypePtr& changed) {
  if (!uses_type(*type, changed->name())) return type;
  if (type->id() == TypeId::udt && type->name() == changed->name())
    return type->frozen() ? CqlType::freeze(changed) : changed;
  std::vector<CqlTypePtr> children;
  for (const CqlTypePtr& child : type->children()) children.push_back(replaced(child, changed));
  switch (type->id()) {
    case TypeId::list:
      return CqlType::list(children[0], type->frozen());
    case TypeId::set:
      return CqlType::set(children[0], type->frozen());
    case TypeId::map:
      return CqlType::map(children[0], children[1], type->frozen());
    case TypeId::tuple:
      return CqlType::tuple(std::move(children));
    case TypeId::vector:
      return CqlType::vector(children[0], type->dimension());
    case TypeId::udt: {
      std::vector<UdtField> fields;
      fields.reserve(children.size());
      for (std::size_t i = 0; i < children.size(); ++i) fields.push_back({type->field_names()[i], children[i]});
      return CqlType::udt(type->keyspace(), type->name(), std::move(fields), type->frozen());
    }
    default:
      return type;
  }
}

}  // namespace

bool uses_type(const CqlType& type, std::string_view name) {
  if (type.id() == TypeId::udt && type.name() == name) return true;
  return std::any_of(type.children().begin(), type.children().end(),
                     [name](const CqlTypePtr& child) { return uses_type(*child, name); });
}

std::optional<std::string> user_of_type(const Keyspace& keyspace, std::string_view name) {
  for (const auto& [other, type] : keyspace.types) {
    if (other != name && uses_type(*type, name)) return "type " + other;
  }
  for (const auto& [table_name, table] : keyspace.tables) {
    for (const Column& column : table->columns) {
      if (uses_type(*column.type, name)) return "table " + table_name;
    }
  }
  return std::nullopt;
}

void replace_type(Keyspace& keyspace, const CqlTypePtr& changed) {
  for (auto& [name, type] : keyspace.types) type = name == changed->name() ? changed : replaced(type, changed);
  for (auto& [name, table] : keyspace.tables) {
    const bool uses = std::any_of(table->columns.begin(), table->columns.end(),
                                  [&](const Column& column) { return uses_type(*column.type, changed->name()); });
    if (!uses) continue;
    auto copy = std::make_shared<Table>(*table);
    for (Column& column : copy->columns) column.type = replaced(column.type, changed);
    table = copy;
  }
}

}  // namespace streamops::cql::store
