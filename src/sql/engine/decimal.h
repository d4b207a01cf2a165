// sql/engine/decimal.h — exact arithmetic on DECIMALs: 128-bit unscaled values, 256 bits in between, rounded half up
// once at the end.
//
// Every function gives the unscaled value at the result's scale, or nothing when it needs more than the result's
// precision.
#pragma once

#include <optional>

#include "data/column.h"
#include "data/type.h"

namespace streamops::sql {

struct DecimalShape {
  int precision;
  int scale;
};

/// Result shapes of Spark's arithmetic (spark.sql.decimalOperations.allowPrecisionLoss = true).
DecimalShape sum_shape(DecimalShape a, DecimalShape b);
DecimalShape product_shape(DecimalShape a, DecimalShape b);
DecimalShape quotient_shape(DecimalShape a, DecimalShape b);
DecimalShape remainder_shape(DecimalShape a, DecimalShape b);
/// The shape that holds both without loss, where 38 digits suffice; else the whole part has precedence.
DecimalShape common_shape(DecimalShape a, DecimalShape b);

using MaybeDecimal = std::optional<data::Int128>;
MaybeDecimal decimal_sum(data::Int128 a, int a_scale, data::Int128 b, int b_scale, DecimalShape result);
MaybeDecimal decimal_product(data::Int128 a, int a_scale, data::Int128 b, int b_scale, DecimalShape result);
/// `b` is not zero.
MaybeDecimal decimal_quotient(data::Int128 a, int a_scale, data::Int128 b, int b_scale, DecimalShape result);
/// The sign follows `a`; `b` is not zero.
MaybeDecimal decimal_remainder(data::Int128 a, int a_scale, data::Int128 b, int b_scale, DecimalShape result);
/// The quotient without its fraction, for DIV; nothing when it does not fit into 64 bits.
std::optional<std::int64_t> decimal_whole_quotient(data::Int128 a, int a_scale, data::Int128 b, int b_scale);
int decimal_compare(data::Int128 a, int a_scale, data::Int128 b, int b_scale);

}  // namespace streamops::sql
