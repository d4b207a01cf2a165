// cql/store/statements/type_use.h — where user-defined types are used, inside of other types and of tables.
#pragma once

#include <optional>
#include <string>

#include "cql/store/schema/schema.h"

namespace streamops::cql::store {

/// True when `type` is, or holds, the user-defined type `name`.
bool uses_type(const CqlType& type, std::string_view name);
/// Who uses the type: "table t", "type u"; nothing when nobody does.
std::optional<std::string> user_of_type(const Keyspace& keyspace, std::string_view name);
/// Puts the new form of a type in the place of the old one, in every type and column that holds it.
void replace_type(Keyspace& keyspace, const CqlTypePtr& changed);

}  // namespace streamops::cql::store
