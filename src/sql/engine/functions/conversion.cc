// CAST by function name: int('5'), string(1.5), ...
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;

template <TypeId id>
Result<NodePtr> bind_as(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  const data::TypePtr type =
      id == TypeId::decimal ? Type::decimal(10, 0) : Type::scalar(id == TypeId::decimal ? TypeId::null : id);
  return cast_node(binding[0], type, CastMode::strict, binding.span());
}

Result<NodePtr> bind_typeof(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  const TypeId id = binding.id(0);
  if (id == TypeId::interval_day || id == TypeId::interval_month)
    return Error(errors::sql::not_served, "typeof of an interval is not served");
  data::ColumnBuilder name(Type::scalar(TypeId::string));
  name.append_text(catalog_name(binding.type(0)));
  return constant_node(name.finish(), binding.span());
}

}  // namespace

const std::vector<Function>& conversion_functions() {
  static const std::vector<Function> all = {
      {"boolean", "boolean(a)", "CAST(a AS BOOLEAN).", {{"boolean('yes')", "true"}}, {}, bind_as<TypeId::boolean>},
      {"tinyint", "tinyint(a)", "CAST(a AS TINYINT).", {{"tinyint('5')", "5"}}, {}, bind_as<TypeId::int8>},
      {"smallint", "smallint(a)", "CAST(a AS SMALLINT).", {{"smallint('5')", "5"}}, {}, bind_as<TypeId::int16>},
      {"int", "int(a)", "CAST(a AS INT).", {{"int('5')", "5"}}, {}, bind_as<TypeId::int32>},
      {"bigint", "bigint(a)", "CAST(a AS BIGINT).", {{"bigint(5.9)", "5"}}, {}, bind_as<TypeId::int64>},
      {"float", "float(a)", "CAST(a AS FLOAT).", {{"float('1.5')", "1.5"}}, {}, bind_as<TypeId::float32>},
      {"double", "double(a)", "CAST(a AS DOUBLE).", {{"double('1.5')", "1.5"}}, {}, bind_as<TypeId::float64>},
      {"decimal", "decimal(a)", "CAST(a AS DECIMAL(10,0)).", {{"decimal('5.7')", "6"}}, {}, bind_as<TypeId::decimal>},
      {"string", "string(a)", "CAST(a AS STRING).", {{"string(1.50)", "1.50"}}, {}, bind_as<TypeId::string>},
      {"binary", "binary(a)", "CAST(a AS BINARY).", {{"hex(binary('a'))", "61"}}, {}, bind_as<TypeId::binary>},
      {"date", "date(a)", "CAST(a AS DATE).", {{"date('2024-01-31')", "2024-01-31"}}, {}, bind_as<TypeId::date>},
      {"timestamp",
       "timestamp(a)",
       "CAST(a AS TIMESTAMP).",
       {{"timestamp('2024-01-31')", "2024-01-31 00:00:00"}},
       {},
       bind_as<TypeId::timestamp>},
      {"typeof",
       "typeof(a)",
       "The type of a value as text.",
       {{"typeof(1.5)", "decimal(2,1)"}, {"typeof(array(1))", "array<int>"}},
       {},
       bind_typeof},
  };
  return all;
}

}  // namespace streamops::sql
