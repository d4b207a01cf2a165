#include "sql/engine/compiler.h"

#include <fmt/format.h>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/cast.h"
#include "sql/engine/grouping_scope.h"
#include "sql/engine/key_table.h"
#include "sql/grammar/parser.h"

namespace streamops::sql {
namespace {

/// A table that WITH names is compiled wherever it is used, so a short text can ask for very many SELECTs.
constexpr std::size_t most_selects = 256;

/// Hands the columns on under the common types.
PlanPtr converted(PlanPtr input, const std::vector<data::Field>& fields, std::vector<NodePtr> items) {
  auto node = std::make_unique<PlanNode>();
  node->kind = PlanNode::Kind::project;
  for (const NodePtr& item : items) node->event_time.push_back(item->event_time());
  node->projection.items = std::move(items);
  node->projection.output = std::make_shared<const data::Schema>(fields);
  node->projection.used.assign(input->output->size(), true);
  node->projection.used_by_items = node->projection.used;
  node->output = node->projection.output;
  node->stateful = input->stateful;
  node->inputs.push_back(std::move(input));
  return node;
}

}  // namespace

Result<void> check_key(const data::Type& type, Span span, const SourceText& text) {
  const bool interval = type.id() == data::TypeId::interval_day || type.id() == data::TypeId::interval_month;
  if (!interval && !contains_map(type)) return Ok();
  return text.at(span, Error(errors::sql::type_mismatch, "nothing can be grouped by {}", type.to_sql()));
}

PlanPtr distinct_node(PlanPtr input, OutputMode mode) {
  auto node = std::make_unique<PlanNode>();
  node->kind = PlanNode::Kind::group;
  node->stateful = true;
  node->output = input->output;
  node->event_time = input->event_time;
  GroupSpec& spec = node->group;
  std::string layout = "distinct";
  for (std::size_t i = 0; i < input->output->size(); ++i) {
    spec.keys.push_back((*input->output)[i].type);
    if (input->event_time[i] && !spec.event_time) spec.event_time = i;
    layout += ";" + to_lower((*input->output)[i].name) + ":" + spec.keys.back()->to_sql();
  }
  spec.mode = mode;
  spec.output = input->output;
  spec.layout = KeyTable::hash(layout);
  node->inputs.push_back(std::move(input));
  return node;
}

const Watermark* Compiler::watermark(std::size_t input) const {
  const std::optional<Watermark>& own = input == 0 ? options_.watermark : options_.inputs[input - 1].watermark;
  return own ? &*own : nullptr;
}

Result<std::optional<std::size_t>> Compiler::time_column(std::size_t input) const {
  const Watermark* declared = watermark(input);
  if (declared == nullptr) return std::optional<std::size_t>();
  if (declared->delay_us < 0) return Error(errors::sql::bad_watermark, "a watermark's delay is not negative");
  const data::Schema& columns = schema(input);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names.push_back(columns[i].name);
    if (!equals_ignore_case(names.back(), declared->column)) continue;
    if (columns[i].type->id() == data::TypeId::timestamp) return std::optional<std::size_t>(i);
    return Error(errors::sql::bad_watermark, "the watermark's column `{}` is {}, not TIMESTAMP", declared->column,
                 columns[i].type->to_sql());
  }
  const std::string name = input == 0 ? "the source" : "`" + options_.inputs[input - 1].name + "`";
  return Error(errors::sql::bad_watermark, "{} has no column `{}` for the watermark", name, declared->column)
      .with_label(did_you_mean(declared->column, names));
}

PlanPtr Compiler::leaf(PlanNode::Kind kind, std::size_t input, const data::SchemaPtr& schema) const {
  auto node = std::make_unique<PlanNode>();
  node->kind = kind;
  node->input = input;
  node->output = schema;
  node->event_time.resize(schema->size());
  return node;
}

Result<PlanPtr> Compiler::source_node(const Name& name) {
  std::size_t input = 0;
  for (std::size_t i = 0; i < options_.inputs.size() && input == 0; ++i) {
    if (!equals_ignore_case(options_.inputs[i].name, name.text)) continue;
    if (options_.inputs[i].is_table) return leaf(PlanNode::Kind::table, i + 1, options_.inputs[i].schema);
    input = i + 1;
  }
  if (input == 0 && source_name_.empty()) source_name_ = name.text;
  if (input == 0 && !equals_ignore_case(source_name_, name.text)) {
    Error error(errors::sql::not_served, "a second source `{}` beside `{}` is not served", name.text, source_name_);
    std::vector<std::string> names;
    for (const FurtherInput& further : options_.inputs) names.push_back(further.name);
    return text_.at(name.span, error.with_label(did_you_mean(name.text, names)));
  }
  PlanPtr node = leaf(PlanNode::Kind::source, input, input == 0 ? source_ : options_.inputs[input - 1].schema);
  STREAMOPS_ASSIGN(const auto time, time_column(input));
  if (time) node->event_time[*time] = true;
  return node;
}

Result<PlanPtr> Compiler::input(const Relation& query, const CommonTables* tables, const Conditions& above) {
  if (query.subquery) return tree(*query.subquery, tables, above, query.source_columns);
  if (!query.source) {
    auto node = std::make_unique<PlanNode>();
    node->kind = PlanNode::Kind::one_row;
    node->output = std::make_shared<const data::Schema>();
    return node;
  }
  for (const CommonTables* at = tables; at != nullptr; at = at->outer) {
    if (!equals_ignore_case(at->table->name.text, query.source->text)) continue;
    const std::vector<Name>& columns = at->table->columns;
    const std::vector<Name>& names = query.source_columns.empty() ? columns : query.source_columns;
    STREAMOPS_ASSIGN(PlanPtr plan, tree(*at->table->query, at->outer, above, names));
    if (columns.empty()) return plan;
    if (columns.size() != plan->output->size()) {
      return text_.at(columns[0].span,
                      Error(errors::sql::wrong_arguments, "the query gives {} columns, but {} names are given",
                            plan->output->size(), columns.size()));
    }
    std::vector<data::Field> fields = plan->output->fields();
    std::vector<NodePtr> items;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      items.push_back(column_node(i, fields[i].type, fields[i].nullable, columns[i].span, plan->event_time[i]));
      fields[i].name = columns[i].text;
    }
    return converted(std::move(plan), fields, std::move(items));
  }
  return source_node(*query.source);
}

Result<PlanPtr> Compiler::tree(const QueryTree& tree, const CommonTables* tables, const Conditions& above,
                               const std::vector<Name>& renamed) {
  std::vector<CommonTables> known;
  known.reserve(tree.with.size());
  for (const CommonTable& table : tree.with) {
    known.push_back({tables, &table});
    tables = &known.back();
  }
  std::vector<PlanPtr> branches;
  for (const SelectQuery& query : tree.selects) {
    if (++selects_ > most_selects) {
      return text_.at(query.head, Error(errors::sql::too_large, "the query has more than {} SELECTs", most_selects));
    }
    const Conditions on_rows = conditions_on_rows(query, above, {&tree.selects[0], &renamed});
    // What is asked behind a join is not known of one side alone.
    const Conditions on_input = query.joins.empty() ? conditions_on_input(query, on_rows) : Conditions();
    STREAMOPS_ASSIGN(PlanPtr from, input(query, tables, on_input));
    std::vector<PlanPtr> joined;
    for (const Join& join : query.joins) {
      STREAMOPS_ASSIGN(PlanPtr other, input(join.relation, tables, {}));
      joined.push_back(std::move(other));
    }
    STREAMOPS_ASSIGN(PlanPtr branch,
                     compile_select(*this, query, std::move(from), std::move(joined), on_rows, branches.empty()));
    branches.push_back(std::move(branch));
  }
  return branches.size() == 1 ? Result<PlanPtr>(std::move(branches[0])) : united(std::move(branches), tree);
}

/// UNION ALL: names from the first branch, types that all convert to.
Result<PlanPtr> Compiler::united(std::vector<PlanPtr> branches, const QueryTree& tree) {
  std::vector<data::Field> fields = branches[0]->output->fields();
  auto node = std::make_unique<PlanNode>();
  node->kind = PlanNode::Kind::union_all;
  node->event_time = branches[0]->event_time;
  for (std::size_t b = 1; b < branches.size(); ++b) {
    const data::Schema& other = *branches[b]->output;
    const Span at = tree.selects[b].head;
    if (other.size() != fields.size()) {
      return text_.at(
          at, Error(errors::sql::wrong_arguments, "UNION ALL of {} and {} columns", fields.size(), other.size()));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      data::TypePtr type = common_type(fields[i].type, other[i].type, Strings::promoted);
      if (!type) {
        return text_.at(at, Error(errors::sql::type_mismatch, "column {} of UNION ALL is {} and {}", i + 1,
                                  fields[i].type->to_sql(), other[i].type->to_sql()));
      }
      fields[i].type = std::move(type);
      fields[i].nullable = fields[i].nullable || other[i].nullable;
      node->event_time[i] = node->event_time[i] && branches[b]->event_time[i];
    }
  }
  for (std::size_t b = 0; b < branches.size(); ++b) {
    std::vector<NodePtr> items;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const data::Field& own = (*branches[b]->output)[i];
      const Span span = tree.selects[b].head;
      NodePtr column = column_node(i, own.type, own.nullable, span, branches[b]->event_time[i]);
      auto item = cast_node(std::move(column), fields[i].type, CastMode::strict, span);
      if (!item) return text_.at(span, item.error());
      items.push_back(std::move(item).value());
    }
    node->stateful = node->stateful || branches[b]->stateful;
    node->inputs.push_back(converted(std::move(branches[b]), fields, std::move(items)));
  }
  node->output = std::make_shared<const data::Schema>(std::move(fields));
  return node;
}

}  // namespace streamops::sql
