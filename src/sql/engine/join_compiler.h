// sql/engine/join_compiler.h — FROM a JOIN b ON … JOIN c ON …: from the tree to steps of the plan.
//
// Conditions go as far down as Spark takes them: what looks at one side only is asked before the join, where that
// side's rows may fall out; equalities between the sides become keys; the rest is asked of each pair. Of conditions
// between two event times follows how long a row is remembered (join_bounds.h).
#pragma once

#include <vector>

#include "sql/engine/compiler.h"

namespace streamops::sql {

/// The name and columns that a relation has for those who read it. Errors: SO-S009 (names that do not fit the columns).
Result<ScopeTable> scope_of(const Relation& relation, const PlanNode& input, const SourceText& text);

/// The plan of everything in FROM: `first` with `joined`, one a JOIN of `query`. Adds the tables to `binder`, and takes
/// out of `where` what the joins ask already. Errors: SO-S003 (joins that are not served), SO-S016, SO-S017, and those
/// of binding.
Result<PlanPtr> compile_joins(Compiler& compiler, const SelectQuery& query, PlanPtr first, std::vector<PlanPtr> joined,
                              Binder& binder, Conditions& where);

/// Drops columns of joins' inputs that nobody reads, and tells layouts of state apart. Once the whole plan is there.
void prune_joins(PlanNode& root);

/// True for a step all of whose rows are a table's.
bool is_table(const PlanNode& node);
/// True where some rows come from no FROM at all.
bool has_one_row(const PlanNode& node);
/// True where a null in any column makes the expression null.
bool passes_null(const Expression& expression);
/// Slots that are read in `reads` are in `used`, too.
void note_reads(std::vector<bool>& used, const std::vector<bool>& reads);

/// False for a function whose value is another at each call.
bool is_deterministic(const Expression& expression);

}  // namespace streamops::sql
