#include "sql/engine/query.h"

#include <numeric>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/binder.h"
#include "sql/engine/branches.h"
#include "sql/engine/generator.h"
#include "sql/engine/nested.h"
#include "sql/grammar/parser.h"

namespace streamops::sql {

struct Query::Plan {
  std::string text;
  Place at;
  std::string source_name;
  std::vector<Generator> generators;
  NodePtr where;  // may be null
  std::vector<NodePtr> items;
  data::SchemaPtr output;
  std::vector<bool> needed;         // by column of the source
  std::vector<bool> used;           // by slot: read anywhere
  std::vector<bool> used_by_items;  // by slot: read by the select list
};

namespace {

using data::TypeId;

/// Where the rows of a frame come from; a frame's spans point in here.
struct Lineage {
  std::vector<std::int32_t> origin;
  std::vector<std::int32_t> ordinal;
};

class Compiler {
 public:
  Compiler(const SourceText& source, const data::SchemaPtr& schema)
      : source_(source), schema_(schema), binder_(source) {}

  Result<void> compile(const SelectQuery& query) {
    binder_.record_reads(&used);
    STREAMOPS_RETURN_IF_ERROR(add_source(query));
    for (const LateralView& view : query.views) STREAMOPS_RETURN_IF_ERROR(add_view(view));
    if (query.where) {
      STREAMOPS_ASSIGN(where, binder_.bind(*query.where));
      const TypeId type = where->type()->id();
      if (type != TypeId::boolean && type != TypeId::null) {
        return source_.at(query.where->span,
                          Error(errors::sql::type_mismatch, "WHERE takes BOOLEAN, not {}", where->type()->to_sql()));
      }
    }
    binder_.record_reads(&used_by_items);
    for (const SelectItem& item : query.items) STREAMOPS_RETURN_IF_ERROR(add_item(item));
    used.resize(binder_.slots());
    used_by_items.resize(binder_.slots());
    for (std::size_t i = 0; i < used.size(); ++i) used[i] = used[i] || used_by_items[i];
    return Ok();
  }

  std::vector<Generator> generators;
  NodePtr where;
  std::vector<NodePtr> items;
  std::vector<data::Field> fields;
  std::vector<bool> used;
  std::vector<bool> used_by_items;

 private:
  Result<void> add_source(const SelectQuery& query) {
    if (!query.source) return Ok();
    ScopeTable table;
    // An alias hides the table's own name.
    table.names = {query.source_alias ? query.source_alias->text : query.source->text};
    for (const data::Field& field : schema_->fields())
      table.columns.push_back({field.name, field.type, field.nullable});
    return binder_.add_table(std::move(table), query.source->span);
  }

  Result<void> add_view(const LateralView& view) {
    STREAMOPS_ASSIGN(Generator generator, Generator::bind(view, binder_, source_));
    ScopeTable table;
    if (!view.table.text.empty()) table.names = {view.table.text};
    table.columns = generator.columns();
    if (!view.columns.empty() && view.columns.size() != table.columns.size()) {
      return source_.at(
          view.columns[0].span,
          Error(errors::sql::wrong_arguments, "{} gives {} column{}, but {} names follow AS", view.generator->function,
                table.columns.size(), table.columns.size() == 1 ? "" : "s", view.columns.size()));
    }
    for (std::size_t i = 0; i < view.columns.size(); ++i) table.columns[i].name = view.columns[i].text;
    generators.push_back(std::move(generator));
    return binder_.add_table(std::move(table), view.table.text.empty() ? view.generator->span : view.table.span);
  }

  Result<void> add_item(const SelectItem& item) {
    if (item.expression->kind == ExpressionKind::star) {
      if (item.alias) return source_.at(item.alias->span, Error(errors::sql::syntax, "`*` takes no alias"));
      STREAMOPS_ASSIGN(std::vector<NamedNode> all, binder_.expand(*item.expression));
      for (NamedNode& one : all)
        STREAMOPS_RETURN_IF_ERROR(finish_item(one.name, std::move(one.node), false, item.expression->span));
      return Ok();
    }
    STREAMOPS_ASSIGN(NodePtr node, binder_.bind(*item.expression));
    STREAMOPS_ASSIGN(const std::string name, name_of(item));
    return finish_item(name, std::move(node), item.alias.has_value(), item.expression->span);
  }

  Result<std::string> name_of(const SelectItem& item) const {
    if (item.alias) return item.alias->text;
    const Expression& expression = *item.expression;
    const bool named = expression.kind == ExpressionKind::column || expression.kind == ExpressionKind::member;
    if (named) return expression.parts.back().text;
    return source_.at(expression.span, Error(errors::sql::unnamed_column, "this column of the result has no name"))
        .with_label("put `AS name` behind it");
  }

  Result<void> finish_item(const std::string& name, NodePtr node, bool usable_by_alias, Span span) {
    const TypeId type = node->type()->id();
    if (type == TypeId::interval_day || type == TypeId::interval_month) {
      return source_.at(span, Error(errors::sql::not_served, "an interval as a column of the result is not served"));
    }
    fields.push_back({name, node->type(), node->nullable()});
    if (usable_by_alias) binder_.add_item({name, items.size(), node->type(), node->nullable()});
    items.push_back(std::move(node));
    return Ok();
  }

  const SourceText& source_;
  const data::SchemaPtr& schema_;
  Binder binder_;
};

/// About how many bytes the values `begin` to `end` of a column take.
std::size_t range_bytes(const data::Column& column, std::size_t begin, std::size_t end) {
  std::size_t bytes = (end - begin) * static_cast<std::size_t>(column.type()->width() + 1);
  const auto at = column.offsets();
  if (column.type()->id() == TypeId::string || column.type()->id() == TypeId::binary) {
    return bytes + static_cast<std::size_t>(at[end] - at[begin]);
  }
  for (const data::ColumnPtr& child : column.children()) {
    bytes += column.type()->id() == TypeId::structure
                 ? range_bytes(*child, begin, end)
                 : range_bytes(*child, static_cast<std::size_t>(at[begin]), static_cast<std::size_t>(at[end]));
  }
  return bytes;
}

/// LATERAL VIEW repeats the other columns of its row. Rows that would make the batch grow beyond a gibibyte fail.
void limit_growth(const Frame& frame, Generated& generated, const Node& item, const std::vector<bool>& used) {
  constexpr std::size_t most_bytes = 1 << 30;
  std::size_t total = 0;
  std::vector<std::int32_t> kept, parents;
  for (std::size_t i = 0; i < generated.parents.size();) {
    const std::int32_t parent = generated.parents[i];
    const auto row = static_cast<std::size_t>(parent);
    std::size_t end = i, bytes = 0;
    while (end < generated.parents.size() && generated.parents[end] == parent) ++end;
    for (std::size_t slot = 0; slot < frame.columns.size(); ++slot) {
      if (frame.columns[slot] && slot < used.size() && used[slot])
        bytes += range_bytes(*frame.columns[slot], row, row + 1);
    }
    bytes *= end - i;
    const bool fits = total + bytes <= most_bytes;
    if (fits) {
      total += bytes;
    } else {
      frame.fail(row, item.span(),
                 Error(errors::sql::value_too_large,
                       "LATERAL VIEW would repeat more than 1 GiB of other columns in one batch"));
    }
    for (; i < end; ++i) {
      if (!fits) continue;
      kept.push_back(static_cast<std::int32_t>(i));
      parents.push_back(parent);
    }
  }
  if (kept.size() == generated.parents.size()) return;
  generated.parents = std::move(parents);
  for (data::ColumnPtr& column : generated.columns) column = data::take(column, kept);
}

/// Keeps the rows `rows` of the frame; columns that nobody will read are dropped.
void keep_rows(Frame& frame, Lineage& lineage, std::span<const std::int32_t> rows, const std::vector<bool>& used) {
  for (std::size_t slot = 0; slot < frame.columns.size(); ++slot) {
    if (slot >= used.size() || !used[slot]) {
      frame.columns[slot] = nullptr;
    } else if (frame.columns[slot]) {
      frame.columns[slot] = data::take(frame.columns[slot], rows);
    }
  }
  Lineage moved;
  for (std::int32_t row : rows) {
    const auto from = static_cast<std::size_t>(row);
    moved.origin.push_back(static_cast<std::int32_t>(frame.source_row(from)));
    moved.ordinal.push_back(frame.ordinal.empty() ? 0 : frame.ordinal[from]);
  }
  lineage = std::move(moved);
  frame.origin = lineage.origin;
  frame.ordinal = lineage.ordinal;
  frame.rows = rows.size();
}

/// Numbers the rows of each source row from 0.
void number_rows(Frame& frame, Lineage& lineage) {
  std::int32_t last = -1, next = 0;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (lineage.origin[row] != last) next = 0;
    last = lineage.origin[row];
    lineage.ordinal[row] = next++;
  }
  frame.ordinal = lineage.ordinal;
}

void filter(Frame& frame, Lineage& lineage, const Node& where, const std::vector<bool>& used) {
  const Vector condition = where.evaluate(frame, {});
  std::vector<std::int32_t> kept;
  kept.reserve(frame.rows);
  const bool failures = frame.failures->any();
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (is_true(condition, row) && !(failures && frame.failures->has(frame.source_row(row))))
      kept.push_back(static_cast<std::int32_t>(row));
  }
  if (kept.size() < frame.rows) keep_rows(frame, lineage, kept, used);
}

}  // namespace

Query::Query(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)) {}
Query::~Query() = default;

Result<std::shared_ptr<const Query>> Query::compile(std::string_view sql, const data::SchemaPtr& source,
                                                    const CompileOptions& options) {
  auto plan = std::make_unique<Plan>();
  plan->text = std::string(sql);
  plan->at = options.at;
  const SourceText text(plan->text, plan->at);
  STREAMOPS_ASSIGN(const QueryTree tree, parse_query(text));
  const SelectQuery& query = tree.selects[0];
  if (tree.selects.size() > 1 || !tree.with.empty() || query.subquery || query.distinct || query.group_by_all ||
      !query.group_by.empty() || query.having) {
    return text.at(query.head, Error(errors::sql::not_served, "grouping, subqueries and UNION are not served"));
  }
  Compiler compiler(text, source);
  STREAMOPS_RETURN_IF_ERROR(compiler.compile(query));
  plan->source_name = query.source ? query.source->text : std::string();
  plan->generators = std::move(compiler.generators);
  plan->where = std::move(compiler.where);
  plan->items = std::move(compiler.items);
  plan->output = std::make_shared<const data::Schema>(std::move(compiler.fields));
  plan->used = std::move(compiler.used);
  plan->used_by_items = std::move(compiler.used_by_items);
  plan->needed.assign(source->size(), false);
  for (std::size_t i = 0; i < source->size() && i < plan->used.size(); ++i)
    plan->needed[i] = plan->used[i] && query.source;
  return std::shared_ptr<const Query>(new Query(std::move(plan)));
}

const data::SchemaPtr& Query::output() const {
  return plan_->output;
}
const std::vector<bool>& Query::needed() const {
  return plan_->needed;
}
const std::string& Query::source_name() const {
  return plan_->source_name;
}

QueryResult Query::run(const data::Batch& source, const EvaluationContext& context) const {
  const SourceText text(plan_->text, plan_->at);
  // Without FROM there is exactly one row, whatever the batch holds.
  const bool from = !plan_->source_name.empty();
  Failures failures(from ? source.rows : 1);
  Lineage lineage;
  Frame frame;
  frame.rows = from ? source.rows : 1;
  frame.context = &context;
  frame.source = &text;
  frame.failures = &failures;
  if (from) frame.columns = source.columns;

  for (const Generator& generator : plan_->generators) {
    Generated generated = generator.run(frame);
    limit_growth(frame, generated, generator.value(), plan_->used);
    keep_rows(frame, lineage, generated.parents, plan_->used);
    for (data::ColumnPtr& column : generated.columns) frame.columns.push_back(std::move(column));
  }
  if (!plan_->generators.empty()) number_rows(frame, lineage);
  if (plan_->where) filter(frame, lineage, *plan_->where, plan_->used_by_items);

  for (const NodePtr& item : plan_->items) frame.items.push_back(item->evaluate(frame, {}));

  QueryResult result;
  result.batch.schema = plan_->output;
  result.batch.rows = frame.rows;
  for (std::size_t i = 0; i < frame.items.size(); ++i) {
    result.batch.columns.push_back(with_type(flat(frame.items[i], frame.rows), (*plan_->output)[i].type));
  }
  result.batch.origin.assign(frame.origin.begin(), frame.origin.end());
  if (frame.origin.empty()) {
    result.batch.origin.resize(frame.rows);
    std::iota(result.batch.origin.begin(), result.batch.origin.end(), 0);
  }
  if (!failures.any()) return result;

  std::vector<std::int32_t> kept, origin;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (failures.has(static_cast<std::size_t>(result.batch.origin[row]))) continue;
    kept.push_back(static_cast<std::int32_t>(row));
    origin.push_back(result.batch.origin[row]);
  }
  for (data::ColumnPtr& column : result.batch.columns) column = data::take(column, kept);
  result.batch.rows = kept.size();
  result.batch.origin = std::move(origin);
  result.failures = std::move(failures).take_sorted();
  return result;
}

}  // namespace streamops::sql
