#include "sql/engine/nested.h"

#include <cmath>

#include "base/text.h"
#include "errors/sql.h"

namespace streamops::sql {
namespace {

using data::ColumnPtr;
using data::Type;
using data::TypeId;
using data::TypePtr;

Bytes copy(BytesView bytes) {
  return Bytes(bytes.begin(), bytes.end());
}
Bytes copy_offsets(const data::Column& column) {
  const auto offsets = column.offsets();  // none for a column without rows
  return copy({reinterpret_cast<const std::uint8_t*>(offsets.data()), offsets.size_bytes()});
}

/// The index of the member, SO-S006 or SO-S007.
Result<std::size_t> find_member(const Type& structure, std::string_view name) {
  std::optional<std::size_t> found;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < structure.fields().size(); ++i) {
    names.push_back(structure.fields()[i].name);
    if (!equals_ignore_case(names.back(), name)) continue;
    if (found) return Error(errors::sql::ambiguous_name, "`{}` fits more than one member", name);
    found = i;
  }
  if (found) return *found;
  return Error(errors::sql::unknown_column, "the STRUCT has no member `{}`", name)
      .with_label(did_you_mean(name, names))
      .with_hint("it has: " + streamops::join(names, ", "));
}

Vector map_value(const Call& call) {
  const Vector& map = call.arguments[0];
  const Vector& key = call.arguments[1];
  std::vector<std::int32_t> members(call.frame.rows, -1);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (map.is_null(row) || key.is_null(row)) continue;
    members[row] = find_key(*map.column, map.index(row), *key.column, key.index(row));
  }
  return pick(map.column->children()[1], members);
}

template <typename T>
int compare_number(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

template <typename T>
int compare_as(const data::Column& a, std::size_t i, const data::Column& b, std::size_t j) {
  return compare_number(a.values<T>()[i], b.values<T>()[j]);
}

int compare_members(const data::Column& a, std::size_t i, const data::Column& b, std::size_t j) {
  if (a.is_null(i) || b.is_null(j)) return static_cast<int>(!a.is_null(i)) - static_cast<int>(!b.is_null(j));
  return compare_values(a, i, b, j);
}

int compare_lists(const data::Column& a, std::size_t i, const data::Column& b, std::size_t j) {
  std::int32_t k = a.offsets()[i], n = b.offsets()[j];
  const std::int32_t a_end = a.offsets()[i + 1], b_end = b.offsets()[j + 1];
  for (; k < a_end && n < b_end; ++k, ++n) {
    for (std::size_t c = 0; c < a.children().size(); ++c) {
      const int order =
          compare_members(*a.children()[c], static_cast<std::size_t>(k), *b.children()[c], static_cast<std::size_t>(n));
      if (order != 0) return order;
    }
  }
  return compare_number(a_end - k, b_end - n);
}

}  // namespace

ColumnPtr flat(const Vector& value, std::size_t rows) {
  if (!value.constant) return value.column;
  const std::vector<std::int32_t> zeros(rows, 0);
  return data::take(value.column, zeros);
}

ColumnPtr with_type(const ColumnPtr& column, const TypePtr& type) {
  if (*column->type() == *type) return column;
  std::vector<ColumnPtr> children;
  children.reserve(column->children().size());
  for (std::size_t i = 0; i < column->children().size(); ++i)
    children.push_back(with_type(column->children()[i], type->fields()[i].type));
  return std::make_shared<const data::Column>(
      type, column->length(), copy(column->validity()), copy_offsets(*column),
      copy({column->values<std::uint8_t>().data(), column->values<std::uint8_t>().size()}), std::move(children));
}

int compare_values(const data::Column& a, std::size_t i, const data::Column& b, std::size_t j) {
  switch (a.type()->id()) {
    case TypeId::boolean:
      return static_cast<int>(a.boolean(i)) - static_cast<int>(b.boolean(j));
    case TypeId::int8:
      return compare_as<std::int8_t>(a, i, b, j);
    case TypeId::int16:
      return compare_as<std::int16_t>(a, i, b, j);
    case TypeId::int32:
    case TypeId::date:
    case TypeId::interval_month:
      return compare_as<std::int32_t>(a, i, b, j);
    case TypeId::float32:
      return compare_as<float>(a, i, b, j);
    case TypeId::float64:
      return compare_as<double>(a, i, b, j);
    case TypeId::decimal:
      return compare_as<data::Int128>(a, i, b, j);
    case TypeId::string:
    case TypeId::binary: {
      const int order = a.text(i).compare(b.text(j));
      return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    case TypeId::structure:
      for (std::size_t c = 0; c < a.children().size(); ++c) {
        if (const int order = compare_members(*a.children()[c], i, *b.children()[c], j); order != 0) return order;
      }
      return 0;
    case TypeId::array:
    case TypeId::map:
      return compare_lists(a, i, b, j);
    case TypeId::null:
      return 0;
    default:
      return compare_as<std::int64_t>(a, i, b, j);
  }
}

std::int32_t find_key(const data::Column& map, std::size_t row, const data::Column& wanted, std::size_t wanted_row) {
  const data::Column& keys = *map.children()[0];
  for (std::int32_t k = map.offsets()[row]; k < map.offsets()[row + 1]; ++k) {
    if (compare_values(keys, static_cast<std::size_t>(k), wanted, wanted_row) == 0) return k;
  }
  return -1;
}

Vector pick(const ColumnPtr& child, const std::vector<std::int32_t>& members) {
  return {data::take(child, members), false};
}

Result<NodePtr> member_node(NodePtr value, std::string_view name, Span span) {
  const TypePtr type = value->type();
  const bool nullable = value->nullable();
  if (type->id() == TypeId::structure) {
    STREAMOPS_ASSIGN(const std::size_t index, find_member(*type, name));
    const data::Field& field = type->fields()[index];
    return call_node(field.type, nullable || field.nullable, span, {std::move(value)}, [index](const Call& call) {
      return Vector{call.arguments[0].column->children()[index], call.arguments[0].constant};
    });
  }
  if (type->id() == TypeId::array && type->element()->id() == TypeId::structure) {
    STREAMOPS_ASSIGN(const std::size_t index, find_member(*type->element(), name));
    const data::Field& field = type->element()->fields()[index];
    const TypePtr result = Type::array(field.type, field.nullable || type->fields()[0].nullable);
    return call_node(result, nullable, span, {std::move(value)}, [index](const Call& call) {
      const data::Column& array = *call.arguments[0].column;
      std::vector<ColumnPtr> children = {array.children()[0]->children()[index]};
      return Vector{std::make_shared<const data::Column>(call.type, array.length(), copy(array.validity()),
                                                         copy_offsets(array), Bytes(), std::move(children)),
                    call.arguments[0].constant};
    });
  }
  if (type->id() == TypeId::map && type->fields()[0].type->id() == TypeId::string) {
    data::ColumnBuilder key(Type::scalar(TypeId::string));
    key.append_text(name);
    return call_node(type->fields()[1].type, true, span, {std::move(value), constant_node(key.finish(), span)},
                     map_value);
  }
  return Error(errors::sql::type_mismatch, "`.{}` needs a STRUCT before it, not {}", name, type->to_sql());
}

NodePtr structure_node(std::vector<NodePtr> members, std::vector<data::Field> fields, Span span) {
  return call_node(Type::structure(std::move(fields)), false, span, std::move(members), [](const Call& call) {
    std::vector<ColumnPtr> children;
    children.reserve(call.arguments.size());
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      children.push_back(with_type(flat(call.arguments[i], call.frame.rows), call.type->fields()[i].type));
    }
    return Vector{std::make_shared<const data::Column>(call.type, call.frame.rows, Bytes(), Bytes(), Bytes(),
                                                       std::move(children)),
                  false};
  });
}

}  // namespace streamops::sql
