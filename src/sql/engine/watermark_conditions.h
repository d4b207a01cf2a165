// sql/engine/watermark_conditions.h — which conditions decide whether a source row moves the watermark.
//
// Spark moves conditions down to the source, through subqueries, the keys of GROUP BY and UNION ALL, but not past the
// watermark when they look at the event time. So a row that WHERE k = 'a' drops, however far above, is not seen by the
// watermark. Here the conditions stay where they are; what they say of the source's rows is worked out on the trees.
#pragma once

#include <vector>

#include "sql/grammar/tree.h"

namespace streamops::sql {

/// Conditions that all hold, over the names of a relation's columns.
using Conditions = std::vector<ExpressionPtr>;

/// The operands of AND, however deep.
void split_conjuncts(const ExpressionPtr& condition, Conditions& out);

/// A relation made by SELECTs: what its columns are called.
struct RelationNames {
  const SelectQuery* first = nullptr;          // of UNION ALL: its items give the names ...
  const std::vector<Name>* renamed = nullptr;  // ... unless names follow the relation; may be null
};
/// What `above` (over the names of the relation that `query` is a branch of) and HAVING say of the rows that `query`
/// reads. What cannot be said of single rows is left out.
Conditions conditions_on_rows(const SelectQuery& query, const Conditions& above, const RelationNames& names);
/// Conditions on what `query` reads, with the names that FROM's relation gives its columns.
Conditions conditions_on_input(const SelectQuery& query, const Conditions& on_rows);

}  // namespace streamops::sql
