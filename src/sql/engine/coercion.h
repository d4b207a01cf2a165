// sql/engine/coercion.h — which types go together: Spark 4.0's rules with ANSI on.
#pragma once

#include "data/type.h"
#include "sql/engine/decimal.h"

namespace streamops::sql {

/// As Spark's catalogue and typeof() write it: "decimal(10,2)", "struct<a:int>".
std::string catalog_name(const data::Type& type);

/// The decimal that holds every value of an integer type.
DecimalShape shape_of(const data::Type& type);
inline data::TypePtr decimal_of(DecimalShape shape) {
  return data::Type::decimal(shape.precision, shape.scale);
}

/// Equal but for names of nothing and nullability inside nested types: the same columns.
bool same_layout(const data::Type& a, const data::Type& b);

enum class Strings : std::uint8_t {
  promoted,  // '1' = 1 compares as BIGINT: operators, COALESCE, CASE, IN
  apart      // greatest(1, '2') is refused
};
/// The type that both convert to; null when there is none.
data::TypePtr common_type(const data::TypePtr& a, const data::TypePtr& b, Strings strings);

/// True when an argument of type `from` may stand where a function takes `to`.
bool converts_implicitly(const data::Type& from, const data::Type& to);

}  // namespace streamops::sql
