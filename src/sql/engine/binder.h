// sql/engine/binder.h — names become columns, calls become kernels: the tree turns into nodes with types.
#pragma once

#include "base/result.h"
#include "sql/engine/function.h"
#include "sql/engine/lambda.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

/// A column that a query can name.
struct ScopeColumn {
  std::string name;
  data::TypePtr type;
  bool nullable = true;
  bool event_time = false;
};

/// The source, a LATERAL VIEW, or the column of windows. Its columns take consecutive slots of the frame.
struct ScopeTable {
  std::vector<std::string> names;  // name and alias
  std::size_t first_slot = 0;
  std::vector<ScopeColumn> columns;
  /// Its columns are meant where others have the same name.
  bool preferred = false;
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

/// Asked first, for every expression: what stands for it as a whole. Null: it is to be bound by its parts.
class WholeResolver {
 public:
  virtual ~WholeResolver() = default;
  virtual Result<NodePtr> resolve(const Expression& expression) = 0;
};

class Binder {
 public:
  explicit Binder(const SourceText& source) : source_(source) {}

  /// Adds a table; its columns follow those before. Errors: SO-S005 (its name is taken).
  Result<void> add_table(ScopeTable table, Span span);
  /// Takes the table that was added last out again.
  void drop_last_table();
  /// An outer join: from now on the columns of these slots may be null.
  void make_nullable(std::size_t begin, std::size_t end = SIZE_MAX);
  void add_item(ScopeItem item) { items_.push_back(std::move(item)); }
  std::size_t slots() const { return slots_; }
  void set_resolver(WholeResolver* resolver) { resolver_ = resolver; }
  /// Marks every slot that is read from now on with `true` here.
  void record_reads(std::vector<bool>* used) { used_ = used; }

  Result<NodePtr> bind(const Expression& expression);
  /// The body of `x -> …` with parameters of these types; fewer names than types may be written. Errors: SO-S009.
  Result<Lambda> bind_lambda(const Expression& lambda, std::vector<ScopeColumn> parameters);
  /// All columns that `*`, `t.*` or `structure.*` stands for.
  Result<std::vector<NamedNode>> expand(const Expression& star);
  /// The arguments of a call; an argument `*` is left out.
  Result<std::vector<NodePtr>> bind_all(const std::vector<ExpressionPtr>& expressions);
  /// Equal texts mean equal expressions: names are told by the column that they stand for.
  std::string fingerprint(const Expression& expression);
  /// From now on a call with the fingerprint `call` is the column `slot`.
  void stands_for(std::string call, std::size_t slot) { stand_in_ = {std::move(call), slot}; }
  /// The column that a name stands for and how many parts of the name that takes; nothing when there is none.
  struct ColumnName {
    std::size_t slot;
    std::size_t parts;
  };
  Result<std::optional<ColumnName>> find_column(const Expression& expression);
  NodePtr column(std::size_t slot, Span span);
  Result<NodePtr> member(NodePtr value, const Name& name, Span span);
  /// SO-S006 with the names that there are.
  Error unknown_column(const Expression& expression) const;
  const std::vector<ScopeTable>& tables() const { return tables_; }

 private:
  struct Found {
    const ScopeTable* table;
    std::size_t column;
    std::size_t parts;  // how many parts of the name were used
  };

  Result<NodePtr> bind_literal(const Expression& expression);
  Result<NodePtr> bind_column(const Expression& expression);
  Result<NodePtr> bind_call(const Expression& expression);
  Result<NodePtr> bind_window_time_call(const Expression& expression);
  Result<NodePtr> bind_cast(const Expression& expression);
  Result<NodePtr> bind_parts(const Expression& expression);
  /// No table: nothing fits.
  Result<std::optional<Found>> find(const Expression& expression);
  NodePtr read(const Found& found, Span span);
  NodePtr fold(NodePtr node) const;
  Error at(Span span, const Error& error) const { return error.place() ? error : source_.at(span, error); }

  const SourceText& source_;
  std::vector<ScopeTable> tables_;
  std::vector<ScopeItem> items_;
  std::size_t slots_ = 0;
  std::vector<bool>* used_ = nullptr;
  WholeResolver* resolver_ = nullptr;
  std::pair<std::string, std::size_t> stand_in_;
  struct Parameter {
    std::string name;
    std::size_t index;
    data::TypePtr type;
    bool nullable;
  };
  /// The parameter that a name means, the innermost; null when it means none.
  const Parameter* parameter(const Expression& expression) const;
  std::vector<Parameter> parameters_;  // of the lambda functions around
};

}  // namespace streamops::sql
