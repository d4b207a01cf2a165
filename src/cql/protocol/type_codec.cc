// cql/protocol/type_codec.cc — the type option of metadata, in both directions, and Java class names read back as
// types.
#include <array>

#include "base/text.h"
#include "cql/protocol/responses.h"

namespace streamops::cql {

namespace {

constexpr int kMaxNesting = 64;
constexpr std::string_view kMarshal = "org.apache.cassandra.db.marshal.";

/// Whether `version` has an option id of its own for the type.
bool has_option(TypeId id, Version version) {
  switch (id) {
    case TypeId::date:
    case TypeId::time:
    case TypeId::smallint:
    case TypeId::tinyint:
      return version >= Version::v4;
    case TypeId::duration:
      return version >= Version::v5;
    case TypeId::vector:
    case TypeId::custom:
      return false;
    default:
      return true;
  }
}

CqlTypePtr read_nested(Reader& reader, int depth);

CqlTypePtr read_udt(Reader& reader, int depth) {
  std::string keyspace(reader.string());
  std::string name(reader.string());
  std::vector<UdtField> fields;
  for (std::size_t count = reader.count16(4); count > 0; --count) {
    std::string field(reader.string());
    CqlTypePtr type = read_nested(reader, depth);
    if (type == nullptr) return nullptr;
    fields.push_back({std::move(field), std::move(type)});
  }
  return CqlType::udt(std::move(keyspace), std::move(name), std::move(fields));
}

CqlTypePtr read_tuple(Reader& reader, int depth) {
  std::vector<CqlTypePtr> members;
  for (std::size_t count = reader.count16(2); count > 0; --count) {
    members.push_back(read_nested(reader, depth));
    if (members.back() == nullptr) return nullptr;
  }
  return CqlType::tuple(std::move(members));
}

CqlTypePtr read_scalar(Reader& reader, TypeId id) {
  if (scalar_name(id) == "custom") {
    reader.fail("a type has an unknown number");
    return nullptr;
  }
  return CqlType::scalar(id);
}

CqlTypePtr read_nested(Reader& reader, int depth) {
  if (depth > kMaxNesting) reader.fail("a type is nested too deeply");
  const auto id = static_cast<TypeId>(reader.short_());
  if (!reader.ok()) return nullptr;
  switch (id) {
    case TypeId::custom:
      return type_from_java_class(reader.string());
    case TypeId::udt:
      return read_udt(reader, depth + 1);
    case TypeId::tuple:
      return read_tuple(reader, depth + 1);
    case TypeId::list:
    case TypeId::set: {
      CqlTypePtr element = read_nested(reader, depth + 1);
      if (element == nullptr) return nullptr;
      return id == TypeId::list ? CqlType::list(std::move(element)) : CqlType::set(std::move(element));
    }
    case TypeId::map: {
      CqlTypePtr key = read_nested(reader, depth + 1);
      CqlTypePtr value = key == nullptr ? nullptr : read_nested(reader, depth + 1);
      return value == nullptr ? nullptr : CqlType::map(std::move(key), std::move(value));
    }
    default:
      return read_scalar(reader, id);
  }
}

/// "Name(argument, argument)" cut apart at the top level.
struct JavaClass {
  std::string_view name;
  std::vector<std::string_view> arguments;
};

JavaClass cut_java_class(std::string_view text) {
  JavaClass out;
  const std::size_t open = text.find('(');
  out.name = trim(text.substr(0, open));
  if (out.name.starts_with(kMarshal)) out.name.remove_prefix(kMarshal.size());
  if (open == std::string_view::npos || text.back() != ')') return out;
  const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= inside.size(); ++i) {
    if (i < inside.size() && inside[i] == '(') ++depth;
    if (i < inside.size() && inside[i] == ')') --depth;
    if (i < inside.size() && (inside[i] != ',' || depth != 0)) continue;
    out.arguments.push_back(trim(inside.substr(start, i - start)));
    start = i + 1;
  }
  return out;
}

CqlTypePtr scalar_of_class(std::string_view name) {
  for (std::uint16_t id = 1; id <= static_cast<std::uint16_t>(TypeId::duration); ++id) {
    const auto type_id = static_cast<TypeId>(id);
    if (scalar_name(type_id) == "custom") continue;
    const CqlTypePtr type = CqlType::scalar(type_id);
    if (type->to_java_class().substr(kMarshal.size()) == name) return type;
  }
  return nullptr;
}

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto digit = [&](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
    out += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return out;
}

CqlTypePtr from_class(std::string_view text, int depth);

CqlTypePtr udt_of_class(const JavaClass& java, int depth) {
  if (java.arguments.size() < 2) return nullptr;
  std::vector<UdtField> fields;
  for (std::size_t i = 2; i < java.arguments.size(); ++i) {
    const std::size_t colon = java.arguments[i].find(':');
    if (colon == std::string_view::npos) return nullptr;
    fields.push_back(
        {from_hex(java.arguments[i].substr(0, colon)), from_class(java.arguments[i].substr(colon + 1), depth)});
  }
  return CqlType::udt(std::string(java.arguments[0]), from_hex(java.arguments[1]), std::move(fields));
}

std::uint32_t number_of(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > 100'000) return 0;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value;
}

CqlTypePtr nested_of_class(const JavaClass& java, int depth) {
  const auto argument = [&](std::size_t i) { return from_class(java.arguments[i], depth); };
  const std::size_t count = java.arguments.size();
  if (java.name == "FrozenType" && count == 1) return CqlType::freeze(argument(0));
  if (java.name == "ReversedType" && count == 1) return argument(0);
  if (java.name == "ListType" && count == 1) return CqlType::list(argument(0));
  if (java.name == "SetType" && count == 1) return CqlType::set(argument(0));
  if (java.name == "MapType" && count == 2) return CqlType::map(argument(0), argument(1));
  if (java.name == "VectorType" && count == 2 && number_of(java.arguments[1]) > 0) {
    return CqlType::vector(argument(0), number_of(java.arguments[1]));
  }
  if (java.name == "TupleType" && count > 0) {
    std::vector<CqlTypePtr> members;
    members.reserve(count);
    for (std::size_t i = 0; i < count; ++i) members.push_back(argument(i));
    return CqlType::tuple(std::move(members));
  }
  return java.name == "UserType" ? udt_of_class(java, depth) : nullptr;
}

CqlTypePtr from_class(std::string_view text, int depth) {
  if (depth < kMaxNesting) {
    const JavaClass java = cut_java_class(text);
    CqlTypePtr type = java.arguments.empty() ? scalar_of_class(java.name) : nested_of_class(java, depth + 1);
    if (type != nullptr) return type;
  }
  return CqlType::custom(std::string(text));
}

}  // namespace

CqlTypePtr read_type(Reader& reader) {
  return read_nested(reader, 0);
}

CqlTypePtr type_from_java_class(std::string_view java_class) {
  return from_class(trim(java_class), 0);
}

void append_type(Bytes& out, const CqlType& type, Version version) {
  if (!has_option(type.id(), version)) {
    append_big_endian(out, std::uint16_t{0});
    append_string(out, type.to_java_class());
    return;
  }
  append_big_endian(out, static_cast<std::uint16_t>(type.id()));
  if (type.id() == TypeId::udt) {
    append_string(out, type.keyspace());
    append_string(out, type.name());
  }
  if (type.id() == TypeId::udt || type.id() == TypeId::tuple)
    append_big_endian(out, static_cast<std::uint16_t>(type.children().size()));
  for (std::size_t i = 0; i < type.children().size(); ++i) {
    if (type.id() == TypeId::udt) append_string(out, type.field_names()[i]);
    append_type(out, *type.children()[i], version);
  }
}

}  // namespace streamops::cql
