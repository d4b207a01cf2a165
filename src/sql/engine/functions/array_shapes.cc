// Arrays cut, joined and made from ranges: slice, flatten, arrays_zip, sequence.
#include <algorithm>

#include "data/calendar.h"
#include "sql/engine/functions/arithmetic.h"
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

constexpr std::int64_t longest_array = 1 << 24;

Error too_long() {
  return Error(errors::sql::value_too_large,
               "[COLLECTION_SIZE_LIMIT_EXCEEDED] the array would have more than 16 million elements");
}

void append_slice(const RowAt& at, ColumnBuilder& out) {
  const Members members(at.column(0), at.index(0));
  const auto start = at.value<std::int32_t>(1), length = at.value<std::int32_t>(2);
  if (start == 0 || length < 0) {
    at.fail(Error(errors::sql::invalid_input,
                  "[INVALID_PARAMETER_VALUE] slice counts from 1 and takes a length of 0 or more"));
    return out.append_null();
  }
  const std::int64_t first = start > 0 ? start - 1 : members.size() + std::int64_t{start};
  // Spark adds as Java does: a sum beyond 32 bits is negative, and nothing is taken.
  const auto end = static_cast<std::int32_t>(static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(length));
  if (first >= 0) {
    for (std::int64_t k = first; k < std::min<std::int64_t>(end, members.size()); ++k)
      out.child(0).append_from(*at.column(0).children()[0],
                               static_cast<std::size_t>(members.begin) + static_cast<std::size_t>(k));
  }
  out.append_present();
}

Result<NodePtr> bind_slice(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(3, 3));
  if (binding.id(0) == TypeId::null)
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::array(Type::scalar(TypeId::null))));
  if (binding.id(0) != TypeId::array) return binding.mismatch(0, "ARRAY");
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    STREAMOPS_ASSIGN(binding.arguments()[i], binding.argument_as(i, Type::scalar(TypeId::int32)));
  }
  return binding.strict_node(binding[0]->type(), binding.any_nullable(), built_rows(append_slice));
}

/// An array of arrays as one; NULL when one of them is.
Result<NodePtr> bind_flatten(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) != TypeId::array || binding.type(0).element()->id() != TypeId::array)
    return binding.mismatch(0, "an ARRAY of ARRAYs");
  return binding.node(binding.type(0).element(), true, built_rows([](const RowAt& at, ColumnBuilder& out) {
                        const Members outer(at.column(0), at.index(0));
                        const Column& lists = *at.column(0).children()[0];
                        for (std::int32_t k = outer.begin; k < outer.end; ++k) {
                          if (lists.is_null(static_cast<std::size_t>(k))) return out.append_null();
                        }
                        for (std::int32_t k = outer.begin; k < outer.end; ++k) {
                          const Members inner(lists, static_cast<std::size_t>(k));
                          for (std::int32_t m = inner.begin; m < inner.end; ++m)
                            out.child(0).append_from(*lists.children()[0], static_cast<std::size_t>(m));
                        }
                        out.append_present();
                      }));
}

/// Members are named as the columns that the arrays come from, others by their place from 0.
Result<NodePtr> bind_zip(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, SIZE_MAX));
  std::vector<data::Field> fields;
  for (std::size_t i = 0; i < binding.size(); ++i) {
    if (binding.id(i) != TypeId::array) return binding.mismatch(i, "ARRAY");
    const Expression& tree = *binding.tree().children[i];
    const bool named = tree.kind == ExpressionKind::column || tree.kind == ExpressionKind::member;
    fields.push_back({named ? tree.parts.back().text : std::to_string(i), binding.type(i).element(), true});
  }
  const TypePtr type = Type::array(Type::structure(std::move(fields)), false);
  return binding.node(
      type, binding.any_nullable(), built_rows([count = binding.size()](const RowAt& at, ColumnBuilder& out) {
        std::int32_t longest = 0;
        for (std::size_t i = 0; i < count; ++i) longest = std::max(longest, Members(at.column(i), at.index(i)).size());
        ColumnBuilder& rows = out.child(0);
        for (std::int32_t k = 0; k < longest; ++k) {
          for (std::size_t i = 0; i < count; ++i) {
            const Members members(at.column(i), at.index(i));
            k < members.size()
                ? rows.child(i).append_from(*at.column(i).children()[0], static_cast<std::size_t>(members.begin + k))
                : rows.child(i).append_null();
          }
          rows.append_present();
        }
        out.append_present();
      }));
}

Error bad_bounds() {
  return Error(
      errors::sql::invalid_input,
      "[IllegalArgumentException] the step of a sequence must lead from its start to its end, and not be zero");
}

/// Values from start to stop by a step of their own unit.
void append_range(const RowAt& at, ColumnBuilder& out, std::int64_t start, std::int64_t stop, std::int64_t step) {
  const bool leads = (step > 0 && start <= stop) || (step < 0 && start >= stop) || (step == 0 && start == stop);
  if (!leads) {
    at.fail(bad_bounds());
    return out.append_null();
  }
  const data::Int128 distance = data::Int128{stop} - start;
  if (distance > INT64_MAX || distance < INT64_MIN) {
    at.fail(Error(errors::sql::arithmetic_overflow, "[INTERNAL_ERROR] the bounds of the sequence lie too far apart"));
    return out.append_null();
  }
  const data::Int128 steps = step == 0 ? data::Int128{0} : distance / step;
  if (steps >= longest_array) {
    at.fail(too_long());
    return out.append_null();
  }
  for (std::int64_t i = 0; i <= static_cast<std::int64_t>(steps); ++i) out.child(0).append_integer(start + i * step);
  out.append_present();
}

std::int64_t whole_at(const RowAt& at, std::size_t argument) {
  switch (at.column(argument).type()->id()) {
    case TypeId::int8:
      return at.value<std::int8_t>(argument);
    case TypeId::int16:
      return at.value<std::int16_t>(argument);
    case TypeId::int32:
    case TypeId::date:
    case TypeId::interval_month:
      return at.value<std::int32_t>(argument);
    default:
      return at.value<std::int64_t>(argument);
  }
}

/// Months count from the start each time, so that the day of the month comes back after a short month.
void append_months(const RowAt& at, ColumnBuilder& out, bool date, std::int64_t months) {
  const std::int64_t start = whole_at(at, 0), stop = whole_at(at, 1);
  if (months == 0 ? start != stop : (months > 0) != (start <= stop) && start != stop) {
    at.fail(bad_bounds());
    return out.append_null();
  }
  const std::int64_t unit = date ? 1 : data::micros_per_day;
  const std::int64_t day = data::floor_divide(start, unit), rest = data::floor_modulo(start, unit);
  for (std::int64_t i = 0;; ++i) {
    const std::int64_t value = add_months_to_date(static_cast<std::int32_t>(day), i * months) * unit + rest;
    if (months >= 0 ? value > stop : value < stop) break;
    out.child(0).append_integer(value);
    if (months == 0) break;
  }
  out.append_present();
}

Result<NodePtr> bind_sequence(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  TypePtr type = matching_type(binding[0]->type(), binding[1]->type());
  const auto is_time = [](TypeId id) {
    return id == TypeId::date || id == TypeId::timestamp || id == TypeId::timestamp_ntz;
  };
  const bool time = type && is_time(type->id());
  if (!type || (!type->is_integer() && !time)) return binding.mismatch(0, "whole numbers, dates or timestamps");
  bool months = false;
  if (binding.size() == 3) {
    months = binding.id(2) == TypeId::interval_month;
    const bool fits = time ? months || binding.id(2) == TypeId::interval_day : binding.type(2).is_integer();
    if (!fits) return binding.mismatch(2, time ? "an interval" : "a whole number");
    if (!time) {
      type = matching_type(type, binding[2]->type());
      STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(2, type));
    }
  }
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, type));
  const bool date = type->id() == TypeId::date, stepped = binding.size() == 3;
  return binding.node(Type::array(type, false), binding.any_nullable(),
                      built_rows([=](const RowAt& at, ColumnBuilder& out) {
                        if (months) return append_months(at, out, date, whole_at(at, 2));
                        const std::int64_t start = whole_at(at, 0), stop = whole_at(at, 1);
                        const std::int64_t unit = time && !date ? data::micros_per_day : 1;
                        std::int64_t step = stepped ? whole_at(at, 2) : start <= stop ? unit : -unit;
                        if (date && stepped) {
                          if (step % data::micros_per_day != 0) {
                            at.fail(bad_bounds());
                            return out.append_null();
                          }
                          step /= data::micros_per_day;
                        }
                        append_range(at, out, start, stop, step);
                      }));
}

}  // namespace

const std::vector<Function>& array_shape_functions() {
  static const std::vector<Function> all = {
      {"slice",
       "slice(array, start, length)",
       "Some members of an array from a place on, counted from 1, or from -1 at the end.",
       {{"slice(array(1, 2, 3, 4), 2, 2)", "[2, 3]"}, {"slice(array(1, 2, 3, 4), -2, 2)", "[3, 4]"}},
       {},
       bind_slice},
      {"flatten",
       "flatten(arrays)",
       "An array of arrays as one array; NULL when one of them is.",
       {{"flatten(array(array(1, 2), array(3)))", "[1, 2, 3]"}},
       {},
       bind_flatten},
      {"arrays_zip",
       "arrays_zip(a, b, ...)",
       "An array of structures of the members in the same place; shorter arrays give NULLs.",
       {{"arrays_zip(array(1, 2), array('a', 'b'))", "[{1, a}, {2, b}]"}},
       {},
       bind_zip},
      {"sequence",
       "sequence(start, stop[, step])",
       "The whole numbers, dates or timestamps from start to stop; the step is 1 or a day, towards the stop, unless it "
       "is "
       "given.",
       {{"sequence(1, 5)", "[1, 2, 3, 4, 5]"},
        {"sequence(5, 1, -2)", "[5, 3, 1]"},
        {"sequence(DATE'2018-01-31', DATE'2018-03-31', INTERVAL 1 MONTH)", "[2018-01-31, 2018-02-28, 2018-03-31]"}},
       {},
       bind_sequence},
  };
  return all;
}

}  // namespace streamops::sql
