// DROP KEYSPACE, TABLE, TYPE and INDEX; TRUNCATE.
#include <fmt/format.h>

#include "cql/store/invalid.h"
#include "cql/store/statements/definition.h"
#include "cql/store/statements/type_use.h"

namespace streamops::cql::store {
namespace {

using Change = SchemaChange::Change;
using Target = SchemaChange::Target;
using Edited = Result<std::optional<SchemaChange>>;

Edited drop_keyspace(Schema& draft, const Drop& drop) {
  const std::string& name = drop.name.name;
  if (draft.find(name) == nullptr && drop.if_exists) return std::optional<SchemaChange>();
  STREAMOPS_ASSIGN([[maybe_unused]] const std::shared_ptr<Keyspace> found, edit_keyspace(draft, name));
  draft.keyspaces.erase(name);
  return std::optional(change_of(Change::dropped, Target::keyspace, name));
}

Edited drop_table(Schema& draft, const Drop& drop, const std::string& keyspace) {
  if (drop.if_exists && !draft.find(keyspace, drop.name.name)) return std::optional<SchemaChange>();
  STREAMOPS_ASSIGN([[maybe_unused]] const std::shared_ptr<Table> table, edit_table(draft, keyspace, drop.name.name));
  STREAMOPS_ASSIGN(const std::shared_ptr<Keyspace> in, edit_keyspace(draft, keyspace));
  in->tables.erase(drop.name.name);
  return std::optional(change_of(Change::dropped, Target::table, keyspace, drop.name.name));
}

Edited drop_type(Schema& draft, const Drop& drop, const std::string& keyspace) {
  if (!draft.find_type(keyspace, drop.name.name)) {
    if (drop.if_exists) return std::optional<SchemaChange>();
    return invalid(fmt::format("Type '{}.{}' doesn't exist", keyspace, drop.name.name));
  }
  STREAMOPS_ASSIGN(const std::shared_ptr<Keyspace> in, edit_keyspace(draft, keyspace));
  if (const std::optional<std::string> user = user_of_type(*in, drop.name.name)) {
    return invalid(
        fmt::format("Cannot drop user type '{}.{}' as it is still used by {}", keyspace, drop.name.name, *user));
  }
  in->types.erase(drop.name.name);
  return std::optional(change_of(Change::dropped, Target::type, keyspace, drop.name.name));
}

class TruncatePlan final : public Plan {
 public:
  TruncatePlan(std::string keyspace, std::string name) : keyspace_(std::move(keyspace)), name_(std::move(name)) {}
  void execute(Engine& engine, const ExecuteRequest&, AnswerDone done) const override {
    Result<TablePtr> found = engine.schema()->require(keyspace_, {}, name_);
    if (!found) return done(found.error());
    if ((*found)->is_virtual()) return done(invalid("Cannot truncate system keyspaces"));
    engine.truncate(*found, std::move(done));
  }

 private:
  std::string keyspace_;
  std::string name_;
};

}  // namespace

Result<PlanPtr> compile_drop(const Drop& statement, const CompileContext& context) {
  if (statement.kind == Drop::Kind::keyspace) {
    return make_definition_plan([statement](Engine&, Schema& draft) { return drop_keyspace(draft, statement); });
  }
  STREAMOPS_ASSIGN(const std::string keyspace, Schema::resolve_keyspace(statement.name.keyspace, context.keyspace));
  if (statement.kind == Drop::Kind::index) {
    if (statement.if_exists)
      return make_definition_plan([](Engine&, Schema&) { return Edited(std::optional<SchemaChange>()); });
    return invalid(fmt::format("Index '{}.{}' doesn't exist", keyspace, statement.name.name));
  }
  return make_definition_plan([statement, keyspace](Engine&, Schema& draft) {
    return statement.kind == Drop::Kind::table ? drop_table(draft, statement, keyspace)
                                               : drop_type(draft, statement, keyspace);
  });
}

Result<PlanPtr> compile_truncate(const Truncate& statement, const CompileContext& context) {
  STREAMOPS_ASSIGN(std::string keyspace, Schema::resolve_keyspace(statement.table.keyspace, context.keyspace));
  STREAMOPS_ASSIGN([[maybe_unused]] const TablePtr table, context.schema.require(keyspace, {}, statement.table.name));
  return PlanPtr(std::make_shared<TruncatePlan>(std::move(keyspace), statement.table.name));
}

}  // namespace streamops::cql::store
