// sql/engine/select_list.h — the parts of a SELECT that its compiler puts together: the list of columns, and the
// window.
#pragma once

#include <string>
#include <vector>

#include "sql/engine/binder.h"

namespace streamops::sql {

/// A select list being bound: each item a node and a field of the result.
class SelectList {
 public:
  SelectList(Binder& binder, const SourceText& text, bool names_columns)
      : binder_(binder), text_(text), names_columns_(names_columns) {}

  /// Errors: SO-S012 (no name), SO-S003 (an interval), and those of binding.
  Result<void> add(const SelectItem& item);

  std::vector<NodePtr> nodes;
  std::vector<data::Field> fields;

 private:
  Result<void> add_star(const SelectItem& item);
  Result<void> finish(const std::string& name, NodePtr node, bool usable_by_alias, Span span);
  Result<std::string> name_of(const SelectItem& item) const;

  Binder& binder_;
  const SourceText& text_;
  bool names_columns_;
};

/// The select list's item that a key of GROUP BY names by its place or its alias; null when it names none.
const SelectItem* named_item(const SelectQuery& query, const Expression& key);

/// The first call of window or session_window in an expression; null when there is none.
const Expression* find_window(const Expression& expression);

/// The one window of a SELECT stands for its column wherever it is called.
class WindowResolver : public WholeResolver {
 public:
  WindowResolver(Binder& binder, const SourceText& text) : binder_(binder), text_(text) {}
  void set(const Expression& call, std::size_t slot);
  const std::string& fingerprint() const { return fingerprint_; }
  Result<NodePtr> resolve(const Expression& expression) override;

 private:
  Binder& binder_;
  const SourceText& text_;
  std::string fingerprint_, as_column_;
  std::optional<std::size_t> slot_;
};

}  // namespace streamops::sql
