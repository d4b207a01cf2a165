#include "cql/protocol/type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/text.h"
#include "cql/protocol/keywords.h"

namespace streamops::cql {

namespace {

constexpr std::string_view kMarshal = "org.apache.cassandra.db.marshal.";

struct ScalarInfo {
  TypeId id;
  std::string_view name;
  std::string_view java_class;
  int fixed_length;
};

constexpr std::array kScalars = std::to_array<ScalarInfo>({
    {TypeId::ascii, "ascii", "AsciiType", -1},
    {TypeId::bigint, "bigint", "LongType", 8},
    {TypeId::blob, "blob", "BytesType", -1},
    {TypeId::boolean, "boolean", "BooleanType", 1},
    {TypeId::counter, "counter", "CounterColumnType", 8},
    {TypeId::date, "date", "SimpleDateType", -1},
    {TypeId::decimal, "decimal", "DecimalType", -1},
    {TypeId::double_, "double", "DoubleType", 8},
    {TypeId::duration, "duration", "DurationType", -1},
    {TypeId::float_, "float", "FloatType", 4},
    {TypeId::inet, "inet", "InetAddressType", -1},
    {TypeId::int_, "int", "Int32Type", 4},
    {TypeId::smallint, "smallint", "ShortType", -1},
    {TypeId::text, "text", "UTF8Type", -1},
    {TypeId::time, "time", "TimeType", -1},
    {TypeId::timestamp, "timestamp", "TimestampType", 8},
    {TypeId::timeuuid, "timeuuid", "TimeUUIDType", 16},
    {TypeId::tinyint, "tinyint", "ByteType", -1},
    {TypeId::uuid, "uuid", "UUIDType", 16},
    {TypeId::varint, "varint", "IntegerType", -1},
});

const ScalarInfo* scalar_info(TypeId id) {
  const auto* found =
      std::find_if(kScalars.begin(), kScalars.end(), [id](const ScalarInfo& info) { return info.id == id; });
  return found == kScalars.end() ? nullptr : found;
}

std::string joined(const std::vector<CqlTypePtr>& types, std::string_view separator,
                   std::string (CqlType::*form)() const) {
  std::string out;
  for (const CqlTypePtr& type : types) {
    if (!out.empty()) out += separator;
    out += ((*type).*form)();
  }
  return out;
}

std::string_view constructor_name(TypeId id) {
  switch (id) {
    case TypeId::list:
      return "list";
    case TypeId::set:
      return "set";
    case TypeId::map:
      return "map";
    case TypeId::tuple:
      return "tuple";
    default:
      return "vector";
  }
}

std::string_view constructor_class(TypeId id) {
  switch (id) {
    case TypeId::list:
      return "ListType";
    case TypeId::set:
      return "SetType";
    case TypeId::map:
      return "MapType";
    case TypeId::tuple:
      return "TupleType";
    default:
      return "VectorType";
  }
}

std::string udt_java_class(const CqlType& type) {
  std::string out = fmt::format("{}UserType({},{}", kMarshal, type.keyspace(), to_hex(as_bytes(type.name())));
  for (std::size_t i = 0; i < type.children().size(); ++i) {
    out += fmt::format(",{}:{}", to_hex(as_bytes(type.field_names()[i])), type.children()[i]->to_java_class());
  }
  return out + ")";
}

}  // namespace

std::shared_ptr<CqlType> CqlType::make(TypeId id, std::vector<CqlTypePtr> children, bool frozen) {
  std::shared_ptr<CqlType> type(new CqlType());
  type->id_ = id;
  type->frozen_ = frozen;
  type->children_ = std::move(children);
  return type;
}

CqlTypePtr CqlType::scalar(TypeId id) {
  static const std::vector<CqlTypePtr> all = [] {
    std::vector<CqlTypePtr> out;
    out.reserve(kScalars.size());
    for (const ScalarInfo& info : kScalars) out.push_back(make(info.id, {}, false));
    return out;
  }();
  const ScalarInfo* info = scalar_info(id);
  STREAMOPS_CHECK(info != nullptr, "only native scalars are singletons");
  return all[static_cast<std::size_t>(info - kScalars.data())];
}

CqlTypePtr CqlType::list(CqlTypePtr element, bool frozen) {
  return make(TypeId::list, {frozen ? freeze(element) : std::move(element)}, frozen);
}
CqlTypePtr CqlType::set(CqlTypePtr element, bool frozen) {
  return make(TypeId::set, {frozen ? freeze(element) : std::move(element)}, frozen);
}
CqlTypePtr CqlType::map(CqlTypePtr key, CqlTypePtr value, bool frozen) {
  return make(TypeId::map, {frozen ? freeze(key) : std::move(key), frozen ? freeze(value) : std::move(value)}, frozen);
}
CqlTypePtr CqlType::tuple(std::vector<CqlTypePtr> members) {
  for (CqlTypePtr& member : members) member = freeze(member);
  return make(TypeId::tuple, std::move(members), true);
}
CqlTypePtr CqlType::vector(const CqlTypePtr& element, std::uint32_t dimension) {
  auto type = make(TypeId::vector, {freeze(element)}, true);
  type->dimension_ = dimension;
  return type;
}
CqlTypePtr CqlType::udt(std::string keyspace, std::string name, std::vector<UdtField> fields, bool frozen) {
  auto type = make(TypeId::udt, {}, frozen);
  type->keyspace_ = std::move(keyspace);
  type->name_ = std::move(name);
  for (UdtField& field : fields) {
    type->field_names_.push_back(std::move(field.name));
    type->children_.push_back(frozen ? freeze(field.type) : std::move(field.type));
  }
  return type;
}
CqlTypePtr CqlType::custom(std::string java_class) {
  auto type = make(TypeId::custom, {}, false);
  type->name_ = std::move(java_class);
  return type;
}

CqlTypePtr CqlType::freeze(const CqlTypePtr& type) {
  if (type->frozen_ || type->is_scalar()) return type;
  std::shared_ptr<CqlType> out(new CqlType(*type));
  out->frozen_ = true;
  for (CqlTypePtr& child : out->children_) child = freeze(child);
  return out;
}

int CqlType::fixed_length() const {
  if (const ScalarInfo* info = scalar_info(id_)) return info->fixed_length;
  if (id_ != TypeId::vector || element()->fixed_length() < 0) return -1;
  return element()->fixed_length() * static_cast<int>(dimension_);
}

std::string CqlType::to_cql() const {
  if (const ScalarInfo* info = scalar_info(id_)) return std::string(info->name);
  if (id_ == TypeId::custom) return "'" + name_ + "'";
  if (id_ == TypeId::vector) return fmt::format("vector<{}, {}>", element()->to_cql(), dimension_);
  std::string inner;
  if (id_ == TypeId::udt) {
    inner = quote_identifier(name_);
  } else {
    inner = fmt::format("{}<{}>", constructor_name(id_), joined(children_, ", ", &CqlType::to_cql));
  }
  return frozen_ ? "frozen<" + inner + ">" : inner;
}

std::string CqlType::to_java_class() const {
  if (const ScalarInfo* info = scalar_info(id_)) return fmt::format("{}{}", kMarshal, info->java_class);
  if (id_ == TypeId::custom) return name_;
  if (id_ == TypeId::vector)
    return fmt::format("{}VectorType({} , {})", kMarshal, element()->to_java_class(), dimension_);
  const std::string inner = id_ == TypeId::udt ? udt_java_class(*this)
                                               : fmt::format("{}{}({})", kMarshal, constructor_class(id_),
                                                             joined(children_, ",", &CqlType::to_java_class));
  const bool wrapped = frozen_ && id_ != TypeId::tuple;
  return wrapped ? fmt::format("{}FrozenType({})", kMarshal, inner) : inner;
}

bool operator==(const CqlType& a, const CqlType& b) {
  return a.id_ == b.id_ && a.frozen_ == b.frozen_ && a.dimension_ == b.dimension_ && a.keyspace_ == b.keyspace_ &&
         a.name_ == b.name_ && a.field_names_ == b.field_names_ &&
         std::equal(a.children_.begin(), a.children_.end(), b.children_.begin(), b.children_.end(), same_type);
}

CqlTypePtr scalar_by_name(std::string_view name) {
  if (equals_ignore_case(name, "varchar")) return CqlType::scalar(TypeId::text);
  for (const ScalarInfo& info : kScalars) {
    if (equals_ignore_case(name, info.name)) return CqlType::scalar(info.id);
  }
  return nullptr;
}

std::string_view scalar_name(TypeId id) {
  const ScalarInfo* info = scalar_info(id);
  return info == nullptr ? "custom" : info->name;
}

std::string quote_identifier(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  const bool bare = !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::all_of(name.begin(), name.end(), plain) &&
                    !is_reserved_word(name);
  if (bare) return std::string(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace streamops::cql
