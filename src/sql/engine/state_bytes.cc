#include "sql/engine/state_bytes.h"

namespace streamops::sql {
namespace {

using data::TypeId;

void append_fixed(const data::Column& column, std::size_t row, std::string& out) {
  const auto width = static_cast<std::size_t>(column.type()->width());
  const auto raw = column.values<char>();
  out.append(raw.data() + row * width, width);
}

void append_list(const data::Column& column, std::size_t row, Floats floats, std::string& out) {
  const auto begin = static_cast<std::size_t>(column.offsets()[row]);
  const auto end = static_cast<std::size_t>(column.offsets()[row + 1]);
  put_fixed(out, static_cast<std::uint32_t>(end - begin));
  for (std::size_t k = begin; k < end; ++k) {
    for (const data::ColumnPtr& child : column.children()) append_value(*child, k, floats, out);
  }
}

bool read_list(StateReader& in, data::ColumnBuilder& out) {
  const auto count = in.fixed<std::uint32_t>();
  const std::size_t members = out.type()->id() == TypeId::map ? 2 : 1;
  if (in.failed() || count > in.left()) return false;
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < members; ++i) {
      if (!read_value(in, out.child(i))) return false;
    }
  }
  out.append_present();
  return true;
}

bool read_structure(StateReader& in, data::ColumnBuilder& out) {
  for (std::size_t i = 0; i < out.type()->fields().size(); ++i) {
    if (!read_value(in, out.child(i))) return false;
  }
  out.append_present();
  return true;
}

}  // namespace

void put_text(std::string& out, std::string_view text) {
  put_fixed(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

std::string_view StateReader::bytes(std::size_t count) {
  if (failed_ || count > rest_.size()) {
    failed_ = true;
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

bool StateReader::flag() {
  const auto value = fixed<std::uint8_t>();
  if (value > 1) failed_ = true;
  return value == 1;
}

void append_value(const data::Column& column, std::size_t row, Floats floats, std::string& out) {
  const TypeId id = column.type()->id();
  if (column.is_null(row) || id == TypeId::null) {
    out += '\0';
    return;
  }
  out += '\1';
  switch (id) {
    case TypeId::boolean:
      out += column.boolean(row) ? '\1' : '\0';
      break;
    case TypeId::string:
    case TypeId::binary:
      put_text(out, column.text(row));
      break;
    case TypeId::float32:
      if (floats == Floats::kept) return append_fixed(column, row, out);
      return put_fixed(out, normal(column.values<float>()[row]));
    case TypeId::float64:
      if (floats == Floats::kept) return append_fixed(column, row, out);
      return put_fixed(out, normal(column.values<double>()[row]));
    case TypeId::array:
    case TypeId::map:
      append_list(column, row, floats, out);
      break;
    case TypeId::structure:
      for (const data::ColumnPtr& child : column.children()) append_value(*child, row, floats, out);
      break;
    default:
      append_fixed(column, row, out);
      break;
  }
}

bool read_value(StateReader& in, data::ColumnBuilder& out) {
  if (!in.flag()) {
    if (!in.failed()) out.append_null();
    return !in.failed();
  }
  switch (out.type()->id()) {
    case TypeId::null:
      return false;
    case TypeId::boolean: {
      const bool value = in.flag();
      if (!in.failed()) out.append_boolean(value);
      return !in.failed();
    }
    case TypeId::string:
    case TypeId::binary: {
      const std::string_view text = in.text();
      if (!in.failed()) out.append_text(text);
      return !in.failed();
    }
    case TypeId::float32:
      out.append_float(static_cast<double>(in.fixed<float>()));
      return !in.failed();
    case TypeId::float64:
      out.append_float(in.fixed<double>());
      return !in.failed();
    case TypeId::decimal:
      out.append_decimal(in.fixed<data::Int128>());
      return !in.failed();
    case TypeId::array:
    case TypeId::map:
      return read_list(in, out);
    case TypeId::structure:
      return read_structure(in, out);
    default:
      break;
  }
  switch (out.type()->width()) {
    case 1:
      out.append_integer(in.fixed<std::int8_t>());
      break;
    case 2:
      out.append_integer(in.fixed<std::int16_t>());
      break;
    case 4:
      out.append_integer(in.fixed<std::int32_t>());
      break;
    default:
      out.append_integer(in.fixed<std::int64_t>());
      break;
  }
  return !in.failed();
}

data::ColumnPtr value_column(std::string_view bytes, const data::TypePtr& type) {
  StateReader in(bytes);
  data::ColumnBuilder builder(type);
  if (!read_value(in, builder) || !in.done()) return nullptr;
  return builder.finish();
}

}  // namespace streamops::sql
