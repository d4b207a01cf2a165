#include "data/type.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "base/text.h"

namespace streamops::data {
namespace {

constexpr std::size_t scalar_count = static_cast<std::size_t>(TypeId::interval_month) + 1;

constexpr std::array<std::string_view, scalar_count> scalar_names = {"VOID",
                                                                     "BOOLEAN",
                                                                     "TINYINT",
                                                                     "SMALLINT",
                                                                     "INT",
                                                                     "BIGINT",
                                                                     "FLOAT",
                                                                     "DOUBLE",
                                                                     "",
                                                                     "STRING",
                                                                     "BINARY",
                                                                     "DATE",
                                                                     "TIMESTAMP",
                                                                     "TIMESTAMP_NTZ",
                                                                     "INTERVAL DAY TO SECOND",
                                                                     "INTERVAL YEAR TO MONTH"};

bool is_plain_name(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    if (!plain(c)) return false;
  }
  return true;
}

std::string quoted_name(std::string_view name) {
  if (is_plain_name(name)) return std::string(name);
  std::string out = "`";
  for (char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + '`';
}

std::string fields_to_sql(const std::vector<Field>& fields, std::string_view between) {
  std::string out;
  for (const Field& field : fields) {
    if (&field != &fields.front()) out += ", ";
    out += fmt::format("{}{}{}{}", quoted_name(field.name), between, field.type->to_sql(),
                       field.nullable ? "" : " NOT NULL");
  }
  return out;
}

}  // namespace

bool operator==(const Field& a, const Field& b) {
  return a.name == b.name && a.nullable == b.nullable && same_type(a.type, b.type);
}

TypePtr Type::scalar(TypeId id) {
  static const std::array<TypePtr, scalar_count> all = [] {
    std::array<TypePtr, scalar_count> made;
    for (std::size_t i = 0; i < scalar_count; ++i) {
      Type type;
      type.id_ = static_cast<TypeId>(i);
      made[i] = std::make_shared<const Type>(std::move(type));
    }
    return made;
  }();
  STREAMOPS_CHECK(id < TypeId::array && id != TypeId::decimal, "a scalar type other than decimal");
  return all[static_cast<std::size_t>(id)];
}

TypePtr Type::decimal(int precision, int scale) {
  STREAMOPS_CHECK(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision, "a decimal's bounds");
  Type type;
  type.id_ = TypeId::decimal;
  type.precision_ = static_cast<std::uint8_t>(precision);
  type.scale_ = static_cast<std::uint8_t>(scale);
  return std::make_shared<const Type>(std::move(type));
}

TypePtr Type::array(TypePtr element, bool nullable) {
  Type type;
  type.id_ = TypeId::array;
  type.fields_ = {{"element", std::move(element), nullable}};
  return std::make_shared<const Type>(std::move(type));
}

TypePtr Type::map(TypePtr key, TypePtr value, bool nullable) {
  Type type;
  type.id_ = TypeId::map;
  type.fields_ = {{"key", std::move(key), false}, {"value", std::move(value), nullable}};
  return std::make_shared<const Type>(std::move(type));
}

TypePtr Type::structure(std::vector<Field> fields) {
  Type type;
  type.id_ = TypeId::structure;
  type.fields_ = std::move(fields);
  return std::make_shared<const Type>(std::move(type));
}

int Type::width() const {
  switch (id_) {
    case TypeId::int8:
      return 1;
    case TypeId::int16:
      return 2;
    case TypeId::int32:
    case TypeId::float32:
    case TypeId::date:
    case TypeId::interval_month:
      return 4;
    case TypeId::int64:
    case TypeId::float64:
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
    case TypeId::interval_day:
      return 8;
    case TypeId::decimal:
      return 16;
    default:
      return 0;
  }
}

std::string Type::to_sql() const {
  switch (id_) {
    case TypeId::decimal:
      return fmt::format("DECIMAL({},{})", int{precision_}, int{scale_});
    case TypeId::array:
      return fmt::format("ARRAY<{}>", fields_[0].type->to_sql());
    case TypeId::map:
      return fmt::format("MAP<{}, {}>", fields_[0].type->to_sql(), fields_[1].type->to_sql());
    case TypeId::structure:
      return fmt::format("STRUCT<{}>", fields_to_sql(fields_, ": "));
    default:
      return std::string(scalar_names[static_cast<std::size_t>(id_)]);
  }
}

bool operator==(const Type& a, const Type& b) {
  return a.id_ == b.id_ && a.precision_ == b.precision_ && a.scale_ == b.scale_ && a.fields_ == b.fields_;
}

int Schema::index_of(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

std::string Schema::to_sql() const {
  return fields_to_sql(fields_, " ");
}

}  // namespace streamops::data
