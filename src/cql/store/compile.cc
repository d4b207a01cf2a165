// The list of statements that are served.
#include "cql/store/plan.h"
#include "cql/store/statements/definition.h"
#include "cql/store/statements/describe.h"
#include "cql/store/statements/modify.h"
#include "cql/store/statements/select.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

struct Dispatch {
  const CompileContext& context;

  Result<PlanPtr> operator()(const Select& statement) const { return compile_select(statement, context); }
  Result<PlanPtr> operator()(const Insert& statement) const { return compile_modify(statement, context); }
  Result<PlanPtr> operator()(const Update& statement) const { return compile_modify(statement, context); }
  Result<PlanPtr> operator()(const Delete& statement) const { return compile_modify(statement, context); }
  Result<PlanPtr> operator()(const BatchStatement& statement) const { return compile_batch(statement, context); }
  Result<PlanPtr> operator()(const Use& statement) const { return compile_use(statement, context); }
  Result<PlanPtr> operator()(const CreateKeyspace& statement) const { return compile_create_keyspace(statement); }
  Result<PlanPtr> operator()(const AlterKeyspace& statement) const { return compile_alter_keyspace(statement); }
  Result<PlanPtr> operator()(const CreateTable& statement) const { return compile_create_table(statement, context); }
  Result<PlanPtr> operator()(const AlterTable& statement) const { return compile_alter_table(statement, context); }
  Result<PlanPtr> operator()(const CreateType& statement) const { return compile_create_type(statement, context); }
  Result<PlanPtr> operator()(const AlterType& statement) const { return compile_alter_type(statement, context); }
  Result<PlanPtr> operator()(const Drop& statement) const { return compile_drop(statement, context); }
  Result<PlanPtr> operator()(const Truncate& statement) const { return compile_truncate(statement, context); }
  Result<PlanPtr> operator()(const Describe& statement) const { return compile_describe(statement); }
  Result<PlanPtr> operator()(const CreateIndex&) const {
    return Error(errors::cql::not_served, "{}",
                 "CREATE INDEX is not served: the embedded store has no secondary indexes")
        .with_hint("read with ALLOW FILTERING, or make a table with the other key");
  }
  Result<PlanPtr> operator()(const Unserved& statement) const {
    return Error(errors::cql::not_served, "{} is not served by the embedded store", statement.what);
  }
};

}  // namespace

Result<PlanPtr> compile(const ParsedStatement& parsed, const Schema& schema, std::string_view session_keyspace) {
  const CompileContext context{schema, session_keyspace, parsed.markers};
  return std::visit(Dispatch{context}, parsed.statement);
}

}  // namespace streamops::cql::store
