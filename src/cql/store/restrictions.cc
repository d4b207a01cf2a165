#include "cql/store/restrictions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cql/protocol/murmur3.h"
#include "cql/protocol/value.h"
#include "cql/store/invalid.h"
#include "cql/store/rows/clustering.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

/// The values to the right of IN, or the one value of another operator.
Result<void> compile_values(Restriction& out, const Term& term, const CqlTypePtr& type, MarkerSpecs& markers) {
  const std::string& receiver = out.column->name;
  if (out.op != Operator::in && out.op != Operator::not_in) {
    STREAMOPS_ASSIGN(ValueSource value, ValueSource::compile(term, type, receiver, markers));
    out.values.push_back(std::move(value));
    return Ok();
  }
  if (const auto* items = term.as<TupleTerm>()) {
    for (const Term& item : items->items) {
      STREAMOPS_ASSIGN(ValueSource value, ValueSource::compile(item, type, receiver, markers));
      out.values.push_back(std::move(value));
    }
    return Ok();
  }
  STREAMOPS_ASSIGN(ValueSource list,
                   ValueSource::compile(term, CqlType::list(type, true), fmt::format("in({})", receiver), markers));
  out.values.push_back(std::move(list));
  out.list_marker = true;
  return Ok();
}

/// The type that CONTAINS compares with.
Result<CqlTypePtr> operand_type(const Column& column, Operator op) {
  const CqlType& type = *column.type;
  if (op == Operator::contains) {
    if (!type.is_collection())
      return invalid(fmt::format("Cannot use CONTAINS on non-collection column {}", column.name));
    return type.children().back();
  }
  if (op == Operator::contains_key) {
    if (type.id() != TypeId::map)
      return invalid(fmt::format("Cannot use CONTAINS KEY on non-map column {}", column.name));
    return type.children()[0];
  }
  return column.type;
}

}  // namespace

Result<const Column*> require_column(const Table& table, std::string_view name) {
  const Column* column = table.find(name);
  if (column != nullptr) return column;
  Error error = invalid(fmt::format("Undefined column name {} in table {}.{}", name, table.keyspace, table.name));
  std::vector<std::string> names;
  names.reserve(table.columns.size());
  for (const Column& each : table.columns) names.push_back(each.name);
  const std::string hint = did_you_mean(name, names);
  return hint.empty() ? error : error.with_hint(hint);
}

Result<Restrictions> Restrictions::compile(const std::vector<Relation>& where, const Table& table,
                                           MarkerSpecs& markers) {
  Restrictions out;
  out.partition_size_ = table.partition_size;
  for (const Relation& relation : where) {
    STREAMOPS_RETURN_IF_ERROR(std::visit([&](const auto& each) { return out.add(each, table, markers); }, relation));
  }
  const auto by_position = [](const Restriction& a, const Restriction& b) {
    return a.column->position < b.column->position;
  };
  std::stable_sort(out.partition_.begin(), out.partition_.end(), by_position);
  std::stable_sort(out.clustering_.begin(), out.clustering_.end(), by_position);
  return out;
}

Result<void> Restrictions::add(const ColumnRelation& relation, const Table& table, MarkerSpecs& markers) {
  Restriction out;
  STREAMOPS_ASSIGN(out.column, require_column(table, relation.column));
  out.op = relation.op;
  if (relation.op == Operator::like || relation.op == Operator::ann || relation.op == Operator::not_in) {
    return Error(errors::cql::not_served, "{} is not served in WHERE", to_string(relation.op));
  }
  STREAMOPS_ASSIGN(const CqlTypePtr type, operand_type(*out.column, relation.op));
  if (relation.op != Operator::is_not_null)
    STREAMOPS_RETURN_IF_ERROR(compile_values(out, relation.value, type, markers));
  return place(std::move(out));
}

Result<void> Restrictions::place(Restriction restriction) {
  const Column& column = *restriction.column;
  const bool key_operator =
      restriction.op == Operator::eq || restriction.op == Operator::in || is_slice(restriction.op);
  if (column.kind == ColumnKind::partition_key && key_operator) {
    if (is_slice(restriction.op)) {
      filters_.push_back(std::move(restriction));
      return Ok();
    }
    const auto same = [&column](const Restriction& other) { return other.column == &column; };
    if (std::any_of(partition_.begin(), partition_.end(), same)) {
      return invalid(
          fmt::format("{} cannot be restricted by more than one relation if it includes an Equal", column.name));
    }
    partition_.push_back(std::move(restriction));
    return Ok();
  }
  if (column.kind != ColumnKind::clustering || !key_operator) {
    filters_.push_back(std::move(restriction));
    return Ok();
  }
  for (const Restriction& other : clustering_) {
    if (other.column != &column) continue;
    if (!is_slice(other.op) || !is_slice(restriction.op)) {
      return invalid(
          fmt::format("{} cannot be restricted by more than one relation if it includes an Equal", column.name));
    }
    const auto lower = [](Operator op) { return op == Operator::gt || op == Operator::ge; };
    if (lower(other.op) == lower(restriction.op)) {
      return invalid(fmt::format("More than one restriction was found for the {} bound on {}",
                                 lower(other.op) ? "start" : "end", column.name));
    }
  }
  clustering_.push_back(std::move(restriction));
  return Ok();
}

Result<void> Restrictions::add(const ElementRelation& relation, const Table& table, MarkerSpecs& markers) {
  Restriction out;
  STREAMOPS_ASSIGN(out.column, require_column(table, relation.column));
  if (out.column->type->id() != TypeId::map || relation.op != Operator::eq) {
    return invalid(fmt::format("Only map entries can be compared by their key, and only with =: {}", out.column->name));
  }
  STREAMOPS_ASSIGN(out.element,
                   ValueSource::compile(relation.key, out.column->type->children()[0], out.column->name, markers));
  STREAMOPS_RETURN_IF_ERROR(compile_values(out, relation.value, out.column->type->children()[1], markers));
  filters_.push_back(std::move(out));
  return Ok();
}

Result<void> Restrictions::add(const TokenRelation& relation, const Table& table, MarkerSpecs& markers) {
  bool whole = relation.columns.size() == table.partition_size;
  for (std::size_t i = 0; whole && i < relation.columns.size(); ++i)
    whole = table.columns[i].name == relation.columns[i];
  for (const std::string& name : relation.columns)
    STREAMOPS_RETURN_IF_ERROR([&]() -> Result<void> {
      STREAMOPS_ASSIGN([[maybe_unused]] const Column* column, require_column(table, name));
      return Ok();
    }());
  if (!whole) {
    return invalid("The token() function must be applied to all partition key components or none of them");
  }
  const CqlTypePtr bigint = CqlType::scalar(TypeId::bigint);
  if (const auto* call = relation.value.as<FunctionTerm>();
      call != nullptr && to_lower(call->function.name) == "token") {
    // token(k) > token(5): the right side is a partition key of constants.
    if (call->arguments.size() != table.partition_size) return invalid("Invalid number of arguments for token()");
    std::vector<Bytes> values;
    for (std::size_t i = 0; i < call->arguments.size(); ++i) {
      STREAMOPS_ASSIGN(OwnedValue value, evaluate(call->arguments[i], *table.columns[i].type, table.columns[i].name));
      values.push_back(std::move(value.bytes));
    }
    const std::vector<BytesView> views(values.begin(), values.end());
    Bytes token;
    append_big_endian(token, murmur3_token(partition_key(views)));
    token_.emplace_back(relation.op, ValueSource::constant(std::move(token), bigint));
    return Ok();
  }
  STREAMOPS_ASSIGN(ValueSource value, ValueSource::compile(relation.value, bigint, "partition key token", markers));
  token_.emplace_back(relation.op, std::move(value));
  return Ok();
}

Result<void> Restrictions::add(const TupleRelation& relation, const Table& table, MarkerSpecs& markers) {
  TupleRestriction out;
  out.op = relation.op;
  std::vector<CqlTypePtr> types;
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    STREAMOPS_ASSIGN(const Column* column, require_column(table, relation.columns[i]));
    if (column->kind != ColumnKind::clustering) {
      return invalid(fmt::format(
          "Multi-column relations can only be applied to clustering columns but was applied to: {}", column->name));
    }
    if (column->position != i) {
      return invalid(
          fmt::format("Clustering columns must appear in the PRIMARY KEY order in multi-column relations: ({})",
                      join(relation.columns, ", ")));
    }
    out.columns.push_back(column);
    types.push_back(column->type);
  }
  const auto tuple_of = [&](const Term& term) -> Result<std::vector<ValueSource>> {
    const auto* tuple = term.as<TupleTerm>();
    if (tuple == nullptr || tuple->items.size() != out.columns.size()) {
      return invalid(fmt::format("Expected {} elements in value tuple, as many as in ({})", out.columns.size(),
                                 join(relation.columns, ", ")));
    }
    std::vector<ValueSource> values;
    for (std::size_t i = 0; i < tuple->items.size(); ++i) {
      STREAMOPS_ASSIGN(ValueSource value,
                       ValueSource::compile(tuple->items[i], types[i], out.columns[i]->name, markers));
      values.push_back(std::move(value));
    }
    return values;
  };
  const auto* items = relation.value.as<TupleTerm>();
  if (relation.op == Operator::in && items != nullptr) {
    for (const Term& item : items->items) {
      STREAMOPS_ASSIGN(std::vector<ValueSource> tuple, tuple_of(item));
      out.tuples.push_back(std::move(tuple));
    }
  } else {
    STREAMOPS_ASSIGN(std::vector<ValueSource> tuple, tuple_of(relation.value));
    out.tuples.push_back(std::move(tuple));
  }
  tuples_.push_back(std::move(out));
  return Ok();
}

bool Restrictions::has_in_partition() const {
  return std::any_of(partition_.begin(), partition_.end(), [](const Restriction& each) {
    return each.op == Operator::in && (each.list_marker || each.values.size() != 1);
  });
}

bool Restrictions::selects_one_row(const Table& table) const {
  return clustering_.size() == table.clustering_size && !has_in_partition() &&
         std::all_of(clustering_.begin(), clustering_.end(),
                     [](const Restriction& each) { return each.op == Operator::eq; });
}

std::string Restrictions::missing_partition(const Table& table) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.partition_size; ++i) {
    const auto same = [&](const Restriction& each) { return each.column == &table.columns[i]; };
    if (std::none_of(partition_.begin(), partition_.end(), same)) names.push_back(table.columns[i].name);
  }
  return join(names, ", ");
}

std::string Restrictions::missing_clustering(const Table& table) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.clustering_size; ++i) {
    const auto same = [&](const Restriction& each) {
      return each.column == &table.clustering(i) && !is_slice(each.op);
    };
    const auto in_tuple = [&](const TupleRestriction& each) { return i < each.columns.size() && !is_slice(each.op); };
    if (std::none_of(clustering_.begin(), clustering_.end(), same) &&
        std::none_of(tuples_.begin(), tuples_.end(), in_tuple)) {
      names.push_back(table.clustering(i).name);
    }
  }
  return join(names, ", ");
}

void Restrictions::filter_everything() {
  for (std::vector<Restriction>* from : {&partition_, &clustering_}) {
    std::move(from->begin(), from->end(), std::back_inserter(filters_));
    from->clear();
  }
}

std::optional<std::string> Restrictions::clustering_gap(const Table& table) const {
  std::size_t next = 0;
  const Column* sliced = nullptr;
  for (const Restriction& each : clustering_) {
    const std::size_t position = each.column->position;
    if (sliced != nullptr && sliced != each.column) {
      return fmt::format(
          "Clustering column \"{}\" cannot be restricted (preceding column \"{}\" is restricted by a non-EQ relation)",
          each.column->name, sliced->name);
    }
    if (position > next) {
      return fmt::format("PRIMARY KEY column \"{}\" cannot be restricted as preceding column \"{}\" is not restricted",
                         each.column->name, table.clustering(next).name);
    }
    if (is_slice(each.op)) sliced = each.column;
    next = position + 1;
  }
  return std::nullopt;
}

std::vector<std::uint16_t> Restrictions::partition_markers() const {
  std::vector<std::uint16_t> out;
  if (partition_.size() != partition_size_) return {};
  for (const Restriction& restriction : partition_) {
    const std::optional<std::size_t> marker =
        restriction.values.size() == 1 ? restriction.values[0].marker() : std::nullopt;
    if (!marker || restriction.op != Operator::eq) return {};
    out.push_back(static_cast<std::uint16_t>(*marker));
  }
  return out;
}

}  // namespace streamops::cql::store
