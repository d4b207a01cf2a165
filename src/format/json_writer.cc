#include "format/json_writer.h"

#include <charconv>
#include <cmath>

#include "base/base64.h"
#include "data/text_form.h"
#include "data/whole_number.h"
#include "format/impl/json_tape.h"

namespace streamops::format {
namespace {

using data::Column;
using data::integer_at;
using data::TypeId;

constexpr std::int64_t micros_a_second = 1'000'000;

void append_integer(std::string& out, std::int64_t value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value).ptr);
}

template <typename T>
void append_real(std::string& out, T value) {
  const bool finite = std::isfinite(value);
  if (!finite) out += '"';
  if constexpr (sizeof(T) == sizeof(float)) {
    data::append_float(out, value);
  } else {
    data::append_double(out, value);
  }
  if (!finite) out += '"';
}

/// "2024-01-02T03:04:05.600Z" in quotes: always milliseconds; a wall clock has no Z.
void append_instant(std::string& out, std::int64_t micros, bool zone) {
  std::int64_t fraction = micros % micros_a_second;
  if (fraction < 0) fraction += micros_a_second;
  out += '"';
  const std::size_t start = out.size();
  data::append_timestamp(out, micros - fraction);
  out[out.find(' ', start)] = 'T';
  const auto millis = static_cast<int>(fraction / 1000);
  out += '.';
  out += static_cast<char>('0' + millis / 100);
  out += static_cast<char>('0' + millis / 10 % 10);
  out += static_cast<char>('0' + millis % 10);
  out += zone ? "Z\"" : "\"";
}

/// Java's text of a BigDecimal: with an exponent once six zeros would follow the point.
void append_big_decimal(std::string& out, data::Int128 unscaled, int scale) {
  std::string digits;
  data::append_decimal(digits, unscaled < 0 ? -unscaled : unscaled, 0);
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  if (scale == 0 || exponent >= -6) return data::append_decimal(out, unscaled, scale);
  if (unscaled < 0) out += '-';
  out += digits[0];
  if (digits.size() > 1) {
    out += '.';
    out.append(digits, 1);
  }
  out += 'E';
  append_integer(out, exponent);
}

void append_structure(const Column& column, std::size_t row, std::string& out) {
  const auto& fields = column.type()->fields();
  char before = '{';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Column& member = *column.children()[i];
    if (member.is_null(row) || fields[i].type->id() == TypeId::null) continue;
    out += before;
    before = ',';
    append_quoted(out, fields[i].name);
    out += ':';
    append_json(member, row, out);
  }
  out += before == '{' ? "{}" : "}";
}

void append_list(const Column& column, std::size_t row, std::string& out) {
  const auto offsets = column.offsets();
  out += '[';
  for (std::int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i != offsets[row]) out += ',';
    append_json(*column.children()[0], static_cast<std::size_t>(i), out);
  }
  out += ']';
}

/// A key of a map as a name: texts as they are, everything else as the number that it is inside.
void append_map_key(const Column& keys, std::size_t row, std::string& out) {
  const TypeId id = keys.type()->id();
  if (id == TypeId::string) return append_quoted(out, keys.text(row));
  std::string text;
  if (keys.type()->width() > 0 && id < TypeId::float32) {
    append_integer(text, integer_at(keys, row));
  } else {
    append_json(keys, row, text);
    if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  }
  append_quoted(out, text);
}

void append_map(const Column& column, std::size_t row, std::string& out) {
  const auto offsets = column.offsets();
  out += '{';
  for (std::int32_t i = offsets[row]; i < offsets[row + 1]; ++i) {
    if (i != offsets[row]) out += ',';
    append_map_key(*column.children()[0], static_cast<std::size_t>(i), out);
    out += ':';
    append_json(*column.children()[1], static_cast<std::size_t>(i), out);
  }
  out += '}';
}

}  // namespace

void append_json(const Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type()->id()) {
    case TypeId::null:
      out += "null";
      return;
    case TypeId::boolean:
      out += column.boolean(row) ? "true" : "false";
      return;
    case TypeId::int8:
    case TypeId::int16:
    case TypeId::int32:
    case TypeId::int64:
    case TypeId::interval_day:
    case TypeId::interval_month:
      return append_integer(out, integer_at(column, row));
    case TypeId::float32:
      return append_real(out, column.values<float>()[row]);
    case TypeId::float64:
      return append_real(out, column.values<double>()[row]);
    case TypeId::decimal:
      return append_big_decimal(out, column.values<data::Int128>()[row], column.type()->scale());
    case TypeId::string:
      return append_quoted(out, column.text(row));
    case TypeId::binary:
      out += '"';
      append_base64(out, column.text(row));
      out += '"';
      return;
    case TypeId::date:
      out += '"';
      data::append_date(out, column.values<std::int32_t>()[row]);
      out += '"';
      return;
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      return append_instant(out, column.values<std::int64_t>()[row], column.type()->id() == TypeId::timestamp);
    case TypeId::array:
      return append_list(column, row, out);
    case TypeId::map:
      return append_map(column, row, out);
    case TypeId::structure:
      return append_structure(column, row, out);
  }
}

JsonRowWriter::JsonRowWriter(const data::Schema& schema) {
  for (const data::Field& field : schema.fields()) {
    append_quoted(names_.emplace_back(), field.name);
    names_.back() += ':';
  }
}

void JsonRowWriter::append(const data::Batch& batch, std::size_t row, std::string& out) const {
  char before = '{';
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const data::ColumnPtr& column = batch.columns[i];
    if (column == nullptr || column->is_null(row) || column->type()->id() == TypeId::null) continue;
    out += before;
    before = ',';
    out += names_[i];
    append_json(*column, row, out);
  }
  out += before == '{' ? "{}" : "}";
}

}  // namespace streamops::format
