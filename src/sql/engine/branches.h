// sql/engine/branches.h — the operations that evaluate only what is needed: AND, OR, CASE, COALESCE.
//
// Each operand sees the mask of the rows that reach it, so an ANSI error in a branch strikes only rows that take the
// branch.
#pragma once

#include "sql/engine/evaluation.h"

namespace streamops::sql {

NodePtr and_node(NodePtr left, NodePtr right, Span span);
NodePtr or_node(NodePtr left, NodePtr right, Span span);

struct Branch {
  NodePtr condition;  // BOOLEAN
  NodePtr value;
};
/// Values and `otherwise` (may be null: NULL) have the type `type`.
NodePtr case_node(std::vector<Branch> branches, NodePtr otherwise, const data::TypePtr& type, Span span);
/// The first value that is not null; all have the type `type`.
NodePtr coalesce_node(std::vector<NodePtr> values, const data::TypePtr& type, Span span);

/// True for rows where a BOOLEAN vector is true.
inline bool is_true(const Vector& value, std::size_t row) {
  return !value.is_null(row) && value.column->boolean(value.index(row));
}

}  // namespace streamops::sql
