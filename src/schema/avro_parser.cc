#include <simdjson.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "errors/schema.h"
#include "schema/avro.h"

namespace streamops::schema {
namespace {

constexpr int max_levels = 100;
constexpr std::int64_t max_fixed_bytes = 16 * 1024 * 1024;

struct Primitive {
  std::string_view name;
  AvroKind kind;
};
constexpr Primitive primitives[] = {{"null", AvroKind::null},    {"boolean", AvroKind::boolean},
                                    {"int", AvroKind::integer},  {"long", AvroKind::long_integer},
                                    {"float", AvroKind::single}, {"double", AvroKind::real},
                                    {"bytes", AvroKind::bytes},  {"string", AvroKind::string}};

std::optional<AvroKind> primitive_of(std::string_view name) {
  for (const Primitive& primitive : primitives) {
    if (primitive.name == name) return primitive.kind;
  }
  return std::nullopt;
}

struct LogicalName {
  std::string_view name;
  AvroKind kind;
  AvroLogical logical;
};
constexpr LogicalName logical_names[] = {
    {"date", AvroKind::integer, AvroLogical::date},
    {"time-millis", AvroKind::integer, AvroLogical::time_millis},
    {"time-micros", AvroKind::long_integer, AvroLogical::time_micros},
    {"timestamp-millis", AvroKind::long_integer, AvroLogical::timestamp_millis},
    {"timestamp-micros", AvroKind::long_integer, AvroLogical::timestamp_micros},
    {"local-timestamp-millis", AvroKind::long_integer, AvroLogical::local_timestamp_millis},
    {"local-timestamp-micros", AvroKind::long_integer, AvroLogical::local_timestamp_micros},
    {"uuid", AvroKind::string, AvroLogical::uuid}};

/// The most decimal digits that a two's complement number of `bytes` bytes holds for certain.
int digits_of_bytes(std::uint32_t bytes) {
  return static_cast<int>(std::max(0.0, std::min(1000.0, (8.0 * bytes - 1.0) * 0.30102999566398120)));
}

/// What an unnamed branch of a union is told apart by; named ones by their names.
std::string branch_key(const AvroType& type) {
  return type.is_named() ? type.name : std::string(to_string(type.kind));
}

bool is_full_name(std::string_view name) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t dot = name.find('.', begin);
    if (!is_avro_name(name.substr(begin, dot == std::string_view::npos ? dot : dot - begin))) return false;
    if (dot == std::string_view::npos) return true;
    begin = dot + 1;
  }
}

/// "shop.User" in the namespace of whoever says "User".
std::string full_name(std::string_view name, std::string_view space) {
  if (name.find('.') != std::string_view::npos || space.empty()) return std::string(name);
  return std::string(space) + "." + std::string(name);
}

/// A JSON value that stands for a value of the type, as defaults do. Bytes are texts of code points up to 255.
bool fits(const Json& value, const AvroType& type, int depth) {
  if (depth > max_levels) return false;
  constexpr std::int64_t int_limit = std::int64_t{1} << 31;
  const auto each = [&](const std::vector<Json>& items) {
    return std::all_of(items.begin(), items.end(),
                       [&](const Json& item) { return fits(item, *type.branches[0], depth + 1); });
  };
  switch (type.kind) {
    case AvroKind::null:
      return value.is(Json::Kind::null);
    case AvroKind::boolean:
      return value.is(Json::Kind::boolean);
    case AvroKind::integer:
      return value.is(Json::Kind::integer) && value.integer >= -int_limit && value.integer < int_limit;
    case AvroKind::long_integer:
      return value.is(Json::Kind::integer);
    case AvroKind::single:
    case AvroKind::real:
      return value.is_number();
    case AvroKind::bytes:
    case AvroKind::string:
      return value.is(Json::Kind::text);
    case AvroKind::fixed:
      return value.is(Json::Kind::text);
    case AvroKind::enumeration:
      return value.is(Json::Kind::text) && type.symbol_index(value.text) >= 0;
    case AvroKind::array:
      return value.is(Json::Kind::array) && each(value.items);
    case AvroKind::map:
      return value.is(Json::Kind::object) &&
             std::all_of(value.members.begin(), value.members.end(),
                         [&](const auto& member) { return fits(member.second, *type.branches[0], depth + 1); });
    case AvroKind::choice:
      return std::any_of(type.branches.begin(), type.branches.end(),
                         [&](const AvroType* branch) { return fits(value, *branch, depth + 1); });
    case AvroKind::record:
      return value.is(Json::Kind::object) &&
             std::all_of(type.fields.begin(), type.fields.end(), [&](const AvroField& field) {
               const Json* member = value.find(field.name);
               return member == nullptr ? field.fallback.has_value() : fits(*member, *field.type, depth + 1);
             });
  }
  return false;
}

}  // namespace

/// Walks the JSON tree; where it fails, `where_` is the path to the culprit.
class AvroParser {
 public:
  static Result<AvroSchemaPtr> parse(std::string_view text) {
    STREAMOPS_ASSIGN(const Json tree, parse_json(text));
    AvroParser parser;
    STREAMOPS_ASSIGN(parser.schema_->root_, parser.read(tree, "", 0));
    for (const auto& [field, where] : parser.defaults_) {
      if (!fits(*field->fallback, *field->type, 0)) {
        return Error(errors::schema::not_avro, "{}: the default of field `{}` is no value of its type", where,
                     field->name);
      }
    }
    std::string& kept = parser.schema_->text_;
    kept.resize(text.size());
    std::size_t length = 0;
    if (simdjson::minify(text.data(), text.size(), kept.data(), length) != simdjson::SUCCESS) length = 0;
    kept.resize(length);
    return AvroSchemaPtr(std::move(parser.schema_));
  }

 private:
  Error fail(std::string_view what) const {
    std::string where;
    for (const std::string& step : path_) where += where.empty() || step[0] == '[' ? step : "." + step;
    return Error(errors::schema::not_avro, "{}{}{}", where, where.empty() ? "" : ": ", what);
  }

  Result<const AvroType*> inside(std::string step, const Json& tree, std::string_view space, int level) {
    path_.push_back(std::move(step));
    Result<const AvroType*> type = read(tree, space, level + 1);
    path_.pop_back();
    return type;
  }

  AvroType& add(AvroKind kind) {
    AvroType& type = schema_->types_.emplace_back();
    type.kind = kind;
    return type;
  }

  Result<const AvroType*> read(const Json& tree, std::string_view space, int level) {
    if (level > max_levels) return fail("the schema is nested too deeply");
    if (tree.is(Json::Kind::text)) return read_name(tree.text, space);
    if (tree.is(Json::Kind::array)) return read_union(tree, space, level);
    if (!tree.is(Json::Kind::object)) return fail("a type is a name, an object or a list of types");
    const Json* type = tree.find("type");
    if (type == nullptr) return fail("an object without `type` is no type");
    if (!type->is(Json::Kind::text)) return inside("type", *type, space, level);
    if (const auto primitive = primitive_of(type->text)) {
      AvroType& out = add(*primitive);
      read_logical(tree, out);
      return &out;
    }
    if (type->text == "array" || type->text == "map") return read_list(tree, type->text, space, level);
    if (type->text == "record" || type->text == "error") return read_record(tree, space, level);
    if (type->text == "enum") return read_enum(tree, space);
    if (type->text == "fixed") return read_fixed(tree, space);
    return read_name(type->text, space);
  }

  Result<const AvroType*> read_name(const std::string& name, std::string_view space) {
    if (const auto primitive = primitive_of(name)) {
      const AvroType*& shared = shared_[static_cast<std::size_t>(*primitive)];
      if (shared == nullptr) shared = &add(*primitive);
      return shared;
    }
    auto found = named_.find(full_name(name, space));
    if (found == named_.end()) found = named_.find(name);
    if (found == named_.end()) return fail(fmt::format("there is no type `{}`", name));
    return found->second;
  }

  Result<const AvroType*> read_union(const Json& tree, std::string_view space, int level) {
    AvroType& out = add(AvroKind::choice);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < tree.items.size(); ++i) {
      STREAMOPS_ASSIGN(const AvroType* branch, inside(fmt::format("[{}]", i), tree.items[i], space, level));
      if (branch->kind == AvroKind::choice) return fail("a union holds no union");
      if (!seen.insert(branch_key(*branch)).second)
        return fail(fmt::format("the union has `{}` twice", branch_key(*branch)));
      out.branches.push_back(branch);
    }
    return &out;
  }

  Result<const AvroType*> read_list(const Json& tree, const std::string& kind, std::string_view space, int level) {
    AvroType& out = add(kind == "array" ? AvroKind::array : AvroKind::map);
    const char* member = kind == "array" ? "items" : "values";
    const Json* element = tree.find(member);
    if (element == nullptr) return fail(fmt::format("`{}` needs `{}`", kind, member));
    STREAMOPS_ASSIGN(const AvroType* type, inside(member, *element, space, level));
    out.branches.push_back(type);
    return &out;
  }

  /// Reads name, namespace and aliases, and makes the type known.
  Result<void> name(const Json& tree, std::string_view space, AvroType& out) {
    const std::string_view given = tree.text_of("name");
    if (given.empty()) return fail("a record, enum or fixed needs a `name`");
    const Json* own_space = tree.find("namespace");
    if (own_space != nullptr && own_space->is(Json::Kind::text)) space = own_space->text;
    out.name = full_name(given, space);
    if (!is_full_name(out.name)) return fail(fmt::format("`{}` is no name: letters, digits and _ only", out.name));
    if (primitive_of(out.name)) return fail(fmt::format("`{}` is the name of a primitive type", out.name));
    if (!named_.emplace(out.name, &out).second) return fail(fmt::format("the name `{}` is given twice", out.name));
    out.doc = tree.text_of("doc");
    const Json* aliases = tree.find("aliases");
    if (aliases == nullptr) return Ok();
    for (const Json& alias : aliases->items) {
      if (!alias.is(Json::Kind::text)) return fail("aliases are texts");
      out.aliases.push_back(full_name(alias.text, space_of(out.name)));
    }
    return Ok();
  }

  static std::string_view space_of(std::string_view full) {
    const std::size_t dot = full.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : full.substr(0, dot);
  }

  Result<const AvroType*> read_record(const Json& tree, std::string_view space, int level) {
    AvroType& out = add(AvroKind::record);
    STREAMOPS_RETURN_IF_ERROR(name(tree, space, out));
    const Json* fields = tree.find("fields");
    if (fields == nullptr || !fields->is(Json::Kind::array)) return fail("a record needs a list of `fields`");
    const std::string own_space(space_of(out.name));
    out.fields.resize(fields->items.size());
    for (std::size_t i = 0; i < fields->items.size(); ++i) {
      path_.push_back(fmt::format("fields[{}]", i));
      STREAMOPS_RETURN_IF_ERROR(read_field(fields->items[i], own_space, level, out, i));
      path_.pop_back();
    }
    return &out;
  }

  Result<void> read_field(const Json& tree, std::string_view space, int level, AvroType& record, std::size_t index) {
    AvroField& out = record.fields[index];
    const std::string_view given = tree.text_of("name");
    if (!is_avro_name(given)) return fail(fmt::format("`{}` is no name: letters, digits and _ only", given));
    if (record.field_index(given) >= 0) return fail(fmt::format("the record has `{}` twice", given));
    out.name = given;
    out.doc = tree.text_of("doc");
    const Json* type = tree.find("type");
    if (type == nullptr) return fail(fmt::format("field `{}` has no `type`", given));
    STREAMOPS_ASSIGN(out.type, inside("type", *type, space, level));
    if (const Json* aliases = tree.find("aliases")) {
      for (const Json& alias : aliases->items) out.aliases.push_back(alias.text);
    }
    if (const Json* fallback = tree.find("default")) {
      out.fallback = *fallback;
      defaults_.emplace_back(&out, fmt::format("{}.fields[{}]", record.name, index));
    }
    return Ok();
  }

  Result<const AvroType*> read_enum(const Json& tree, std::string_view space) {
    AvroType& out = add(AvroKind::enumeration);
    STREAMOPS_RETURN_IF_ERROR(name(tree, space, out));
    const Json* symbols = tree.find("symbols");
    if (symbols == nullptr || !symbols->is(Json::Kind::array)) return fail("an enum needs a list of `symbols`");
    std::set<std::string_view> seen;
    for (const Json& symbol : symbols->items) {
      if (!is_avro_name(symbol.text)) return fail(fmt::format("`{}` is no symbol", symbol.text));
      if (!seen.insert(symbol.text).second) return fail(fmt::format("the enum has `{}` twice", symbol.text));
    }
    for (const Json& symbol : symbols->items) out.symbols.push_back(symbol.text);
    if (const Json* fallback = tree.find("default")) {
      if (out.symbol_index(fallback->text) < 0) return fail(fmt::format("`{}` is none of its symbols", fallback->text));
      out.fallback_symbol = fallback->text;
    }
    return &out;
  }

  Result<const AvroType*> read_fixed(const Json& tree, std::string_view space) {
    AvroType& out = add(AvroKind::fixed);
    STREAMOPS_RETURN_IF_ERROR(name(tree, space, out));
    const std::int64_t size = tree.integer_of("size", -1);
    if (size < 0 || size > max_fixed_bytes) return fail("a fixed needs a `size` from 0 to 16 MiB");
    out.size = static_cast<std::uint32_t>(size);
    read_logical(tree, out);
    return &out;
  }

  static void read_logical(const Json& tree, AvroType& out) {
    const std::string_view logical = tree.text_of("logicalType");
    for (const LogicalName& known : logical_names) {
      if (known.name == logical && known.kind == out.kind) out.logical = known.logical;
    }
    if (out.kind == AvroKind::fixed && out.size == 16 && logical == "uuid") out.logical = AvroLogical::uuid;
    if (out.kind == AvroKind::fixed && out.size == 12 && logical == "duration") out.logical = AvroLogical::duration;
    if (logical != "decimal" || (out.kind != AvroKind::bytes && out.kind != AvroKind::fixed)) return;
    const std::int64_t precision = tree.integer_of("precision", 0);
    const std::int64_t scale = tree.integer_of("scale", 0);
    const int room = out.kind == AvroKind::fixed ? digits_of_bytes(out.size) : 1000;
    if (precision < 1 || precision > room || scale < 0 || scale > precision) return;
    out.logical = AvroLogical::decimal;
    out.precision = static_cast<int>(precision);
    out.scale = static_cast<int>(scale);
  }

  std::shared_ptr<AvroSchema> schema_{new AvroSchema()};
  std::map<std::string, const AvroType*, std::less<>> named_;
  std::array<const AvroType*, 8> shared_{};  // primitives without attributes, by kind
  std::vector<std::pair<const AvroField*, std::string>> defaults_;
  std::vector<std::string> path_;
};

Result<AvroSchemaPtr> AvroSchema::parse(std::string_view text) {
  return AvroParser::parse(text);
}

}  // namespace streamops::schema
