#include "connect/cassandra/conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "base/text.h"
#include "base/uuid.h"
#include "cql/protocol/value.h"
#include "data/calendar.h"
#include "data/text_form.h"
#include "data/whole_number.h"
#include "errors/cassandra.h"

namespace streamops::connect {

namespace {

using data::integer_at;

constexpr std::int64_t kMillisPerDay = 86'400'000;

double floating_at(const data::Column& column, std::size_t row, int scale) {
  switch (column.type()->id()) {
    case data::TypeId::float32:
      return static_cast<double>(column.values<float>()[row]);
    case data::TypeId::float64:
      return column.values<double>()[row];
    case data::TypeId::decimal: {
      // By way of the digits, so that the result is the nearest double.
      std::string digits;
      data::append_decimal(digits, column.values<data::Int128>()[row], scale);
      return data::parse_double(digits).value_or(0);
    }
    default:
      return static_cast<double>(integer_at(column, row));
  }
}

std::string text_of(const data::Column& column, std::size_t row, int scale) {
  std::string out;
  switch (column.type()->id()) {
    case data::TypeId::boolean:
      return column.boolean(row) ? "true" : "false";
    case data::TypeId::float32:
      data::append_float(out, column.values<float>()[row]);
      break;
    case data::TypeId::float64:
      data::append_double(out, column.values<double>()[row]);
      break;
    case data::TypeId::decimal:
      data::append_decimal(out, column.values<data::Int128>()[row], scale);
      break;
    case data::TypeId::date:
      data::append_date(out, column.values<std::int32_t>()[row]);
      break;
    case data::TypeId::timestamp:
    case data::TypeId::timestamp_ntz:
      data::append_timestamp(out, column.values<std::int64_t>()[row]);
      break;
    default:
      return std::to_string(integer_at(column, row));
  }
  return out;
}

void append_floating(Bytes& out, double value, cql::TypeId target) {
  if (target == cql::TypeId::float_) {
    append_big_endian(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  } else {
    append_big_endian(out, std::bit_cast<std::uint64_t>(value));
  }
}

template <typename T>
bool append_in_range(Bytes& out, data::Int128 value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return false;
  append_big_endian(out, static_cast<T>(value));
  return true;
}

bool append_integer(Bytes& out, data::Int128 value, cql::TypeId target) {
  switch (target) {
    case cql::TypeId::tinyint:
      return append_in_range<std::int8_t>(out, value);
    case cql::TypeId::smallint:
      return append_in_range<std::int16_t>(out, value);
    case cql::TypeId::int_:
      return append_in_range<std::int32_t>(out, value);
    default:
      return append_in_range<std::int64_t>(out, value);
  }
}

cql::ConstantKind kind_of(cql::TypeId target) {
  switch (target) {
    case cql::TypeId::inet:
    case cql::TypeId::date:
    case cql::TypeId::time:
    case cql::TypeId::timestamp:
      return cql::ConstantKind::string;
    case cql::TypeId::uuid:
    case cql::TypeId::timeuuid:
      return cql::ConstantKind::uuid;
    case cql::TypeId::boolean:
      return cql::ConstantKind::boolean;
    case cql::TypeId::duration:
      return cql::ConstantKind::duration;
    case cql::TypeId::float_:
    case cql::TypeId::double_:
    case cql::TypeId::decimal:
      return cql::ConstantKind::floating;
    default:
      return cql::ConstantKind::integer;
  }
}

const ConversionRow* find_conversion(data::TypeId sql, cql::TypeId target) {
  for (const ConversionRow& row : conversion_table()) {
    if (row.sql == sql && row.cql == target) return &row;
  }
  return nullptr;
}

Error refusal(const std::string& column, const data::Type& from, const cql::CqlType& to) {
  Error error(errors::cassandra::no_conversion,
              "column `{}` is {} in the select and {} in the table: there is no conversion", column, from.to_sql(),
              to.to_cql());
  for (const RefusalRow& row : refusal_table()) {
    if (row.sql == from.id() && row.cql == to.id()) return error.with_hint(row.advice);
  }
  return error;
}

/// An element or member: null where that is allowed.
bool write_part(const ColumnWriter& writer, const data::Column& from, std::size_t row, bool nulls, Bytes& out,
                std::string& problem) {
  if (!from.is_null(row)) return writer.write(from, row, out, problem);
  if (!nulls) problem = "a null inside of a collection";
  append_big_endian(out, std::int32_t{-1});
  return nulls;
}

}  // namespace

ColumnWriter::ColumnWriter(Conversion conversion, const data::Type& from, cql::CqlTypePtr to)
    : conversion_(conversion),
      from_(from.id()),
      scale_(from.id() == data::TypeId::decimal ? from.scale() : 0),
      to_(std::move(to)) {}

Result<ColumnWriter> ColumnWriter::make(const std::string& column, const data::Type& from, const cql::CqlTypePtr& to) {
  const ConversionRow* row = find_conversion(from.id(), to->id());
  if (row == nullptr) return refusal(column, from, *to);
  ColumnWriter out(row->conversion, from, to);
  if (row->conversion == Conversion::elements) {
    for (std::size_t i = 0; i < to->children().size(); ++i) {
      STREAMOPS_ASSIGN(ColumnWriter child, make(column, *from.fields()[i].type, to->children()[i]));
      out.children_.push_back(std::move(child));
    }
  }
  if (row->conversion != Conversion::members) return out;
  const bool by_name = to->id() == cql::TypeId::udt;
  for (std::size_t i = 0; i < to->children().size(); ++i) {
    int source = i < from.fields().size() ? static_cast<int>(i) : -1;
    if (by_name) {
      const auto same = [&](const data::Field& field) { return equals_ignore_case(field.name, to->field_names()[i]); };
      const auto found = std::find_if(from.fields().begin(), from.fields().end(), same);
      source = found == from.fields().end() ? -1 : static_cast<int>(found - from.fields().begin());
    }
    out.member_of_.push_back(source);
    if (source < 0) continue;
    STREAMOPS_ASSIGN(ColumnWriter child,
                     make(column, *from.fields()[static_cast<std::size_t>(source)].type, to->children()[i]));
    out.children_.push_back(std::move(child));
  }
  const bool all_used = out.children_.size() == from.fields().size();
  return all_used ? Result<ColumnWriter>(std::move(out)) : Result<ColumnWriter>(refusal(column, from, *to));
}

bool ColumnWriter::write(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const {
  const std::size_t at = out.size();
  append_big_endian(out, std::int32_t{0});
  if (!write_body(from, row, out, problem)) return false;
  store_big_endian(out.data() + at, static_cast<std::int32_t>(out.size() - at - 4));
  return true;
}

bool ColumnWriter::write_body(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const {
  switch (conversion_) {
    case Conversion::as_is:
      if (from_ == data::TypeId::boolean) {
        out.push_back(from.boolean(row) ? 1 : 0);
        return true;
      }
      return write_text_value(from.text(row), out, problem);
    case Conversion::parse:
      return write_text_value(from.text(row), out, problem);
    case Conversion::to_text:
      append_text(out, text_of(from, row, scale_));
      return true;
    case Conversion::integer:
      return write_integer(from, row, out, problem);
    case Conversion::floating:
      append_floating(out, floating_at(from, row, scale_), to_->id());
      return true;
    case Conversion::varint: {
      if (from_ != data::TypeId::decimal) {
        cql::append_varint(out, integer_at(from, row));
        return true;
      }
      const data::Int128 unit = data::power_of_ten(scale_);
      const data::Int128 value = from.values<data::Int128>()[row];
      cql::append_varint(out, value / unit);
      problem = "a number with a fraction";
      return value % unit == 0;
    }
    case Conversion::decimal:
      append_big_endian(out, std::int32_t{scale_});
      cql::append_varint(
          out, from_ == data::TypeId::decimal ? from.values<data::Int128>()[row] : data::Int128{integer_at(from, row)});
      return true;
    case Conversion::millis:
      append_big_endian(out, data::floor_divide(integer_at(from, row), 1000));
      return true;
    case Conversion::day:
      append_big_endian(out,
                        static_cast<std::uint32_t>(data::floor_divide(integer_at(from, row), data::micros_per_day) +
                                                   (std::int64_t{1} << 31)));
      return true;
    case Conversion::days:
      append_big_endian(out, static_cast<std::uint32_t>(integer_at(from, row) + (std::int64_t{1} << 31)));
      return true;
    case Conversion::midnight:
      append_big_endian(out, integer_at(from, row) * kMillisPerDay);
      return true;
    case Conversion::duration: {
      const std::int64_t value = integer_at(from, row);
      cql::Duration duration;
      if (from_ == data::TypeId::interval_month) {
        duration.months = static_cast<std::int32_t>(value);
      } else if (__builtin_mul_overflow(value, 1000, &duration.nanos)) {
        problem = "an interval of more than 292 years";
        return false;
      }
      cql::append_duration(out, duration);
      return true;
    }
    case Conversion::elements:
      return write_elements(from, row, out, problem);
    case Conversion::members:
      return write_members(from, row, out, problem);
  }
  return false;
}

bool ColumnWriter::write_integer(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const {
  if (from_ != data::TypeId::decimal) {
    if (append_integer(out, integer_at(from, row), to_->id())) return true;
  } else {
    const data::Int128 unit = data::power_of_ten(scale_);
    const data::Int128 value = from.values<data::Int128>()[row];
    if (value % unit == 0 && append_integer(out, value / unit, to_->id())) return true;
  }
  problem = fmt::format("{} is out of range", text_of(from, row, scale_));
  return false;
}

/// Text into whatever the target is; the common targets without a detour.
bool ColumnWriter::write_text_value(std::string_view text, Bytes& out, std::string& problem) const {
  const cql::TypeId target = to_->id();
  if (target == cql::TypeId::text || target == cql::TypeId::blob) {
    append_text(out, text);
    return true;
  }
  if (target == cql::TypeId::uuid) {
    if (const std::optional<Uuid> uuid = parse_uuid(text)) {
      append_bytes(out, uuid->bytes);
      return true;
    }
  }
  const std::string_view trimmed = trim(text);
  const Result<Bytes> bytes = target == cql::TypeId::ascii ? cql::encode_constant(cql::ConstantKind::string, text, *to_)
                                                           : cql::encode_constant(kind_of(target), trimmed, *to_);
  if (!bytes) {
    problem = bytes.error().message();
    return false;
  }
  append_bytes(out, *bytes);
  return true;
}

bool ColumnWriter::write_elements(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const {
  const auto offsets = from.offsets();
  const auto first = static_cast<std::size_t>(offsets[row]);
  const auto last = static_cast<std::size_t>(offsets[row + 1]);
  if (to_->id() == cql::TypeId::vector) {
    if (last - first != to_->dimension()) {
      problem = fmt::format("{} elements for a {}", last - first, to_->to_cql());
      return false;
    }
    const bool fixed = to_->element()->fixed_length() >= 0;
    for (std::size_t i = first; i < last; ++i) {
      Bytes item;
      if (!write_part(children_[0], *from.children()[0], i, false, item, problem)) return false;
      if (!fixed) cql::append_unsigned_vint(out, item.size() - 4);
      append_bytes(out, BytesView(item).subspan(4));
    }
    return true;
  }
  const std::size_t at = out.size();
  append_big_endian(out, static_cast<std::int32_t>(last - first));
  for (std::size_t i = first; i < last; ++i) {
    for (std::size_t part = 0; part < children_.size(); ++part) {
      if (!write_part(children_[part], *from.children()[part], i, false, out, problem)) return false;
    }
  }
  if (to_->id() == cql::TypeId::list) return true;
  // Sets and maps are sent in their order and without doubles.
  const Bytes sorted = cql::join_collection(*to_, cql::split_collection(*to_, BytesView(out).subspan(at)));
  out.resize(at);
  append_bytes(out, sorted);
  return true;
}

bool ColumnWriter::write_members(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const {
  std::size_t child = 0;
  for (const int source : member_of_) {
    if (source < 0) {
      append_big_endian(out, std::int32_t{-1});
      continue;
    }
    if (!write_part(children_[child++], *from.children()[static_cast<std::size_t>(source)], row, true, out, problem))
      return false;
  }
  return true;
}

}  // namespace streamops::connect
