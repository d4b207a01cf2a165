// Comparisons and logic.
#include "sql/engine/branches.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/nested.h"
#include "sql/engine/text_conditions.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

/// Which outcomes of a comparison make the operator true: bit 0 below, bit 1 equal, bit 2 above.
enum Accept : unsigned { below = 1, equal = 2, above = 4 };

TypePtr boolean() {
  return Type::scalar(TypeId::boolean);
}

template <typename T>
int order(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    const bool a_nan = a != a, b_nan = b != b;
    if (a_nan || b_nan) return static_cast<int>(a_nan) - static_cast<int>(b_nan);
  }
  return static_cast<int>(a > b) - static_cast<int>(a < b);
}

template <typename T>
Vector compare_rows(const Call& call, unsigned accept) {
  return rows<bool(T, T)>(call, [accept](auto& out, T a, T b) { out.set((accept >> (order(a, b) + 1) & 1U) != 0); });
}

Vector compare_text(const Call& call, unsigned accept) {
  if (accept == equal || accept == (below | above)) {
    const bool wanted = accept == equal;
    return rows<bool(Text, Text)>(call, [wanted](auto& out, Text a, Text b) { out.set((a == b) == wanted); });
  }
  return rows<bool(Text, Text)>(call, [accept](auto& out, Text a, Text b) {
    const int result = a.compare(b);
    out.set((accept >> (result < 0 ? 0 : result > 0 ? 2 : 1) & 1U) != 0);
  });
}

Vector compare_any(const Call& call, unsigned accept) {
  const Presence present(call);
  if (present.none()) return {data::nulls(call.type, 1), true};
  Output<bool> out(call);
  const Vector& a = call.arguments[0];
  const Vector& b = call.arguments[1];
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (!present[row]) {
      out.skip(row);
      continue;
    }
    out.begin(row);
    out.set((accept >> (compare_values(*a.column, a.index(row), *b.column, b.index(row)) + 1) & 1U) != 0);
    out.end();
  }
  return out.finish();
}

Vector compare(const Call& call, TypeId type, unsigned accept) {
  switch (type) {
    case TypeId::int8:
      return compare_rows<std::int8_t>(call, accept);
    case TypeId::int16:
      return compare_rows<std::int16_t>(call, accept);
    case TypeId::int32:
    case TypeId::date:
      return compare_rows<std::int32_t>(call, accept);
    case TypeId::int64:
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      return compare_rows<std::int64_t>(call, accept);
    case TypeId::float64:
      return compare_rows<double>(call, accept);
    case TypeId::string:
    case TypeId::binary:
      return compare_text(call, accept);
    default:
      return compare_any(call, accept);
  }
}

/// Where one side is a column and the other a constant; null otherwise.
NodePtr text_equals(const Binding& binding) {
  for (const std::size_t column : {0, 1}) {
    const data::ColumnPtr constant = binding[1 - column]->constant();
    if (!slot_of(*binding[column]) || constant == nullptr || constant->is_null(0)) continue;
    return text_equals_node(binding[column], std::string(constant->text(0)), binding.any_nullable(), binding.span());
  }
  return nullptr;
}

bool has_map(const Type& type) {
  if (type.id() == TypeId::map) return true;
  for (const data::Field& field : type.fields()) {
    if (has_map(*field.type)) return true;
  }
  return false;
}

/// Both sides in their common type. Decimals of different scales keep all their digits.
Result<TypePtr> unify_operands(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  for (std::size_t i = 0; i < 2; ++i) {
    if (has_map(binding.type(i))) return binding.mismatch(i, "anything but a MAP");
  }
  return binding.unify(Strings::promoted);
}

bool decimals_lose(const Binding& binding) {
  if (binding.size() != 2 || binding.id(0) != TypeId::decimal || binding.id(1) != TypeId::decimal) return false;
  const DecimalShape a = shape_of(binding.type(0)), b = shape_of(binding.type(1));
  return std::max(a.precision - a.scale, b.precision - b.scale) + std::max(a.scale, b.scale) > 38;
}

Result<NodePtr> bind_comparison(Binding& binding, unsigned accept) {
  if (decimals_lose(binding)) {
    const int a_scale = binding.type(0).scale(), b_scale = binding.type(1).scale();
    return binding.strict_node(boolean(), binding.any_nullable(), [=](const Call& call) {
      return rows<bool(data::Int128, data::Int128)>(call, [=](auto& out, data::Int128 a, data::Int128 b) {
        out.set((accept >> (decimal_compare(a, a_scale, b, b_scale) + 1) & 1U) != 0);
      });
    });
  }
  STREAMOPS_ASSIGN(const TypePtr type, unify_operands(binding));
  const TypeId id = type->id();
  if (id == TypeId::string && accept == equal) {
    if (NodePtr node = text_equals(binding)) return node;
  }
  return binding.strict_node(boolean(), binding.any_nullable(),
                             [id, accept](const Call& call) { return compare(call, id, accept); });
}

template <unsigned accept>
Result<NodePtr> bind_comparison(Binding& binding) {
  return bind_comparison(binding, accept);
}

/// <=>: null equals null.
Result<NodePtr> bind_null_safe(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(unify_operands(binding));
  return binding.node(boolean(), false, [](const Call& call) {
    Output<bool> out(call);
    const Vector& a = call.arguments[0];
    const Vector& b = call.arguments[1];
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      out.begin(row);
      const bool a_null = a.is_null(row), b_null = b.is_null(row);
      out.set(a_null || b_null ? a_null == b_null
                               : compare_values(*a.column, a.index(row), *b.column, b.index(row)) == 0);
      out.end();
    }
    return out.finish();
  });
}

/// value IN (list): true where one is equal, null where none is but one is null.
Result<NodePtr> bind_in(Binding& binding) {
  if (binding.size() < 2) return Error(errors::sql::wrong_arguments, "IN needs a list of values");
  STREAMOPS_ASSIGN(const TypePtr type, binding.unify(Strings::promoted));
  if (has_map(*type)) return binding.mismatch(0, "anything but a MAP");
  return binding.node(boolean(), binding.any_nullable(), [](const Call& call) {
    Output<bool> out(call);
    const Vector& value = call.arguments[0];
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      out.begin(row);
      bool found = false, unknown = value.is_null(row);
      for (std::size_t i = 1; i < call.arguments.size() && !found && !value.is_null(row); ++i) {
        const Vector& candidate = call.arguments[i];
        if (candidate.is_null(row)) {
          unknown = true;
        } else {
          found = compare_values(*value.column, value.index(row), *candidate.column, candidate.index(row)) == 0;
        }
      }
      found || !unknown ? out.set(found) : out.null();
      out.end();
    }
    return out.finish();
  });
}

Result<void> booleans(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(binding.size() == 1 ? 1 : 2, 2));
  for (std::size_t i = 0; i < binding.size(); ++i) {
    const TypeId id = binding.id(i);
    if (id != TypeId::boolean && id != TypeId::string && id != TypeId::null) return binding.mismatch(i, "BOOLEAN");
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, boolean()));
  }
  return Ok();
}

/// IS [NOT] NULL and its kin: `test` sees a row of the vector.
template <typename Test>
Result<NodePtr> bind_test(Binding& binding, Test test) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  return binding.node(boolean(), false, [test](const Call& call) {
    Output<bool> out(call);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      out.begin(row);
      out.set(test(call.arguments[0], row));
      out.end();
    }
    return out.finish();
  });
}

Result<NodePtr> bind_is_null(Binding& binding) {
  return bind_test(binding, [](const Vector& value, std::size_t row) { return value.is_null(row); });
}
Result<NodePtr> bind_is_not_null(Binding& binding) {
  return bind_test(binding, [](const Vector& value, std::size_t row) { return !value.is_null(row); });
}
Result<NodePtr> bind_is_true(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(booleans(binding));
  return bind_test(binding, [](const Vector& value, std::size_t row) { return is_true(value, row); });
}
Result<NodePtr> bind_is_false(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(booleans(binding));
  return bind_test(binding,
                   [](const Vector& value, std::size_t row) { return !value.is_null(row) && !is_true(value, row); });
}

Result<NodePtr> bind_not(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(booleans(binding));
  return binding.node(boolean(), binding.any_nullable(), [](const Call& call) {
    return rows<bool(bool)>(call, [](auto& out, bool value) { out.set(!value); });
  });
}

template <bool conjunction>
Result<NodePtr> bind_logic(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(booleans(binding));
  return conjunction ? and_node(binding[0], binding[1], binding.span())
                     : or_node(binding[0], binding[1], binding.span());
}

}  // namespace

const std::vector<Function>& comparison_functions() {
  static const std::vector<Function> all = {
      {"=",
       "a = b",
       "Whether both are equal; NULL where one is NULL. Different types meet in their common type.",
       {{"1 = 1.0", "true"}, {"'1' = 1", "true"}, {"NULL = NULL", "NULL"}},
       {},
       bind_comparison<equal>},
      {"<>", "a <> b or a != b", "Whether both differ.", {{"1 <> 2", "true"}}, {}, bind_comparison < below | above > },
      {"<", "a < b", "Whether a comes before b.", {{"'a' < 'b'", "true"}}, {}, bind_comparison<below>},
      {"<=",
       "a <= b",
       "Whether a comes before b or is equal.",
       {{"2 <= 2", "true"}},
       {},
       bind_comparison < below | equal > },
      {">",
       "a > b",
       "Whether a comes behind b.",
       {{"DATE'2024-01-02' > DATE'2024-01-01'", "true"}},
       {},
       bind_comparison<above>},
      {">=",
       "a >= b",
       "Whether a comes behind b or is equal.",
       {{"1 >= 2", "false"}},
       {},
       bind_comparison < above | equal > },
      {"<=>",
       "a <=> b",
       "Whether both are equal or both are NULL; never NULL itself.",
       {{"NULL <=> NULL", "true"}, {"1 <=> NULL", "false"}},
       {},
       bind_null_safe,
       {"equal_null"}},
      {"in",
       "a IN (b, c, ...)",
       "Whether a is equal to one of the values.",
       {{"2 IN (1, 2)", "true"}, {"3 IN (1, NULL)", "NULL"}},
       {},
       bind_in},
      {"and",
       "a AND b",
       "Whether both are true; b is looked at only where a does not decide.",
       {{"true AND NULL", "NULL"}, {"false AND 1/0 > 1", "false"}},
       {},
       bind_logic<true>},
      {"or",
       "a OR b",
       "Whether one is true; b is looked at only where a does not decide.",
       {{"true OR NULL", "true"}},
       {},
       bind_logic<false>},
      {"not", "NOT a", "The opposite.", {{"NOT true", "false"}, {"NOT NULL", "NULL"}}, {}, bind_not},
      {"isnull",
       "isnull(a) or a IS NULL",
       "Whether a is NULL.",
       {{"isnull(NULL)", "true"}},
       {},
       bind_is_null,
       {"is unknown"}},
      {"isnotnull",
       "isnotnull(a) or a IS NOT NULL",
       "Whether a is not NULL.",
       {{"1 IS NOT NULL", "true"}},
       {},
       bind_is_not_null,
       {"is not unknown"}},
      {"is true", "a IS TRUE", "Whether a is true, false for NULL.", {{"NULL IS TRUE", "false"}}, {}, bind_is_true},
      {"is false",
       "a IS FALSE",
       "Whether a is false, false for NULL.",
       {{"false IS FALSE", "true"}},
       {},
       bind_is_false},
  };
  return all;
}

}  // namespace streamops::sql
