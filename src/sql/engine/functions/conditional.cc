// CASE and its relatives.
#include <cmath>

#include "sql/engine/branches.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

Result<void> expect_condition(const Binding& binding, std::size_t index) {
  const bool null_literal = binding.id(index) == TypeId::null && binding.tree().function == "if";
  return binding.id(index) == TypeId::boolean || null_literal ? Result<void>() : binding.mismatch(index, "BOOLEAN");
}

/// Arguments: condition, value, condition, value, ..., otherwise.
Result<NodePtr> bind_case(Binding& binding) {
  const std::size_t pairs = binding.size() / 2;
  // Only the values have a common type: conditions stay what they are.
  TypePtr type = Type::scalar(TypeId::null);
  for (std::size_t i = 0; i < binding.size(); ++i) {
    const bool condition = i < pairs * 2 && i % 2 == 0;
    if (condition) {
      STREAMOPS_RETURN_IF_ERROR(expect_condition(binding, i));
      STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, Type::scalar(TypeId::boolean)));
      continue;
    }
    const TypePtr wider = common_type(type, binding[i]->type(), Strings::promoted);
    if (!wider) {
      return Error(errors::sql::type_mismatch, "the branches have no common type: {} and {}", type->to_sql(),
                   binding.type(i).to_sql());
    }
    type = wider;
  }
  std::vector<Branch> branches;
  for (std::size_t i = 0; i < pairs; ++i) {
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(2 * i + 1, type));
    branches.push_back({binding[2 * i], binding[2 * i + 1]});
  }
  NodePtr otherwise;
  if (binding.size() % 2 == 1) {
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(binding.size() - 1, type));
    otherwise = binding[binding.size() - 1];
  }
  return case_node(std::move(branches), std::move(otherwise), type, binding.span());
}

Result<NodePtr> bind_if(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(3, 3));
  return bind_case(binding);
}

Result<NodePtr> bind_coalesce(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, SIZE_MAX));
  STREAMOPS_ASSIGN(const TypePtr type, binding.unify(Strings::promoted));
  return coalesce_node(binding.arguments(), type, binding.span());
}

Result<NodePtr> bind_nvl(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  return bind_coalesce(binding);
}

Result<NodePtr> bind_nvl2(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(3, 3));
  STREAMOPS_ASSIGN(NodePtr present, call_function("isnotnull", binding, {binding[0]}));
  return call_function("case", binding, {present, binding[1], binding[2]});
}

Result<NodePtr> bind_nullif(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_ASSIGN(NodePtr same, call_function("=", binding, {binding[0], binding[1]}));
  return case_node({{same, null_node(binding[0]->type(), binding.span())}}, binding[0], binding[0]->type(),
                   binding.span());
}

/// The greatest (sign 1) or least (sign -1) of the values that are not null.
Result<NodePtr> bind_extreme(Binding& binding, int sign) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, SIZE_MAX));
  STREAMOPS_ASSIGN(const TypePtr type, binding.unify(Strings::apart));
  return binding.node(type, binding.any_nullable(), [sign](const Call& call) {
    data::ColumnBuilder out(call.type);
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      const Vector* best = nullptr;
      for (const Vector& candidate : call.arguments) {
        if (candidate.is_null(row)) continue;
        const bool better =
            best == nullptr ||
            sign * compare_values(*candidate.column, candidate.index(row), *best->column, best->index(row)) > 0;
        if (better) best = &candidate;
      }
      best == nullptr ? out.append_null() : out.append_from(*best->column, best->index(row));
    }
    return Vector{out.finish(), false};
  });
}

Result<NodePtr> bind_greatest(Binding& binding) {
  return bind_extreme(binding, 1);
}
Result<NodePtr> bind_least(Binding& binding) {
  return bind_extreme(binding, -1);
}

/// False for NULL, as in Spark.
Result<NodePtr> bind_isnan(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, Type::scalar(TypeId::float64)));
  return binding.node(Type::scalar(TypeId::boolean), false, [](const Call& call) {
    Output<bool> out(call);
    const Vector& value = call.arguments[0];
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      out.begin(row);
      out.set(!value.is_null(row) && std::isnan(value.column->values<double>()[value.index(row)]));
      out.end();
    }
    return out.finish();
  });
}

/// NULL where the value is zero: NULLIF(value, 0).
Result<NodePtr> bind_nullifzero(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  return call_function("nullif", binding, {binding[0], integer_constant(0, TypeId::int32, binding.span())});
}

Result<NodePtr> bind_zeroifnull(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  return call_function("nvl", binding, {binding[0], integer_constant(0, TypeId::int32, binding.span())});
}

Result<NodePtr> bind_nanvl(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  const TypePtr real = Type::scalar(TypeId::float64);
  STREAMOPS_ASSIGN(NodePtr value, binding.argument_as(0, real));
  STREAMOPS_ASSIGN(NodePtr instead, binding.argument_as(1, real));
  STREAMOPS_ASSIGN(NodePtr nan, call_function("isnan", binding, {value}));
  return case_node({{nan, instead}}, value, real, binding.span());
}

}  // namespace

const std::vector<Function>& conditional_functions() {
  static const std::vector<Function> all = {
      {"case",
       "CASE WHEN condition THEN value ... [ELSE value] END",
       "The value behind the first condition that is true. Other branches are not evaluated.",
       {{"CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END", "b"}, {"CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two"}},
       {},
       bind_case},
      {"if",
       "if(condition, a, b)",
       "a where the condition is true, else b.",
       {{"if(1 < 2, 'yes', 'no')", "yes"}},
       {},
       bind_if},
      {"coalesce",
       "coalesce(a, b, ...)",
       "The first value that is not NULL.",
       {{"coalesce(NULL, 'x')", "x"}, {"coalesce(1, 1/0)", "1.0"}},
       {},
       bind_coalesce},
      {"nvl", "nvl(a, b)", "a, or b where a is NULL.", {{"nvl(NULL, 3)", "3"}}, {}, bind_nvl, {"ifnull"}},
      {"nvl2", "nvl2(a, b, c)", "b where a is not NULL, else c.", {{"nvl2(NULL, 1, 2)", "2"}}, {}, bind_nvl2},
      {"nullif",
       "nullif(a, b)",
       "NULL where both are equal, else a.",
       {{"nullif(1, 1)", "NULL"}, {"nullif(1, 2)", "1"}},
       {},
       bind_nullif},
      {"greatest",
       "greatest(a, b, ...)",
       "The greatest value that is not NULL.",
       {{"greatest(1, NULL, 3)", "3"}},
       {},
       bind_greatest},
      {"least", "least(a, b, ...)", "The least value that is not NULL.", {{"least('b', 'a')", "a"}}, {}, bind_least},
      {"isnan",
       "isnan(a)",
       "Whether a DOUBLE is not a number.",
       {{"isnan(double('NaN'))", "true"}, {"isnan(NULL)", "false"}},
       {},
       bind_isnan},
      {"nullifzero",
       "nullifzero(a)",
       "NULL where a is zero, else a.",
       {{"nullifzero(0)", "NULL"}, {"nullifzero(2)", "2"}},
       {},
       bind_nullifzero},
      {"zeroifnull",
       "zeroifnull(a)",
       "Zero where a is NULL, else a.",
       {{"zeroifnull(NULL)", "0"}},
       {},
       bind_zeroifnull},
      {"nanvl",
       "nanvl(a, b)",
       "a, or b where a is not a number.",
       {{"nanvl(double('NaN'), 1.5D)", "1.5"}},
       {},
       bind_nanvl},
  };
  return all;
}

}  // namespace streamops::sql
