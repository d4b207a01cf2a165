#include "cql/store/statements/definition.h"

#include <fmt/format.h>

#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

using EditFunction = std::function<Result<std::optional<SchemaChange>>(Engine& engine, Schema& draft)>;

class DefinitionPlan final : public Plan {
 public:
  explicit DefinitionPlan(EditFunction edit) : edit_(std::move(edit)) {}
  void execute(Engine& engine, const ExecuteRequest&, AnswerDone done) const override {
    engine.change_schema([&engine, edit = edit_](Schema& draft) { return edit(engine, draft); }, std::move(done));
  }

 private:
  EditFunction edit_;
};

}  // namespace

PlanPtr make_definition_plan(EditFunction edit) {
  return std::make_shared<DefinitionPlan>(std::move(edit));
}

Result<std::shared_ptr<Keyspace>> edit_keyspace(Schema& draft, std::string_view keyspace) {
  const Keyspace* found = draft.find(keyspace);
  if (found == nullptr) return Error(errors::cql::invalid_request, "Keyspace '{}' doesn't exist", keyspace);
  if (found->is_system) return Error(errors::cql::not_allowed, "{} keyspace is not user-modifiable.", keyspace);
  auto copy = std::make_shared<Keyspace>(*found);
  draft.keyspaces[std::string(keyspace)] = copy;
  return copy;
}

Result<std::shared_ptr<Table>> edit_table(Schema& draft, std::string_view keyspace, std::string_view table) {
  STREAMOPS_ASSIGN(const std::shared_ptr<Keyspace> in, edit_keyspace(draft, keyspace));
  const auto found = in->tables.find(table);
  if (found == in->tables.end())
    return Error(errors::cql::invalid_request, "Table '{}.{}' doesn't exist", keyspace, table);
  auto copy = std::make_shared<Table>(*found->second);
  found->second = copy;
  return copy;
}

SchemaChange change_of(SchemaChange::Change change, SchemaChange::Target target, std::string keyspace,
                       std::string name) {
  SchemaChange out;
  out.change = change;
  out.target = target;
  out.keyspace = std::move(keyspace);
  out.name = std::move(name);
  return out;
}

Error already_exists(std::string_view keyspace, std::string_view table) {
  if (table.empty()) {
    return Error(errors::cql::already_exists, "Cannot add existing keyspace \"{}\"", keyspace)
        .with_label(std::string(keyspace));
  }
  return Error(errors::cql::already_exists, "Cannot add already existing table \"{}\" to keyspace \"{}\"", table,
               keyspace)
      .with_label(fmt::format("{}.{}", keyspace, table));
}

}  // namespace streamops::cql::store
