// CAST(value AS STRING) for one value of any type, and zones by name.
#include <date/tz.h>

#include <array>

#include "data/text_form.h"
#include "sql/engine/cast.h"

namespace streamops::sql {
namespace {

using data::TypeId;

void append_list(const data::Column& column, std::size_t row, std::string& out) {
  const auto at = column.offsets();
  const bool map = column.type()->id() == TypeId::map;
  out += map ? '{' : '[';
  for (std::int32_t k = at[row]; k < at[row + 1]; ++k) {
    if (k != at[row]) out += ", ";
    append_text_form(*column.children()[0], static_cast<std::size_t>(k), out);
    if (!map) continue;
    out += " -> ";
    append_text_form(*column.children()[1], static_cast<std::size_t>(k), out);
  }
  out += map ? '}' : ']';
}

void append_structure(const data::Column& column, std::size_t row, std::string& out) {
  out += '{';
  for (const data::ColumnPtr& member : column.children()) {
    if (&member != &column.children().front()) out += ", ";
    append_text_form(*member, row, out);
  }
  out += '}';
}

/// Java's three-letter zones that are no names of the zone data.
struct ShortName {
  std::string_view name;
  std::string_view zone;
};
constexpr std::array<ShortName, 10> short_names = {{{"PST", "America/Los_Angeles"},
                                                    {"CST", "America/Chicago"},
                                                    {"ACT", "Australia/Darwin"},
                                                    {"AET", "Australia/Sydney"},
                                                    {"CTT", "Asia/Shanghai"},
                                                    {"ECT", "Europe/Paris"},
                                                    {"IST", "Asia/Kolkata"},
                                                    {"JST", "Asia/Tokyo"},
                                                    {"BST", "Asia/Dhaka"},
                                                    {"NST", "Pacific/Auckland"}}};

}  // namespace

void append_text_form(const data::Column& column, std::size_t row, std::string& out) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type()->id()) {
    case TypeId::boolean:
      out += column.boolean(row) ? "true" : "false";
      return;
    case TypeId::int8:
      out += std::to_string(column.values<std::int8_t>()[row]);
      return;
    case TypeId::int16:
      out += std::to_string(column.values<std::int16_t>()[row]);
      return;
    case TypeId::int32:
      out += std::to_string(column.values<std::int32_t>()[row]);
      return;
    case TypeId::int64:
      out += std::to_string(column.values<std::int64_t>()[row]);
      return;
    case TypeId::float32:
      data::append_float(out, column.values<float>()[row]);
      return;
    case TypeId::float64:
      data::append_double(out, column.values<double>()[row]);
      return;
    case TypeId::decimal:
      data::append_decimal(out, column.values<data::Int128>()[row], column.type()->scale());
      return;
    case TypeId::string:
    case TypeId::binary:
      out += column.text(row);
      return;
    case TypeId::date:
      data::append_date(out, column.values<std::int32_t>()[row]);
      return;
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      data::append_timestamp(out, column.values<std::int64_t>()[row]);
      return;
    case TypeId::array:
    case TypeId::map:
      append_list(column, row, out);
      return;
    case TypeId::structure:
      append_structure(column, row, out);
      return;
    default:
      return;  // intervals and the type of NULL have no cast to STRING here
  }
}

std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t local_micros) {
  for (const ShortName& known : short_names) {
    if (known.name == zone) zone = known.zone;
  }
  try {
    const date::time_zone* found = date::locate_zone(std::string(zone));
    const date::local_time<std::chrono::seconds> local{std::chrono::seconds(local_micros / 1'000'000)};
    return found->get_info(local).first.offset.count() * 1'000'000;
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

}  // namespace streamops::sql
