#include "format/avro/impl/avro_program.h"
#include "format/avro/sql_types.h"

namespace streamops::format {
namespace {

using schema::AvroKind;
using schema::AvroLogical;
using schema::AvroType;
using schema::Json;

/// Appends only when the value fits.
bool try_default(const AvroType& type, const Json& value, data::ColumnBuilder& out) {
  data::ColumnBuilder trial(out.type());
  if (!append_default(type, value, trial)) return false;
  out.append_from(*trial.finish(), 0);
  return true;
}

bool append_choice(const AvroType& type, const Json& value, data::ColumnBuilder& out) {
  const std::vector<const AvroType*> branches = value_branches(type);
  if (value.is(Json::Kind::null)) {
    if (branches.size() == type.branches.size()) return false;
    out.append_null();
    return true;
  }
  if (!is_member_union(type)) {
    for (const AvroType* branch : branches) {
      if (try_default(*branch, value, out)) return true;
    }
    return false;
  }
  for (std::size_t i = 0; i < branches.size(); ++i) {
    if (!try_default(*branches[i], value, out.child(i))) continue;
    for (std::size_t other = 0; other < branches.size(); ++other) {
      if (other != i) out.child(other).append_null();
    }
    out.append_present();
    return true;
  }
  return false;
}

bool append_record(const AvroType& type, const Json& value, data::ColumnBuilder& out) {
  if (!value.is(Json::Kind::object)) return false;
  for (const schema::AvroField& field : type.fields) {
    const Json* member = value.find(field.name);
    if (member == nullptr && field.fallback) member = &*field.fallback;
    if (member == nullptr) return false;
  }
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const schema::AvroField& field = type.fields[i];
    const Json* member = value.find(field.name);
    if (!append_default(*field.type, member == nullptr ? *field.fallback : *member, out.child(i))) return false;
  }
  out.append_present();
  return true;
}

/// Timestamps by their unit, everything else as it is.
std::int64_t scaled(const AvroType& type, std::int64_t value) {
  const bool millis =
      type.logical == AvroLogical::timestamp_millis || type.logical == AvroLogical::local_timestamp_millis;
  return millis ? value * 1000 : value;
}

bool append_bytes(const AvroType& type, const Json& value, data::ColumnBuilder& out) {
  std::string bytes;
  if (!value.is(Json::Kind::text) || !bytes_of_default(value.text, bytes)) return false;
  if (out.type()->id() != data::TypeId::decimal) {
    out.append_text(bytes);
    return true;
  }
  const std::optional<data::Int128> number = big_endian_number(bytes);
  if (!number || type.logical != AvroLogical::decimal) return false;
  out.append_decimal(*number);
  return true;
}

}  // namespace

bool bytes_of_default(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first < 0x80) {
      out += text[i];
      continue;
    }
    // U+0080 to U+00FF are two bytes that begin with 0xC2 or 0xC3.
    if (first > 0xC3 || i + 1 == text.size()) return false;
    out += static_cast<char>((first & 0x03U) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3FU));
  }
  return true;
}

bool append_default(const AvroType& type, const Json& value, data::ColumnBuilder& out) {
  switch (type.kind) {
    case AvroKind::null:
      if (!value.is(Json::Kind::null)) return false;
      out.append_null();
      return true;
    case AvroKind::boolean:
      if (!value.is(Json::Kind::boolean)) return false;
      out.append_boolean(value.boolean);
      return true;
    case AvroKind::integer:
    case AvroKind::long_integer:
      if (!value.is(Json::Kind::integer)) return false;
      if (out.type()->id() == data::TypeId::float32 || out.type()->id() == data::TypeId::float64) {
        out.append_float(value.real);
      } else {
        out.append_integer(scaled(type, value.integer));
      }
      return true;
    case AvroKind::single:
    case AvroKind::real:
      if (!value.is_number()) return false;
      out.append_float(value.real);
      return true;
    case AvroKind::string:
    case AvroKind::enumeration:
      if (!value.is(Json::Kind::text)) return false;
      out.append_text(value.text);
      return true;
    case AvroKind::bytes:
    case AvroKind::fixed:
      return append_bytes(type, value, out);
    case AvroKind::array:
      if (!value.is(Json::Kind::array)) return false;
      for (const Json& item : value.items) {
        if (!append_default(*type.branches[0], item, out.child(0))) return false;
      }
      out.append_present();
      return true;
    case AvroKind::map:
      if (!value.is(Json::Kind::object)) return false;
      for (const auto& [name, member] : value.members) {
        out.child(0).append_text(name);
        if (!append_default(*type.branches[0], member, out.child(1))) return false;
      }
      out.append_present();
      return true;
    case AvroKind::record:
      return append_record(type, value, out);
    case AvroKind::choice:
      return append_choice(type, value, out);
  }
  return false;
}

}  // namespace streamops::format
