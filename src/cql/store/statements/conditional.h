// cql/store/statements/conditional.h — running modifications, and those with IF conditions in particular.
#pragma once

#include <span>
#include <vector>

#include "cql/store/modification.h"
#include "cql/store/plan.h"

namespace streamops::cql::store {

struct BoundModifications {
  const std::vector<Modification>* modifications = nullptr;
  std::span<const Value> values;
  const ValueSource* batch_timestamp = nullptr;
};

/// Carries out everything as one write. The plans that own the modifications must be kept by the caller until `done`.
void execute_modifications(Engine& engine, const std::vector<BoundModifications>& parts, const ExecuteRequest& request,
                           AnswerDone done);

/// The same, when at least one has conditions: all hold and everything is written, or nothing is. Answers [applied]
/// and, when false, the rows that stood in the way. Errors: SO-C001 (several partitions).
void execute_conditional(Engine& engine, const std::vector<BoundModifications>& parts, const ExecuteRequest& request,
                         AnswerDone done);

}  // namespace streamops::cql::store
