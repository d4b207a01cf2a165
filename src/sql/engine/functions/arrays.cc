// Functions that look through arrays or rearrange them.
#include <algorithm>
#include <numeric>

#include "sql/engine/functions/families.h"
#include "sql/engine/functions/members.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

/// The array's element type and the value's meet in both. Errors: SO-S010.
Result<void> unify_with_element(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY");
  const TypePtr common = common_type(binding.type(0).element(), binding[1]->type(), Strings::apart);
  if (!common || binding.id(1) == TypeId::null) return binding.mismatch(1, binding.type(0).element()->to_sql());
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::array(common, binding.type(0).fields()[0].nullable)));
  return binding.cast_argument(1, common);
}

/// The place of a value in an array from 1, 0 when it is not there; `null_seen` tells of null elements.
std::int64_t place_in(const Vector& list, std::size_t row, const Vector& value, bool& null_seen) {
  const Members members(list, row);
  const data::Column& elements = *list.column->children()[0];
  null_seen = false;
  for (std::int32_t k = members.begin; k < members.end; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (elements.is_null(at)) {
      null_seen = true;
    } else if (compare_values(elements, at, *value.column, value.index(row)) == 0) {
      return k - members.begin + 1;
    }
  }
  return 0;
}

Result<NodePtr> bind_array_contains(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(unify_with_element(binding));
  return binding.strict_node(Type::scalar(TypeId::boolean), true, [](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      bool null_seen = true;
      const bool missing = call.arguments[0].is_null(row) || call.arguments[1].is_null(row);
      const std::int64_t place = missing ? 0 : place_in(call.arguments[0], row, call.arguments[1], null_seen);
      place == 0 && null_seen ? out.append_null() : out.append_boolean(place != 0);
    }
    return Vector{out.finish(), false};
  });
}

Result<NodePtr> bind_array_position(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(unify_with_element(binding));
  return binding.strict_node(Type::scalar(TypeId::int64), binding.any_nullable(), [](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      bool null_seen = false;
      const bool missing = call.arguments[0].is_null(row) || call.arguments[1].is_null(row);
      missing ? out.append_null() : out.append_integer(place_in(call.arguments[0], row, call.arguments[1], null_seen));
    }
    return Vector{out.finish(), false};
  });
}

/// An array with its members in another order or without some: `arrange` changes their list.
template <typename Arrange>
Kernel rearranged(Arrange arrange) {
  return [arrange](const Call& call) {
    data::ColumnBuilder out(call.type);
    const Vector& list = call.arguments[0];
    const data::Column& elements = *list.column->children()[0];
    std::vector<std::int32_t> order;
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (list.is_null(row)) {
        out.append_null();
        continue;
      }
      const Members members(list, row);
      order.resize(static_cast<std::size_t>(members.size()));
      std::iota(order.begin(), order.end(), members.begin);
      arrange(elements, order);
      for (std::int32_t k : order) out.child(0).append_from(elements, static_cast<std::size_t>(k));
      out.append_present();
    }
    return Vector{out.finish(), false};
  };
}

/// Below, equal or above zero; nulls come first.
int null_first_order(const data::Column& elements, std::int32_t a, std::int32_t b) {
  const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
  if (elements.is_null(i) || elements.is_null(j))
    return static_cast<int>(!elements.is_null(i)) - static_cast<int>(!elements.is_null(j));
  return compare_values(elements, i, elements, j);
}

/// A strict order: equal members keep their places.
bool comes_before(const data::Column& elements, std::int32_t a, std::int32_t b, int sign) {
  const int order = sign * null_first_order(elements, a, b);
  return order != 0 ? order < 0 : a < b;
}

/// Nulls come first upwards and last downwards.
Result<NodePtr> bind_sort_array(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY");
  bool ascending = true;
  if (binding.size() == 2) {
    const data::ColumnPtr given = binding[1]->constant();
    if (!given || given->type()->id() != TypeId::boolean || given->is_null(0))
      return binding.mismatch(1, "a constant BOOLEAN");
    ascending = given->boolean(0);
    binding.arguments().pop_back();
  }
  return binding.node(binding[0]->type(), binding.any_nullable(),
                      rearranged([ascending](const data::Column& elements, std::vector<std::int32_t>& order) {
                        std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
                          return comes_before(elements, a, b, ascending ? 1 : -1);
                        });
                      }));
}

/// Upwards, nulls last.
Result<NodePtr> bind_array_sort(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY");
  return binding.node(binding[0]->type(), binding.any_nullable(),
                      rearranged([](const data::Column& elements, std::vector<std::int32_t>& order) {
                        std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
                          const bool a_null = elements.is_null(static_cast<std::size_t>(a));
                          const bool b_null = elements.is_null(static_cast<std::size_t>(b));
                          return a_null != b_null ? b_null : comes_before(elements, a, b, 1);
                        });
                      }));
}

Result<NodePtr> bind_array_distinct(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY");
  return binding.node(binding[0]->type(), binding.any_nullable(),
                      rearranged([](const data::Column& elements, std::vector<std::int32_t>& order) {
                        // Equal members meet in a sorted copy; the first of them stays in its place.
                        std::vector<std::int32_t> sorted = order;
                        std::sort(sorted.begin(), sorted.end(), [&](std::int32_t a, std::int32_t b) {
                          const int compared = compare_set_members(elements, a, elements, b);
                          return compared != 0 ? compared < 0 : a < b;
                        });
                        sorted.erase(std::unique(sorted.begin(), sorted.end(),
                                                 [&](std::int32_t a, std::int32_t b) {
                                                   return compare_set_members(elements, a, elements, b) == 0;
                                                 }),
                                     sorted.end());
                        std::sort(sorted.begin(), sorted.end());
                        order = std::move(sorted);
                      }));
}

Result<NodePtr> bind_array_compact(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY");
  return binding.node(binding[0]->type(), binding.any_nullable(),
                      rearranged([](const data::Column& elements, std::vector<std::int32_t>& order) {
                        std::erase_if(order,
                                      [&](std::int32_t k) { return elements.is_null(static_cast<std::size_t>(k)); });
                      }));
}

/// The greatest (sign 1) or least element that is not null.
template <int sign>
Result<NodePtr> bind_array_extreme(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY");
  return binding.node(binding.type(0).element(), true, [](const Call& call) {
    const Vector& list = call.arguments[0];
    const data::Column& elements = *list.column->children()[0];
    std::vector<std::int32_t> picked(call.frame.rows, -1);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (list.is_null(row)) continue;
      const Members members(list, row);
      for (std::int32_t k = members.begin; k < members.end; ++k) {
        const auto at = static_cast<std::size_t>(k);
        if (elements.is_null(at)) continue;
        if (picked[row] < 0 || sign * compare_values(elements, at, elements, static_cast<std::size_t>(picked[row])) > 0)
          picked[row] = k;
      }
    }
    return pick(list.column->children()[0], picked);
  });
}

Result<NodePtr> bind_array_join(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  const TypePtr text = Type::scalar(TypeId::string);
  if (binding.id(0) != TypeId::array || binding.type(0).element()->is_nested())
    return binding.mismatch(0, "ARRAY<STRING>");
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::array(text)));
  for (std::size_t i = 1; i < binding.size(); ++i) {
    STREAMOPS_ASSIGN(binding.arguments()[i], binding.argument_as(i, text));
  }
  if (binding.size() == 3 && !binding[0]->nullable() && !binding[1]->nullable() && !binding.is_constant(2)) {
    return Error(errors::sql::not_served,
                 "array_join of an array that cannot be NULL with a replacement from a column is not served, because "
                 "Spark 4.0 gives NULL for it");
  }
  return binding.node(text, binding.any_nullable(), [](const Call& call) {
    Output<Text> out(call);
    const Vector& list = call.arguments[0];
    const data::Column& elements = *list.column->children()[0];
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      const bool missing =
          std::any_of(call.arguments.begin(), call.arguments.end(), [&](const Vector& v) { return v.is_null(row); });
      if (missing) {
        out.skip(row);
        continue;
      }
      out.begin(row);
      bool first = true;
      const Members members(list, row);
      for (std::int32_t k = members.begin; k < members.end; ++k) {
        const bool null = elements.is_null(static_cast<std::size_t>(k));
        if (null && call.arguments.size() < 3) continue;
        if (!first) out.append(call.arguments[1].column->text(call.arguments[1].index(row)));
        first = false;
        null ? out.append(call.arguments[2].column->text(call.arguments[2].index(row)))
             : out.append(elements.text(static_cast<std::size_t>(k)));
      }
      out.end();
    }
    return out.finish();
  });
}

}  // namespace

const std::vector<Function>& array_functions() {
  static const std::vector<Function> all = {
      {"array_contains",
       "array_contains(array, value)",
       "Whether the value is in the array; NULL where only a NULL could be it.",
       {{"array_contains(array(1, 2), 2)", "true"}},
       {},
       bind_array_contains},
      {"array_position",
       "array_position(array, value)",
       "The place of the value, from 1; 0 when it is not there.",
       {{"array_position(array('a', 'b'), 'b')", "2"}},
       {},
       bind_array_position},
      {"array_join",
       "array_join(array, separator[, for_null])",
       "The elements as one text; NULLs are left out or replaced.",
       {{"array_join(array('a', NULL, 'b'), ',')", "a,b"}},
       {},
       bind_array_join},
      {"array_distinct",
       "array_distinct(array)",
       "The array without repetitions.",
       {{"array_distinct(array(1, 2, 1))", "[1, 2]"}},
       {},
       bind_array_distinct},
      {"array_compact",
       "array_compact(array)",
       "The array without NULLs.",
       {{"array_compact(array(1, NULL, 2))", "[1, 2]"}},
       {},
       bind_array_compact},
      {"array_max",
       "array_max(array)",
       "The greatest element.",
       {{"array_max(array(1, 3, NULL))", "3"}},
       {},
       bind_array_extreme<1>},
      {"array_min",
       "array_min(array)",
       "The least element.",
       {{"array_min(array(1, 3, NULL))", "1"}},
       {},
       bind_array_extreme<-1>},
      {"array_sort",
       "array_sort(array)",
       "The array in order, NULLs last.",
       {{"array_sort(array(3, NULL, 1))", "[1, 3, null]"}},
       {},
       bind_array_sort},
      {"sort_array",
       "sort_array(array[, ascending])",
       "The array in order; NULLs first, or last when downwards.",
       {{"sort_array(array(3, 1, 2))", "[1, 2, 3]"}, {"sort_array(array(1, 3), false)", "[3, 1]"}},
       {},
       bind_sort_array},
  };
  return all;
}

}  // namespace streamops::sql
