#include "sql/engine/coercion.h"

#include <fmt/format.h>

#include "base/text.h"

namespace streamops::sql {
namespace {

using data::Field;
using data::Type;
using data::TypeId;
using data::TypePtr;

bool is_real(TypeId id) {
  return id == TypeId::float32 || id == TypeId::float64;
}

TypePtr common_number(const TypePtr& a, const TypePtr& b) {
  if (a->is_integer() && b->is_integer()) return a->id() > b->id() ? a : b;
  if (is_real(a->id()) || is_real(b->id())) {
    return Type::scalar(a->id() == b->id() ? a->id() : TypeId::float64);
  }
  return decimal_of(common_shape(shape_of(*a), shape_of(*b)));
}

/// A text beside a value of another type is read as that type; whole numbers as the widest.
TypePtr promoted_string(const TypePtr& other) {
  if (other->is_integer()) return Type::scalar(TypeId::int64);
  if (other->is_numeric()) return Type::scalar(TypeId::float64);
  return other->is_nested() ? nullptr : other;
}

bool is_time(TypeId id) {
  return id == TypeId::date || id == TypeId::timestamp || id == TypeId::timestamp_ntz;
}

TypePtr common_time(TypeId a, TypeId b) {
  if (a == TypeId::timestamp || b == TypeId::timestamp) return Type::scalar(TypeId::timestamp);
  return Type::scalar(TypeId::timestamp_ntz);
}

TypePtr common_nested(const Type& a, const Type& b, Strings strings) {
  if (a.id() != b.id() || a.fields().size() != b.fields().size()) return nullptr;
  std::vector<Field> fields;
  for (std::size_t i = 0; i < a.fields().size(); ++i) {
    const Field& left = a.fields()[i];
    const Field& right = b.fields()[i];
    if (a.id() == TypeId::structure && !equals_ignore_case(left.name, right.name)) return nullptr;
    TypePtr type = common_type(left.type, right.type, strings);
    if (!type) return nullptr;
    fields.push_back({left.name, std::move(type), left.nullable || right.nullable});
  }
  if (a.id() == TypeId::array) return Type::array(fields[0].type, fields[0].nullable);
  if (a.id() == TypeId::map) return Type::map(fields[0].type, fields[1].type, fields[1].nullable);
  return Type::structure(std::move(fields));
}

}  // namespace

std::string catalog_name(const Type& type) {
  switch (type.id()) {
    case TypeId::array:
      return fmt::format("array<{}>", catalog_name(*type.element()));
    case TypeId::map:
      return fmt::format("map<{},{}>", catalog_name(*type.fields()[0].type), catalog_name(*type.fields()[1].type));
    case TypeId::structure: {
      std::string out = "struct<";
      for (const Field& field : type.fields()) {
        if (&field != &type.fields().front()) out += ',';
        out += field.name + ":" + catalog_name(*field.type);
      }
      return out + ">";
    }
    default:
      return to_lower(type.to_sql());
  }
}

DecimalShape shape_of(const Type& type) {
  switch (type.id()) {
    case TypeId::int8:
      return {3, 0};
    case TypeId::int16:
      return {5, 0};
    case TypeId::int32:
      return {10, 0};
    case TypeId::int64:
      return {20, 0};
    default:
      return {type.precision(), type.scale()};
  }
}

bool same_layout(const Type& a, const Type& b) {
  if (a.id() != b.id() || a.precision() != b.precision() || a.scale() != b.scale() ||
      a.fields().size() != b.fields().size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.fields().size(); ++i) {
    if (a.fields()[i].name != b.fields()[i].name || !same_layout(*a.fields()[i].type, *b.fields()[i].type))
      return false;
  }
  return true;
}

TypePtr common_type(const TypePtr& a, const TypePtr& b, Strings strings) {
  if (a == b || *a == *b) return a;
  if (a->id() == TypeId::null) return b;
  if (b->id() == TypeId::null) return a;
  if (a->is_numeric() && b->is_numeric()) return common_number(a, b);
  if (is_time(a->id()) && is_time(b->id())) return common_time(a->id(), b->id());
  if (a->is_nested() && b->is_nested()) return common_nested(*a, *b, strings);
  if (strings == Strings::promoted && a->id() == TypeId::string) return promoted_string(b);
  if (strings == Strings::promoted && b->id() == TypeId::string) return promoted_string(a);
  return nullptr;
}

bool converts_implicitly(const Type& from, const Type& to) {
  if (same_layout(from, to) || from.id() == TypeId::null) return true;
  if (from.is_nested() || to.is_nested()) {
    if (from.id() != to.id() || from.fields().size() != to.fields().size()) return false;
    for (std::size_t i = 0; i < from.fields().size(); ++i) {
      if (!converts_implicitly(*from.fields()[i].type, *to.fields()[i].type)) return false;
    }
    return true;
  }
  if (from.id() == TypeId::string) return true;
  if (to.id() == TypeId::string) return from.id() != TypeId::interval_day && from.id() != TypeId::interval_month;
  if (from.is_numeric() && to.is_numeric()) {
    if (to.id() == TypeId::float64) return true;
    if (to.id() == TypeId::float32) return from.is_integer() || from.id() == TypeId::decimal;
    if (to.id() == TypeId::decimal) {
      const DecimalShape source = shape_of(from);
      return !is_real(from.id()) && source.precision - source.scale <= to.precision() - to.scale() &&
             source.scale <= to.scale();
    }
    return from.is_integer() && from.id() < to.id();
  }
  return is_time(from.id()) && is_time(to.id());
}

}  // namespace streamops::sql
