// sql/engine/compiler.h — from the tree of a query to its plan.
//
//   compile_plan -> each SELECT: SelectCompiler -> names, types, kernels: Binder; keys and aggregates: GroupingScope
#pragma once

#include "sql/engine/binder.h"
#include "sql/engine/plan.h"
#include "sql/engine/watermark_conditions.h"
#include "sql/grammar/tree.h"

namespace streamops::sql {

/// Tables that WITH names, the innermost first.
struct CommonTables {
  const CommonTables* outer = nullptr;
  const CommonTable* table = nullptr;
};

/// What all SELECTs of a query share.
class Compiler {
 public:
  Compiler(const SourceText& text, data::SchemaPtr source, const CompileOptions& options)
      : text_(text), source_(std::move(source)), options_(options) {}

  /// Errors: SO-S0xx with their places.
  /// `above` are conditions that the SELECTs around have on the columns, which they call `renamed` unless that is
  /// empty.
  Result<PlanPtr> tree(const QueryTree& tree, const CommonTables* tables, const Conditions& above,
                       const std::vector<Name>& renamed);
  /// What FROM or JOIN names.
  Result<PlanPtr> input(const Relation& relation, const CommonTables* tables, const Conditions& above);

  const SourceText& text() const { return text_; }
  const CompileOptions& options() const { return options_; }
  const std::string& source_name() const { return source_name_; }
  /// The column of an input's event time; nothing without a watermark. Errors: SO-S017.
  Result<std::optional<std::size_t>> time_column(std::size_t input) const;
  /// Null: the input has none.
  const Watermark* watermark(std::size_t input) const;

 private:
  Result<PlanPtr> source_node(const Name& name);
  PlanPtr leaf(PlanNode::Kind kind, std::size_t input, const data::SchemaPtr& schema) const;
  const data::Schema& schema(std::size_t input) const {
    return input == 0 ? *source_ : *options_.inputs[input - 1].schema;
  }
  Result<PlanPtr> united(std::vector<PlanPtr> branches, const QueryTree& tree);

  const SourceText& text_;
  data::SchemaPtr source_;
  const CompileOptions& options_;
  std::string source_name_;
  std::size_t selects_ = 0;
};

/// One SELECT over `input` and what is `joined` with it. Only the first SELECT of a UNION ALL names its columns.
/// `on_rows`: conditions from above on the rows that it reads.
Result<PlanPtr> compile_select(Compiler& compiler, const SelectQuery& query, PlanPtr input, std::vector<PlanPtr> joined,
                               const Conditions& on_rows, bool names_columns);
/// Duplicates removed: grouping by all columns.
PlanPtr distinct_node(PlanPtr input, OutputMode mode);
/// SO-S010 unless values of the type can be told equal.
Result<void> check_key(const data::Type& type, Span span, const SourceText& text);

}  // namespace streamops::sql
