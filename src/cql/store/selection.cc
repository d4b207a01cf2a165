#include "cql/store/selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "cql/protocol/value.h"
#include "cql/store/aggregates.h"
#include "cql/store/invalid.h"
#include "cql/store/restrictions.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

class Compiler {
 public:
  Compiler(const Table& table, MarkerSpecs& markers) : table_(table), markers_(markers) {}

  Result<Expression> compile(const Selector& selector) {
    return std::visit([this](const auto& node) { return (*this)(node); }, selector.node);
  }

  Result<Expression> operator()(const ColumnSelector& node) {
    STREAMOPS_ASSIGN(const Column* column, require_column(table_, node.column));
    return of_column(*column);
  }
  Result<Expression> operator()(const CountSelector&) {
    Expression out;
    out.kind = Expression::Kind::aggregate;
    out.aggregate = Expression::Aggregate::count_rows;
    out.type = CqlType::scalar(TypeId::bigint);
    return out;
  }
  Result<Expression> operator()(const FunctionSelector& node) {
    const std::string name = to_lower(node.function.name);
    if (name == "token") return token(node);
    std::vector<Expression> operands;
    std::vector<CqlTypePtr> types;
    for (const Selector& argument : node.arguments) {
      STREAMOPS_ASSIGN(Expression operand, compile(argument));
      types.push_back(operand.type);
      operands.push_back(std::move(operand));
    }
    if (name == "tojson" || name == "to_json") return json(std::move(operands));
    const Expression::Aggregate aggregate = aggregate_by_name(name);
    if (aggregate != Expression::Aggregate::none) return fold(aggregate, std::move(operands));
    Expression out;
    out.kind = Expression::Kind::function;
    STREAMOPS_ASSIGN(out.function, resolve_function(name, types));
    out.type = out.function->result;
    out.operands = std::move(operands);
    return out;
  }
  Result<Expression> operator()(const CellInfoSelector& node) {
    STREAMOPS_ASSIGN(Expression operand, compile(node.operand.at(0)));
    const std::string name = node.kind == CellInfoSelector::Kind::ttl ? "ttl" : "writetime";
    if (operand.kind != Expression::Kind::column)
      return invalid(fmt::format("Cannot use selection function {} on this value", name));
    const Column& column = *operand.column;
    if (column.kind == ColumnKind::partition_key || column.kind == ColumnKind::clustering) {
      return invalid(fmt::format("Cannot use selection function {} on PRIMARY KEY part {}", name, column.name));
    }
    if (column.type->is_multi_cell()) {
      return Error(errors::cql::not_served, "{} of {}, a collection that is not frozen, is not served", name,
                   column.name);
    }
    Expression out;
    out.kind = node.kind == CellInfoSelector::Kind::ttl ? Expression::Kind::ttl : Expression::Kind::writetime;
    out.column = &column;
    out.type = CqlType::scalar(out.kind == Expression::Kind::ttl ? TypeId::int_ : TypeId::bigint);
    return out;
  }
  Result<Expression> operator()(const CastSelector& node) {
    Expression out;
    out.kind = Expression::Kind::cast;
    STREAMOPS_ASSIGN(Expression operand, compile(node.operand.at(0)));
    STREAMOPS_ASSIGN(out.type, resolve_type(node.type));
    if (!can_cast(*operand.type, *out.type)) {
      return invalid(fmt::format("{} cannot be cast to {}", operand.type->to_cql(), out.type->to_cql()));
    }
    out.operands.push_back(std::move(operand));
    return out;
  }
  Result<Expression> operator()(const FieldSelector& node) {
    Expression out;
    out.kind = Expression::Kind::field;
    STREAMOPS_ASSIGN(Expression operand, compile(node.operand.at(0)));
    const std::vector<std::string>& names = operand.type->field_names();
    const auto found = std::find(names.begin(), names.end(), node.field);
    if (found == names.end())
      return invalid(fmt::format("{} of type {} has no field {}", result_name(node.operand[0]), operand.type->to_cql(),
                                 node.field));
    out.field = static_cast<std::size_t>(found - names.begin());
    out.type = operand.type->children()[out.field];
    out.operands.push_back(std::move(operand));
    return out;
  }
  Result<Expression> operator()(const ElementSelector& node) {
    Expression out;
    out.kind = Expression::Kind::element;
    STREAMOPS_ASSIGN(Expression operand, compile(node.operand.at(0)));
    if (operand.type->id() != TypeId::map && operand.type->id() != TypeId::set) {
      return invalid(fmt::format("Invalid element selection: {} is of type {} is not a collection",
                                 result_name(node.operand[0]), operand.type->to_cql()));
    }
    out.type = operand.type->children().back();
    STREAMOPS_ASSIGN(out.term, ValueSource::compile(node.element, operand.type->children()[0], "key", markers_));
    out.operands.push_back(std::move(operand));
    return out;
  }
  Result<Expression> operator()(const TermSelector& node) {
    CqlTypePtr type = CqlType::scalar(TypeId::text);
    if (const auto* constant = node.term.as<Constant>()) {
      if (constant->kind == ConstantKind::integer) type = CqlType::scalar(TypeId::int_);
      if (constant->kind == ConstantKind::floating) type = CqlType::scalar(TypeId::double_);
      if (constant->kind == ConstantKind::boolean) type = CqlType::scalar(TypeId::boolean);
      if (constant->kind == ConstantKind::uuid) type = CqlType::scalar(TypeId::uuid);
      if (constant->kind == ConstantKind::blob) type = CqlType::scalar(TypeId::blob);
    }
    if (const auto* cast = node.term.as<CastTerm>()) {
      STREAMOPS_ASSIGN(type, resolve_type(cast->type));
    }
    if (const auto* call = node.term.as<FunctionTerm>()) {
      STREAMOPS_ASSIGN(const ScalarFunction* function, function_of_term(*call));
      type = function->result;
    }
    Expression out;
    out.kind = Expression::Kind::term;
    out.type = type;
    STREAMOPS_ASSIGN(out.term, ValueSource::compile(node.term, type, "[selection]", markers_));
    return out;
  }
  Result<Expression> operator()(const SliceSelector&) {
    return Error(errors::cql::not_served, "slices of collections are not served in SELECT");
  }
  Result<Expression> operator()(const ArithmeticSelector&) {
    return Error(errors::cql::not_served, "arithmetic is not served in SELECT");
  }
  Result<Expression> operator()(const GroupSelector&) {
    return Error(errors::cql::not_served, "literals of selected values, such as (a, b), are not served in SELECT");
  }

  static Expression of_column(const Column& column) {
    Expression out;
    out.column = &column;
    out.type = column.type;
    return out;
  }

 private:
  Result<Expression> token(const FunctionSelector& node) {
    bool whole = node.arguments.size() == table_.partition_size;
    for (std::size_t i = 0; whole && i < node.arguments.size(); ++i) {
      const auto* column = node.arguments[i].as<ColumnSelector>();
      whole = column != nullptr && column->column == table_.columns[i].name;
    }
    if (!whole)
      return invalid("Invalid call to function token, its arguments must be the partition key columns in their order");
    Expression out;
    out.kind = Expression::Kind::token;
    out.type = CqlType::scalar(TypeId::bigint);
    return out;
  }

  static Result<Expression> json(std::vector<Expression> operands) {
    if (operands.size() != 1) return invalid("Invalid number of arguments for function toJson");
    Expression out;
    out.kind = Expression::Kind::json;
    out.type = CqlType::scalar(TypeId::text);
    out.operands = std::move(operands);
    return out;
  }

  static Result<Expression> fold(Expression::Aggregate aggregate, std::vector<Expression> operands) {
    if (operands.size() != 1)
      return invalid("Invalid number of arguments in call to an aggregate function: one is taken");
    Expression out;
    out.kind = Expression::Kind::aggregate;
    out.aggregate = aggregate;
    STREAMOPS_ASSIGN(out.type, aggregate_type(aggregate, operands[0].type));
    out.operands = std::move(operands);
    return out;
  }

  const Table& table_;
  MarkerSpecs& markers_;
};

std::string json_name(const std::string& name) {
  return name == to_lower(name) ? name : "\"" + name + "\"";
}

void append_cell(Bytes& out, const std::optional<BytesView>& value) {
  append_bytes_value(out, value);
}

Result<std::optional<BytesView>> element_of(const Expression& expression, BytesView collection,
                                            Evaluation& evaluation) {
  STREAMOPS_ASSIGN(const BytesView wanted, expression.term->get_present(evaluation));
  const CqlType& type = *expression.operands[0].type;
  const std::vector<BytesView> items = split_collection(type, collection);
  const std::size_t step = type.id() == TypeId::map ? 2 : 1;
  for (std::size_t i = 0; i + step <= items.size(); i += step) {
    if (compare_values(*type.children()[0], items[i], wanted) == 0)
      return std::optional<BytesView>(items[i + step - 1]);
  }
  return std::optional<BytesView>();
}

std::optional<BytesView> cell_info(const Expression& expression, const RowView& row, Evaluation& evaluation) {
  const CellTimes& times = row.times[expression.column->ordinal];
  if (!row.values[expression.column->ordinal]) return std::nullopt;
  Bytes out;
  if (expression.kind == Expression::Kind::writetime) {
    append_big_endian(out, times.timestamp);
  } else if (times.ttl == 0) {
    return std::nullopt;
  } else {
    append_big_endian(out, static_cast<std::int32_t>(times.expiry - evaluation.now_seconds()));
  }
  return evaluation.keep(std::move(out));
}

Result<std::optional<BytesView>> call(const Expression& expression, const RowView& row, Evaluation& evaluation) {
  std::vector<Argument> arguments;
  for (const Expression& operand : expression.operands) {
    STREAMOPS_ASSIGN(const std::optional<BytesView> value, evaluate_expression(operand, row, evaluation));
    if (!value || value->empty()) return std::optional<BytesView>();
    arguments.push_back(value);
  }
  STREAMOPS_ASSIGN(std::optional<Bytes> out,
                   expression.kind == Expression::Kind::cast
                       ? cast_value(*expression.operands[0].type, *expression.type, *arguments[0])
                       : expression.function->call(arguments, evaluation));
  if (!out) return std::optional<BytesView>();
  STREAMOPS_RETURN_IF_ERROR(validate(*expression.type, *out));
  return std::optional<BytesView>(evaluation.keep(std::move(*out)));
}

}  // namespace

Result<Selection> Selection::compile(const Select& statement, const Table& table, MarkerSpecs& markers) {
  Selection out;
  Compiler compiler(table, markers);
  auto specs = std::make_shared<std::vector<ColumnSpec>>();
  const auto add = [&](Expression expression, std::string name) {
    out.aggregate_ = out.aggregate_ || expression.kind == Expression::Kind::aggregate;
    out.json_names_.push_back(json_name(name));
    specs->push_back({table.keyspace, table.name, std::move(name), expression.type});
    out.expressions_.push_back(std::move(expression));
  };
  if (statement.columns.empty()) {
    for (const Column& column : table.columns) {
      const bool shown =
          !statement.distinct || column.kind == ColumnKind::partition_key || column.kind == ColumnKind::statics;
      if (shown) add(Compiler::of_column(column), column.name);
    }
  }
  for (const SelectedColumn& selected : statement.columns) {
    STREAMOPS_ASSIGN(Expression expression, compiler.compile(selected.selector));
    add(std::move(expression), selected.alias.value_or(result_name(selected.selector)));
  }
  if (statement.json) {
    out.json_ = true;
    *specs = {{table.keyspace, table.name, "[json]", CqlType::scalar(TypeId::text)}};
    if (out.aggregate_) return Error(errors::cql::not_served, "SELECT JSON of aggregates is not served");
  }
  out.columns_ = std::move(specs);
  return out;
}

Result<void> Selection::check_distinct() const {
  for (const Expression& expression : expressions_) {
    const Column* column = expression.column;
    if (column == nullptr || column->kind == ColumnKind::partition_key || column->kind == ColumnKind::statics) continue;
    return invalid(
        fmt::format("SELECT DISTINCT queries must only request partition key columns and/or static columns (not {})",
                    column->name));
  }
  return Ok();
}

Result<void> Selection::append(Bytes& cells, const RowView& row, const Table& table, Evaluation& evaluation) const {
  static_cast<void>(table);
  if (!json_) {
    for (const Expression& expression : expressions_) {
      STREAMOPS_ASSIGN(const std::optional<BytesView> value, evaluate_expression(expression, row, evaluation));
      append_cell(cells, value);
    }
    return Ok();
  }
  std::string json = "{";
  for (std::size_t i = 0; i < expressions_.size(); ++i) {
    STREAMOPS_ASSIGN(const std::optional<BytesView> value, evaluate_expression(expressions_[i], row, evaluation));
    if (i > 0) json += ", ";
    append_json_string(json, json_names_[i]);
    json += ": ";
    if (value) {
      append_json(json, *expressions_[i].type, *value);
    } else {
      json += "null";
    }
  }
  json += "}";
  append_cell(cells, as_bytes(json));
  return Ok();
}

Result<std::optional<BytesView>> evaluate_expression(const Expression& expression, const RowView& row,
                                                     Evaluation& evaluation) {
  switch (expression.kind) {
    case Expression::Kind::column:
      return row.values[expression.column->ordinal];
    case Expression::Kind::writetime:
    case Expression::Kind::ttl:
      return cell_info(expression, row, evaluation);
    case Expression::Kind::function:
    case Expression::Kind::cast:
      return call(expression, row, evaluation);
    case Expression::Kind::token: {
      Bytes out;
      append_big_endian(out, row.token);
      return std::optional<BytesView>(evaluation.keep(std::move(out)));
    }
    case Expression::Kind::term: {
      STREAMOPS_ASSIGN(const Value value, expression.term->get(evaluation));
      return value.has_bytes() ? std::optional<BytesView>(value.bytes) : std::nullopt;
    }
    default:
      break;
  }
  STREAMOPS_ASSIGN(const std::optional<BytesView> inner,
                   evaluate_expression(expression.operands.at(0), row, evaluation));
  if (expression.kind == Expression::Kind::json) {
    std::string text = "null";
    if (inner) {
      text.clear();
      append_json(text, *expression.operands[0].type, *inner);
    }
    return std::optional<BytesView>(evaluation.keep(Bytes(text.begin(), text.end())));
  }
  if (!inner) return inner;
  if (expression.kind == Expression::Kind::element) return element_of(expression, *inner, evaluation);
  const std::vector<std::optional<BytesView>> members = split_members(*expression.operands[0].type, *inner);
  return expression.field < members.size() ? members[expression.field] : std::nullopt;
}

}  // namespace streamops::cql::store
