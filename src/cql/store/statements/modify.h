// cql/store/statements/modify.h — INSERT, UPDATE, DELETE and BATCH as plans.
//
// Without conditions a statement is blind: its writes go into the next group commit, and it is answered when that is
// durable. With conditions it runs exclusively: after everything committed so far, its rows are read, the conditions
// judged, and the writes are durable before the next conditional statement begins.
#pragma once

#include "cql/grammar/batch.h"
#include "cql/store/modification.h"
#include "cql/store/plan.h"

namespace streamops::cql::store {

/// Errors: SO-C001, SO-C005, SO-C120.
Result<PlanPtr> compile_modify(const cql::Modification& statement, const CompileContext& context);
Result<PlanPtr> compile_batch(const BatchStatement& statement, const CompileContext& context);

/// The modifications of a plan made by the two above; nothing for other plans. For protocol batches, which join several
/// plans.
const std::vector<Modification>* modifications_of(const Plan& plan);

/// One statement of a protocol batch, with its bound values.
struct BatchPart {
  PlanPtr plan;
  std::vector<Value> values;
};
/// Carries out a protocol batch as one write. Errors: SO-C001 (a statement that is no modification), …
void execute_batch(Engine& engine, const std::vector<BatchPart>& parts, const ExecuteRequest& request, AnswerDone done);

}  // namespace streamops::cql::store
