// sql/engine/binder.h — names become columns, calls become kernels: the tree turns into nodes with types.
#pragma once

#include "base/result.h"
#include "sql/engine/function.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

/// A column that a query can name.
struct ScopeColumn {
  std::string name;
  data::TypePtr type;
  bool nullable = true;
};

/// The source, or one LATERAL VIEW. Its columns take consecutive slots of the frame.
struct ScopeTable {
  std::vector<std::string> names;  // name and alias
  std::size_t first_slot = 0;
  std::vector<ScopeColumn> columns;
};

/// An earlier item of the select list, usable by its alias (Spark's lateral column alias).
struct ScopeItem {
  std::string name;
  std::size_t index = 0;
  data::TypePtr type;
  bool nullable = true;
};

struct NamedNode {
  std::string name;
  NodePtr node;
};

class Binder {
 public:
  explicit Binder(const SourceText& source) : source_(source) {}

  /// Adds a table; its columns follow those before. Errors: SO-S005 (its name is taken).
  Result<void> add_table(ScopeTable table, Span span);
  void add_item(ScopeItem item) { items_.push_back(std::move(item)); }
  std::size_t slots() const { return slots_; }
  /// Marks every slot that is read from now on with `true` here.
  void record_reads(std::vector<bool>* used) { used_ = used; }

  Result<NodePtr> bind(const Expression& expression);
  /// All columns that `*`, `t.*` or `structure.*` stands for.
  Result<std::vector<NamedNode>> expand(const Expression& star);
  /// The arguments of a call, for generators.
  Result<std::vector<NodePtr>> bind_all(const std::vector<ExpressionPtr>& expressions);

 private:
  struct Found {
    const ScopeTable* table;
    std::size_t column;
    std::size_t parts;  // how many parts of the name were used
  };

  Result<NodePtr> bind_literal(const Expression& expression);
  Result<NodePtr> bind_column(const Expression& expression);
  Result<NodePtr> bind_call(const Expression& expression);
  Result<NodePtr> bind_cast(const Expression& expression);
  Result<NodePtr> member(NodePtr value, const Name& name, Span span);
  /// No table: nothing fits.
  Result<std::optional<Found>> find(const Expression& expression);
  NodePtr read(const Found& found, Span span);
  Error unknown_column(const Expression& expression) const;
  NodePtr fold(NodePtr node) const;
  Error at(Span span, const Error& error) const { return error.place() ? error : source_.at(span, error); }

  const SourceText& source_;
  std::vector<ScopeTable> tables_;
  std::vector<ScopeItem> items_;
  std::size_t slots_ = 0;
  std::vector<bool>* used_ = nullptr;
};

}  // namespace streamops::sql
