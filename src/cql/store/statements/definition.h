// cql/store/statements/definition.h — a statement that changes the schema, as a plan: one edit of a draft, made
// durable, announced.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cql/store/engine.h"
#include "cql/store/plan.h"

namespace streamops::cql::store {

/// A plan that runs `edit` on the schema of the moment.
PlanPtr make_definition_plan(std::function<Result<std::optional<SchemaChange>>(Engine& engine, Schema& draft)> edit);

/// A copy of a keyspace of the draft to change, put into it at once. Errors: SO-C001 (no such keyspace, or a system
/// one).
Result<std::shared_ptr<Keyspace>> edit_keyspace(Schema& draft, std::string_view keyspace);
/// A copy of a table to change, put into the draft. Errors: SO-C001.
Result<std::shared_ptr<Table>> edit_table(Schema& draft, std::string_view keyspace, std::string_view table);

SchemaChange change_of(SchemaChange::Change change, SchemaChange::Target target, std::string keyspace,
                       std::string name = {});
/// SO-C002 as drivers want it: keyspace and table travel in the label, "keyspace.table".
Error already_exists(std::string_view keyspace, std::string_view table);

// One function a statement. Errors: SO-C001, SO-C002, SO-C004, SO-C005, SO-C112, SO-C113.
Result<PlanPtr> compile_create_keyspace(const CreateKeyspace& statement);
Result<PlanPtr> compile_alter_keyspace(const AlterKeyspace& statement);
Result<PlanPtr> compile_create_table(const CreateTable& statement, const CompileContext& context);
Result<PlanPtr> compile_alter_table(const AlterTable& statement, const CompileContext& context);
Result<PlanPtr> compile_create_type(const CreateType& statement, const CompileContext& context);
Result<PlanPtr> compile_alter_type(const AlterType& statement, const CompileContext& context);
Result<PlanPtr> compile_drop(const Drop& statement, const CompileContext& context);
Result<PlanPtr> compile_truncate(const Truncate& statement, const CompileContext& context);
Result<PlanPtr> compile_use(const Use& statement, const CompileContext& context);

}  // namespace streamops::cql::store
