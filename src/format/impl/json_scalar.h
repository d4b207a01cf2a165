// format/impl/json_scalar.h — one JSON scalar as a value of a column's type, by from_json's rules.
#pragma once

#include "data/column.h"
#include "format/impl/json_number.h"
#include "format/impl/json_tape.h"

namespace streamops::format {

/// True when the item (neither null, object nor array) is a value of `type`; then it is appended to `out` unless that
/// is null.
bool append_scalar(const JsonTape& tape, const JsonItem& item, const data::Type& type, data::ColumnBuilder* out);

/// A well-formed number other than NaN and its kin as a value of `type`, STRING included. As append_scalar.
bool append_number_token(std::string_view token, NumberKind kind, const data::Type& type, data::ColumnBuilder* out);

/// A text as a value of a type other than string: timestamps, dates, NaN, decimals, base64. As append_scalar.
bool append_text_as(std::string_view text, const data::Type& type, data::ColumnBuilder* out);

}  // namespace streamops::format
