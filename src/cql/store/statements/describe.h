// cql/store/statements/describe.h — DESCRIBE, answered by the server as Cassandra 4 and later do.
#pragma once

#include "cql/store/plan.h"

namespace streamops::cql::store {

PlanPtr compile_describe(const Describe& statement);

}  // namespace streamops::cql::store
