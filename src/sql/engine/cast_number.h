// sql/engine/cast_number.h — the casts whose target is a number or a boolean. Internal to cast.cc.
#pragma once

#include "sql/engine/cast.h"

namespace streamops::sql {

Vector cast_to_boolean(const Call& call, const data::Type& from, CastMode mode);
Vector cast_to_integer(const Call& call, const data::Type& from, CastMode mode);
Vector cast_to_real(const Call& call, const data::Type& from, CastMode mode);
Vector cast_to_decimal(const Call& call, const data::Type& from, CastMode mode);

}  // namespace streamops::sql
