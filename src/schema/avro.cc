#include "schema/avro.h"

#include <algorithm>

namespace streamops::schema {

std::string_view to_string(AvroKind kind) {
  switch (kind) {
    case AvroKind::null:
      return "null";
    case AvroKind::boolean:
      return "boolean";
    case AvroKind::integer:
      return "int";
    case AvroKind::long_integer:
      return "long";
    case AvroKind::single:
      return "float";
    case AvroKind::real:
      return "double";
    case AvroKind::bytes:
      return "bytes";
    case AvroKind::string:
      return "string";
    case AvroKind::record:
      return "record";
    case AvroKind::enumeration:
      return "enum";
    case AvroKind::array:
      return "array";
    case AvroKind::map:
      return "map";
    case AvroKind::choice:
      return "union";
    case AvroKind::fixed:
      return "fixed";
  }
  return "null";
}

std::string_view AvroType::short_name() const {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? std::string_view(name) : std::string_view(name).substr(dot + 1);
}

int AvroType::field_index(std::string_view field) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field) return static_cast<int>(i);
  }
  return -1;
}

int AvroType::symbol_index(std::string_view symbol) const {
  const auto found = std::find(symbols.begin(), symbols.end(), symbol);
  return found == symbols.end() ? -1 : static_cast<int>(found - symbols.begin());
}

bool is_avro_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !is_letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

bool promotes(AvroKind writer, AvroKind reader) {
  if (writer == reader) return writer <= AvroKind::string;
  switch (writer) {
    case AvroKind::integer:
      return reader == AvroKind::long_integer || reader == AvroKind::single || reader == AvroKind::real;
    case AvroKind::long_integer:
      return reader == AvroKind::single || reader == AvroKind::real;
    case AvroKind::single:
      return reader == AvroKind::real;
    case AvroKind::string:
      return reader == AvroKind::bytes;
    case AvroKind::bytes:
      return reader == AvroKind::string;
    default:
      return false;
  }
}

bool same_name(const AvroType& writer, const AvroType& reader) {
  if (writer.short_name() == reader.short_name()) return true;
  return std::find(reader.aliases.begin(), reader.aliases.end(), writer.name) != reader.aliases.end();
}

int writer_field(const AvroType& writer, const AvroField& field) {
  const int index = writer.field_index(field.name);
  if (index >= 0) return index;
  for (const std::string& alias : field.aliases) {
    const int renamed = writer.field_index(alias);
    if (renamed >= 0) return renamed;
  }
  return -1;
}

}  // namespace streamops::schema
