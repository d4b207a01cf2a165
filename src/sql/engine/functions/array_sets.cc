// Arrays as sets, and arrays with members added, taken out or repeated.
#include <algorithm>
#include <cmath>
#include <set>

#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/members.h"
#include "sql/engine/nested.h"

namespace streamops::sql {

namespace {

using data::Column;
using data::ColumnBuilder;
using data::Type;
using data::TypeId;
using data::TypePtr;

template <typename T>
int compare_reals(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  if (a != b) return a < b ? -1 : 1;
  return static_cast<int>(std::signbit(b)) - static_cast<int>(std::signbit(a));
}

}  // namespace

int compare_set_members(const Column& a, std::int32_t i, const Column& b, std::int32_t j) {
  const auto x = static_cast<std::size_t>(i), y = static_cast<std::size_t>(j);
  if (a.is_null(x) || b.is_null(y)) return static_cast<int>(!a.is_null(x)) - static_cast<int>(!b.is_null(y));
  if (a.type()->id() == TypeId::float64) return compare_reals(a.values<double>()[x], b.values<double>()[y]);
  if (a.type()->id() == TypeId::float32) return compare_reals(a.values<float>()[x], b.values<float>()[y]);
  return compare_values(a, x, b, y);
}

TypePtr matching_type(const TypePtr& a, const TypePtr& b) {
  if (same_layout(*a, *b)) return a;
  if (a->id() == TypeId::null) return b;
  if (b->id() == TypeId::null) return a;
  const auto apart = [](const Type& type) { return type.id() == TypeId::decimal || type.id() == TypeId::string; };
  if (a->is_nested() || b->is_nested() || apart(*a) || apart(*b)) return nullptr;
  return common_type(a, b, Strings::apart);
}

Result<TypePtr> match_arrays(Binding& binding, std::size_t first, std::size_t second) {
  for (const std::size_t i : {first, second}) {
    if (binding.id(i) != TypeId::array) return binding.mismatch(i, "ARRAY");
  }
  const TypePtr element = matching_type(binding.type(first).element(), binding.type(second).element());
  if (!element) return binding.mismatch(second, binding.type(first).to_sql());
  const bool nullable = binding.type(first).fields()[0].nullable || binding.type(second).fields()[0].nullable;
  const TypePtr type = Type::array(element, nullable);
  for (const std::size_t i : {first, second}) STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, type));
  return type;
}

Result<TypePtr> match_element(Binding& binding, std::size_t array, std::size_t value) {
  if (binding.id(array) != TypeId::array) return binding.mismatch(array, "ARRAY");
  const TypePtr element = matching_type(binding.type(array).element(), binding[value]->type());
  if (!element) return binding.mismatch(value, binding.type(array).element()->to_sql());
  const TypePtr type = Type::array(element);
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(array, type));
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(value, element));
  return type;
}

namespace {

constexpr std::int64_t longest_array = 1 << 24;

/// Members of several columns, each once.
class DistinctMembers {
 public:
  /// False when it was there already.
  bool add(const Column& column, std::int32_t k) { return members_.insert({&column, k}).second; }
  bool has(const Column& column, std::int32_t k) const { return members_.contains({&column, k}); }

 private:
  struct Member {
    const Column* column;
    std::int32_t k;
    bool operator<(const Member& other) const { return compare_set_members(*column, k, *other.column, other.k) < 0; }
  };
  std::set<Member> members_;
};

/// Calls `take(column, k)` for each member of an argument's row.
template <typename Take>
void each_member(const RowAt& at, std::size_t argument, Take take) {
  const Column& list = at.column(argument);
  const Members members(list, at.index(argument));
  for (std::int32_t k = members.begin; k < members.end; ++k) take(*list.children()[0], k);
}

void append_member(ColumnBuilder& out, const Column& column, std::int32_t k) {
  out.child(0).append_from(column, static_cast<std::size_t>(k));
}

void append_union(const RowAt& at, ColumnBuilder& out) {
  DistinctMembers seen;
  for (const std::size_t argument : {std::size_t{0}, std::size_t{1}}) {
    each_member(at, argument, [&](const Column& column, std::int32_t k) {
      if (seen.add(column, k)) append_member(out, column, k);
    });
  }
  out.append_present();
}

/// Members of the first array that are (or are not) in the second.
template <bool kept_when_there>
void append_filtered(const RowAt& at, ColumnBuilder& out) {
  DistinctMembers other, seen;
  each_member(at, 1, [&](const Column& column, std::int32_t k) { other.add(column, k); });
  each_member(at, 0, [&](const Column& column, std::int32_t k) {
    if (other.has(column, k) == kept_when_there && seen.add(column, k)) append_member(out, column, k);
  });
  out.append_present();
}

template <void (*build)(const RowAt&, ColumnBuilder&)>
Result<NodePtr> bind_set(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_ASSIGN(const TypePtr type, match_arrays(binding, 0, 1));
  return binding.strict_node(type, binding.any_nullable(), built_rows(build));
}

/// True when both have a member that is not null; NULL when none is found, neither is empty and a null is about.
Result<NodePtr> bind_overlap(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_RETURN_IF_ERROR(match_arrays(binding, 0, 1));
  return binding.strict_node(Type::scalar(TypeId::boolean), true, built_rows([](const RowAt& at, ColumnBuilder& out) {
                               bool null_seen = false, found = false;
                               std::size_t sizes[2] = {0, 0};
                               DistinctMembers first;
                               each_member(at, 0, [&](const Column& column, std::int32_t k) {
                                 ++sizes[0];
                                 column.is_null(static_cast<std::size_t>(k)) ? static_cast<void>(null_seen = true)
                                                                             : static_cast<void>(first.add(column, k));
                               });
                               each_member(at, 1, [&](const Column& column, std::int32_t k) {
                                 ++sizes[1];
                                 if (column.is_null(static_cast<std::size_t>(k))) {
                                   null_seen = true;
                                 } else {
                                   found = found || first.has(column, k);
                                 }
                               });
                               !found&& null_seen&& sizes[0] > 0 && sizes[1] > 0 ? out.append_null()
                                                                                 : out.append_boolean(found);
                             }));
}

/// Members that are not equal to the value; nulls stay.
Result<NodePtr> bind_remove(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_ASSIGN(const TypePtr type, match_element(binding, 0, 1));
  return binding.strict_node(
      type, binding.any_nullable(), built_rows([](const RowAt& at, ColumnBuilder& out) {
        each_member(at, 0, [&](const Column& column, std::int32_t k) {
          const auto member = static_cast<std::size_t>(k);
          if (column.is_null(member) || compare_values(column, member, at.column(1), at.index(1)) != 0)
            append_member(out, column, k);
        });
        out.append_present();
      }));
}

/// The value at the array's end, or at its start; it may be null.
template <bool at_end>
Result<NodePtr> bind_grow(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_ASSIGN(const TypePtr type, match_element(binding, 0, 1));
  return binding.node(type, binding[0]->nullable(), built_rows_with_nulls([](const RowAt& at, ColumnBuilder& out) {
                        if (at.is_null(0)) return out.append_null();
                        if (!at_end) out.child(0).append_from(at.column(1), at.index(1));
                        each_member(at, 0,
                                    [&](const Column& column, std::int32_t k) { append_member(out, column, k); });
                        if (at_end) out.child(0).append_from(at.column(1), at.index(1));
                        out.append_present();
                      }));
}

Error too_long() {
  return Error(errors::sql::value_too_large,
               "[COLLECTION_SIZE_LIMIT_EXCEEDED] the array would have more than 16 million elements");
}

/// Places count from 1, or from -1 at the end; what lies between is filled with nulls.
void append_inserted(const RowAt& at, ColumnBuilder& out) {
  if (at.is_null(0) || at.is_null(1)) return out.append_null();
  const std::int64_t place = at.value<std::int32_t>(1);
  const std::int64_t size = Members(at.column(0), at.index(0)).size();
  if (place == 0) {
    at.fail(Error(errors::sql::invalid_input,
                  "[INVALID_INDEX_OF_ZERO] places in arrays count from 1, or from -1 at the end"));
    return out.append_null();
  }
  const std::int64_t index = place > 0 ? place - 1 : size + place + 1;  // where it goes; below 0: before the start
  const std::int64_t length = place > 0 ? std::max(size + 1, place) : std::max(size + 1, -place);
  if (length > longest_array) {
    at.fail(too_long());
    return out.append_null();
  }
  const std::int64_t front = std::max<std::int64_t>(index, 0);
  const std::int64_t gap_before = index < 0 ? -index : 0;  // nulls between the value and the members
  std::int64_t written = 0;
  const auto value = [&] {
    out.child(0).append_from(at.column(2), at.index(2));
    for (std::int64_t i = 0; i < gap_before; ++i) out.child(0).append_null();
  };
  each_member(at, 0, [&](const Column& column, std::int32_t k) {
    if (written++ == front) value();
    append_member(out, column, k);
  });
  if (front >= size) {
    for (; written < front; ++written) out.child(0).append_null();
    value();
  }
  out.append_present();
}

Result<NodePtr> bind_insert(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(3, 3));
  if (!binding.type(1).is_integer()) return binding.mismatch(1, "INT");
  STREAMOPS_ASSIGN(binding.arguments()[1], binding.argument_as(1, Type::scalar(TypeId::int32)));
  STREAMOPS_ASSIGN(const TypePtr type, match_element(binding, 0, 2));
  return binding.node(type, binding.any_nullable(), built_rows_with_nulls(append_inserted));
}

Result<NodePtr> bind_repeat(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_ASSIGN(binding.arguments()[1], binding.argument_as(1, Type::scalar(TypeId::int32)));
  const TypePtr type = Type::array(binding[0]->type(), binding[0]->nullable());
  return binding.node(type, binding[1]->nullable(), built_rows_with_nulls([](const RowAt& at, ColumnBuilder& out) {
                        if (at.is_null(1)) return out.append_null();
                        const auto times = at.value<std::int32_t>(1);
                        if (times > longest_array) {
                          at.fail(too_long());
                          return out.append_null();
                        }
                        for (std::int32_t i = 0; i < times; ++i) out.child(0).append_from(at.column(0), at.index(0));
                        out.append_present();
                      }));
}

}  // namespace

const std::vector<Function>& array_set_functions() {
  static const std::vector<Function> all = {
      {"array_union",
       "array_union(a, b)",
       "The members of both arrays, each once.",
       {{"array_union(array(1, 2), array(2, 3))", "[1, 2, 3]"}},
       {},
       bind_set<append_union>},
      {"array_intersect",
       "array_intersect(a, b)",
       "The members of the first array that are in the second too, each once.",
       {{"array_intersect(array(1, 2, 3), array(3, 1))", "[1, 3]"}},
       {},
       bind_set<append_filtered<true>>},
      {"array_except",
       "array_except(a, b)",
       "The members of the first array that are not in the second, each once.",
       {{"array_except(array(1, 2, 1), array(2))", "[1]"}},
       {},
       bind_set<append_filtered<false>>},
      {"arrays_overlap",
       "arrays_overlap(a, b)",
       "Whether both have a member that is not NULL; NULL where only a NULL could be it.",
       {{"arrays_overlap(array(1, 2), array(2, 3))", "true"}, {"arrays_overlap(array(1, NULL), array(2))", "NULL"}},
       {},
       bind_overlap},
      {"array_remove",
       "array_remove(array, value)",
       "The array without the members that are equal to the value.",
       {{"array_remove(array(1, 2, NULL, 1), 1)", "[2, null]"}},
       {},
       bind_remove},
      {"array_append",
       "array_append(array, value)",
       "The array with the value at its end.",
       {{"array_append(array(1), 2)", "[1, 2]"}},
       {},
       bind_grow<true>},
      {"array_prepend",
       "array_prepend(array, value)",
       "The array with the value at its start.",
       {{"array_prepend(array(1), 2)", "[2, 1]"}},
       {},
       bind_grow<false>},
      {"array_insert",
       "array_insert(array, place, value)",
       "The array with the value at a place, counted from 1, or from -1 at the end; a gap is filled with NULLs.",
       {{"array_insert(array(1, 2), 2, 9)", "[1, 9, 2]"}, {"array_insert(array(1), -3, 9)", "[9, null, 1]"}},
       {},
       bind_insert},
      {"array_repeat",
       "array_repeat(value, times)",
       "An array of the value some times.",
       {{"array_repeat('a', 2)", "[a, a]"}},
       {},
       bind_repeat},
  };
  return all;
}

}  // namespace streamops::sql
