// cql/store/statements/select.h — SELECT: restrictions, order, limits, pages.
//
// The paging state is | u8 1 | u32 rows left of LIMIT | u32 rows left of PER PARTITION LIMIT | key to go on at |;
// clients hand it back as they got it, and what does not parse is refused.
#pragma once

#include "cql/store/plan.h"

namespace streamops::cql::store {

/// Errors: SO-C001, SO-C005, SO-C120.
Result<PlanPtr> compile_select(const Select& statement, const CompileContext& context);

}  // namespace streamops::cql::store
