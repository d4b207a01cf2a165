// Arrays, maps and structures.
#include "sql/engine/nested.h"

#include <algorithm>
#include <numeric>

#include "sql/engine/functions/families.h"
#include "sql/engine/functions/members.h"

namespace streamops::sql {
namespace {

using data::ColumnPtr;
using data::Type;
using data::TypeId;
using data::TypePtr;

std::int64_t integer_at(const Vector& value, std::size_t row) {
  const std::size_t at = value.index(row);
  switch (value.column->type()->id()) {
    case TypeId::int8:
      return value.column->values<std::int8_t>()[at];
    case TypeId::int16:
      return value.column->values<std::int16_t>()[at];
    case TypeId::int32:
      return value.column->values<std::int32_t>()[at];
    default:
      return value.column->values<std::int64_t>()[at];
  }
}

bool counts(const Call& call, std::size_t row) {
  return call.active.empty() || call.active[row] != 0;
}

enum class Base : std::uint8_t { zero, one };

Error bad_index(Base base, std::int64_t index, std::int32_t size) {
  return Error(errors::sql::invalid_array_index, "[{}] there is no element {} in an array of {}",
               base == Base::zero ? "INVALID_ARRAY_INDEX" : "INVALID_ARRAY_INDEX_IN_ELEMENT_AT", index, size);
}

/// array[index] counts from 0; element_at from 1, and from the end when negative.
Kernel element_kernel(Base base, bool lenient) {
  return [=](const Call& call) {
    const Vector& list = call.arguments[0];
    const Vector& index = call.arguments[1];
    std::vector<std::int32_t> picked(call.frame.rows, -1);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (!counts(call, row) || list.is_null(row) || index.is_null(row)) continue;
      const Members members(list, row);
      const std::int64_t wanted = integer_at(index, row);
      if (base == Base::one && wanted == 0) {
        call.frame.fail(row, call.span,
                        Error(errors::sql::invalid_input, "[INVALID_INDEX_OF_ZERO] positions in arrays count from 1"));
        continue;
      }
      const std::int64_t at = base == Base::zero ? wanted : wanted > 0 ? wanted - 1 : members.size() + wanted;
      if (at >= 0 && at < members.size()) {
        picked[row] = members.begin + static_cast<std::int32_t>(at);
      } else if (!lenient) {
        call.frame.fail(row, call.span, bad_index(base, wanted, members.size()));
      }
    }
    return pick(list.column->children()[0], picked);
  };
}

Vector map_lookup(const Call& call) {
  const Vector& map = call.arguments[0];
  const Vector& key = call.arguments[1];
  std::vector<std::int32_t> picked(call.frame.rows, -1);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (map.is_null(row) || key.is_null(row)) continue;
    picked[row] = find_key(*map.column, map.index(row), *key.column, key.index(row));
  }
  return pick(map.column->children()[1], picked);
}

/// Key type of the map and the key's own meet.
Result<NodePtr> bind_map_lookup(Binding& binding) {
  const Type& map = binding.type(0);
  const TypePtr key = common_type(map.fields()[0].type, binding[1]->type(), Strings::promoted);
  if (!key || !can_cast(binding.type(1), *key)) return binding.mismatch(1, map.fields()[0].type->to_sql());
  const TypePtr value = map.fields()[1].type;
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::map(key, value, map.fields()[1].nullable)));
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(1, key));
  return binding.strict_node(value, true, map_lookup);
}

Result<NodePtr> bind_element(Binding& binding, Base base, bool lenient) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  if (binding.id(0) == TypeId::map && (base == Base::one || !lenient)) return bind_map_lookup(binding);
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY or MAP");
  if (binding.id(1) == TypeId::null) STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(1, Type::scalar(TypeId::int32)));
  if (!binding.type(1).is_integer()) return binding.mismatch(1, "a whole number");
  const TypePtr element = binding.type(0).element();
  return binding.strict_node(element, true, element_kernel(base, lenient));
}

Result<NodePtr> bind_size(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) == TypeId::null) return null_node(Type::scalar(TypeId::int32), binding.span());
  if (binding.id(0) != TypeId::array && binding.id(0) != TypeId::map) return binding.mismatch(0, "ARRAY or MAP");
  return binding.node(Type::scalar(TypeId::int32), binding.any_nullable(), [](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      call.arguments[0].is_null(row) ? out.append_null() : out.append_integer(Members(call.arguments[0], row).size());
    }
    return Vector{out.finish(), false};
  });
}

Result<NodePtr> bind_array(Binding& binding) {
  STREAMOPS_ASSIGN(const TypePtr element, binding.unify(Strings::promoted));
  return binding.node(Type::array(element, binding.any_nullable()), false, [](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      for (const Vector& element_value : call.arguments)
        out.child(0).append_from(*element_value.column, element_value.index(row));
      out.append_present();
    }
    return Vector{out.finish(), false};
  });
}

Result<NodePtr> bind_map(Binding& binding) {
  if (binding.size() % 2 != 0)
    return Error(errors::sql::wrong_arguments, "map takes keys and values in pairs, not {} arguments", binding.size());
  STREAMOPS_ASSIGN(const TypePtr key, binding.unify(Strings::promoted, 0, 2));
  STREAMOPS_ASSIGN(const TypePtr value, binding.unify(Strings::promoted, 1, 2));
  if (key->id() == TypeId::map) return binding.mismatch(0, "anything but a MAP");
  return binding.node(Type::map(key, value), false, [](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      bool good = true;
      for (std::size_t i = 0; i < call.arguments.size() && good; i += 2) {
        const Vector& wanted = call.arguments[i];
        const auto fail = [&](const char* text) {
          good = false;
          if (counts(call, row)) call.frame.fail(row, call.span, Error(errors::sql::invalid_input, std::string(text)));
        };
        if (wanted.is_null(row)) fail("[NULL_MAP_KEY] the key of a map must not be NULL");
        for (std::size_t k = 0; k < i && good; k += 2) {
          const Vector& other = call.arguments[k];
          if (compare_values(*wanted.column, wanted.index(row), *other.column, other.index(row)) == 0)
            fail("[DUPLICATED_MAP_KEY] a key stands twice in the map");
        }
      }
      for (std::size_t i = 0; i < call.arguments.size() && good; ++i) {
        out.child(i % 2).append_from(*call.arguments[i].column, call.arguments[i].index(row));
      }
      good ? out.append_present() : out.append_null();
    }
    return Vector{out.finish(), false};
  });
}

Result<NodePtr> bind_named_struct(Binding& binding) {
  if (binding.size() % 2 != 0 || binding.size() == 0) {
    return Error(errors::sql::wrong_arguments, "named_struct takes names and values in pairs, not {} arguments",
                 binding.size());
  }
  std::vector<data::Field> fields;
  std::vector<NodePtr> members;
  for (std::size_t i = 0; i < binding.size(); i += 2) {
    const auto name = binding.constant_text(i);
    if (!name) return binding.mismatch(i, "a constant name");
    fields.push_back({*name, binding[i + 1]->type(), binding[i + 1]->nullable()});
    members.push_back(binding[i + 1]);
  }
  return structure_node(std::move(members), std::move(fields), binding.span());
}

/// Members keep the names of columns; other expressions are col1, col2, ...
Result<NodePtr> bind_struct(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, SIZE_MAX));
  std::vector<data::Field> fields;
  for (std::size_t i = 0; i < binding.size(); ++i) {
    const Expression& tree = *binding.tree().children[i];
    const bool named = tree.kind == ExpressionKind::column || tree.kind == ExpressionKind::member;
    fields.push_back(
        {named ? tree.parts.back().text : "col" + std::to_string(i + 1), binding[i]->type(), binding[i]->nullable()});
  }
  return structure_node(binding.arguments(), std::move(fields), binding.span());
}

/// Keys or values of a map as an array.
template <std::size_t child>
Result<NodePtr> bind_map_members(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) != TypeId::map) return binding.mismatch(0, "MAP");
  const data::Field field = binding.type(0).fields()[child];
  return binding.node(Type::array(field.type, field.nullable), binding.any_nullable(), [](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (call.arguments[0].is_null(row)) {
        out.append_null();
        continue;
      }
      const Members members(call.arguments[0], row);
      for (std::int32_t k = members.begin; k < members.end; ++k) {
        out.child(0).append_from(*call.arguments[0].column->children()[child], static_cast<std::size_t>(k));
      }
      out.append_present();
    }
    return Vector{out.finish(), false};
  });
}

}  // namespace

const std::vector<Function>& nested_functions() {
  static const std::vector<Function> all = {
      {"[]",
       "array[index] or map[key]",
       "An element, counted from 0; an error beyond the array. Of a map the value, NULL where the key is missing.",
       {{"array(1, 2)[0]", "1"}, {"map('a', 1)['a']", "1"}, {"map('a', 1)['b']", "NULL"}},
       {},
       [](Binding& binding) { return bind_element(binding, Base::zero, false); }},
      {"get",
       "get(array, index)",
       "An element, counted from 0; NULL beyond the array.",
       {{"get(array(1, 2), 5)", "NULL"}},
       {},
       [](Binding& binding) { return bind_element(binding, Base::zero, true); }},
      {"element_at",
       "element_at(array, position) or element_at(map, key)",
       "An element, counted from 1 or from the end when negative; an error beyond the array.",
       {{"element_at(array(1, 2), -1)", "2"}, {"element_at(map('a', 1), 'a')", "1"}},
       {},
       [](Binding& binding) { return bind_element(binding, Base::one, false); }},
      {"try_element_at",
       "try_element_at(array, position)",
       "As element_at, NULL beyond the array.",
       {{"try_element_at(array(1, 2), 3)", "NULL"}},
       {},
       [](Binding& binding) { return bind_element(binding, Base::one, true); }},
      {"size",
       "size(array or map)",
       "The number of elements or entries.",
       {{"size(array(1, 2))", "2"}},
       {},
       bind_size,
       {"cardinality", "array_size"}},
      {"array",
       "array(a, b, ...)",
       "An array of the values, in their common type.",
       {{"array(1, 2.5)", "[1.0, 2.5]"}},
       {},
       bind_array},
      {"map",
       "map(key, value, ...)",
       "A map of the pairs; a key that stands twice is an error.",
       {{"map('a', 1, 'b', 2)", "{a -> 1, b -> 2}"}},
       {},
       bind_map},
      {"named_struct",
       "named_struct(name, value, ...)",
       "A structure with these members.",
       {{"named_struct('a', 1, 'b', 'x').b", "x"}},
       {},
       bind_named_struct},
      {"struct",
       "struct(a, b, ...)",
       "A structure of the values; columns keep their names, other members are col1, col2, ...",
       {{"struct(1, 'x').col2", "x"}},
       {},
       bind_struct},
      {"map_keys",
       "map_keys(map)",
       "The keys as an array.",
       {{"map_keys(map('a', 1))", "[a]"}},
       {},
       bind_map_members<0>},
      {"map_values",
       "map_values(map)",
       "The values as an array.",
       {{"map_values(map('a', 1))", "[1]"}},
       {},
       bind_map_members<1>},
  };
  return all;
}

}  // namespace streamops::sql
