// CREATE TYPE and ALTER TYPE.
#include <fmt/format.h>

#include "cql/grammar/type_name.h"
#include "cql/store/invalid.h"
#include "cql/store/statements/definition.h"
#include "cql/store/statements/type_use.h"

namespace streamops::cql::store {
namespace {

using Change = SchemaChange::Change;
using Target = SchemaChange::Target;

Result<UdtField> make_field(const std::string& keyspace, const std::string& name, const TypeName& written,
                            const Schema& schema) {
  const auto udts = [&](std::string_view in, std::string_view type) {
    return schema.find_type(in.empty() ? std::string_view(keyspace) : in, type);
  };
  STREAMOPS_ASSIGN(CqlTypePtr type, resolve_type(written, udts));
  if (type->is_multi_cell() && type->id() == TypeId::udt)
    return invalid(fmt::format("A user type cannot contain non-frozen UDTs: {}", name));
  if (type->id() == TypeId::counter) return invalid("A user type cannot contain counters");
  return UdtField{name, std::move(type)};
}

std::vector<UdtField> fields_of(const CqlType& type) {
  std::vector<UdtField> out;
  out.reserve(type.children().size());
  for (std::size_t i = 0; i < type.children().size(); ++i) out.push_back({type.field_names()[i], type.children()[i]});
  return out;
}

Result<void> rename_fields(std::vector<UdtField>& fields, const RenameFields& rename, const std::string& type) {
  for (const auto& [from, to] : rename.renames) {
    bool found = rename.if_exists;
    for (UdtField& field : fields) {
      if (field.name != from) continue;
      field.name = to;
      found = true;
    }
    if (!found) return invalid(fmt::format("Unkown field {} in user type {}", from, type));
  }
  return Ok();
}

}  // namespace

Result<PlanPtr> compile_create_type(const CreateType& statement, const CompileContext& context) {
  STREAMOPS_ASSIGN(const std::string keyspace, Schema::resolve_keyspace(statement.type.keyspace, context.keyspace));
  return make_definition_plan([statement, keyspace](Engine&, Schema& draft) -> Result<std::optional<SchemaChange>> {
    const std::string& name = statement.type.name;
    if (draft.find_type(keyspace, name)) {
      if (statement.if_not_exists) return std::optional<SchemaChange>();
      return invalid(fmt::format("A user type with name '{}' already exists", name));
    }
    STREAMOPS_ASSIGN(const std::shared_ptr<Keyspace> in, edit_keyspace(draft, keyspace));
    std::vector<UdtField> fields;
    for (const auto& [field, type] : statement.fields) {
      STREAMOPS_ASSIGN(UdtField made, make_field(keyspace, field, type, draft));
      fields.push_back(std::move(made));
    }
    in->types[name] = CqlType::udt(keyspace, name, std::move(fields));
    return std::optional(change_of(Change::created, Target::type, keyspace, name));
  });
}

Result<PlanPtr> compile_alter_type(const AlterType& statement, const CompileContext& context) {
  STREAMOPS_ASSIGN(const std::string keyspace, Schema::resolve_keyspace(statement.type.keyspace, context.keyspace));
  return make_definition_plan([statement, keyspace](Engine&, Schema& draft) -> Result<std::optional<SchemaChange>> {
    const std::string& name = statement.type.name;
    const CqlTypePtr old = draft.find_type(keyspace, name);
    if (!old && statement.if_exists) return std::optional<SchemaChange>();
    if (!old) return invalid(fmt::format("Type {}.{} doesn't exist", keyspace, name));
    std::vector<UdtField> fields = fields_of(*old);
    if (const auto* add = std::get_if<AddField>(&statement.change)) {
      for (const UdtField& field : fields) {
        if (field.name == add->name && add->if_not_exists) return std::optional<SchemaChange>();
        if (field.name == add->name)
          return invalid(fmt::format("Cannot add field {} to type {}.{}: a field with name {} already exists",
                                     add->name, keyspace, name, add->name));
      }
      STREAMOPS_ASSIGN(UdtField made, make_field(keyspace, add->name, add->type, draft));
      fields.push_back(std::move(made));
    } else {
      STREAMOPS_RETURN_IF_ERROR(rename_fields(fields, std::get<RenameFields>(statement.change), name));
    }
    STREAMOPS_ASSIGN(const std::shared_ptr<Keyspace> in, edit_keyspace(draft, keyspace));
    replace_type(*in, CqlType::udt(keyspace, name, std::move(fields)));
    return std::optional(change_of(Change::updated, Target::type, keyspace, name));
  });
}

}  // namespace streamops::cql::store
