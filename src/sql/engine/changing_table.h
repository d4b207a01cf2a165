// sql/engine/changing_table.h — a table that changes while streams are joined with it: rows by a key of its own.
//
//   change(): key -> row, or gone   ->   the index of each join that looks things up in it
//
// An entry of a checkpoint is (key, row with all columns). Threads: one owner.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sql/engine/group_operator.h"
#include "sql/engine/plan.h"
#include "sql/engine/query_state.h"

namespace streamops::sql {

class ChangingTable {
 public:
  /// `lookups`: the steps that look things up in the table; they must outlive it.
  ChangingTable(std::size_t input, data::SchemaPtr schema, std::vector<const PlanNode*> lookups,
                const SourceText& text);

  std::vector<RowError> change(std::span<const TableChange> changes, const data::Batch& rows,
                               const EvaluationContext& context);
  /// What restore() was given is looked up in only after this.
  void settle();
  const LookupIndex& index(std::size_t lookup) const { return *indexes_[lookup]; }
  const std::vector<const PlanNode*>& lookups() const { return lookups_; }
  std::size_t input() const { return input_; }
  std::uint32_t layout() const { return layout_; }

  void take_changes(const TakeGroup& entry);
  /// False: damaged.
  bool restore(std::string_view key, StateReader& value);
  std::size_t bytes() const;
  std::size_t keys() const { return keys_ + waiting_keys_.size(); }

 private:
  void put(std::span<const TableChange> changes, const data::Batch& rows, const EvaluationContext& context,
           Failures& failures);

  std::size_t input_;
  data::SchemaPtr schema_;
  std::vector<const PlanNode*> lookups_;
  const SourceText& text_;
  std::vector<std::unique_ptr<LookupIndex>> indexes_;  // by lookups_
  std::uint32_t layout_;
  KeyTable known_;  // the keys that have a row
  std::size_t keys_ = 0;
  struct Change {
    std::optional<std::string> row;
    bool stored = false;  // an entry has the key
  };
  std::map<std::string, Change, std::less<>> changed_;  // since take_changes()
  std::size_t changed_bytes_ = 0;
  // Restored, and not in the indexes yet.
  std::vector<std::string> waiting_keys_;
  std::vector<data::ColumnBuilder> waiting_;
};

}  // namespace streamops::sql
