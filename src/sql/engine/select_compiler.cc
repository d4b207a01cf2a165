// One SELECT: its steps below and above a GROUP BY.
#include <fmt/format.h>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/aggregate.h"
#include "sql/engine/branches.h"
#include "sql/engine/compiler.h"
#include "sql/engine/grouping_scope.h"
#include "sql/engine/join_compiler.h"
#include "sql/engine/key_table.h"
#include "sql/engine/select_list.h"
#include "sql/engine/window.h"

namespace streamops::sql {
namespace {

using data::TypeId;

class SelectCompiler {
 public:
  SelectCompiler(Compiler& compiler, const SelectQuery& query, PlanPtr input, std::vector<PlanPtr> joined,
                 const Conditions& on_rows, bool names_columns)
      : compiler_(compiler),
        text_(compiler.text()),
        query_(query),
        input_(std::move(input)),
        joined_(std::move(joined)),
        on_rows_(on_rows),
        names_columns_(names_columns),
        binder_(text_),
        windows_(binder_, text_) {
    binder_.set_resolver(&windows_);
  }

  Result<PlanPtr> compile() {
    binder_.record_reads(&below_.used);
    STREAMOPS_RETURN_IF_ERROR(add_input());
    for (const LateralView& view : query_.views) STREAMOPS_RETURN_IF_ERROR(add_view(view));
    if (query_.where) STREAMOPS_RETURN_IF_ERROR(add_where());
    add_mark();
    binder_.record_reads(&below_.used_by_items);
    STREAMOPS_RETURN_IF_ERROR(add_window());
    PlanPtr plan;
    if (is_grouping()) {
      STREAMOPS_ASSIGN(plan, grouped());
    } else {
      STREAMOPS_ASSIGN(plan, ungrouped());
    }
    if (!query_.distinct) return plan;
    for (const data::Field& field : plan->output->fields())
      STREAMOPS_RETURN_IF_ERROR(check_key(*field.type, query_.head, text_));
    return distinct_node(std::move(plan), compiler_.options().mode);
  }

 private:
  bool is_grouping() const {
    if (!query_.group_by.empty() || query_.group_by_all || query_.having) return true;
    for (const SelectItem& item : query_.items) {
      if (has_aggregate(*item.expression)) return true;
    }
    return false;
  }

  Result<void> add_input() {
    if (!joined_.empty()) return add_joins();
    if (input_->kind == PlanNode::Kind::one_row) return Ok();
    STREAMOPS_ASSIGN(ScopeTable table, scope_of(query_, *input_, text_));
    return binder_.add_table(std::move(table), query_.source ? query_.source->span : query_.head);
  }

  Result<void> add_joins() {
    Conditions where;
    if (query_.where) split_conjuncts(query_.where, where);
    const std::size_t all = where.size();
    binder_.record_reads(nullptr);
    STREAMOPS_ASSIGN(input_, compile_joins(compiler_, query_, std::move(input_), std::move(joined_), binder_, where));
    binder_.record_reads(&below_.used);
    if (where.size() == all) return Ok();
    where_left_ = std::move(where);
    return Ok();
  }

  Result<void> add_view(const LateralView& view) {
    STREAMOPS_ASSIGN(Generator generator, Generator::bind(view, binder_, text_));
    ScopeTable table;
    if (!view.table.text.empty()) table.names = {view.table.text};
    table.columns = generator.columns();
    if (!view.columns.empty() && view.columns.size() != table.columns.size()) {
      return text_.at(
          view.columns[0].span,
          Error(errors::sql::wrong_arguments, "{} gives {} column{}, but {} names follow AS", view.generator->function,
                table.columns.size(), table.columns.size() == 1 ? "" : "s", view.columns.size()));
    }
    for (std::size_t i = 0; i < view.columns.size(); ++i) table.columns[i].name = view.columns[i].text;
    below_.generators.push_back(std::move(generator));
    return binder_.add_table(std::move(table), view.table.text.empty() ? view.generator->span : view.table.span);
  }

  Result<NodePtr> bind_condition(const Expression& condition, Binder& binder, std::string_view clause) {
    STREAMOPS_ASSIGN(NodePtr node, binder.bind(condition));
    const TypeId type = node->type()->id();
    if (type == TypeId::boolean || type == TypeId::null) return node;
    return text_.at(condition.span,
                    Error(errors::sql::type_mismatch, "{} takes BOOLEAN, not {}", clause, node->type()->to_sql()));
  }

  /// Where the event time matters, conditions on other columns come first.
  Result<void> add_where() {
    if (const Expression* window = find_window(*query_.where))
      return text_.at(window->span, Error(errors::sql::not_served, "a window in WHERE is not served"));
    Conditions conjuncts;
    if (where_left_) {
      conjuncts = *where_left_;
    } else if (sees_event_time()) {
      split_conjuncts(query_.where, conjuncts);
    } else {
      conjuncts.push_back(query_.where);
    }
    for (const ExpressionPtr& conjunct : conjuncts) {
      std::vector<bool> read;
      binder_.record_reads(&read);
      STREAMOPS_ASSIGN(NodePtr node, bind_condition(*conjunct, binder_, "WHERE"));
      NodePtr& target = is_plain(*conjunct, read) ? below_.plain_where : below_.where;
      target = target ? and_node(target, std::move(node), query_.where->span) : std::move(node);
    }
    return Ok();
  }

  /// True where the rows are the source's and a watermark looks at them.
  bool sees_event_time() const {
    return input_->kind == PlanNode::Kind::source && compiler_.watermark(input_->input) != nullptr;
  }

  /// Notes what a condition read. True when it is one that Spark judges before the watermark.
  bool is_plain(const Expression& condition, const std::vector<bool>& read) {
    bool plain = sees_event_time() && is_deterministic(condition);
    for (std::size_t slot = 0; slot < read.size(); ++slot) {
      if (!read[slot]) continue;
      plain = plain && slot < input_->output->size() && !input_->event_time[slot];
      if (below_.used.size() <= slot) below_.used.resize(slot + 1);
      below_.used[slot] = true;
    }
    return plain;
  }

  /// Conditions from above, as far as they can be judged here.
  void add_mark() {
    below_.marks_watermark = sees_event_time();
    if (!below_.marks_watermark) return;
    for (const ExpressionPtr& condition : on_rows_) {
      std::vector<bool> read;
      binder_.record_reads(&read);
      auto node = binder_.bind(*condition);
      if (!node || (*node)->type()->id() != TypeId::boolean || !is_plain(*condition, read)) continue;
      NodePtr& target = below_.mark_where;
      target = target ? and_node(target, *node, condition->span) : *node;
    }
  }

  Result<void> add_window() {
    const Expression* call = nullptr;
    const auto look = [&](const ExpressionPtr& expression) {
      if (call == nullptr && expression) call = find_window(*expression);
    };
    for (const ExpressionPtr& key : query_.group_by) look(key);
    for (const SelectItem& item : query_.items) look(item.expression);
    look(query_.having);
    if (call == nullptr) return Ok();
    STREAMOPS_ASSIGN(WindowStep step, WindowStep::bind(*call, binder_, text_));
    if (step.is_session() && !is_grouping())
      return text_.at(call->span, Error(errors::sql::not_served, "session_window without GROUP BY is not served"));
    const std::size_t slot = binder_.slots();
    windows_.set(*call, slot);
    ScopeTable table;
    table.columns = {{std::string(step.name()), step.type(), false, step.is_event_time()}};
    table.preferred = true;
    below_.window = std::move(step);
    below_window_is_session_ = below_.window->is_session();
    window_call_ = call;
    return binder_.add_table(std::move(table), call->span);
  }

  Result<PlanPtr> ungrouped() {
    SelectList items(binder_, text_, names_columns_);
    for (const SelectItem& item : query_.items) STREAMOPS_RETURN_IF_ERROR(items.add(item));
    return project(std::move(below_), std::move(items.nodes), std::move(items.fields), std::move(input_), true);
  }

  /// `below`: the step reads the input of the SELECT, so the names of slots are the binder's.
  PlanPtr project(Projection projection, std::vector<NodePtr> items, std::vector<data::Field> fields, PlanPtr input,
                  bool below) {
    auto node = std::make_unique<PlanNode>();
    node->kind = PlanNode::Kind::project;
    for (const NodePtr& item : items) node->event_time.push_back(item->event_time());
    projection.items = std::move(items);
    projection.output = std::make_shared<const data::Schema>(std::move(fields));
    node->output = projection.output;
    if (below) {
      projection.used.resize(binder_.slots());
      projection.used_by_items.resize(binder_.slots());
      for (std::size_t i = 0; i < projection.used.size(); ++i)
        projection.used[i] = projection.used[i] || projection.used_by_items[i];
    }
    node->projection = std::move(projection);
    node->stateful = input->stateful;
    node->inputs.push_back(std::move(input));
    return node;
  }

  Result<PlanPtr> grouped();
  Result<void> add_keys(GroupingScope& scope);
  Result<void> add_key(GroupingScope& scope, const Expression& key);
  Result<PlanPtr> group_node(const GroupingScope& scope, PlanPtr input);

  Compiler& compiler_;
  const SourceText& text_;
  const SelectQuery& query_;
  PlanPtr input_;
  std::vector<PlanPtr> joined_;
  std::optional<Conditions> where_left_;  // what the joins do not ask already
  const Conditions& on_rows_;
  bool names_columns_;
  Binder binder_;
  WindowResolver windows_;
  Projection below_;
  bool below_window_is_session_ = false;
  const Expression* window_call_ = nullptr;
};

Result<void> SelectCompiler::add_key(GroupingScope& scope, const Expression& key) {
  const bool ordinal = key.kind == ExpressionKind::literal && key.literal.type->is_integer() && !key.literal.is_null;
  const Expression* expression = &key;
  bool is_column = false;
  if (key.kind == ExpressionKind::column) {
    STREAMOPS_ASSIGN(const auto found, binder_.find_column(key));
    is_column = found.has_value();
  }
  if (!is_column) {
    const SelectItem* item = named_item(query_, key);
    if (item == nullptr && ordinal) {
      return text_.at(key.span, Error(errors::sql::not_grouped, "GROUP BY {}: the select list has {} columns",
                                      text_.text(key.span), query_.items.size()));
    }
    if (item != nullptr) expression = item->expression.get();
  }
  if (has_aggregate(*expression)) {
    return text_.at(key.span, Error(errors::sql::misplaced_aggregate, "GROUP BY cannot group by an aggregate"));
  }
  if (expression->kind == ExpressionKind::star) {
    return text_.at(key.span, Error(errors::sql::not_served, "`*` in GROUP BY is not served"));
  }
  STREAMOPS_RETURN_IF_ERROR(scope.add_key(*expression));
  return check_key(*scope.keys().back()->type(), key.span, text_);
}

Result<void> SelectCompiler::add_keys(GroupingScope& scope) {
  for (const ExpressionPtr& key : query_.group_by) STREAMOPS_RETURN_IF_ERROR(add_key(scope, *key));
  if (!query_.group_by_all) return Ok();
  for (const SelectItem& item : query_.items) {
    if (!has_aggregate(*item.expression)) STREAMOPS_RETURN_IF_ERROR(add_key(scope, *item.expression));
  }
  return Ok();
}

Result<PlanPtr> SelectCompiler::grouped() {
  GroupingScope scope(binder_, text_);
  STREAMOPS_RETURN_IF_ERROR(add_keys(scope));
  for (const SelectItem& item : query_.items) {
    if (item.alias) scope.add_alias(item.alias->text, *item.expression);
    if (item.expression->kind == ExpressionKind::star)
      return text_.at(item.expression->span, Error(errors::sql::not_grouped, "`*` beside GROUP BY is not served")
                                                 .with_hint("name the columns that GROUP BY names"));
  }
  Projection above;
  if (query_.having) {
    scope.begin_having();
    STREAMOPS_ASSIGN(above.where, bind_condition(*query_.having, scope.above(), "HAVING"));
    scope.end_having();
  }
  SelectList items(scope.above(), text_, names_columns_);
  for (const SelectItem& item : query_.items) STREAMOPS_RETURN_IF_ERROR(items.add(item));

  std::vector<data::Field> fields;
  for (const NodePtr& node : scope.below_items()) fields.push_back({"", node->type(), node->nullable()});
  PlanPtr below = project(std::move(below_), scope.below_items(), std::move(fields), std::move(input_), true);
  STREAMOPS_ASSIGN(PlanPtr group, group_node(scope, std::move(below)));
  above.used.assign(group->output->size(), true);
  above.used_by_items = above.used;
  return project(std::move(above), std::move(items.nodes), std::move(items.fields), std::move(group), false);
}

Result<PlanPtr> SelectCompiler::group_node(const GroupingScope& scope, PlanPtr input) {
  auto node = std::make_unique<PlanNode>();
  node->kind = PlanNode::Kind::group;
  node->stateful = true;
  GroupSpec& spec = node->group;
  std::vector<data::Field> fields;
  for (std::size_t i = 0; i < scope.keys().size(); ++i) {
    const NodePtr& key = scope.keys()[i];
    spec.keys.push_back(key->type());
    fields.push_back({"", key->type(), key->nullable()});
    node->event_time.push_back(key->event_time());
    if (key->event_time() && !spec.event_time) spec.event_time = i;
  }
  const bool sessions = below_window_is_session_;
  if (sessions) spec.session = scope.key_of(*window_call_);
  if (sessions && (!spec.session || spec.keys.size() < 2)) {
    return text_.at(window_call_->span,
                    Error(errors::sql::not_served, "session_window without another key in GROUP BY is not served"));
  }
  for (const data::Field& result : scope.results()) fields.push_back(result);
  node->event_time.resize(fields.size());
  spec.aggregates = scope.aggregates();
  spec.mode = compiler_.options().mode;
  spec.output = std::make_shared<const data::Schema>(std::move(fields));
  spec.layout = KeyTable::hash(scope.layout() + windows_.fingerprint());
  node->output = spec.output;
  node->inputs.push_back(std::move(input));
  return node;
}

}  // namespace

Result<PlanPtr> compile_select(Compiler& compiler, const SelectQuery& query, PlanPtr input, std::vector<PlanPtr> joined,
                               const Conditions& on_rows, bool names_columns) {
  return SelectCompiler(compiler, query, std::move(input), std::move(joined), on_rows, names_columns).compile();
}

}  // namespace streamops::sql
