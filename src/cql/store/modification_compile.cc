// Compiling INSERT, UPDATE and DELETE: names, types and the shape of the key are checked here, once.
#include <fmt/format.h>

#include <algorithm>

#include "cql/store/invalid.h"
#include "cql/store/modification.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

bool is_key(const Column& column) {
  return column.kind == ColumnKind::partition_key || column.kind == ColumnKind::clustering;
}

Result<void> compile_times(Modification& out, const Using& parameters, MarkerSpecs& markers) {
  if (parameters.timestamp) {
    STREAMOPS_ASSIGN(out.timestamp, ValueSource::compile(*parameters.timestamp, CqlType::scalar(TypeId::bigint),
                                                         "[timestamp]", markers));
  }
  if (parameters.ttl) {
    STREAMOPS_ASSIGN(out.ttl, ValueSource::compile(*parameters.ttl, CqlType::scalar(TypeId::int_), "[ttl]", markers));
  }
  return Ok();
}

Result<void> refuse_counter(const Column& column) {
  if (column.type->id() != TypeId::counter) return Ok();
  return Error(errors::cql::not_served, "counter column {} cannot be written: the embedded store has no counters",
               column.name);
}

Error not_multi_cell(const Column& column, std::string_view written) {
  if (column.type->is_collection()) {
    return invalid(fmt::format("Invalid operation ({}) for frozen collection column {}", written, column.name));
  }
  return invalid(fmt::format("Invalid operation ({}) for non counter column {}", written, column.name));
}

Error needs_read(const Column& column) {
  return {errors::cql::not_served,
          "elements of list {} cannot be set or removed by index or value: that needs a read before the write; write "
          "the whole list",
          column.name};
}

Result<ValueSource> key_source(const Column& column, const Term& term, MarkerSpecs& markers) {
  return ValueSource::compile(term, column.type->children()[0], fmt::format("key({})", column.name), markers);
}

class OperationCompiler {
 public:
  OperationCompiler(const Table& table, MarkerSpecs& markers) : table_(table), markers_(markers) {}

  Result<CellOperation> operator()(const SetColumn& set) {
    STREAMOPS_ASSIGN(CellOperation out, begin(set.column, CellOperation::Kind::set));
    STREAMOPS_ASSIGN(out.value, ValueSource::compile(set.value, out.column->type, out.column->name, markers_));
    return out;
  }
  Result<CellOperation> operator()(const SetElement& set) {
    STREAMOPS_ASSIGN(CellOperation out, begin(set.column, CellOperation::Kind::put));
    if (!out.column->type->is_multi_cell() || !out.column->type->is_collection()) {
      return not_multi_cell(*out.column, fmt::format("{}[{}] = ...", set.column, to_cql(set.key)));
    }
    if (out.column->type->id() == TypeId::list) return needs_read(*out.column);
    if (out.column->type->id() == TypeId::set) {
      return invalid(
          fmt::format("Invalid operation ({}[{}] = ...) for set column {}", set.column, to_cql(set.key), set.column));
    }
    STREAMOPS_ASSIGN(out.key, key_source(*out.column, set.key, markers_));
    STREAMOPS_ASSIGN(out.value, ValueSource::compile(set.value, out.column->type->children()[1],
                                                     fmt::format("value({})", set.column), markers_));
    return out;
  }
  Result<CellOperation> operator()(const SetField& set) {
    STREAMOPS_ASSIGN(CellOperation out, begin(set.column, CellOperation::Kind::put));
    STREAMOPS_ASSIGN(const std::size_t field, field_of(*out.column, set.field));
    out.path = field_path(field);
    STREAMOPS_ASSIGN(out.value, ValueSource::compile(set.value, out.column->type->children()[field],
                                                     set.column + "." + set.field, markers_));
    return out;
  }
  Result<CellOperation> operator()(const AddToColumn& add) {
    return element_operation(add.column, add.value, CellOperation::Kind::add,
                             fmt::format("{0} = {0} + {1}", add.column, to_cql(add.value)));
  }
  Result<CellOperation> operator()(const PrependToColumn& add) {
    STREAMOPS_ASSIGN(CellOperation out,
                     element_operation(add.column, add.value, CellOperation::Kind::prepend,
                                       fmt::format("{0} = {1} + {0}", add.column, to_cql(add.value))));
    if (out.column->type->id() != TypeId::list)
      return not_multi_cell(*out.column, fmt::format("{0} = {1} + {0}", add.column, to_cql(add.value)));
    return out;
  }
  Result<CellOperation> operator()(const SubtractFromColumn& less) {
    return element_operation(less.column, less.value, CellOperation::Kind::subtract,
                             fmt::format("{0} = {0} - {1}", less.column, to_cql(less.value)));
  }
  Result<CellOperation> operator()(const DeleteColumn& remove) {
    return begin(remove.column, CellOperation::Kind::remove);
  }
  Result<CellOperation> operator()(const DeleteElement& remove) {
    STREAMOPS_ASSIGN(CellOperation out, begin(remove.column, CellOperation::Kind::remove_key));
    if (!out.column->type->is_multi_cell() || !out.column->type->is_collection()) {
      return invalid(fmt::format("Invalid deletion operation for non-collection or frozen column {}", remove.column));
    }
    if (out.column->type->id() == TypeId::list) return needs_read(*out.column);
    STREAMOPS_ASSIGN(out.key, key_source(*out.column, remove.key, markers_));
    return out;
  }
  Result<CellOperation> operator()(const DeleteField& remove) {
    STREAMOPS_ASSIGN(CellOperation out, begin(remove.column, CellOperation::Kind::remove_key));
    STREAMOPS_ASSIGN(const std::size_t field, field_of(*out.column, remove.field));
    out.path = field_path(field);
    return out;
  }

 private:
  Result<CellOperation> begin(std::string_view name, CellOperation::Kind kind) {
    CellOperation out;
    out.kind = kind;
    STREAMOPS_ASSIGN(out.column, require_column(table_, name));
    if (is_key(*out.column)) {
      const bool removing = kind == CellOperation::Kind::remove || kind == CellOperation::Kind::remove_key;
      return invalid(removing
                         ? fmt::format("Invalid identifier {} for deletion (should not be a PRIMARY KEY part)", name)
                         : fmt::format("PRIMARY KEY part {} found in SET part", name));
    }
    STREAMOPS_RETURN_IF_ERROR(refuse_counter(*out.column));
    return out;
  }

  Result<CellOperation> element_operation(std::string_view name, const Term& value, CellOperation::Kind kind,
                                          std::string_view written) {
    STREAMOPS_ASSIGN(CellOperation out, begin(name, kind));
    const CqlType& type = *out.column->type;
    if (!type.is_multi_cell() || !type.is_collection()) return not_multi_cell(*out.column, written);
    const bool subtract = kind == CellOperation::Kind::subtract;
    if (subtract && type.id() == TypeId::list) return needs_read(*out.column);
    const CqlTypePtr operand =
        subtract && type.id() == TypeId::map ? CqlType::set(type.children()[0]) : out.column->type;
    STREAMOPS_ASSIGN(out.value, ValueSource::compile(value, operand, out.column->name, markers_));
    return out;
  }

  Result<std::size_t> field_of(const Column& column, std::string_view field) {
    const std::vector<std::string>& names = column.type->field_names();
    const auto found = std::find(names.begin(), names.end(), field);
    if (column.type->id() != TypeId::udt || !column.type->is_multi_cell() || found == names.end()) {
      return invalid(fmt::format("UDT column {} does not have a field named {}", column.name, field));
    }
    return static_cast<std::size_t>(found - names.begin());
  }

  static std::string field_path(std::size_t field) {
    return {static_cast<char>(field >> 8U), static_cast<char>(field & 0xffU)};
  }

  const Table& table_;
  MarkerSpecs& markers_;
};

Result<void> compile_conditions(Modification& out, const std::vector<Condition>& conditions, MarkerSpecs& markers) {
  for (const Condition& condition : conditions) {
    if (condition.field)
      return Error(errors::cql::not_served, "conditions on fields of a user-defined type are not served");
    Relation relation = ColumnRelation{condition.column, condition.op, condition.value};
    if (condition.element)
      relation = ElementRelation{condition.column, *condition.element, condition.op, condition.value};
    STREAMOPS_ASSIGN(const Column* column, require_column(*out.table, condition.column));
    if (is_key(*column)) return invalid(fmt::format("PRIMARY KEY column '{}' cannot have IF conditions", column->name));
    const auto* null = condition.value.as<NullTerm>();
    if (null != nullptr) {
      out.conditions.push_back({column, std::nullopt, condition.op, {}, false});
      continue;
    }
    STREAMOPS_ASSIGN(Restrictions one, Restrictions::compile({relation}, *out.table, markers));
    out.conditions.push_back(one.filters().at(0));
  }
  return Ok();
}

/// What every statement needs of its key.
Result<void> check_key(const Modification& out) {
  const Table& table = *out.table;
  if (out.where.has_token())
    return invalid("The token function cannot be used in WHERE clauses for modification statements");
  if (out.where.has_filters()) {
    const Column& column = *out.where.filters()[0].column;
    if (column.kind == ColumnKind::partition_key) {
      return invalid(fmt::format(
          "Only EQ and IN relation are supported on the partition key (unless you use the token() function) for {}",
          out.kind == Modification::Kind::remove ? "DELETE statements" : "UPDATE statements"));
    }
    return invalid(fmt::format("Non PRIMARY KEY columns found in where clause: {} ", column.name));
  }
  if (const std::string missing = out.where.missing_partition(table); !missing.empty()) {
    return invalid(fmt::format("Some partition key parts are missing: {}", missing));
  }
  if (const std::optional<std::string> gap = out.where.clustering_gap(table)) return invalid(*gap);
  const bool statics_only = !out.operations.empty() &&
                            std::all_of(out.operations.begin(), out.operations.end(), [](const CellOperation& each) {
                              return each.column->kind == ColumnKind::statics;
                            });
  if (statics_only && !out.where.has_clustering()) return Ok();
  const bool range_delete = out.kind == Modification::Kind::remove && out.operations.empty();
  if (const std::string missing = out.where.missing_clustering(table); !missing.empty() && !range_delete) {
    if (out.kind == Modification::Kind::remove && out.where.has_clustering()) {
      return invalid("Range deletions are not supported for specific columns");
    }
    return invalid(fmt::format("Some clustering keys are missing: {}", missing));
  }
  if (out.is_conditional() &&
      (out.where.has_in_partition() || (table.clustering_size > 0 && !out.where.selects_one_row(table)))) {
    return invalid(out.kind == Modification::Kind::remove
                       ? "IN on the clustering key columns is not supported with conditional deletions"
                       : "IN on the clustering key columns is not supported with conditional updates");
  }
  return Ok();
}

Result<void> compile_body(const Insert& statement, Modification& out, MarkerSpecs& markers) {
  out.kind = Modification::Kind::insert;
  out.if_not_exists = statement.if_not_exists;
  if (statement.json) {
    return Error(errors::cql::not_served, "INSERT ... JSON is not served")
        .with_hint("write INSERT INTO t (columns) VALUES (values)");
  }
  OperationCompiler compile(*out.table, markers);
  std::vector<Relation> keys;
  for (std::size_t i = 0; i < statement.columns.size(); ++i) {
    STREAMOPS_ASSIGN(const Column* column, require_column(*out.table, statement.columns[i]));
    if (std::count(statement.columns.begin(), statement.columns.end(), column->name) > 1) {
      return invalid("The column names contains duplicates");
    }
    if (is_key(*column)) {
      keys.push_back(ColumnRelation{column->name, Operator::eq, statement.values[i]});
      continue;
    }
    STREAMOPS_ASSIGN(CellOperation operation, compile(SetColumn{column->name, statement.values[i]}));
    out.operations.push_back(std::move(operation));
  }
  STREAMOPS_ASSIGN(out.where, Restrictions::compile(keys, *out.table, markers));
  return compile_times(out, statement.parameters, markers);
}

Result<void> compile_body(const Update& statement, Modification& out, MarkerSpecs& markers) {
  out.kind = Modification::Kind::update;
  out.if_exists = statement.if_exists;
  STREAMOPS_RETURN_IF_ERROR(compile_times(out, statement.parameters, markers));
  OperationCompiler compile(*out.table, markers);
  for (const Assignment& assignment : statement.assignments) {
    STREAMOPS_ASSIGN(CellOperation operation, std::visit(compile, assignment));
    out.operations.push_back(std::move(operation));
  }
  STREAMOPS_ASSIGN(out.where, Restrictions::compile(statement.where, *out.table, markers));
  return compile_conditions(out, statement.conditions, markers);
}

Result<void> compile_body(const Delete& statement, Modification& out, MarkerSpecs& markers) {
  out.kind = Modification::Kind::remove;
  out.if_exists = statement.if_exists;
  STREAMOPS_RETURN_IF_ERROR(compile_times(out, statement.parameters, markers));
  OperationCompiler compile(*out.table, markers);
  for (const cql::Deletion& deletion : statement.deletions) {
    STREAMOPS_ASSIGN(CellOperation operation, std::visit(compile, deletion));
    out.operations.push_back(std::move(operation));
  }
  STREAMOPS_ASSIGN(out.where, Restrictions::compile(statement.where, *out.table, markers));
  return compile_conditions(out, statement.conditions, markers);
}

}  // namespace

Result<TablePtr> modified_table(const cql::Modification& statement, const CompileContext& context) {
  const QualifiedName& name =
      std::visit([](const auto& each) -> const QualifiedName& { return each.table; }, statement);
  STREAMOPS_ASSIGN(TablePtr table, context.schema.require(name.keyspace, context.keyspace, name.name));
  if (table->is_virtual()) {
    return Error(errors::cql::not_allowed, "{} keyspace is not user-modifiable.", table->keyspace);
  }
  return table;
}

Result<Modification> compile_modification(const cql::Modification& statement, const CompileContext& context,
                                          MarkerSpecs& markers) {
  Modification out;
  STREAMOPS_ASSIGN(out.table, modified_table(statement, context));
  STREAMOPS_RETURN_IF_ERROR(std::visit([&](const auto& each) { return compile_body(each, out, markers); }, statement));
  STREAMOPS_RETURN_IF_ERROR(check_key(out));
  return out;
}

}  // namespace streamops::cql::store
