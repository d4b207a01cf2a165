#include "format/avro/sql_types.h"

#include <algorithm>

#include "base/json_writer.h"
#include "data/text_form.h"
#include "errors/format.h"

namespace streamops::format {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;
using schema::AvroKind;
using schema::AvroLogical;
using schema::AvroType;

constexpr int max_levels = 64;
constexpr int max_digits = 38;

struct Mapped {
  TypePtr type;
  bool nullable = false;
};

/// The columns of a schema; `path_` leads to the type at hand.
class ToSql {
 public:
  Result<Mapped> map(const AvroType& type, const std::string& path) {
    if (std::find(open_.begin(), open_.end(), &type) != open_.end())
      return fail(path, fmt::format("`{}` contains itself", type.name));
    if (open_.size() >= max_levels) return fail(path, "the schema is nested too deeply");
    open_.push_back(&type);
    Result<Mapped> mapped = map_open(type, path);
    open_.pop_back();
    return mapped;
  }

 private:
  static Error fail(const std::string& path, std::string_view why) {
    return Error(errors::format::avro_without_sql, "{} has no SQL type: {}", path.empty() ? "the schema" : path, why);
  }

  static Mapped scalar(TypeId id) { return {Type::scalar(id), id == TypeId::null}; }

  Result<Mapped> map_open(const AvroType& type, const std::string& path) {
    if (type.logical == AvroLogical::duration) return fail(path, "durations count months, days and milliseconds");
    if (type.logical == AvroLogical::decimal) {
      if (type.precision > max_digits) return fail(path, fmt::format("a decimal of {} digits", type.precision));
      return Mapped{Type::decimal(type.precision, type.scale), false};
    }
    switch (type.kind) {
      case AvroKind::null:
        return scalar(TypeId::null);
      case AvroKind::boolean:
        return scalar(TypeId::boolean);
      case AvroKind::integer:
        return scalar(type.logical == AvroLogical::date ? TypeId::date : TypeId::int32);
      case AvroKind::long_integer:
        return scalar(long_type(type.logical));
      case AvroKind::single:
        return scalar(TypeId::float32);
      case AvroKind::real:
        return scalar(TypeId::float64);
      case AvroKind::string:
      case AvroKind::enumeration:
        return scalar(TypeId::string);
      case AvroKind::bytes:
      case AvroKind::fixed:
        return scalar(TypeId::binary);
      case AvroKind::array: {
        STREAMOPS_ASSIGN(const Mapped element, map(*type.branches[0], path + "[]"));
        return Mapped{Type::array(element.type, element.nullable), false};
      }
      case AvroKind::map: {
        STREAMOPS_ASSIGN(const Mapped value, map(*type.branches[0], path + "{}"));
        return Mapped{Type::map(Type::scalar(TypeId::string), value.type, value.nullable), false};
      }
      case AvroKind::record:
        return record(type, path);
      case AvroKind::choice:
        return choice(type, path);
    }
    return fail(path, "its type is unknown");
  }

  static TypeId long_type(AvroLogical logical) {
    switch (logical) {
      case AvroLogical::timestamp_millis:
      case AvroLogical::timestamp_micros:
        return TypeId::timestamp;
      case AvroLogical::local_timestamp_millis:
      case AvroLogical::local_timestamp_micros:
        return TypeId::timestamp_ntz;
      default:
        return TypeId::int64;
    }
  }

  Result<Mapped> record(const AvroType& type, const std::string& path) {
    std::vector<data::Field> members;
    for (const schema::AvroField& field : type.fields) {
      STREAMOPS_ASSIGN(const Mapped member, map(*field.type, path.empty() ? field.name : path + "." + field.name));
      members.push_back({field.name, member.type, member.nullable});
    }
    return Mapped{Type::structure(std::move(members)), false};
  }

  Result<Mapped> choice(const AvroType& type, const std::string& path) {
    const std::vector<const AvroType*> branches = value_branches(type);
    if (branches.empty()) return scalar(TypeId::null);
    const bool nullable = branches.size() < type.branches.size();
    if (is_member_union(type)) return members(branches, nullable, path);
    std::optional<Mapped> widest;
    for (const AvroType* branch : branches) {
      STREAMOPS_ASSIGN(const Mapped mapped, map(*branch, path));
      if (!widest || mapped.type->id() > widest->type->id()) widest = mapped;
    }
    return Mapped{widest->type, nullable};
  }

  Result<Mapped> members(const std::vector<const AvroType*>& branches, bool nullable, const std::string& path) {
    std::vector<data::Field> fields;
    for (std::size_t i = 0; i < branches.size(); ++i) {
      const std::string name = "member" + std::to_string(i);
      STREAMOPS_ASSIGN(const Mapped member, map(*branches[i], fmt::format("{}.{}", path, name)));
      fields.push_back({name, member.type, true});
    }
    return Mapped{Type::structure(std::move(fields)), nullable};
  }

  std::vector<const AvroType*> open_;
};

/// The schema of rows, as JSON text.
class ToAvro {
 public:
  Result<void> record(std::string_view name, const std::vector<data::Field>& fields, const std::string& path) {
    json_.begin_object().field("type", "record");
    const std::size_t dot = name.rfind('.');
    json_.field("name", dot == std::string_view::npos ? name : name.substr(dot + 1));
    if (dot != std::string_view::npos) json_.field("namespace", name.substr(0, dot));
    json_.key("fields").begin_array();
    for (const data::Field& field : fields) {
      if (!schema::is_avro_name(field.name))
        return Error(errors::format::sql_without_avro, "the column name `{}{}` is no name in Avro", path, field.name);
      json_.begin_object().field("name", field.name).key("type");
      const std::string inner = std::string(name) + "." + field.name;
      STREAMOPS_RETURN_IF_ERROR(type(*field.type, field.nullable, inner, path + field.name));
      if (field.nullable) json_.key("default").null();
      json_.end_object();
    }
    json_.end_array().end_object();
    return Ok();
  }

  std::string take() { return std::move(json_).text(); }

 private:
  /// `name` is for the named types inside: that of the record with the field's.
  Result<void> type(const Type& type, bool nullable, const std::string& name, const std::string& path) {
    if (!nullable || type.id() == TypeId::null) return plain(type, name, path);
    json_.begin_array().string("null");
    STREAMOPS_RETURN_IF_ERROR(plain(type, name, path));
    json_.end_array();
    return Ok();
  }

  Result<void> plain(const Type& type, const std::string& name, const std::string& path) {
    switch (type.id()) {
      case TypeId::null:
        return primitive("null");
      case TypeId::boolean:
        return primitive("boolean");
      case TypeId::int8:
      case TypeId::int16:
      case TypeId::int32:
        return primitive("int");
      case TypeId::int64:
        return primitive("long");
      case TypeId::float32:
        return primitive("float");
      case TypeId::float64:
        return primitive("double");
      case TypeId::string:
        return primitive("string");
      case TypeId::binary:
        return primitive("bytes");
      case TypeId::date:
        return logical("int", "date");
      case TypeId::timestamp:
        return logical("long", "timestamp-micros");
      case TypeId::timestamp_ntz:
        return logical("long", "local-timestamp-micros");
      case TypeId::decimal:
        return decimal(type, name);
      case TypeId::array:
        return list("array", "items", type.fields()[0], name, path + "[]");
      case TypeId::map:
        if (type.fields()[0].type->id() == TypeId::string)
          return list("map", "values", type.fields()[1], name, path + "{}");
        break;
      case TypeId::structure:
        return record(name, type.fields(), path + ".");
      default:
        break;
    }
    return Error(errors::format::sql_without_avro, "column {} is {}, which has no Avro type", path, type.to_sql());
  }

  Result<void> primitive(std::string_view type) {
    json_.string(type);
    return Ok();
  }

  Result<void> logical(std::string_view type, std::string_view name) {
    json_.begin_object().field("type", type).field("logicalType", name).end_object();
    return Ok();
  }

  Result<void> decimal(const Type& type, const std::string& name) {
    int bytes = 1;
    while (data::power_of_ten(type.precision()) - 1 > (data::Int128{1} << (8 * bytes - 1)) - 1 && bytes < 16) ++bytes;
    json_.begin_object().field("type", "fixed").field("name", name + ".fixed").field("size", bytes);
    json_.field("logicalType", "decimal").field("precision", type.precision()).field("scale", type.scale());
    json_.end_object();
    return Ok();
  }

  Result<void> list(std::string_view kind, std::string_view member, const data::Field& element, const std::string& name,
                    const std::string& path) {
    json_.begin_object().field("type", kind).key(member);
    STREAMOPS_RETURN_IF_ERROR(type(*element.type, element.nullable, name, path));
    json_.end_object();
    return Ok();
  }

  JsonWriter json_;
};

}  // namespace

std::vector<const AvroType*> value_branches(const AvroType& choice) {
  std::vector<const AvroType*> out;
  for (const AvroType* branch : choice.branches) {
    if (branch->kind != AvroKind::null) out.push_back(branch);
  }
  return out;
}

bool is_member_union(const AvroType& choice) {
  const std::vector<const AvroType*> branches = value_branches(choice);
  if (branches.size() < 2) return false;
  const auto all = [&](AvroKind a, AvroKind b) {
    return std::all_of(branches.begin(), branches.end(), [&](const AvroType* branch) {
      return (branch->kind == a || branch->kind == b) && branch->logical == AvroLogical::none;
    });
  };
  return branches.size() > 2 ||
         !(all(AvroKind::integer, AvroKind::long_integer) || all(AvroKind::single, AvroKind::real));
}

Result<data::SchemaPtr> avro_columns(const schema::AvroSchema& schema) {
  if (schema.root().kind != AvroKind::record) {
    return Error(errors::format::avro_without_sql, "columns come from a record, the schema is {}",
                 to_string(schema.root().kind));
  }
  ToSql mapping;
  STREAMOPS_ASSIGN(const Mapped mapped, mapping.map(schema.root(), ""));
  return std::make_shared<const data::Schema>(mapped.type->fields());
}

Result<schema::AvroSchemaPtr> avro_schema_of(const data::Schema& columns, std::string_view record_name) {
  ToAvro mapping;
  STREAMOPS_RETURN_IF_ERROR(mapping.record(record_name, columns.fields(), ""));
  return schema::AvroSchema::parse(mapping.take());
}

}  // namespace streamops::format
