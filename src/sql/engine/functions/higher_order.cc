// Functions with lambda functions over arrays: transform, filter, exists, forall, aggregate, zip_with.
#include "sql/engine/functions/higher_order.h"

#include <algorithm>

#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::ColumnPtr;
using data::Type;
using data::TypeId;
using data::TypePtr;

data::ColumnPtr integers(const std::vector<std::int32_t>& values) {
  data::ColumnBuilder builder(Type::scalar(TypeId::int32));
  for (const std::int32_t value : values) builder.append_integer(value);
  return builder.finish();
}

/// How many elements each row has.
std::vector<std::int32_t> counted(const Elements& elements, std::size_t rows) {
  std::vector<std::int32_t> counts(rows, 0);
  for (const std::int32_t row : elements.rows) ++counts[static_cast<std::size_t>(row)];
  return counts;
}

std::vector<ScopeColumn> element_and_place(const Type& array) {
  return {{"", array.element(), array.fields()[0].nullable}, {"", Type::scalar(TypeId::int32), false}};
}

Result<NodePtr> bind_transform(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 1, 1));
  STREAMOPS_ASSIGN(NodePtr array, parts.array(0));
  STREAMOPS_ASSIGN(const Lambda lambda, parts.lambda(0, element_and_place(*array->type())));
  const TypePtr type = Type::array(lambda.body->type(), lambda.body->nullable());
  return call_node(type, array->nullable(), call.span, {array}, [lambda](const Call& evaluated) {
    const Vector& list = evaluated.arguments[0];
    const Elements elements = elements_of(evaluated, list);
    const ColumnPtr values =
        apply(evaluated, lambda, elements,
              {data::take(list.column->children()[0], elements.members), integers(elements.positions)});
    return lists(evaluated, list, counted(elements, evaluated.frame.rows), {values});
  });
}

Result<NodePtr> bind_filter(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 1, 1));
  STREAMOPS_ASSIGN(NodePtr array, parts.array(0));
  STREAMOPS_ASSIGN(const Lambda lambda, parts.condition(0, element_and_place(*array->type())));
  return call_node(array->type(), array->nullable(), call.span, {array}, [lambda](const Call& evaluated) {
    const Vector& list = evaluated.arguments[0];
    Elements elements = elements_of(evaluated, list);
    const ColumnPtr kept =
        apply(evaluated, lambda, elements,
              {data::take(list.column->children()[0], elements.members), integers(elements.positions)});
    keep_true(elements, *kept);
    return lists(evaluated, list, counted(elements, evaluated.frame.rows),
                 {data::take(list.column->children()[0], elements.members)});
  });
}

/// exists and forall look at one place of all lists after the other, and no longer at lists whose answer is known: an
/// error behind it does not strike.
template <bool wanted>
Vector search(const Call& call, const Lambda& lambda) {
  const Vector& list = call.arguments[0];
  const auto at = list.column->offsets();
  enum Answer : std::uint8_t { none, unknown, found };
  std::vector<std::uint8_t> answers(call.frame.rows, none);
  Elements wave;
  for (std::int32_t place = 0;; ++place) {
    wave = {};
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (answers[row] == found || !is_present(call, list, row)) continue;
      const std::size_t index = list.index(row);
      if (at[index] + place >= at[index + 1]) continue;
      wave.rows.push_back(static_cast<std::int32_t>(row));
      wave.members.push_back(at[index] + place);
      wave.positions.push_back(place);
    }
    if (wave.rows.empty()) break;
    const ColumnPtr values = apply(call, lambda, wave, {data::take(list.column->children()[0], wave.members)});
    for (std::size_t i = 0; i < wave.rows.size(); ++i) {
      std::uint8_t& answer = answers[static_cast<std::size_t>(wave.rows[i])];
      if (values->is_null(i)) {
        answer = unknown;
      } else if (values->boolean(i) == wanted) {
        answer = found;
      }
    }
  }
  data::ColumnBuilder out(call.type);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (!is_present(call, list, row) || answers[row] == unknown) {
      out.append_null();
    } else {
      out.append_boolean((answers[row] == found) == wanted);
    }
  }
  return {out.finish(), false};
}

template <bool wanted>
Result<NodePtr> bind_search(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 1, 1));
  STREAMOPS_ASSIGN(NodePtr list, parts.array(0));
  STREAMOPS_ASSIGN(const Lambda lambda,
                   parts.condition(0, {{"", list->type()->element(), list->type()->fields()[0].nullable}}));
  return call_node(Type::scalar(TypeId::boolean), true, call.span, {list},
                   [lambda](const Call& evaluated) { return search<wanted>(evaluated, lambda); });
}

/// Where each row's accumulator lies at the moment.
struct Folded {
  std::vector<ColumnPtr> columns;
  std::vector<std::pair<std::uint32_t, std::int32_t>> where;  // by row: column, its row

  ColumnPtr gather(const TypePtr& type, const std::vector<std::int32_t>& rows) const {
    data::ColumnBuilder builder(type);
    for (const std::int32_t row : rows) {
      const auto& [column, index] = where[static_cast<std::size_t>(row)];
      builder.append_from(*columns[column], static_cast<std::size_t>(index));
    }
    return builder.finish();
  }
};

Vector fold(const Call& call, const Lambda& merge, const Lambda* finish) {
  const Vector& list = call.arguments[0];
  const auto at = list.column->offsets();
  const TypePtr& type = merge.body->type();
  Folded folded;
  folded.columns.push_back(with_type(flat(call.arguments[1], call.frame.rows), type));
  for (std::size_t row = 0; row < call.frame.rows; ++row) folded.where.emplace_back(0U, static_cast<std::int32_t>(row));
  for (std::int32_t place = 0;; ++place) {
    Elements wave;
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (!is_present(call, list, row)) continue;
      const std::size_t index = list.index(row);
      if (at[index] + place >= at[index + 1]) continue;
      wave.rows.push_back(static_cast<std::int32_t>(row));
      wave.members.push_back(at[index] + place);
      wave.positions.push_back(place);
    }
    if (wave.rows.empty()) break;
    folded.columns.push_back(
        with_type(apply(call, merge, wave,
                        {folded.gather(type, wave.rows), data::take(list.column->children()[0], wave.members)}),
                  type));
    for (std::size_t i = 0; i < wave.rows.size(); ++i) {
      folded.where[static_cast<std::size_t>(wave.rows[i])] = {static_cast<std::uint32_t>(folded.columns.size() - 1),
                                                              static_cast<std::int32_t>(i)};
    }
  }
  Elements rows;
  std::vector<std::int32_t> back(call.frame.rows, -1);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (!is_present(call, list, row)) continue;
    back[row] = static_cast<std::int32_t>(rows.rows.size());
    rows.rows.push_back(static_cast<std::int32_t>(row));
    rows.positions.push_back(0);
  }
  ColumnPtr values = folded.gather(type, rows.rows);
  if (finish != nullptr) values = apply(call, *finish, rows, {values});
  return {with_type(data::take(values, back), call.type), false};
}

Result<NodePtr> bind_aggregate(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 2, call.children.size() == 4 ? 2 : 1));
  STREAMOPS_ASSIGN(NodePtr list, parts.array(0));
  const NodePtr start = parts.values()[1];
  const ScopeColumn accumulator{"", start->type(), true};
  STREAMOPS_ASSIGN(const Lambda merge, parts.lambda(0, {accumulator, {"", list->type()->element(), true}}));
  if (!same_layout(*merge.body->type(), *start->type())) {
    return Error(errors::sql::type_mismatch, "the merge function gives {}, but the start value is {}",
                 merge.body->type()->to_sql(), start->type()->to_sql())
        .with_hint("convert the start value with CAST, so that both have one type");
  }
  if (call.children.size() < 4) {
    return call_node(merge.body->type(), true, call.span, {list, start},
                     [merge](const Call& evaluated) { return fold(evaluated, merge, nullptr); });
  }
  STREAMOPS_ASSIGN(const Lambda finish, parts.lambda(1, {accumulator}));
  return call_node(finish.body->type(), true, call.span, {list, start},
                   [merge, finish](const Call& evaluated) { return fold(evaluated, merge, &finish); });
}

Vector zip(const Call& call, const Lambda& lambda) {
  const Vector& a = call.arguments[0];
  const Vector& b = call.arguments[1];
  const auto a_at = a.column->offsets(), b_at = b.column->offsets();
  Elements elements;
  std::vector<std::int32_t> others, counts(call.frame.rows, 0);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (!is_present(call, a, row) || b.is_null(row)) continue;
    const std::int32_t a_begin = a_at[a.index(row)], a_size = a_at[a.index(row) + 1] - a_begin;
    const std::int32_t b_begin = b_at[b.index(row)], b_size = b_at[b.index(row) + 1] - b_begin;
    counts[row] = std::max(a_size, b_size);
    for (std::int32_t k = 0; k < counts[row]; ++k) {
      elements.rows.push_back(static_cast<std::int32_t>(row));
      elements.positions.push_back(k);
      elements.members.push_back(k < a_size ? a_begin + k : -1);
      others.push_back(k < b_size ? b_begin + k : -1);
    }
  }
  const ColumnPtr values =
      apply(call, lambda, elements,
            {data::take(a.column->children()[0], elements.members), data::take(b.column->children()[0], others)});
  // A list is null where either argument is.
  Vector both = lists(call, a, counts, {values});
  if (!b.column->has_nulls()) return both;
  std::vector<std::int32_t> rows(call.frame.rows);
  for (std::size_t row = 0; row < rows.size(); ++row) rows[row] = b.is_null(row) ? -1 : static_cast<std::int32_t>(row);
  return {data::take(both.column, rows), false};
}

Result<NodePtr> bind_zip(Binder& binder, const Expression& call) {
  STREAMOPS_ASSIGN(const LambdaCall parts, LambdaCall::read(binder, call, 2, 1));
  STREAMOPS_ASSIGN(NodePtr a, parts.array(0));
  STREAMOPS_ASSIGN(NodePtr b, parts.array(1));
  STREAMOPS_ASSIGN(const Lambda lambda,
                   parts.lambda(0, {{"", a->type()->element(), true}, {"", b->type()->element(), true}}));
  const TypePtr type = Type::array(lambda.body->type(), lambda.body->nullable());
  return call_node(type, a->nullable() || b->nullable(), call.span, {a, b},
                   [lambda](const Call& evaluated) { return zip(evaluated, lambda); });
}

/// What is left for a call without any lambda function.
Result<NodePtr> needs_lambda(Binding& binding) {
  return Error(errors::sql::type_mismatch, "{} takes a lambda function such as x -> x + 1", binding.tree().function);
}

}  // namespace

const std::vector<HigherOrder>& array_higher_orders() {
  static const std::vector<HigherOrder> entries = {
      {"transform", bind_transform},  {"filter", bind_filter},       {"exists", bind_search<true>},
      {"forall", bind_search<false>}, {"aggregate", bind_aggregate}, {"reduce", bind_aggregate},
      {"zip_with", bind_zip},
  };
  return entries;
}

const std::vector<Function>& higher_order_functions() {
  static const std::vector<Function> functions = {
      {.name = "transform",
       .signature = "transform(array, x -> value) or transform(array, (x, place) -> value)",
       .summary = "The array of what the function gives for each element; `place` counts from 0.",
       .examples = {{"transform(array(1, 2, 3), x -> x + 1)", "[2, 3, 4]"},
                    {"transform(array('a', 'b'), (x, i) -> x || i)", "[a0, b1]"}},
       .bind = needs_lambda},
      {.name = "filter",
       .signature = "filter(array, x -> condition) or filter(array, (x, place) -> condition)",
       .summary = "The elements for which the condition is true.",
       .examples = {{"filter(array(1, 2, 3), x -> x % 2 = 1)", "[1, 3]"},
                    {"filter(array(5, null, 7), (x, i) -> i > 0 AND x IS NOT NULL)", "[7]"}},
       .bind = needs_lambda},
      {.name = "exists",
       .signature = "exists(array, x -> condition)",
       .summary = "True when the condition is true for some element, null when it is true for none and null for some.",
       .examples = {{"exists(array(1, 2, 3), x -> x > 2)", "true"}, {"exists(array(1, null), x -> x > 2)", "NULL"}},
       .bind = needs_lambda},
      {.name = "forall",
       .signature = "forall(array, x -> condition)",
       .summary =
           "False when the condition is false for some element, null when it is false for none and null for some.",
       .examples = {{"forall(array(1, 2, 3), x -> x > 0)", "true"}, {"forall(array(1, null), x -> x > 1)", "false"}},
       .bind = needs_lambda},
      {.name = "aggregate",
       .signature = "aggregate(array, start, (so_far, x) -> next[, so_far -> result])",
       .summary = "Folds the array: the function is given what it gave for the elements before; the start value and "
                  "what the function gives have one type.",
       .examples = {{"aggregate(array(1, 2, 3), 0, (a, x) -> a + x)", "6"},
                    {"aggregate(array(1, 2, 3), 0, (a, x) -> a + x, a -> a * 10)", "60"}},
       .bind = needs_lambda,
       .aliases = {"reduce"}},
      {.name = "zip_with",
       .signature = "zip_with(a, b, (x, y) -> value)",
       .summary = "The array of what the function gives for the elements at the same place; the shorter array is "
                  "filled up with nulls.",
       .examples = {{"zip_with(array(1, 2), array(10, 20), (x, y) -> x + y)", "[11, 22]"},
                    {"zip_with(array(1), array('a', 'b'), (x, y) -> coalesce(x, 0) || y)", "[1a, 0b]"}},
       .bind = needs_lambda},
      {.name = "map_filter",
       .signature = "map_filter(map, (key, value) -> condition)",
       .summary = "The entries for which the condition is true.",
       .examples = {{"map_filter(map('a', 1, 'b', 2), (k, v) -> v > 1)", "{b -> 2}"}},
       .bind = needs_lambda},
      {.name = "transform_keys",
       .signature = "transform_keys(map, (key, value) -> new_key)",
       .summary = "The map with other keys, which must not be null or equal.",
       .examples = {{"transform_keys(map('a', 1, 'b', 2), (k, v) -> k || v)", "{a1 -> 1, b2 -> 2}"}},
       .bind = needs_lambda},
      {.name = "transform_values",
       .signature = "transform_values(map, (key, value) -> new_value)",
       .summary = "The map with other values.",
       .examples = {{"transform_values(map('a', 1, 'b', 2), (k, v) -> v * 10)", "{a -> 10, b -> 20}"}},
       .bind = needs_lambda},
  };
  return functions;
}

}  // namespace streamops::sql
